"""Plausible wrong answers to the exercises of notebook 05, and words that the verdict's reason must contain."""

_HELLO = """%%wasm wat --name small_hello
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{data}")
  {more}
  (func (export "_start")
    {body}))"""
_WRITE = "(drop (call $write (i32.const {descriptor}) (i32.const 0) (i32.const 1) (i32.const 16)))"
_DATA = "\\08\\00\\00\\00\\06\\00\\00\\00hello\\n"

_BLOCKS = """
old = [0.020, 0.021, 0.020, 0.062, 0.020, 0.065, 0.061, 0.020, 0.021]
new = [0.010, 0.010, 0.010, 0.031, 0.030, 0.032, 0.030, 0.010, 0.011]
"""

WRONG = {
    "small_hello": [
        (_HELLO.format(data=_DATA, more="", body=_WRITE.format(descriptor=2)), "printed b''"),
        (_HELLO.format(data=_DATA.replace("06", "05"), more="", body=_WRITE.format(descriptor=1)), "printed b'hello'"),
        (_HELLO.format(data=_DATA, more=f'(data (i32.const 100) "{"x" * 200}")', body=_WRITE.format(descriptor=1)), "at most 200"),
        (_HELLO.format(data=_DATA, more="", body=_WRITE.format(descriptor=1) + " unreachable"), "did not end well"),
    ],
    "paired": [
        ("paired = 1.782", "ratio of the means"),
        (f"import statistics\n{_BLOCKS}paired = statistics.median(old) / statistics.median(new)", "ratio of the medians"),
        (f"{_BLOCKS}paired = sum(a / b for a, b in zip(old, new)) / 9", "mean of the ratios"),
        ("paired = 0.5", "old over new"),
    ],
    "guests": [
        ("guests = (100_000, 4)", "engine itself takes memory"),
        ("guests = 99_400", "of type tuple"),
        ("guests = (99_400, 4.77)", "not it"),
    ],
}
