"""Rust: the reader's own rustc where it has the WebAssembly targets, else Debian's, unpacked to a folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from labkit.folders import cache_folder, tools_folder
from labkit.toolchains.job import Job
from labkit.toolchains.language import FREESTANDING, WASIP2, Found, Language, Missing, Request
from labkit.toolchains.probe import on_path, version_number, version_of
from labkit.toolchains.zig import find_zig

__all__ = ["Rust", "debian_rust"]

_TARGETS = {FREESTANDING: "wasm32-unknown-unknown", "wasip1": "wasm32-wasip1", WASIP2: "wasm32-wasip2"}


class Rust(Language):
    """Rust source: one file with rustc, a folder with a Cargo.toml with cargo."""

    name = "rust"
    title = "Rust"
    suffixes = (".rs",)
    export = 'write #[no_mangle] pub extern "C" before fn'
    without_main = "E0601"
    includes = [
        *((r"^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;", ending) for ending in (".rs", "/mod.rs")),
        (r'\binclude(?:_str|_bytes)?!\s*\(\s*"([^"\n]+)"\s*\)', ""),
    ]
    features = {
        "simd": ("+simd128",),
        "relaxed-simd": ("+simd128", "+relaxed-simd"),
        "threads": ("+atomics",),
        "tail-call": ("+tail-call",),
        "exceptions": ("+exception-handling",),
        "extended-const": ("+extended-const",),
        "multi-memory": ("+multimemory",),
    }

    def find(self, target: str) -> Found | Missing:
        """The reader's own rustc if it has the target, else Debian's in the tools folder."""
        triple = _TARGETS[target]
        own = _own_rust(triple)
        if isinstance(own, Found):
            return own
        return debian_rust(triple) or Missing("rustc", own, _remedies(triple))

    def makes_component(self, kind: str) -> bool:
        """Only a rustc with the target wasm32-wasip2 does."""
        return kind == "command" and isinstance(_own_rust(_TARGETS[WASIP2]), Found)

    def flags(self, request: Request) -> tuple[str, ...]:
        """Those of rustc."""
        level = request.level(none="0", size="s", speed="3")
        features = (f"-Ctarget-feature={','.join(self.feature_flags(request))}",) if request.features else ()
        shape = ("--crate-type=cdylib",) if request.kind == "library" else ()
        return (
            f"--target={_TARGETS[request.target]}",
            *shape,
            f"-Copt-level={level}",
            "-Cstrip=symbols",
            "-Cpanic=abort",
            "--edition=2021",
            *features,
        )

    def compile(self, job: Job) -> None:
        """Compile a file with rustc, a package with cargo."""
        linker = self._linker(job)
        if job.program.crate is not None:
            self._compile_crate(job, linker)
            return
        choose = (f"-Clinker={linker}",) if linker else ()
        job.run([*job.found.command, *self.flags(job.request), "--color=never", *choose, job.source, "-o", job.output.name])

    @staticmethod
    def _linker(job: Job) -> Path | None:
        """A linker where the compiler comes without: Zig's, behind a script that drops the two words rustc puts first."""
        if "linker" in job.found.parts or job.request.target == WASIP2:
            return None
        zig = find_zig()
        if isinstance(zig, Missing):
            raise job.fail("This rustc comes without a linker for WebAssembly, and Zig's is not here.", remedy=zig.remedy)
        script = job.folder / "wasm-ld"
        script.write_text(f'#!/bin/sh\n[ "$1" = -flavor ] && shift 2\nexec "{zig.command[0]}" wasm-ld "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        return script

    def _compile_crate(self, job: Job, linker: Path | None) -> None:
        crate, triple = job.program.crate, _TARGETS[job.request.target]
        assert crate is not None
        cargo = on_path("cargo")
        if cargo is None:
            raise job.fail("Building a package needs cargo, which is not here.", remedy="Install it: rustup has it, and so have conda and Debian.")
        environment = {
            "RUSTC": str(_rustc_script(job)),
            "CARGO_TARGET_DIR": str(cache_folder() / "cargo" / job.program.digest[:16]),
            "CARGO_NET_OFFLINE": "true",
            "CARGO_PROFILE_RELEASE_OPT_LEVEL": job.request.level(none="0", size="s", speed="3"),
            "CARGO_PROFILE_RELEASE_STRIP": "symbols",
            **({"RUSTFLAGS": f"-Ctarget-feature={','.join(self.feature_flags(job.request))}"} if job.request.features else {}),
            **({f"CARGO_TARGET_{triple.upper().replace('-', '_')}_LINKER": str(linker)} if linker else {}),
        }
        target = Path(environment["CARGO_TARGET_DIR"])
        shape = ["--lib"] if job.request.kind == "library" else []
        words = ["build", "--release", f"--target={triple}", "--color=never", "--quiet", *shape]
        job.run([str(cargo), *words], environment=environment, folder=crate)
        built = [path for path in (target / triple / "release").glob("*.wasm") if path.is_file()]
        if len(built) != 1:
            remedy = 'Give the package one binary target, or one library with crate-type = ["cdylib"].'
            raise job.fail(f"The package makes {len(built)} modules: {', '.join(sorted(path.name for path in built)) or 'none'}.", remedy=remedy)
        shutil.copyfile(built[0], job.output)


def _own_rust(triple: str) -> Found | str:
    """The reader's rustc, or why it does not serve."""
    rustc = on_path("rustc")
    version = version_number(version_of(str(rustc), "--version")) if rustc else ""
    if rustc is None or not version:
        return "rustc is not here"
    root = Path(version_of(str(rustc), "--print", "sysroot"))
    if not any((root / "lib/rustlib" / triple / "lib").glob("libstd-*.rlib")):
        return f"rustc {version} is here, and its target {triple} is not"
    linker = next(root.glob("lib/rustlib/*/bin/rust-lld"), None)
    parts = {"linker": linker} if linker else {}
    return Found("rustc", version, (str(rustc),), "rustup" if ".rustup" in root.parts else "PATH", (root,), parts)


def debian_rust(triple: str) -> Found | None:
    """Debian's rustc in the tools folder, run by the loader that came with it, for this system's C library may be older."""
    root = tools_folder() / "rust"
    loader = next(root.glob("usr/lib*/ld-linux-*.so.*"), None)
    libraries = next(root.glob("usr/lib/*-linux-gnu*"), None)
    if loader is None or libraries is None or not (root / "usr/lib/rustlib" / triple).is_dir() or triple.endswith("wasip2"):
        return None
    command = (str(loader), "--library-path", str(libraries), str(root / "usr/bin/rustc"), f"--sysroot={root / 'usr'}")
    version = version_number(version_of(*command, "--version"))
    return Found("rustc", version, command, "Debian", (root,)) if version else None


def _rustc_script(job: Job) -> Path:
    """The compiler as one command, which cargo wants."""
    if len(job.found.command) == 1:
        return Path(job.found.command[0])
    script = job.folder / "rustc"
    words = " ".join(f'"{word}"' for word in job.found.command)
    script.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return script


def _remedies(triple: str) -> dict[str, str]:
    debian = {"labkit": "python -m labkit install rust"} if shutil.which("apt-get") and os.uname().sysname == "Linux" else {}
    rustup, conda = {"rustup": f"rustup target add {triple}"}, {"conda": f"conda install -c conda-forge rust rust-std-{triple}"}
    # Debian's packages have no linker for components, so its Rust is no remedy there.
    others = conda if triple.endswith("wasip2") else {**debian, **conda}
    return {**rustup, **others} if shutil.which("rustup") else {**others, **rustup}
