"""The C library of the current Wasmer where one is found, and the reason where none is: the one place that loads it."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from ctypes import c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import cffi

from labkit.folders import tools_folder

__all__ = [
    "BACKENDS",
    "CHECKED_VERSION",
    "FILE_NAME",
    "KINDS",
    "NO_MAXIMUM",
    "VALUE_BYTES",
    "VALUE_OFFSET",
    "Pair",
    "Vector",
    "address",
    "buffer",
    "bytes_vector",
    "describe",
    "enter_guest",
    "find_library",
    "host_callback",
    "last_error",
    "library",
    "library_version",
    "probe",
    "stop_guest",
    "take_bytes",
]

#: The version that labkit was written for and builds; another of the same major version is used if it has the same functions.
CHECKED_VERSION = "7.4.2"
FILE_NAME = "libwasmer.dylib" if sys.platform == "darwin" else "libwasmer.so"
#: wasmer_backend_t, by the name of the compiler.
BACKENDS = {"cranelift": 0, "singlepass": 2}
#: wasm_valkind_t, by the name of the type.
KINDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "externref": 128, "funcref": 129}
#: wasm_val_t: a kind, and the value aligned to eight bytes.
VALUE_BYTES, VALUE_OFFSET = 16, 8
#: What wasm_limits_t has where there is no maximum.
NO_MAXIMUM = 0xFFFF_FFFF
_TRIAL_SECONDS = 60
# Asked in another process: what the library is. Loading it may end the process, where it is damaged or meant for another machine.
_TRIAL = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.wasmer_version.restype = ctypes.c_char_p
available = library.wasmer_is_backend_available
available.restype = ctypes.c_bool
print(library.wasmer_version().decode(), *(int(available(number)) for number in map(int, sys.argv[2:])))
"""


class Vector(ctypes.Structure):
    """Any of wasm.h's vectors: how many, and where."""

    _fields_ = (("size", c_size_t), ("data", c_void_p))


class Pair(ctypes.Structure):
    """wasm_limits_t: minimum and maximum."""

    _fields_ = (("minimum", c_uint32), ("maximum", c_uint32))


class Name(ctypes.Structure):
    """What the name of a frame comes in."""

    _fields_ = (("text", c_char_p),)


