"""WASI preview 1 on the current Wasmer: a program's imports, filled in with what it was granted."""

from __future__ import annotations

import ctypes
from typing import Any, NoReturn

from labkit.errors import LinkError, Unsupported
from labkit.modules.interface import read_interface
from labkit.modules.load import to_wasm
from labkit.modules.types import FuncType
from labkit.runtimes.externs import Extern
from labkit.runtimes.instance import Instance, Module
from labkit.runtimes.libwasmer_binding import Vector, last_error, library
from labkit.runtimes.libwasmer_calls import bind_function
from labkit.runtimes.libwasmer_code import Code
from labkit.runtimes.libwasmer_fuel import START, defer_start
from labkit.runtimes.libwasmer_runtime import LibwasmerRuntime
from labkit.runtimes.libwasmer_store import LibwasmerStore, NativeInstance
from labkit.sandbox.grants import Grants
from labkit.sandbox.memories import limit_memories
from labkit.sandbox.wasmer_program import WasmerProgramBase, wasmers_own

__all__ = ["LibwasmerProgram"]

# Wasmer writes to files on threads of its own, waits for them where the guest closes a file, and forgets them where it exits without:
# what it wrote would be there some time later, or never. So every descriptor it can have had is closed.
_FD_CLOSE = FuncType(("i32",), ("i32",))
_CLOSE_FILES = """
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (func (export "close_files") (local $file i32)
    (loop $next
      (drop (call $close (local.get $file)))
      (local.set $file (i32.add (local.get $file) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $file) (i32.const 65536))))))
"""


class LibwasmerProgram(WasmerProgramBase):
    """A program on the current Wasmer, ready to start."""

    # Its WASI runs on some.
    starts_threads = True

    def __init__(self, runtime: LibwasmerRuntime) -> None:
        self.runtime = runtime
        self._store: LibwasmerStore | None = None
        self._offered: _Offered | None = None
        self._may_have_written = False
        # Read now, while files can still be.
        library()
        self._close_files = to_wasm(_CLOSE_FILES)

    def expect_folders(self) -> None:
        """Wasmer needs nothing for them."""

    def finish(self) -> None:
        """Close the program's files: what it has written may still be on its way to them."""
        if self._offered is not None and self._may_have_written:
            self._offered.close_files(self.runtime._compile(self._close_files))
        if self._store is not None:
            self._store.close()

    def adapt(self, wasm: bytes, memory_bytes: int) -> bytes:
        """Write the limit into the module, and let a program's start function wait: its WASI ends the process before it knows the memory."""
        limited = limit_memories(wasm, memory_bytes)
        return defer_start(limited) if read_interface(limited).imports else limited

    def _externs(self, module: Module, store: LibwasmerStore, grants: Grants, replaced: dict[str, Any]) -> list[Extern]:
        self._store = store
        self._offered = _Offered(store, module, grants) if any(item.name not in replaced for item in module.imports) else None
        externs: list[Extern] = []
        for i, item in enumerate(module.imports):
            assert isinstance(item.type, FuncType)
            if item.name in replaced or self._offered is None:
                externs.append(store._func(replaced[item.name], item.type, item.name))
            else:
                externs.append(wasmers_own(item.name, item.type, store, self._offered.function(i)))
        return externs

    def _begin(self, instance: Instance, native: NativeInstance, grants: Grants) -> None:
        if self._offered is not None:
            self._offered.start(native.native)
            self._may_have_written = any(folder.writable for folder in grants.folders)
        if START in instance.exports:
            instance.func(START)()


class _Offered:
    """Wasmer's own functions of WASI, for one program."""

    def __init__(self, store: LibwasmerStore, module: Module, grants: Grants) -> None:
        self._store, self._calls = store, library()
        config = self._calls.wasi_config_new(grants.argv[0].encode())
        for argument in grants.argv[1:]:
            self._calls.wasi_config_arg(config, argument.encode())
        for name, value in grants.env:
            self._calls.wasi_config_env(config, name.encode(), value.encode())
        for folder in grants.folders:
            if not self._calls.wasi_config_mapdir(config, folder.guest.encode(), folder.host.encode()):
                self._fail()
        environment = self._calls.wasi_env_new(store.native, config)
        if not environment:
            self._fail()
        self._environment = environment
        self._functions = self._functions_for(store.code_of(module))

    def _functions_for(self, code: Code) -> Any:
        """Where the functions are that a module imports."""
        store, imports = self._store, Vector()
        if not self._calls.wasi_get_imports(store.native, self._environment, store.load(code), ctypes.byref(imports)):
            raise LinkError(f"{store.runtime.name} cannot link the program to WASI preview 1: {last_error()}.", remedy="Build it for wasm32-wasip1.")
        store.hold(imports, lambda vector: self._calls.wasm_extern_vec_delete(ctypes.byref(vector)))
        return (ctypes.c_void_p * imports.size).from_address(imports.data)

    def _fail(self) -> NoReturn:
        raise Unsupported(f"{self._store.runtime.name} cannot grant that: {last_error()}.", remedy='Use "wasmtime" for this.')

    def function(self, index: int) -> Any:
        """Where the function for an import is."""
        return self._calls.wasm_extern_as_func(self._functions[index])

    def start(self, instance: int) -> None:
        """Let the functions know the instance whose memory they read and write; before that, deleting them would end the process."""
        if not self._calls.wasi_env_initialize_instance(self._environment, self._store.native, instance):
            remedy = 'Export the program\'s memory as "memory".'
            raise LinkError(f"{self._store.runtime.name} cannot start the program: {last_error()}.", remedy=remedy)
        self._store.hold(self._environment, self._calls.wasi_env_delete)

    def close_files(self, code: Code) -> None:
        """Close the guest's files, and wait until all that was written is in them."""
        store = self._store
        fd_close = self._calls.wasm_extern_as_func(self._functions_for(code)[0])
        closing = wasmers_own("fd_close", _FD_CLOSE, store, fd_close)
        instance = store._new_instance(code, [closing], ("close_files",))
        close, _ = bind_function(store, instance.export(store, "close_files", "func") or 0, FuncType((), ()), "close_files")
        close()
