"""Compiled code of the current Wasmer, with fuel and without, and the engines it lives in.

An engine never gives back the memory of the code it was given, so each compiled module has an engine of its own and dies with
it; what is linked must live in one engine, so a shared store loads each module into its own.
"""

from __future__ import annotations

import ctypes
from threading import Lock

from labkit.runtimes.libwasmer_binding import BACKENDS, Vector, bytes_vector, last_error, library, take_bytes

__all__ = ["Code", "Engine", "NativeModule", "Refused"]

#: What an instruction costs in fuel, as a C function: the interpreter's own, which says 1 whatever it is passed, for as long as Python
#: runs. One in Python would have to be called for every instruction, from each of the compiler's threads.
_COST = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p)


class Refused(Exception):
    """The library refuses a module or an artifact; says why in its own words."""


class Engine:
    """An engine: what code, and all that is linked with it, lives in.

    Parameters
    ----------
    compiler : str
        ``"cranelift"`` or ``"singlepass"``.
    metered : bool
        Whether what it compiles counts its instructions; such an engine compiles one module.
    """

    def __init__(self, compiler: str, *, metered: bool = False) -> None:
        self.native: int | None = None
        calls = library()
        config = calls.wasm_config_new()
        calls.wasm_config_set_backend(config, BACKENDS[compiler])
        if metered:
            calls.wasm_config_push_middleware(config, calls.wasmer_metering_as_middleware(calls.wasmer_metering_new(0, _COST)))
        self.native = calls.wasm_engine_new_with_config(config)
        self._delete = calls.wasm_engine_delete

    def __del__(self) -> None:
        if self.native:
            self._delete(self.native)

    def validate(self, wasm: bytes) -> bool:
        """Ask the validator alone."""
        calls, store = library(), library().wasm_store_new(self.native)
        try:
            return bool(calls.wasm_module_validate(store, ctypes.byref(bytes_vector(wasm))))
        finally:
            calls.wasm_store_delete(store)


class NativeModule:
    """A module as one engine knows it."""

    def __init__(self, native: int) -> None:
        self.native = native
        self._delete = library().wasm_module_delete

    def __del__(self) -> None:
        self._delete(self.native)


class Code:
    """A compiled module, which may be used from any thread.

    Attributes
    ----------
    engine : Engine
        The one it was compiled in.
    """

    def __init__(self, compiler: str, engine: Engine, module: NativeModule, payload: bytes = b"") -> None:
        self.engine = engine
        self._compiler, self._module, self._payload = compiler, module, payload
        self._lock = Lock()

    @classmethod
    def compile(cls, compiler: str, wasm: bytes, *, metered: bool = False) -> Code:
        """Compile a module.

        Raises
        ------
        Refused
            With the library's own words.
        """
        engine = Engine(compiler, metered=metered)
        native = library().wasmer_module_new(engine.native, ctypes.byref(bytes_vector(wasm)))
        if not native:
            raise Refused(last_error())
        return cls(compiler, engine, NativeModule(native))

    @classmethod
    def deserialize(cls, compiler: str, payload: bytes) -> Code:
        """Load what `serialize` wrote.

        Raises
        ------
        Refused
            With the library's own words.
        """
        engine = Engine(compiler)
        return cls(compiler, engine, _load(engine, payload), payload)

    def serialize(self) -> bytes:
        """Write it as bytes."""
        with self._lock:
            if not self._payload:
                written = Vector()
                library().wasm_module_serialize(self._module.native, ctypes.byref(written))
                self._payload = take_bytes(written)
        return self._payload

    def module(self, engine: Engine) -> NativeModule:
        """Get the module as an engine knows it; in another than its own it is loaded anew."""
        return self._module if engine is self.engine else _load(engine, self.serialize())


def _load(engine: Engine, payload: bytes) -> NativeModule:
    calls, store = library(), library().wasm_store_new(engine.native)
    try:
        native = calls.wasm_module_deserialize(store, ctypes.byref(bytes_vector(payload)))
    finally:
        calls.wasm_store_delete(store)
    if not native:
        raise Refused(last_error())
    return NativeModule(native)