_vector, _text = ctypes.POINTER(Vector), c_char_p
# Every function that labkit calls, with its result and its arguments.
_FUNCTIONS: dict[str, tuple[Any, Sequence[Any]]] = {
    "wasmer_version": (_text, ()),
    "wasmer_is_backend_available": (ctypes.c_bool, (c_int,)),
    "wasmer_last_error_length": (c_int, ()),
    "wasmer_last_error_message": (c_int, (c_void_p, c_int)),
    "wasm_config_new": (c_void_p, ()),
    "wasm_config_set_backend": (None, (c_void_p, c_int)),
    "wasm_config_push_middleware": (None, (c_void_p, c_void_p)),
    "wasm_engine_new_with_config": (c_void_p, (c_void_p,)),
    "wasm_engine_delete": (None, (c_void_p,)),
    "wasm_store_new": (c_void_p, (c_void_p,)),
    "wasm_store_delete": (None, (c_void_p,)),
    "wasmer_module_new": (c_void_p, (c_void_p, _vector)),
    "wasm_module_validate": (ctypes.c_bool, (c_void_p, _vector)),
    "wasm_module_serialize": (None, (c_void_p, _vector)),
    "wasm_module_deserialize": (c_void_p, (c_void_p, _vector)),
    "wasm_module_delete": (None, (c_void_p,)),
    "wasm_instance_new": (c_void_p, (c_void_p, c_void_p, _vector, c_void_p)),
    "wasm_instance_exports": (None, (c_void_p, _vector)),
    "wasm_instance_delete": (None, (c_void_p,)),
    "wasm_extern_vec_delete": (None, (_vector,)),
    **{f"wasm_extern_as_{kind}": (c_void_p, (c_void_p,)) for kind in ("func", "memory", "global", "table")},
    **{f"wasm_{kind}_as_extern": (c_void_p, (c_void_p,)) for kind in ("func", "memory", "global", "table")},
    **{f"wasm_{kind}_delete": (None, (c_void_p,)) for kind in ("func", "memory", "global", "table")},
    "wasm_valtype_new": (c_void_p, (c_uint8,)),
    "wasm_functype_new": (c_void_p, (_vector, _vector)),
    "wasm_functype_delete": (None, (c_void_p,)),
    "wasm_memorytype_new": (c_void_p, (ctypes.POINTER(Pair),)),
    "wasm_memorytype_delete": (None, (c_void_p,)),
    "wasm_globaltype_new": (c_void_p, (c_void_p, c_uint8)),
    "wasm_globaltype_delete": (None, (c_void_p,)),
    "wasm_tabletype_new": (c_void_p, (c_void_p, ctypes.POINTER(Pair))),
    "wasm_tabletype_delete": (None, (c_void_p,)),
    "wasm_valtype_vec_new": (None, (_vector, c_size_t, c_void_p)),
    "wasm_func_new": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "wasm_func_call": (c_void_p, (c_void_p, _vector, _vector)),
    "wasm_func_as_ref": (c_void_p, (c_void_p,)),
    "wasm_memory_new": (c_void_p, (c_void_p, c_void_p)),
    "wasm_memory_data": (c_void_p, (c_void_p,)),
    "wasm_memory_data_size": (c_size_t, (c_void_p,)),
    "wasm_memory_size": (c_uint32, (c_void_p,)),
    "wasm_memory_grow": (ctypes.c_bool, (c_void_p, c_uint32)),
    "wasm_global_new": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "wasm_global_get": (None, (c_void_p, c_void_p)),
    "wasm_global_set": (None, (c_void_p, c_void_p)),
    "wasm_table_new": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "wasm_table_size": (c_size_t, (c_void_p,)),
    "wasm_table_get": (c_void_p, (c_void_p, c_uint32)),
    "wasm_table_set": (ctypes.c_bool, (c_void_p, c_uint32, c_void_p)),
    "wasm_table_grow": (ctypes.c_bool, (c_void_p, c_uint32, c_void_p)),
    "wasm_ref_copy": (c_void_p, (c_void_p,)),
    "wasm_ref_delete": (None, (c_void_p,)),
    "wasm_foreign_new": (c_void_p, (c_void_p,)),
    "wasm_ref_get_host_info": (c_void_p, (c_void_p,)),
    "wasm_ref_set_host_info": (None, (c_void_p, c_void_p)),
    "wasm_trap_new": (c_void_p, (c_void_p, _vector)),
    "wasm_trap_message": (None, (c_void_p, _vector)),
    "wasm_trap_trace": (None, (c_void_p, _vector)),
    "wasm_trap_delete": (None, (c_void_p,)),
    "wasm_frame_func_index": (c_uint32, (c_void_p,)),
    "wasm_frame_module_offset": (c_size_t, (c_void_p,)),
    "wasm_frame_func_name": (Name, (c_void_p,)),
    "wasm_name_delete": (None, (ctypes.POINTER(Name),)),
    "wasm_frame_vec_delete": (None, (_vector,)),
    "wasm_byte_vec_delete": (None, (_vector,)),
    "wasmer_metering_new": (c_void_p, (c_uint64, c_void_p)),
    "wasmer_metering_as_middleware": (c_void_p, (c_void_p,)),
    "wasmer_metering_get_remaining_points": (c_uint64, (c_void_p,)),
    "wasmer_metering_set_remaining_points": (None, (c_void_p, c_uint64)),
    "wasmer_metering_points_are_exhausted": (ctypes.c_bool, (c_void_p,)),
    "wasi_config_new": (c_void_p, (_text,)),
    "wasi_config_arg": (None, (c_void_p, _text)),
    "wasi_config_env": (None, (c_void_p, _text, _text)),
    "wasi_config_mapdir": (ctypes.c_bool, (c_void_p, _text, _text)),
    "wasi_env_new": (c_void_p, (c_void_p, c_void_p)),
    "wasi_env_delete": (None, (c_void_p,)),
    "wasi_env_initialize_instance": (ctypes.c_bool, (c_void_p, c_void_p, c_void_p)),
    "wasi_get_imports": (ctypes.c_bool, (c_void_p, c_void_p, c_void_p, _vector)),
}


def find_library() -> Path | None:
    """Look for the library: where LABKIT_LIBWASMER says, where labkit has built it, and where Wasmer's own installer leaves it.

    Returns
    -------
    Path or None
        The file; with LABKIT_LIBWASMER that one, whether or not it is there.
    """
    if os.environ.get("LABKIT_LIBWASMER"):
        return Path(os.environ["LABKIT_LIBWASMER"]).absolute()
    folders = [tools_folder() / "libwasmer" / CHECKED_VERSION, Path("~/.wasmer/lib").expanduser()]
    if os.environ.get("WASMER_DIR"):
        folders.insert(1, Path(os.environ["WASMER_DIR"], "lib").absolute())
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)


