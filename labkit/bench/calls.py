"""The bench of calls: labkit's against those bound by hand and against each binding's own, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import wasmtime

from labkit.bench.contenders import HOST_CALLS, HOST_SUM, PYTHON_VERSION, checked, version
from labkit.bench.figures import Ratio
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress, compare
from labkit.modules.load import to_wasm
from labkit.runtimes._wasmtime_by_hand import hand_bound
from labkit.runtimes.registry import runtime, runtimes
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime, WasmtimeStore

__all__ = ["BENCH"]

_ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'

_CALL, _STOCK_CALL, _HAND_CALL = "labkit on wasmtime", "wasmtime.Func.__call__", "bound by hand"
_CALLBACK, _STOCK_CALLBACK = "labkit on wasmtime", "wasmtime.Func"
_WASMER, _STOCK_WASMER = "labkit on wasmer", "wasmer's own"
_LIBWASMER = "labkit on libwasmer"

_CONTENDERS = {"wasmer": (_WASMER, _STOCK_WASMER), "libwasmer": (_LIBWASMER,)}

_BOUND_GOAL = Goal("a call: labkit / bound by hand", 1.25, Direction.AT_MOST)
_STOCK_GOAL = Goal("a call: wasmtime-py / labkit", 25.0, Direction.AT_LEAST)
_CALLBACK_GOAL = Goal("a callback: labkit / wasmtime-py", 0.25, Direction.AT_MOST)


def _same(value: int) -> int:
    return value


def _run(seconds: float, progress: Progress) -> Findings:
    status = {row.name: row for row in runtimes()}
    here = {name for name in ("wasmtime", "wasmer", "libwasmer") if status[name].available}
    calls, callbacks = checked(_calls(here), 42), checked(_callbacks(here), sum(range(HOST_CALLS)))
    into = compare(calls, seconds=seconds * 0.6, progress=lambda share: progress(share * 0.6))
    out = compare(callbacks, seconds=seconds * 0.4, operations=HOST_CALLS, progress=lambda share: progress(0.6 + share * 0.4))
    figures: dict[str, Ratio] = {
        _BOUND_GOAL.figure: into.ratio(_CALL, _HAND_CALL),
        _STOCK_GOAL.figure: into.ratio(_STOCK_CALL, _CALL),
        _CALLBACK_GOAL.figure: out.ratio(_CALLBACK, _STOCK_CALLBACK),
    }
    if "wasmer" in here:
        figures["a call: labkit on wasmer / wasmer's own"] = into.ratio(_WASMER, _STOCK_WASMER)
        figures["a callback: labkit on wasmer / wasmer's own"] = out.ratio(_WASMER, _STOCK_WASMER)
    if "libwasmer" in here:
        figures["a call: labkit on libwasmer / on wasmtime"] = into.ratio(_LIBWASMER, _CALL)
        figures["a callback: labkit on libwasmer / on wasmtime"] = out.ratio(_LIBWASMER, _CALLBACK)
    into_title, out_title = "A call of (i32, i32) -> i32 from Python", f"A callback of (i32) -> i32 from a guest, {HOST_CALLS:,} an entry"
    why = {name: f"{status[name].reason}. {status[name].remedy}" for name in ("wasmer", "libwasmer") if name not in here}
    return Findings(
        figures,
        {into_title: into, out_title: out},
        (*(version(row) for row in status.values() if row.name in here), PYTHON_VERSION),
        tuple(f"{name} is not measured: {words}" for name, words in why.items()),
        {contender: why[name] for name in why for contender in _CONTENDERS[name]},
        {into_title: sha256(to_wasm(_ADD)).hexdigest(), out_title: sha256(to_wasm(HOST_SUM)).hexdigest()},
    )


def _wasmtime() -> WasmtimeRuntime:
    """Without epoch checks: they are for a reader's session, and slow guests."""
    chosen = runtime("wasmtime", interruptible=False)
    assert isinstance(chosen, WasmtimeRuntime)
    return chosen


def _calls(here: set[str]) -> dict[str, Callable[[], Any]]:
    add = _wasmtime().compile(_ADD).instantiate().func("add")
    assert isinstance(add.store, WasmtimeStore)
    contenders: dict[str, Callable[[], Any]] = {
        _CALL: partial(add, 20, 22),
        _HAND_CALL: partial(hand_bound(add.store, add.native), 20, 22),
        _STOCK_CALL: partial(add.native, add.store.native, 20, 22),
    }
    if "wasmer" in here:
        contenders[_WASMER] = partial(runtime("wasmer").compile(_ADD).instantiate().func("add"), 20, 22)
        contenders[_STOCK_WASMER] = partial(_stock_wasmer(_ADD).exports.add, 20, 22)
    if "libwasmer" in here:
        contenders[_LIBWASMER] = partial(runtime("libwasmer").compile(_ADD).instantiate().func("add"), 20, 22)
    return contenders


def _callbacks(here: set[str]) -> dict[str, Callable[[], Any]]:
    imports = {"host": {"same": _same}}
    module = _wasmtime().compile(HOST_SUM)
    store = wasmtime.Store(_wasmtime().engine(fuel=False))
    i32 = wasmtime.ValType.i32()
    host = wasmtime.Func(store, wasmtime.FuncType([i32], [i32]), _same)
    stock = wasmtime.Instance(store, module.native, [host]).exports(store)["sum"]
    assert isinstance(stock, wasmtime.Func)
    contenders: dict[str, Callable[[], Any]] = {
        _CALLBACK: partial(module.instantiate(imports).func("sum"), HOST_CALLS),
        _STOCK_CALLBACK: partial(stock, store, HOST_CALLS),
    }
    if "wasmer" in here:
        contenders[_WASMER] = partial(runtime("wasmer").compile(HOST_SUM).instantiate(imports).func("sum"), HOST_CALLS)
        contenders[_STOCK_WASMER] = partial(_stock_wasmer(HOST_SUM).exports.sum, HOST_CALLS)
    if "libwasmer" in here:
        contenders[_LIBWASMER] = partial(runtime("libwasmer").compile(HOST_SUM).instantiate(imports).func("sum"), HOST_CALLS)
    return contenders


def _stock_wasmer(wat: str) -> Any:
    """Instantiate by the binding itself; imported here, because a newer Python has none."""
    import wasmer
    from wasmer_compiler_cranelift import Compiler

    store = wasmer.Store(wasmer.engine.Universal(Compiler))
    imports = wasmer.ImportObject()
    i32 = wasmer.Type.I32
    imports.register("host", {"same": wasmer.Function(store, _same, wasmer.FunctionType([i32], [i32]))})
    return wasmer.Instance(wasmer.Module(store, to_wasm(wat)), imports)


BENCH = Bench(
    "calls",
    "What a call costs: from Python into a guest, and from a guest into Python.",
    (_BOUND_GOAL, _STOCK_GOAL, _CALLBACK_GOAL),
    _run,
)
