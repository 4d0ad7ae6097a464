"""What draws in a notebook: magics, plots and panels. No logic lives here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.ui.cold_start_ladder import ColdStartLadder
    from labkit.ui.gallery_panel import GalleryPanel
    from labkit.ui.phase_explorer import PhaseExplorer
    from labkit.ui.run_panel import RunPanel
    from labkit.ui.runtime_comparison import RuntimeComparison
    from labkit.ui.stepper_panel import StepperPanel, stepper

__all__ = ["ColdStartLadder", "GalleryPanel", "PhaseExplorer", "RunPanel", "RuntimeComparison", "StepperPanel", "stepper"]

_HOMES = {
    "ColdStartLadder": "cold_start_ladder",
    "GalleryPanel": "gallery_panel",
    "PhaseExplorer": "phase_explorer",
    "RunPanel": "run_panel",
    "RuntimeComparison": "runtime_comparison",
    "StepperPanel": "stepper_panel",
    "stepper": "stepper_panel",
}


def __getattr__(name: str) -> Any:
    """Import the widgets at their first use: the magics work without them."""
    if name in _HOMES:
        return getattr(import_module(f"labkit.ui.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'labkit.ui' has no attribute {name!r}")
