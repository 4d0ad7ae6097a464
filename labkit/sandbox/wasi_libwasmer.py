"""WASI preview 1 on the current Wasmer: a program's imports, filled in with what it was granted."""

from __future__ import annotations

import ctypes
from typing import Any, NoReturn

from labkit.errors import LinkError, Unsupported
from labkit.limits import Limits
from labkit.modules.interface import read_interface
from labkit.modules.load import to_wasm
from labkit.modules.types import FuncType
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Instance, Module
from labkit.runtimes.libwasmer_binding import Vector, last_error, library
from labkit.runtimes.libwasmer_calls import bind_function
from labkit.runtimes.libwasmer_code import Code
from labkit.runtimes.libwasmer_fuel import START, defer_start
from labkit.runtimes.libwasmer_runtime import LibwasmerRuntime
from labkit.runtimes.libwasmer_store import LibwasmerStore
from labkit.runtimes.memory import Memory
from labkit.sandbox.grants import Grants
from labkit.sandbox.memories import limit_memories
from labkit.sandbox.preview1 import check_signatures
from labkit.sandbox.wasi import Replacements

__all__ = ["LibwasmerProgram"]

# Wasmer puts a folder of its own at descriptor 3, which holds the granted ones; they follow from 4 on, and lose the / they begin with.
# Where the guest is granted a folder under that folder's usual name, it gets another: programs take the first folder that fits.
_ROOT, _OTHER_ROOT = "/", "/.wasmer"

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


class LibwasmerProgram:
    """A program on the current Wasmer, ready to start."""

    #: Whether binding a program starts threads, which only a process that is confined already may do: this WASI runs on some.
    starts_threads = True

    def __init__(self, runtime: LibwasmerRuntime) -> None:
        self.runtime = runtime
        self._store: LibwasmerStore | None = None
        self._written_by: _Offered | None = None
        # Read now, while files can still be.
        library()
        self._close_files = to_wasm(_CLOSE_FILES)

    def expect_folders(self) -> None:
        """Wasmer needs nothing for them."""

    def finish(self) -> None:
        """Close the program's files: what it has written may still be on its way to them."""
        if self._written_by is not None:
            self._written_by.close_files(self.runtime._compile(self._close_files))
        if self._store is not None:
            self._store.close()

    def expect(self, _module: Module, _limits: Limits) -> None:
        """Wasmer makes a program's imports from what it is granted: nothing can be made before."""

    def adapt(self, wasm: bytes, memory_bytes: int) -> bytes:
        """Write the limit into the module, and let a program's start function wait: its WASI ends the process before it knows the memory."""
        limited = limit_memories(wasm, memory_bytes)
        return defer_start(limited) if read_interface(limited).imports else limited

    def bind(self, module: Module, limits: Limits, grants: Grants) -> Instance:
        """Instantiate the program, or the library, with what it was granted.

        Raises
        ------
        LinkError
            If it imports what WASI preview 1 does not have.
        Unsupported
            If Wasmer cannot pass on what was granted.
        """
        store = self.runtime._store_for(module, limits)
        assert isinstance(store, LibwasmerStore)
        self._store = store
        granted = tuple(folder.guest for folder in grants.folders)
        replacements = Replacements(grants, (_OTHER_ROOT if _ROOT in granted else _ROOT, *granted) if granted else ())
        check_signatures(module.imports)
        memory: list[Memory] = []
        replaced = replacements.functions(lambda: memory[0] if memory else None)
        offered = _Offered(store, module, grants) if any(item.name not in replaced for item in module.imports) else None
        externs: list[Extern] = []
        for i, item in enumerate(module.imports):
            assert isinstance(item.type, FuncType)
            if item.name in replaced or offered is None:
                externs.append(store._func(replaced[item.name], item.type, item.name))
            else:
                externs.append(Function(_uncalled, _uncalled, name=item.name, type=item.type, store=store, native=offered.function(i)))
        native = store._instantiate(module, externs)
        instance = Instance(module, store, native, owns_store=True)
        exported = instance.exports.get("memory")
        if isinstance(exported, Memory):
            memory.append(exported)
        if offered is not None:
            offered.start(native.native)
            if any(folder.writable for folder in grants.folders):
                self._written_by = offered
        if START in instance.exports:
            instance.func(START)()
        return instance


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
        closing = Function(_uncalled, _uncalled, name="fd_close", type=_FD_CLOSE, store=store, native=fd_close)
        instance = store._new_instance(code, [closing], ("close_files",))
        close, _ = bind_function(store, instance.export(store, "close_files", "func") or 0, FuncType((), ()), "close_files")
        close()


def _uncalled(*_: object) -> NoReturn:
    raise AssertionError("only the guest calls WASI")
