"""The current Wasmer behind labkit's interface, through its C library."""

from __future__ import annotations

from functools import cached_property

from labkit.errors import ArtifactError, CompileError, Unsupported
from labkit.limits import Limits
from labkit.modules.load import to_wasm
from labkit.runtimes import artifacts
from labkit.runtimes.instance import Module
from labkit.runtimes.interface import Runtime
from labkit.runtimes.libwasmer_binding import library_version, probe
from labkit.runtimes.libwasmer_code import Code, Engine, Refused
from labkit.runtimes.libwasmer_fuel import Metered
from labkit.runtimes.libwasmer_hazards import refuse_hazards
from labkit.runtimes.libwasmer_store import LibwasmerStore
from labkit.runtimes.libwasmer_words import compile_error
from labkit.runtimes.store import Store

__all__ = ["LibwasmerRuntime", "probe", "release"]


def release() -> tuple[str, int | None]:
    """Version of the library, and the year it came out where labkit knows it."""
    version = library_version()
    return version, 2026 if version.startswith("7.4.") else None


class LibwasmerRuntime(Runtime):
    """The current Wasmer in this process.

    It lets other threads run while a guest does, and fuel stops an endless loop; nothing else does.

    Parameters
    ----------
    compiler : str
        ``"cranelift"`` or ``"singlepass"``.
    """

    enforces = frozenset({"fuel"})
    interruptible = False

    def __init__(self, compiler: str) -> None:
        self.name = "libwasmer" if compiler == "cranelift" else f"libwasmer-{compiler}"
        self.version, self.release_year = release()
        self.compiler = compiler
        self._bridges: dict[str, Code] = {}

    @cached_property
    def fingerprint(self) -> str:
        """Library, version, compiler and machine."""
        return f"{self.name} {self.version} {self.compiler} {artifacts.machine()}"

    def _compile(self, wasm: bytes) -> Code:
        if self.compiler == "singlepass":
            refuse_hazards(wasm, f"{self.name} {self.version}")
        try:
            return Code.compile(self.compiler, wasm)
        except Refused as error:
            raise self._compile_error(error, wasm) from None

    def meter(self, wasm: bytes) -> Metered:
        """Compile a module that counts its instructions."""
        try:
            return Metered.compile(self.compiler, wasm)
        except Refused as error:
            raise self._compile_error(error, wasm) from None

    def _compile_error(self, error: Refused, wasm: bytes) -> CompileError:
        return compile_error(str(error), self.name, self.version, is_valid=Engine(self.compiler).validate(wasm))

    def _validate(self, wasm: bytes) -> None:
        if not Engine(self.compiler).validate(wasm):
            self._compile(wasm)  # which says why not

    def _serialize(self, native: Code) -> bytes:
        return native.serialize()

    def _deserialize(self, payload: bytes) -> Code:
        try:
            return Code.deserialize(self.compiler, payload)
        except Refused as error:
            raise ArtifactError(f"{self.name} refuses the artifact: {error}.", remedy="Compile the module again.") from None

    def _store(self, limits: Limits) -> LibwasmerStore:
        return LibwasmerStore(self, limits)

    def _store_for(self, module: Module, limits: Limits | None) -> Store:
        store = self.store(limits=limits)
        assert isinstance(store, LibwasmerStore)
        store.engine = store.code_of(module).engine
        return store

    def bridge(self, wat: str) -> Code:
        """Compile a bridge, once."""
        if wat not in self._bridges:
            try:
                self._bridges[wat] = self._compile(to_wasm(wat))
            except CompileError as error:
                raise Unsupported(f"{self.name} {self.version} cannot reach that from outside: {error.message}", remedy=error.remedy) from None
        return self._bridges[wat]
