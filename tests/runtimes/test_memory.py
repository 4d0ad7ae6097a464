"""Memories, and the views on them that end instead of dangling."""

from __future__ import annotations

import pytest

from labkit.errors import ArgumentError, Closed, OutOfBounds

WAT = """(module (memory (export "memory") 1 3) (data (i32.const 10) "guest")
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"""


@pytest.fixture
def instance(engine):
    with engine.compile(WAT).instantiate() as made:
        yield made


def test_bytes_go_in_and_out_exactly(instance):
    memory = instance.memory()
    assert (memory.size_bytes, memory.pages, str(memory.type)) == (65536, 1, "1..3 pages")
    assert memory.read(10, 5) == b"guest"
    for data in (b"\0\xffhost", bytearray(b"host"), memoryview(b"hh")[::1], memoryview(b"abcd").cast("H")):
        memory.write(65530, data)
        assert memory.read(65530, memoryview(data).nbytes) == bytes(memoryview(data).cast("B"))
    assert instance.func("load")(65531) == ord("b")
    memory.write(65536, b"")
    assert memory.read(65536, 0) == b""
    assert "64" in repr(memory) or "65.5 kB" in repr(memory)


@pytest.mark.parametrize(("offset", "length"), [(65536, 1), (65535, 2), (-1, 1), (0, 65537), (2**70, 1), (0, -1), (1, 2**70)])
def test_outside_is_refused_and_nothing_is_written(instance, offset, length):
    memory = instance.memory()
    before = memory.read(0, memory.size_bytes)
    with pytest.raises(OutOfBounds):
        memory.read(offset, length)
    if 0 <= length < 10**6:
        with pytest.raises(OutOfBounds):
            memory.write(offset, b"x" * length)
    assert memory.read(0, memory.size_bytes) == before


def test_wrong_types_are_refused(instance):
    memory = instance.memory()
    for use in (
        lambda: memory.read("0", 1),
        lambda: memory.read(0, 1.0),
        lambda: memory.write(0, "text"),
        lambda: memory.write(0, 5),
        lambda: memory.write(None, b""),
        lambda: memory.grow("1"),
        lambda: memory.grow(-1),
        lambda: memory.grow(1.0),
    ):
        with pytest.raises(ArgumentError):
            use()


def test_growth_from_both_sides_is_seen_on_both_sides(instance):
    memory = instance.memory()
    assert memory.grow(1) == 1
    assert instance.func("grow")(1) == 2
    assert (memory.pages, instance.func("load")(3 * 65536 - 1)) == (3, 0)
    assert instance.func("grow")(1) == -1
    for pages in (1, 65536, 2**40, 2**80):
        with pytest.raises(OutOfBounds, match="cannot grow"):
            memory.grow(pages)
    assert memory.grow(0) == 3


def test_a_view_reads_and_writes_in_place(instance):
    view = instance.memory().view()
    assert len(view) == 65536
    assert view[10:15] == b"guest"
    assert view[14:9:-1] == b"tseug"
    assert view[-1] == 0
    view[-1] = 255
    view[0:2] = b"hi"
    view[0:4:2] = b"HI"
    assert (view[-1], view[0:4], instance.func("load")(0)) == (255, b"HiI\0", ord("H"))
    for index in (65536, -65537, 2**80):
        with pytest.raises(OutOfBounds):
            view[index]
        with pytest.raises(OutOfBounds):
            view[index] = 1
    for index, value in ((0, 256), (0, -1), (slice(0, 2), b"one"), (slice(0, 2), "ab")):
        with pytest.raises(ArgumentError):
            view[index] = value
    assert view[0:4] == b"HiI\0"


@pytest.mark.parametrize("end", ["grow", "guest", "close"])
def test_a_view_ends_with_growth_and_close(instance, end):
    memory = instance.memory()
    view = memory.view()
    {"grow": lambda: memory.grow(1), "guest": lambda: instance.func("grow")(1), "close": instance.close}[end]()
    for use in (lambda: view[0], lambda: view[0:4], lambda: len(view), lambda: view.__setitem__(0, 1), lambda: view.__setitem__(slice(0, 1), b"a")):
        with pytest.raises(Closed):
            use()
    assert repr(view)
    if end != "close":
        assert len(memory.view()) == 2 * 65536


def test_a_value_that_closes_the_memory_as_it_is_converted_meets_a_closed_memory(engine):
    class Closing:
        def __init__(self, close) -> None:
            self.close = close

        def __index__(self) -> int:
            self.close()
            return 1

    for use in (lambda view, value: view.__setitem__(0, value), lambda view, value: view[value], lambda view, value: view[value:2]):
        instance = engine.compile(WAT).instantiate()
        view = instance.memory().view()
        with pytest.raises(Closed):
            use(view, Closing(instance.close))


def test_a_closed_memory_is_refused(instance):
    memory = instance.memory()
    instance.close()
    for use in (
        lambda: memory.read(0, 1),
        lambda: memory.write(0, b"x"),
        lambda: memory.grow(1),
        lambda: memory.size_bytes,
        lambda: memory.pages,
        memory.view,
    ):
        with pytest.raises(Closed):
            use()
    assert "closed" in repr(memory)


def test_an_empty_memory(engine):
    memory = engine.compile('(module (memory (export "m") 0))').instantiate().memory("m")
    assert (memory.size_bytes, memory.read(0, 0), len(memory.view())) == (0, b"", 0)
    with pytest.raises(OutOfBounds):
        memory.read(0, 1)
    assert memory.grow(1) == 0
    assert memory.read(0, 2) == b"\0\0"


def test_the_largest_memory_is_read_to_its_end_or_refused_by_name(run_python, runtime_name):
    program = """
        import sys, labkit
        try:
            memory = labkit.runtime(sys.argv[1]).compile('(module (memory (export "m") 65536))').instantiate().memory("m")
            memory.write(2**32 - 4, b"last")
            print(memory.size_bytes, memory.read(2**32 - 4, 4).decode())
        except labkit.LabkitError as error:
            print(type(error).__name__)
    """
    assert run_python(program, runtime_name).strip() in ("4294967296 last", "Unsupported", "LimitExceeded")
