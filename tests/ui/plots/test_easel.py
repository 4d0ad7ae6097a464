"""Pictures drawn one over the other are those that would be drawn by themselves, and what stands still is drawn once."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from labkit.bench.experiment import SamplesSoFar
from labkit.ui.plots.easel import Easel, steady_ends
from labkit.ui.plots.figure import draw, legend_beside
from labkit.ui.views import glimpse, see


def paint_line(last: float, label: str, x_label: str = "x"):
    def paint(axes) -> None:
        axes.plot([0, 1], [0, last], color="black", label=label)
        axes.annotate(label, (0.5, 0.5))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xlabel(x_label)
        legend_beside(axes, "Lines")

    return paint


def drawn_on(easel: Easel, *paints) -> np.ndarray:
    """The dots of the last of some pictures."""
    with easel.at_work():
        pictures = [draw(paint, title="Lines", height_inches=2, left_inches=0.8, right_inches=1.2) for paint in paints]
    return np.asarray(Image.open(io.BytesIO(pictures[-1])))


@pytest.fixture
def full_draws(monkeypatch) -> list[int]:
    """Grows by one for each canvas that is drawn as a whole."""
    drawn: list[int] = []
    whole = FigureCanvasAgg.draw
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda canvas: (drawn.append(1), whole(canvas)))
    return drawn


def test_a_picture_over_another_is_the_one_drawn_by_itself(full_draws):
    over = drawn_on(Easel(), paint_line(1.0, "one"), paint_line(0.5, "one half"), paint_line(0.2, "a fifth"))
    assert len(full_draws) == 1
    assert np.array_equal(over, drawn_on(Easel(), paint_line(0.2, "a fifth")))


def test_where_the_ground_is_another_all_is_drawn_anew(full_draws):
    over = drawn_on(Easel(), paint_line(1.0, "one"), paint_line(1.0, "one", x_label="seconds"))
    assert len(full_draws) == 2
    assert np.array_equal(over, drawn_on(Easel(), paint_line(1.0, "one", x_label="seconds")))


def test_what_grows_is_drawn_mostly_on_the_same_ground(full_draws):
    generator, easel, so_far = np.random.default_rng(1), Easel(), SamplesSoFar(("wasmtime", "wasmer"))
    pictures = set()
    for _ in range(20):
        so_far.blocks += (generator.normal(10.0, 0.5, (5, 3)) * [1.0, 1.3, 1.0]).tolist()
        pictures.add(glimpse(so_far, easel).pictures)
    assert len(pictures) == 20
    assert len(full_draws) < 20  # of 40 pictures
    assert see(so_far.comparison).pictures not in pictures  # the last is drawn finely


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (1.0, 9.0, (0.0, 10.0)),
        (0.0, 10.0, (0.0, 10.0)),
        (2.0, 4.0, (2.0, 4.16)),
        (-1.0, 9.0, (-1.0, 9.8)),
        (0.0, 11.0, (0.0, 11.88)),
    ],
)
def test_ends_move_where_data_leave_them_or_hardly_fill_them(low: float, high: float, ends: tuple[float, float]):
    assert steady_ends((0.0, 10.0), low, high) == pytest.approx(ends)
