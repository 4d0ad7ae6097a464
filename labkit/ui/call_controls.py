"""Controls that say which function to call: the module, its export, and a box or slider for each argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

from labkit.data_files import data_folder
from labkit.errors import ArgumentError, ExportNotFound
from labkit.modules.load import Source, to_wasm
from labkit.runtimes.values import check_value
from labkit.toolchains.prebuilt import read_manifest
from labkit.ui.functions import OfferedFunction, argument_box, check_count, offered_functions

__all__ = ["CallControls", "course_modules"]


def course_modules() -> dict[str, Source]:
    """The course's modules that need no imports, by the sources they are built from: one function in many languages.

    Raises
    ------
    UnreadableFile
        If labkit is installed without the course.

    Examples
    --------
    >>> {"fib.wat", "fib.c", "fib.rs"} <= set(course_modules())
    True
    """
    folder = data_folder() / "modules"
    return {entry.source: folder / entry.file for entry in read_manifest() if entry.target == "freestanding" and entry.kind == "library"}


class CallControls:
    """Pick a module, a function and its arguments.

    Parameters
    ----------
    modules : mapping of str to source, or one source; or None
        Each bytes, WebAssembly text or a path. With several, they are picked by their names. None gives `course_modules`.
    export : str, optional
        The function that is picked at first; otherwise the first module's first.
    args : sequence of numbers, optional
        What its arguments are at first.
    bounds : sequence, optional
        For each of its arguments a lowest and highest value, which make a slider of it, or None.

    Attributes
    ----------
    widgets : list of ipywidgets.Widget

    Raises
    ------
    LabkitError
        If a module cannot be read or exports nothing to call, or the other parameters do not fit.
    """

    def __init__(
        self,
        modules: Mapping[str, Source] | Source | None,
        *,
        export: str | None = None,
        args: Sequence[int | float | str] | None = None,
        bounds: Sequence[Sequence[int | float] | None] | None = None,
    ) -> None:
        if modules is None:
            modules = course_modules()
        named = modules if isinstance(modules, Mapping) else {"": modules}
        if not named:
            raise ArgumentError("There is no module to pick.", remedy='Give one, or {"name": module, …}.')
        self._modules = {name: to_wasm(source) for name, source in named.items()}
        self._offered = {name: offered_functions(wasm) for name, wasm in self._modules.items()}
        first_module = next(iter(self._modules))
        first = _find(self._offered[first_module], export)
        # The function that args and bounds are for, in whichever of the modules.
        self._first = first
        self._start = list(zip(check_count(first, args, "args"), check_count(first, bounds, "bounds")))
        self._module_picker = ipywidgets.Dropdown(options=list(self._modules), value=first_module, description="Module")
        self._picker = ipywidgets.Dropdown(description="Function", layout=ipywidgets.Layout(width="32em"))
        self._arguments = ipywidgets.HBox(layout=ipywidgets.Layout(flex_flow="row wrap"))
        self._offer(first.name)
        self._show_arguments()
        self._module_picker.observe(self._module_picked, "value")
        self._picker.observe(lambda change: self._show_arguments(), "value")
        self.widgets: list[Any] = [*([self._module_picker] if len(self._modules) > 1 else []), self._picker, self._arguments]

    @property
    def module_name(self) -> str:
        """The name of the module that is picked."""
        return str(self._module_picker.value)

    @property
    def wasm(self) -> bytes:
        """The module that is picked."""
        return self._modules[self.module_name]

    @property
    def function(self) -> OfferedFunction:
        """The function that is picked."""
        return self._offered[self.module_name][self._picker.value]

    @property
    def arguments(self) -> tuple[int | float, ...]:
        """The arguments as they stand in the boxes.

        Raises
        ------
        ArgumentError
            If one does not fit its type.
        """
        kinds = self.function.type.params
        return tuple(check_value(kind, value, f"Argument {i + 1} of {self.function.name}") for i, (kind, value) in enumerate(zip(kinds, self.values)))

    @property
    def values(self) -> list[Any]:
        """What stands in the boxes, whether it fits or not."""
        return [box.value for box in self._arguments.children]

    def _module_picked(self, change: Any) -> None:
        before, functions = self._offered[change["old"]][self._picker.value], self._offered[self.module_name]
        values = self.values
        self._offer(before.name if before.name in functions else next(iter(functions)))
        self._show_arguments()
        if self.function.type == before.type:
            for box, value in zip(self._arguments.children, values):
                box.value = value

    def _offer(self, export: str) -> None:
        functions = self._offered[self.module_name]
        self._picker.options = [(function.signature, name) for name, function in functions.items()]
        self._picker.value = export

    def _show_arguments(self) -> None:
        if self._picker.value is None:
            return  # between two modules
        function = self.function
        fits = (function.name, function.type) == (self._first.name, self._first.type)
        start = self._start if fits else [(None, None)] * len(function.type.params)
        old = self._arguments.children
        self._arguments.children = [argument_box(function, index, value, bounds) for index, (value, bounds) in enumerate(start)]
        for box in old:
            box.close()


def _find(functions: Mapping[str, OfferedFunction], export: str | None) -> OfferedFunction:
    if export is None:
        return next(iter(functions.values()))
    if export not in functions:
        raise ExportNotFound(
            f"The panel can offer no function {export!r}.",
            remedy=f"It must take numbers only; the module exports {', '.join(list(functions)[:10])}.",
        )
    return functions[export]
