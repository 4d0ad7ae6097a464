"""Plots of comparisons: true to the data, readable without colour and without sight, small, and on their own."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.density import Density
from labkit.bench.ladder import Ladder, Rung
from labkit.bench.load import Load
from labkit.bench.phases import Missing, Phase, Phases
from labkit.bench.source import Source
from labkit.ui.plots import Plot, plot_distribution, plot_ladder, plot_memory, plot_phases, plot_ratios, plot_run_order
from labkit.ui.plots.palette import COLOURS, looks

PLOTS = (plot_distribution, plot_run_order, plot_ratios)
# Machado, Oliveira and Fernandes (2009), severity 1.0: what the three kinds of dichromats see of linear RGB.
SIGHTS = {
    "all cones": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
# The filters' own coefficients, as CSS defines them: invert(1), then hue-rotate(180deg).
HUE_ROTATE = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def colour(code: str, theme: str):
    rgb = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return rgb if theme == "light" else np.clip(HUE_ROTATE @ (1 - rgb), 0, 1)


def oklab(rgb):
    lms = np.array([[0.41222147, 0.53633254, 0.05144599], [0.21190350, 0.68069955, 0.10739696], [0.08830246, 0.28171884, 0.62997870]]) @ rgb
    return (
        np.array([[0.21045426, 0.79361779, -0.00407205], [1.97799850, -2.42859221, 0.45059371], [0.02590404, 0.78277177, -0.80867577]])
        @ np.cbrt(np.clip(lms, 0, None))
    )  # fmt: skip


def luminance(rgb) -> float:
    return float(np.array([0.2126, 0.7152, 0.0722]) @ linear(rgb))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_keep_their_distance_for_every_kind_of_sight(sight: str, theme: str):
    seen = [oklab(np.clip(SIGHTS[sight] @ linear(colour(code, theme)), 0, 1)) for code in COLOURS]
    # A difference of 0.02 in Oklab is one that is just noticeable.
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.045


@pytest.mark.parametrize(("theme", "paper"), [("light", 1.0), ("dark", 17 / 255)])
def test_colours_stand_out_from_the_paper(theme: str, paper: float):
    for code in COLOURS:
        bright, dim = sorted((luminance(colour(code, theme)), luminance(np.full(3, paper))), reverse=True)
        # WCAG 2.1, 1.4.11: graphics.
        assert (bright + 0.05) / (dim + 0.05) >= 3, code


def test_no_two_of_a_plot_look_alike_and_a_runtime_always_looks_the_same():
    for names in (["native", "wasmtime", "gcc"], ["wasmer", "wasmtime"], list("abcdefgh")):
        found = looks(names)
        assert len({(look.colour, look.marker) for look in found.values()}) == len(names)
    assert looks(["wasmtime"])["wasmtime"] == looks(["wasmer", "a", "wasmtime"])["wasmtime"]


@pytest.fixture
def comparison(make_comparison):
    generator = np.random.default_rng(5)
    return make_comparison({"wasmtime": generator.normal(1e-6, 1e-8, 200), "wasmer": generator.normal(2e-6, 2e-8, 200)})


@pytest.mark.parametrize("plot", PLOTS)
def test_a_plot_is_a_small_picture_with_its_words_and_its_table(comparison, plot):
    drawn = plot(comparison)
    assert isinstance(drawn, Plot)
    picture = Image.open(io.BytesIO(drawn.picture))
    assert picture.width == 1125
    assert len(drawn.picture) < 30_000
    html = drawn._repr_html_()
    assert f'alt="{drawn.description}"'.replace("'", "&#x27;") in html
    assert "<details>" in html
    for timing in comparison.timings:
        assert timing.name in drawn.description
        assert timing.name in str(drawn)


def test_the_words_and_the_table_say_what_the_data_says(comparison):
    plot = plot_distribution(comparison)
    assert "wasmer: half took at most 2 µs" in plot.description
    assert [row[0] for row in plot.rows] == ["wasmtime", "wasmer"]
    assert plot.rows[1][3].startswith("2")
    ratios = plot_ratios(comparison)
    assert ratios.rows[1][1] == comparison.ratio("wasmer", "wasmtime").figures
    assert "'wasmtime' is the fastest" in ratios.description


def test_what_lies_beyond_the_picture_is_counted(make_comparison):
    samples = [1e-6] * 299 + [1.0]
    drawn = plot_distribution(make_comparison({"a": samples, "b": samples}))
    assert "Samples too long for the picture: 2." in drawn.description
    assert drawn.rows[0][5] == "1 s"


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("samples", [[1e-6], [1e-6, 1e-6], [1e-9, 1.0, 1e3], [5.0] * 7])
def test_any_samples_can_be_drawn(make_comparison, plot, samples):
    assert plot(make_comparison({"one": samples, "two": samples})).picture
    assert plot(make_comparison({"one": samples})).picture


@pytest.mark.parametrize("plot", PLOTS)
def test_names_are_shown_as_they_are(make_comparison, plot):
    name = "<b>$x^2$ & 'y'</b>"
    html = plot(make_comparison({name: [1.0, 2.0], "b": [1.0, 2.0]}))._repr_html_()
    assert "<b>" not in html.replace("<body", "")
    assert "&lt;b&gt;$x^2$" in html


@pytest.mark.parametrize("plot", PLOTS)
def test_a_long_name_leaves_room_for_the_data(make_comparison, plot):
    names = ["x" * 300, "y" * 300]
    drawn = plot(make_comparison({name: [1.0, 2.0] for name in names}))
    assert names[1] in drawn.description
    pixels = np.asarray(Image.open(io.BytesIO(drawn.picture)).convert("L"))
    assert (pixels[:, 500:600] < 255).any()


@pytest.mark.parametrize("plot", PLOTS)
def test_what_was_recorded_is_never_drawn_as_live(make_comparison, plot):
    samples = {"wasmtime": [1.0, 1.1, 1.2] * 5, "wasmer": [2.0, 2.1, 2.2] * 5}
    live, recorded = plot(make_comparison(samples)), plot(make_comparison(samples, Source.RECORDED), recorded="an EPYC, 24 November 2026")
    assert "recorded: an EPYC, 24 November 2026" in recorded.description
    assert "recorded" not in live.description
    assert recorded.picture != live.picture
    # Without a word of where it comes from, too; and a live one cannot be called recorded.
    assert "recorded" in plot(make_comparison(samples, Source.RECORDED)).description
    assert plot(make_comparison(samples), recorded="elsewhere").picture == live.picture


def test_the_readers_own_style_neither_changes_a_plot_nor_is_changed(comparison):
    import matplotlib.style

    plain = plot_distribution(comparison).picture
    with matplotlib.style.context("dark_background"):
        before = dict(matplotlib.rcParams)
        assert plot_distribution(comparison).picture == plain
        assert dict(matplotlib.rcParams) == before


def test_no_pyplot():
    program = "import sys, labkit.ui.plots; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout == "False\n"


def comparison_of(seconds: dict[str, float]) -> Comparison:
    timings = [Timing(name, 1, (value * 0.9, value, value * 1.1)) for name, value in seconds.items()]
    return conclude(timings, timings[0].samples_seconds, load=Load(0.0, 0.0, 0.0), overhead_seconds=0.0, wall_seconds=1.0, seed=1)


def test_phases_say_each_median_and_what_is_missing():
    compile, calls = comparison_of({"wasmtime": 3e-3, "wasmer": 5e-3}), comparison_of({"wasmtime": 7e-7})
    phases = Phases({Phase.COMPILE: compile, Phase.STEADY_CALL: calls}, (), (Missing("v8", "There is no node.", "Install it."),), ())
    plot = plot_phases(phases)
    assert "compile: wasmtime 3 ms, wasmer 5 ms." in plot.description
    assert "v8 is not measured: There is no node. Install it." in plot.description
    assert [row[:2] for row in plot.rows] == [["compile", "wasmtime"], ["compile", "wasmer"], ["steady call", "wasmtime"], ["–", "v8"]]
    assert list(plot.grey) == [3]


def test_memory_says_what_one_takes():
    plot = plot_memory(Density({"instances": ((10, 1000), (1000, 90_000)), "processes": ((10, 2_000_000),), "pods": ()}, ("No pods here.",)))
    assert "instances: 1,000 take 90.0 kB, 90 B each." in plot.description
    assert "No pods here." in plot.description
    assert len(plot.rows) == 3


def test_a_ladder_keeps_the_rungs_that_did_not_run_with_their_reasons():
    native = Rung("native process", "an address space", (0.0002, 0.00025, 0.0003), image_bytes=800_000)
    runc = Rung("runc", "namespaces", error="runc is not here.", remedy="Install it.", kind="container")
    plot = plot_ladder(Ladder((native, runc)))
    assert "native process (an address space): 250 µs." in plot.description
    assert "runc (namespaces) did not run: runc is not here. Install it." in plot.description
    assert plot.rows[0][5:7] == ["–", "800.0 kB"]
    assert "runc is not here. Install it." in str(plot)
    assert plot.grey == [1]


def test_a_ladder_can_be_drawn_before_anything_has_run_and_when_it_was_recorded():
    rungs = tuple(Rung(name, "nothing", kind=kind) for name, kind in zip("abcd", ("native", "wasm", "sandbox", "container")))
    assert "a (nothing) is not measured yet." in plot_ladder(Ladder(rungs)).description
    recorded = plot_ladder(Ladder(rungs, source=Source.RECORDED), recorded="an EPYC, 24 November 2026")
    assert recorded.description.startswith("Cold starts, recorded: an EPYC, 24 November 2026.")
