"""Pictures of what the bench found; each says in words what it shows, and has the table behind it."""

from labkit.ui.plots.comparison import plot_distribution, plot_ratios, plot_run_order
from labkit.ui.plots.ladder import plot_ladder
from labkit.ui.plots.memory import plot_memory
from labkit.ui.plots.phases import plot_phases
from labkit.ui.plots.plot import Plot

__all__ = ["Plot", "plot_distribution", "plot_ladder", "plot_memory", "plot_phases", "plot_ratios", "plot_run_order"]
