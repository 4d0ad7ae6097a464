"""C and C++, compiled by Zig's clang with Zig's own C and C++ libraries for WebAssembly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from labkit.toolchains.job import Job
from labkit.toolchains.language import FREESTANDING, Found, Language, Missing, Request
from labkit.toolchains.sources import MAIN
from labkit.toolchains.zig import find_zig, zig_environment, zig_feature_names

__all__ = ["C", "Cpp"]

# Zig's clang would make undefined behaviour trap, without optimisation even with a run-time library that prints.
_ALWAYS = ("-fno-sanitize=undefined", "-fno-color-diagnostics")


class C(Language):
    """C source."""

    name = "c"
    title = "C"
    suffixes: ClassVar[tuple[str, ...]] = (".c",)
    includes = [(r'^\s*#\s*(?:include|embed)\s*"([^"\n]+)"', "")]
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
        """Compile and link; at whatever level, with the C library that set-up made: Zig makes it anew for each level, which takes long."""
        flags, linked = self.flags(job.request), self.flags(replace(job.request, optimize=None))
        driver, environment, source = [*job.found.command, self.driver], zig_environment(), job.source
        if flags != linked:
            source = f"{MAIN}.o"
            job.run([*driver, *flags, "-c", job.source, "-o", source], environment=environment)
        job.run([*driver, *linked, source, "-o", job.output.name], environment=environment)


class Cpp(C):
    """C++ source."""

    name = "cpp"
    title = "C++"
    suffixes = (".cpp", ".cc", ".cxx")
    driver = "c++"
    # WebAssembly's exceptions are a proposal that not every runtime takes, and the library comes without them.
    dialect = ("-fno-exceptions", "-std=c++20")
