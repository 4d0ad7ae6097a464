"""The bench of fresh instances: labkit's against those bound by hand, against a native process, and what a kernel costs once it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import wasmtime

from labkit.bench.comparison import Comparison
from labkit.bench.contenders import PYTHON_VERSION, absences, checked, status_of, version
from labkit.bench.figures import Figure, Unavailable
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.idle_instances import ADD
from labkit.bench.interleave import Progress, compare
from labkit.bench.native_process import SPAWNED, native_program, spawner
from labkit.errors import LabkitError
from labkit.modules.load import to_wasm
from labkit.runtimes._wasmtime_by_hand import hand_bound_one, hand_called, hand_made
from labkit.runtimes.instance import Module
from labkit.runtimes.registry import runtime
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime, WasmtimeStore

__all__ = ["BENCH"]

_FIB = """
(module
  (func $fib (export "fib") (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))
"""
_POOLED = 100
_OTHERS = ("wasmer", "libwasmer")

_MADE, _HAND, _STOCK = "labkit", "bound by hand", "wasmtime-py"
_MADE_POOLED, _HAND_POOLED = "labkit, pooled", "bound by hand, pooled"
_FRESH, _WHOLE, _PROCESS = "labkit, pooled: fresh", "labkit, pooled: instantiate, func, call, close", "a native process"

_INSTANCE = Goal("a fresh instance: labkit / bound by hand", 1.25, Direction.AT_MOST)
_CALLED = Goal("a fresh instance and its first call: a native process / labkit", 25.0, Direction.AT_LEAST)
_STEADY = "fib(20): labkit / bound by hand"
_NOT_FASTER, _NOT_SLOWER = Goal(_STEADY, 0.98, Direction.AT_LEAST), Goal(_STEADY, 1.02, Direction.AT_MOST)


def _run(seconds: float, progress: Progress) -> Findings:
    program = native_program("answer")
    made = compare(_instances(), seconds=seconds * 0.4, progress=lambda share: progress(share * 0.4))
    called = compare(_calls(program), seconds=seconds * 0.4, progress=lambda share: progress(0.4 + share * 0.4))
    kernel = compare(_kernels(), seconds=seconds * 0.2, progress=lambda share: progress(0.8 + share * 0.2))
    titles = ("A fresh instance, made and freed", "A fresh instance and its first call, and a native process", "fib(20) on an instance that is there")
    missing = absences(_OTHERS)
    if isinstance(program, LabkitError):
        missing[_PROCESS] = f"{program.message} {program.remedy}"
    return Findings(
        _figures(made, called, kernel, missing),
        dict(zip(titles, (made, called, kernel))),
        (*(version(status_of(name)) for name in ("wasmtime", *_OTHERS) if name not in missing), PYTHON_VERSION),
        (SPAWNED, *(f"{name} is not measured: {why}" for name, why in missing.items())),
        missing,
        dict(zip(titles, (sha256(to_wasm(wat)).hexdigest() for wat in (ADD, ADD, _FIB)))),
    )


def _figures(made: Comparison, called: Comparison, kernel: Comparison, missing: dict[str, str]) -> dict[str, Figure]:
    process = {
        _CALLED.figure: _FRESH,
        "the same, each step by itself: a native process / labkit": _WHOLE,
        "the same: a native process / bound by hand": _HAND_POOLED,
    }
    return {
        _INSTANCE.figure: made.ratio(_MADE, _HAND),
        **{figure: Unavailable(missing[_PROCESS]) if _PROCESS in missing else called.ratio(_PROCESS, name) for figure, name in process.items()},
        _STEADY: kernel.ratio(_MADE, _HAND),
        "a fresh instance: wasmtime-py / labkit": made.ratio(_STOCK, _MADE),
        "a fresh instance, pooled: labkit / bound by hand": made.ratio(_MADE_POOLED, _HAND_POOLED),
        "a fresh instance and its first call: labkit / bound by hand": called.ratio(_FRESH, _HAND_POOLED),
    }


def _wasmtime(*, pooled_instances: int = 0) -> WasmtimeRuntime:
    """Without epoch checks: they are for a reader's session."""
    chosen = runtime("wasmtime", interruptible=False, pooled_instances=pooled_instances)
    assert isinstance(chosen, WasmtimeRuntime)
    return chosen


def _instances() -> dict[str, Callable[[], Any]]:
    plain, pooled = _wasmtime(), _wasmtime(pooled_instances=_POOLED)
    module, in_pool = plain.compile(ADD), pooled.compile(ADD)
    contenders: dict[str, Callable[[], Any]] = {
        _MADE: partial(_make, module),
        _HAND: hand_made(plain.engine(fuel=False), module.native),
        _STOCK: partial(_make_stock, plain.engine(fuel=False), module.native),
        _MADE_POOLED: partial(_make, in_pool),
        _HAND_POOLED: hand_made(pooled.engine(fuel=False), in_pool.native),
    }
    for name in _OTHERS:
        if status_of(name).available:
            contenders[f"labkit on {name}"] = partial(_make, runtime(name).compile(ADD))
    return contenders


def _make(module: Module) -> None:
    module.instantiate().close()


def _make_stock(engine: wasmtime.Engine, module: wasmtime.Module) -> None:
    store = wasmtime.Store(engine)
    wasmtime.Instance(store, module, [])
    store.close()


def _calls(program: Any) -> dict[str, Callable[[], Any]]:
    pooled = _wasmtime(pooled_instances=_POOLED)
    module = pooled.compile(ADD)
    calls: dict[str, Callable[[], Any]] = {
        _FRESH: partial(module.fresh("add"), 20, 22),
        _HAND_POOLED: partial(hand_called(pooled.engine(fuel=False), module.native, "add"), 20, 22),
        _WHOLE: partial(_make_and_call, module),
    }
    contenders = checked(calls, 42)
    return contenders if isinstance(program, LabkitError) else {**contenders, **checked({_PROCESS: spawner(program)}, 0)}


def _make_and_call(module: Module) -> int:
    instance = module.instantiate()
    try:
        return int(instance.func("add")(20, 22))
    finally:
        instance.close()


def _kernels() -> dict[str, Callable[[], Any]]:
    fib = _wasmtime().compile(_FIB).instantiate().func("fib")
    assert isinstance(fib.store, WasmtimeStore)
    return checked({_MADE: partial(fib, 20), _HAND: partial(hand_bound_one(fib.store, fib.native), 20)}, 6765)


BENCH = Bench(
    "instance",
    "What a fresh instance costs, and its first call, beside a native process.",
    (_INSTANCE, _CALLED, _NOT_FASTER, _NOT_SLOWER),
    _run,
)
