"""What a process takes, told apart from what it shares with others that come and go."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys

import pytest

from labkit.bench.peers.processes import loaded_code, own_pss_bytes, pss_bytes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PSS is Linux's: /proc/self/smaps is missing here")

_SIZE_BYTES = 8 * 2**20
_READS = """
import mmap, sys
with open(sys.argv[1], "rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as mapped:
    print(mapped.read().count(1), flush=True)
    input()
"""


@pytest.fixture
def library(tmp_path):
    """A file of 8 MiB that a process may run code from."""
    file = tmp_path / "library"
    file.write_bytes(b"\x01" * _SIZE_BYTES)
    return file


def test_another_process_with_the_same_library_changes_only_the_share_of_it(library):
    with library.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC) as mapped:
        assert mapped.read().count(1) == _SIZE_BYTES
        code = loaded_code()
        assert os.fsencode(library) in code
        whole, own = own_pss_bytes(without=frozenset()), own_pss_bytes(without=code)
        with subprocess.Popen([sys.executable, "-c", _READS, str(library)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert int(other.stdout.readline()) == _SIZE_BYTES
            fallen, kept = own_pss_bytes(without=frozenset()), own_pss_bytes(without=code)
            other.communicate(b"\n")
    assert whole - fallen > 0.4 * _SIZE_BYTES
    assert abs(own - kept) < 0.1 * _SIZE_BYTES


def test_what_a_process_adds_counts_and_so_do_files_without_code(library):
    code = loaded_code()
    before = own_pss_bytes(without=code)
    with mmap.mmap(-1, _SIZE_BYTES) as memory:
        memory.write(b"\x01" * _SIZE_BYTES)
        assert own_pss_bytes(without=code) - before > 0.9 * _SIZE_BYTES
    with library.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        assert memory.read().count(1) == _SIZE_BYTES
        assert own_pss_bytes(without=code) - before > 0.9 * _SIZE_BYTES


def test_with_nothing_left_out_it_is_what_the_system_says_of_the_whole_process():
    whole = pss_bytes([os.getpid()])
    assert abs(own_pss_bytes(without=frozenset()) - whole) < 0.05 * whole


def test_measuring_takes_no_memory_that_it_would_measure():
    code, maps = loaded_code(), [mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | (mmap.PROT_WRITE if number % 2 else 0)) for number in range(4000)]
    before = own_pss_bytes(without=code)
    assert max(own_pss_bytes(without=code) for _ in range(3)) - before < 256 * 1024
    assert len(maps) == 4000


def test_a_system_that_does_not_tell_is_none(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert loaded_code() == frozenset()

    def refuse(*given):
        raise PermissionError(*given)

    monkeypatch.setattr("builtins.open", refuse)
    assert own_pss_bytes(without=frozenset()) is None
