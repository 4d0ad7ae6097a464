"""Which of a module's functions a panel can offer, what their parameters are called, and a box for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from labkit.errors import ArgumentError, ExportNotFound, LabkitError
from labkit.modules.contents import read_contents
from labkit.modules.interface import read_interface
from labkit.modules.types import FuncType
from labkit.runtimes.values import FORMAT, check_value, explain

__all__ = ["OfferedFunction", "argument_box", "offered_functions"]

LARGEST_FUNCTION_COUNT = 200
LARGEST_PARAMETER_COUNT = 12
# A slider's position travels as a JavaScript number, which holds whole numbers up to this.
_LARGEST_EXACT = 2**53


@dataclass(frozen=True)
class OfferedFunction:
    """An exported function whose parameters are numbers.

    Attributes
    ----------
    name : str
        Under which it is exported.
    type : FuncType
    parameter_names : tuple of str
        From the module's name section; where it has none, ``argument 1`` and so on.
    """

    name: str
    type: FuncType
    parameter_names: tuple[str, ...]

    @property
    def signature(self) -> str:
        """The function as a reader would write it.

        Examples
        --------
        >>> from labkit.modules.load import to_wasm
        >>> wat = '(module (func (export "half") (param $n i32) (result i32) (i32.shr_s (local.get $n) (i32.const 1))))'
        >>> offered_functions(to_wasm(wat))["half"].signature
        'half(n: i32) → i32'
        """
        params = ", ".join(f"{name}: {kind}" for name, kind in zip(self.parameter_names, self.type.params))
        return f"{self.name}({params}) → {', '.join(self.type.results) or 'nothing'}"


def offered_functions(wasm: bytes) -> dict[str, OfferedFunction]:
    """Find the exported functions that take few arguments, all of them numbers.

    Raises
    ------
    ExportNotFound
        If there is none.
    """
    names = _parameter_names(wasm)
    found: dict[str, OfferedFunction] = {}
    for export in read_interface(wasm).exports:
        type = export.type
        if isinstance(type, FuncType) and len(type.params) <= LARGEST_PARAMETER_COUNT and all(kind in FORMAT for kind in type.params):
            known = names.get(export.name, {})
            labels = tuple(known.get(index) or f"argument {index + 1}" for index in range(len(type.params)))
            found[export.name] = OfferedFunction(export.name, type, labels)
        if len(found) == LARGEST_FUNCTION_COUNT:
            break
    if not found:
        raise ExportNotFound(
            f"The module exports no function that takes at most {LARGEST_PARAMETER_COUNT} numbers.",
            remedy='Export one: (func (export "name") (param i32) …).',
        )
    return found


def _parameter_names(wasm: bytes) -> dict[str, dict[int, str]]:
    """The parameters' names by export; none where the module cannot be read that far, for a runtime will say what is wrong with it."""
    try:
        contents = read_contents(wasm)
    except LabkitError:
        return {}
    exports = (export for export in contents.declarations.exports if export.kind == "func")
    return {export.name: contents.names.locals.get(export.index, {}) for export in exports}


def argument_box(function: OfferedFunction, index: int, value: int | float | str | None, bounds: Sequence[int | float] | None) -> Any:
    """Make the widget for one argument: a slider where there are bounds, a box that takes what the type takes elsewhere.

    Raises
    ------
    ArgumentError, ArgumentRangeError
        If the value or the bounds do not fit the parameter's type.
    """
    kind = function.type.params[index]
    what = f"Argument {index + 1} of {function.name}"
    common = {"description": f"{function.parameter_names[index]}: {kind}", "style": {"description_width": "initial"}}
    is_whole = kind.startswith("i")
    if bounds is not None:
        low, high = _bounds(kind, bounds, what)
        number = check_value(kind, low if value is None else value, what)
        if not low <= number <= high:
            raise ArgumentError(f"{what} is {number}, outside its slider's {low} to {high}.", remedy="Start the slider within its bounds.")
        slider = ipywidgets.IntSlider if is_whole else ipywidgets.FloatSlider
        step = {} if is_whole else {"step": (high - low) / 100}
        return slider(value=number, min=low, max=high, layout=ipywidgets.Layout(width="24em"), **step, **common)
    if kind == "i32":
        return ipywidgets.BoundedIntText(value=check_value(kind, value or 0, what), min=-(2**31), max=2**31 - 1, **common)
    # A text box carries every i64 and every float (nan, inf, -0.0) exactly, where a number box in a browser does not.
    return ipywidgets.Text(value=str(check_value(kind, value or 0, what)), **common)


def _bounds(kind: str, bounds: Sequence[int | float], what: str) -> tuple[Any, Any]:
    if not isinstance(bounds, Sequence) or len(bounds) != 2:
        raise ArgumentError(f"The slider of {what.lower()} has the bounds {bounds!r}.", remedy="Give the lowest and the highest value: (0, 30).")
    low, high = (check_value(kind, bound, f"A bound of {what.lower()}") for bound in bounds)
    if not -_LARGEST_EXACT <= low < high <= _LARGEST_EXACT:
        raise ArgumentError(f"The slider of {what.lower()} cannot go from {low} to {high}.", remedy="Give a lower and a higher bound within ±2**53.")
    return low, high


def check_count(function: OfferedFunction, given: Sequence[object] | None, what: str) -> Sequence[Any]:
    """One entry for each parameter; without any, None for each.

    Raises
    ------
    ArgumentError
        If the number differs.
    """
    if given is None:
        return (None,) * len(function.type.params)
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ArgumentError(f"{what}={given!r} is no list.", remedy=f"Give one entry for each parameter of {function.name}: {what}=[…].")
    count = len(function.type.params)
    if len(given) != count:
        if what == "args":
            explain(function.type.params, list(given), f"{what} for {function.name}")
        raise ArgumentError(
            f"{what}={given!r} has {len(given)} entries, and {function.name} has {count} parameter{'' if count == 1 else 's'}.",
            remedy="Give for each its lowest and highest value, or None: bounds=[(0, 30)].",
        )
    return given