def describe(path: Path) -> tuple[str, dict[str, bool], str]:
    """Find out which version a library is, what it compiles with, or why it cannot be used: once for each file."""
    try:
        return _try(path, path.stat().st_mtime_ns) if path.is_file() else ("", {}, f"there is no file {path}")
    except OSError as error:
        return "", {}, f"{path} cannot be read: {error.strerror}"


@cache
def _try(path: Path, _changed: int) -> tuple[str, dict[str, bool], str]:
    words = [sys.executable, "-I", "-S", "-c", _TRIAL, str(path), *map(str, BACKENDS.values())]
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=_TRIAL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", {}, f"loading {path} was tried in another process, which did not end well: {error}"
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"the process that tried it ended with {done.returncode}"])[-1]
        return "", {}, f"{path} cannot be loaded: {last.rstrip('.')}"
    version, *available = done.stdout.split()
    if version.split(".")[0] != CHECKED_VERSION.split(".")[0]:
        return version, {}, f"{path} is Wasmer {version}, and labkit knows version {CHECKED_VERSION.split('.')[0]}"
    missing = [name for name in _FUNCTIONS if not hasattr(ctypes.CDLL(str(path)), name)]
    if missing:
        return version, {}, f"{path} is Wasmer {version} and lacks {', '.join(missing[:3])}"
    return version, {compiler: answer == "1" for compiler, answer in zip(BACKENDS, available)}, ""


def probe(compiler: str) -> str | None:
    """Find out whether the library works here with one of its compilers.

    Parameters
    ----------
    compiler : str
        ``"cranelift"`` or ``"singlepass"``.

    Returns
    -------
    str or None
        Why it does not work; None where it does.

    Examples
    --------
    >>> reason = probe("cranelift")
    >>> reason is None or len(reason) > 10
    True
    """
    path = find_library()
    if path is None:
        return "no library of the current Wasmer is found"
    _, available, reason = describe(path)
    if reason:
        return reason
    return None if available[compiler] else f"{path} was built without {compiler.capitalize()}"


def library_version() -> str:
    """Version of the library that is found; of the one that labkit builds where there is none."""
    path = find_library()
    return (describe(path)[0] if path else "") or CHECKED_VERSION


@cache
def library() -> Any:
    """Load the library, its functions declared; `probe` has said that it works."""
    loaded = ctypes.CDLL(str(find_library()))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


@cache
def enter_guest() -> Any:
    """Give ``wasm_func_call`` without declared types, for arguments that come converted: function, arguments, results."""
    function = library()["wasm_func_call"]
    function.restype = c_void_p
    return function


@cache
def stop_guest() -> Any:
    """Give ``wasm_trap_new`` in the same way: store, message. Converting would take a depth of calls that endless recursion leaves none of."""
    function = library()["wasm_trap_new"]
    function.restype = c_void_p
    return function


# Callbacks are cffi's: an exception raised before a callback's own first line, as KeyboardInterrupt is on Python 3.11
# and later, still reaches its `onerror`, where ctypes would return an undefined value to the engine.
_cffi = cffi.FFI()
_cffi.cdef("typedef struct { size_t size; char *data; } vector;")
#: A window of that many bytes on a pointer that a callback was given.
buffer = _cffi.buffer


def host_callback(on_call: Any, on_error: Any) -> Any:
    """Make a C function of arguments and results that runs ``on_call``, and after an exception ``on_error``; keep it while a guest may call it."""
    return _cffi.callback("size_t(vector *, vector *)", on_call, error=0, onerror=on_error)


def address(callback: Any) -> int:
    """Where a callback, or what a pointer points to, is in memory."""
    return int(_cffi.cast("uintptr_t", callback))


def bytes_vector(data: bytes) -> Vector:
    """See bytes as a vector, for as long as they live."""
    return Vector(len(data), ctypes.cast(c_char_p(data), c_void_p))


def take_bytes(vector: Vector) -> bytes:
    """Copy what the library wrote to a vector, and free it."""
    data = ctypes.string_at(vector.data, vector.size) if vector.size else b""
    library().wasm_byte_vec_delete(ctypes.byref(vector))
    return data


def last_error() -> str:
    """Take what the library last complained of, in this thread."""
    size = library().wasmer_last_error_length()
    text = ctypes.create_string_buffer(max(size, 1))
    library().wasmer_last_error_message(text, size)
    return " ".join(text.value.decode("utf-8", "replace").split())
