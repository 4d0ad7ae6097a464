"""C and C++, compiled by Zig's clang with Zig's own C and C++ libraries for WebAssembly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from labkit.toolchains.job import Job
from labkit.toolchains.language import FREESTANDING, Found, Language, Missing, Request
from labkit.toolchains.sources import MAIN
from labkit.toolchains.zig import find_zig, zig_environment, zig_feature_names

__all__ = ["C", "Cpp"]

# Zig's clang would make undefined behaviour trap, without optimisation even with a run-time library that prints.
_ALWAYS = ("-fno-sanitize=undefined", "-fno-color-diagnostics")
_OBJECT = f"{MAIN}.o"
# What clang calls the main function, without parameters and with them. The C library asks for it weakly: without one, a program links, and traps.
_MAINS = (b"__main_void", b"__main_argc_argv")


class C(Language):
    """C source."""

    name = "c"
    title = "C"
    suffixes: ClassVar[tuple[str, ...]] = (".c",)
    includes = [(r'^\s*#\s*(?:include|embed)\s*"([^"\n]+)"', "")]
    export = 'write __attribute__((export_name("NAME"))) before the function'
    features: ClassVar[Mapping[str, tuple[str, ...]]] = {feature: (name,) for feature, name in zig_feature_names.items()}

    driver: ClassVar[str] = "cc"
    dialect: ClassVar[tuple[str, ...]] = ()

    def find(self, target: str) -> Found | Missing:
        """Zig, which has clang inside."""
        return find_zig("Zig's clang")

    def flags(self, request: Request) -> tuple[str, ...]:
        """Clang's flags."""
        system = "freestanding" if request.target == FREESTANDING else "wasi"
        processor = "+".join(["generic", *self.feature_flags(request)])
        shape: tuple[str, ...] = ()
        if request.kind == "library":
            shape = ("-nostdlib", "-Wl,--no-entry") if request.target == FREESTANDING else ("-mexec-model=reactor",)
        level = request.level(none="-O0", size="-Os", speed="-O3")
        return (f"--target=wasm32-{system}", f"-mcpu={processor}", level, "-s", *self.dialect, *shape, *_ALWAYS)

    def compile(self, job: Job) -> None:
        """Compile the source as it is asked for, and link it with the C library that set-up made.

        Zig would make that library anew for each level and each set of features, which takes long.
        """
        driver, environment = [*job.found.command, self.driver], zig_environment()
        job.run([*driver, *self.flags(job.request), "-c", job.source, "-o", _OBJECT], environment=environment)
        if job.request.kind == "command" and _lacks_main(job.folder / _OBJECT):
            raise job.without_main()
        usual = self.flags(replace(job.request, optimize=None, features=()))
        job.run([*driver, *usual, _OBJECT, "-o", job.output.name], environment=environment)


class Cpp(C):
    """C++ source."""

    name = "cpp"
    title = "C++"
    suffixes = (".cpp", ".cc", ".cxx")
    driver = "c++"
    # WebAssembly's exceptions are a proposal that not every runtime takes, and the library comes without them.
    dialect = ("-fno-exceptions", "-std=c++20")


def _lacks_main(module: Path) -> bool:
    """Whether an object file that is there, whose symbols have names, defines no main function."""
    return module.is_file() and not any(name in module.read_bytes() for name in _MAINS)
