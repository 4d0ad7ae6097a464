"""The functions of WASI preview 1 and their types: some runtimes call them with whatever a guest passes."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.errors import LinkError
from labkit.modules.types import FuncType, Import

__all__ = ["NAMESPACE", "SIGNATURES", "check_signatures"]

NAMESPACE = "wasi_snapshot_preview1"
_WORDS = {"i": "i32", "I": "i64"}
# Parameters, i for i32 and I for i64; each gives an error number, but for the one that does not return.
_PARAMETERS = {
    "args_get": "ii",
    "args_sizes_get": "ii",
    "clock_res_get": "ii",
    "clock_time_get": "iIi",
    "environ_get": "ii",
    "environ_sizes_get": "ii",
    "fd_advise": "iIIi",
    "fd_allocate": "iII",
    "fd_close": "i",
    "fd_datasync": "i",
    "fd_fdstat_get": "ii",
    "fd_fdstat_set_flags": "ii",
    "fd_fdstat_set_rights": "iII",
    "fd_filestat_get": "ii",
    "fd_filestat_set_size": "iI",
    "fd_filestat_set_times": "iIIi",
    "fd_pread": "iiiIi",
    "fd_prestat_dir_name": "iii",
    "fd_prestat_get": "ii",
    "fd_pwrite": "iiiIi",
    "fd_read": "iiii",
    "fd_readdir": "iiiIi",
    "fd_renumber": "ii",
    "fd_seek": "iIii",
    "fd_sync": "i",
    "fd_tell": "ii",
    "fd_write": "iiii",
    "path_create_directory": "iii",
    "path_filestat_get": "iiiii",
    "path_filestat_set_times": "iiiiIIi",
    "path_link": "iiiiiii",
    "path_open": "iiiiiIIii",
    "path_readlink": "iiiiii",
    "path_remove_directory": "iii",
    "path_rename": "iiiiii",
    "path_symlink": "iiiii",
    "path_unlink_file": "iii",
    "poll_oneoff": "iiii",
    "proc_exit": "i",
    "proc_raise": "i",
    "random_get": "ii",
    "sched_yield": "",
    "sock_accept": "iii",
    "sock_recv": "iiiiii",
    "sock_send": "iiiii",
    "sock_shutdown": "ii",
}
#: The type of each function, by its name.
SIGNATURES = {
    name: FuncType(tuple(_WORDS[letter] for letter in letters), () if name == "proc_exit" else ("i32",)) for name, letters in _PARAMETERS.items()
}


def check_signatures(imports: Sequence[Import]) -> None:
    """Refuse a guest that imports one of these functions with another type than WASI's.

    Raises
    ------
    LinkError
    """
    for item in imports:
        if item.module == NAMESPACE and item.name in SIGNATURES and item.type != SIGNATURES[item.name]:
            raise LinkError(
                f"The module imports {NAMESPACE}.{item.name} as {item.type}, and it is {SIGNATURES[item.name]}.",
                remedy="Correct the import's type.",
            )
