"""The current Wasmer behind labkit's interface, through its C library."""

from __future__ import annotations

from labkit.errors import ArtifactError, CompileError
from labkit.limits import Limits
from labkit.runtimes.instance import Module
from labkit.runtimes.libwasmer_binding import library_version, probe
from labkit.runtimes.libwasmer_code import Code, Engine, Refused
from labkit.runtimes.libwasmer_fuel import Metered
from labkit.runtimes.libwasmer_hazards import refuse_hazards
from labkit.runtimes.libwasmer_store import LibwasmerStore
from labkit.runtimes.libwasmer_words import compile_error
from labkit.runtimes.wasmer_family import WasmerFamily

__all__ = ["LibwasmerRuntime", "probe", "release"]


def release() -> tuple[str, int | None]:
    """Version of the library, and the year it came out where labkit knows it."""
    version = library_version()
    return version, 2026 if version.startswith("7.4.") else None


class LibwasmerRuntime(WasmerFamily):
    """The current Wasmer in this process.

    It lets other threads run while a guest does, and fuel stops an endless loop; nothing else does.

    Parameters
    ----------
    compiler : str
        ``"cranelift"`` or ``"singlepass"``.
    """

    family = "libwasmer"
    enforces = frozenset({"fuel"})

    def __init__(self, compiler: str) -> None:
        super().__init__(compiler)
        self.version, self.release_year = release()

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

    def _engine_for(self, module: Module, store: LibwasmerStore) -> Engine:
        return store.code_of(module).engine

    def _compile_bridge(self, wasm: bytes) -> Code:
        return self._compile(wasm)
