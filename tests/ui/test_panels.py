"""The panels without a browser: what they say, what they show where no kernel is, and what they do with bad input."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import ipywidgets
import pytest

from labkit.errors import (
    ArgumentError,
    ArgumentRangeError,
    Closed,
    ExportNotFound,
    LabkitError,
    MalformedModule,
    RuntimeUnavailable,
    UnreadableFile,
)
from labkit.limits import Limits
from labkit.modules.stepper import step
from labkit.runtimes import registry
from labkit.sandbox.attacks import ATTACKS
from labkit.sandbox.run import Outcome
from labkit.ui import GalleryPanel, RunPanel, StepperPanel, gallery_panel, stepper
from labkit.ui.stepper_view import describe_state, state_html

VIEW = "application/vnd.jupyter.widget-view+json"
FACT = """(module (memory 1) (global $calls (mut i32) (i32.const 0))
  (func $fact (export "fact") (param $n i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 8) (local.get $n))
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (i32.const 1))
      (else (i32.mul (local.get $n) (call $fact (i32.sub (local.get $n) (i32.const 1)))))))
  (func (export "forever") (loop (br 0)))
  (func (export "divide") (param $a i32) (param $b i32) (result i32) (i32.div_s (local.get $a) (local.get $b)))
  (func (export "same") (param f64 i64) (result f64 i64) (local.get 0) (local.get 1))
  (func (export "vector") (param v128)))"""


@pytest.fixture
def panel():
    panel = RunPanel(FACT, export="fact", args=[5], bounds=[(0, 12)], runtimes=["wasmtime"], limits=Limits(time=60))
    yield panel
    panel.close()


def test_every_state_is_drawn_and_described():
    trace = step(FACT, "fact", [3])
    for number in range(len(trace.steps) + 1):
        html, sentence = state_html(trace, number), describe_state(trace, number)
        assert sentence.startswith(f"Step {number} of {len(trace.steps)}: ")
        assert html.count('aria-current="step"') == (number < len(trace.steps))
    assert "The function has returned." in sentence
    assert "Stack, top first: 6." in sentence


def test_writes_and_calls_are_told():
    trace = step(FACT, "fact", [3])
    sentences = [describe_state(trace, number) for number in range(len(trace.steps) + 1)]
    assert any("Written: global $calls = 1." in text for text in sentences)
    assert any("Written: memory[8] = 03 00 00 00." in text for text in sentences)
    assert any("In fact, 3 calls deep." in text for text in sentences)
    assert "was 02 00 00 00" in state_html(trace, len(trace.steps))


def test_a_trap_is_marked_where_it_happened():
    trace = step(FACT, "divide", [1, 0])
    last = len(trace.steps)
    assert describe_state(trace, last).endswith("It traps: integer divide by zero.")
    assert "✗ traps" in state_html(trace, last)


def test_an_unfinished_trace_says_so():
    trace = step(FACT, "forever", limit=5)
    assert "raise `limit`" in describe_state(trace, len(trace.steps))


def test_large_functions_and_stacks_stay_small():
    wat = f'(module (func (export "f") {"(local i64)" * 300} {"i32.const 1 " * 500} {"drop " * 500}))'
    trace = step(wat, "f")
    assert max(len(state_html(trace, number)) for number in range(0, len(trace.steps), 50)) < 30_000


def test_markup_in_names_is_escaped():
    name = "<img src=x>"
    panel = stepper(f'(module (func (export "{name}") (result i32) (i32.const 1)))', name)
    run_panel = RunPanel(f'(module (func (export "{name}")))')
    for html in (state_html(panel.trace, 0), panel._repr_mimebundle_()["text/html"], run_panel._repr_mimebundle_()["text/html"]):
        assert "<img" not in html
    panel.close()
    run_panel.close()


def test_stepper_stays_within_its_ends():
    panel = stepper(FACT, "fact", [1])
    panel.show(-5)
    assert panel.status.startswith("Step 0 of")
    panel.show(10**9)
    assert "The function has returned." in panel.status
    panel.close()


def test_stepper_shows_its_trace_where_no_kernel_is():
    trace = step(FACT, "fact", [2])
    panel = StepperPanel(trace)
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == str(trace)
    assert bundle["text/html"] == trace._repr_html_()
    assert VIEW in bundle
    panel.close()
    panel.close()
    assert VIEW not in panel._repr_mimebundle_()


def test_run_panel_runs_on_each_runtime(runtime_name: str):
    # Singlepass knows neither vectors nor functions with several results, so without those.
    wat = '(module (func (export "twice") (param $n i32) (result i32) (i32.shl (local.get $n) (i32.const 1))))'
    panel = RunPanel(wat, args=[60], runtimes=[runtime_name])
    panel.run()
    panel.wait()
    assert [(result.runtime, result.values) for result in panel.results] == [(runtime_name, (120,))]
    assert panel.status.startswith(f"twice(60) on {runtime_name} returned: 120")
    assert "120" in panel._repr_mimebundle_()["text/html"]
    assert "120" in str(panel)
    panel.close()


def test_what_one_runtime_lacks_is_a_row_and_the_others_run():
    panel = RunPanel(FACT, export="fact", args=[5], runtimes=["wasmer-singlepass", "wasmtime"])
    if panel._checkboxes["wasmer-singlepass"].disabled:
        panel._checkboxes["wasmer-singlepass"].disabled = False
        panel._checkboxes["wasmer-singlepass"].value = True
    panel.run()
    panel.wait()
    assert "wasmer-singlepass  CompileError" in str(panel) or "wasmer-singlepass  RuntimeUnavailable" in str(panel)
    assert panel.results[-1].values == (120,)
    panel.close()


def test_results_grow(panel):
    for count in (1, 2, 3):
        panel.run()
        panel.wait()
        assert len(panel.results) == count


def test_while_it_runs_a_second_run_does_nothing_and_cancel_ends_it(panel):
    panel._controls._picker.value = "forever"
    panel.run()
    panel.run()
    assert panel.is_running
    panel.cancel()
    panel.wait()
    assert [result.outcome for result in panel.results] == [Outcome.CANCELLED]
    assert not panel.is_running
    panel._controls._picker.value = "fact"
    panel.run()
    panel.wait()
    assert panel.results[-1].values == (120,)


def test_closing_ends_the_run_and_its_thread(panel):
    panel._controls._picker.value = "forever"
    panel.run()
    panel.close()
    assert "labkit-panel" not in {thread.name for thread in threading.enumerate()}
    assert "cancelled" in str(panel)
    with pytest.raises(Closed):
        panel.run()


def test_two_panels_run_at_once(panel):
    other = RunPanel(FACT, export="fact", args=[4], runtimes=["wasmtime"])
    panel._controls._picker.value = "forever"
    panel.run()
    other.run()
    other.wait()
    assert other.results[0].values == (24,)
    assert panel.is_running
    other.close()


def test_traps_and_bad_arguments_stand_in_the_table():
    panel = RunPanel(FACT, export="divide", args=[1, 0], runtimes=["wasmtime"])
    panel.run()
    panel.wait()
    assert panel.results[0].outcome is Outcome.TRAPPED
    panel._controls._picker.value = "same"
    panel._controls._arguments.children[1].value = "nine"
    panel.run()
    panel.wait()
    assert "ArgumentError" in str(panel)
    assert "'nine'" in panel.status
    panel._controls._arguments.children[0].value = "-inf"
    panel._controls._arguments.children[1].value = str(2**63 - 1)
    panel.run()
    panel.wait()
    assert panel.results[-1].values == (float("-inf"), 2**63 - 1)
    panel.close()


def test_nothing_ticked(panel):
    for box in panel._checkboxes.values():
        box.value = False
    panel.run()
    assert panel.status == "There is nothing to run on: tick a runtime."


def test_unavailable_runtimes_are_greyed_with_the_reason(monkeypatch):
    rows = [registry.RuntimeStatus("wasmtime", "50", 2026, True), registry.RuntimeStatus("wasmer", "1", 2022, False, "it is <gone>", "Install it.")]
    monkeypatch.setattr(registry, "runtimes", lambda: registry.RuntimeTable(rows))
    panel = RunPanel(FACT)
    assert panel._checkboxes["wasmer"].disabled
    assert not panel._checkboxes["wasmer"].value
    assert "wasmer is not available: it is &lt;gone&gt;. Install it." in "".join(
        widget.value for widget in panel.widget.children if isinstance(widget, ipywidgets.HTML)
    )
    panel.close()


def test_functions_that_take_no_numbers_are_not_offered(panel):
    assert set(panel._controls._offered[""]) == {"fact", "forever", "divide", "same"}


@pytest.mark.parametrize(
    ("source", "options", "error"),
    [
        (b"junk", {}, MalformedModule),
        ("(module)", {}, ExportNotFound),
        ('(module (func (export "v") (param v128)))', {}, ExportNotFound),
        (f'(module (func (export "f") (param {"i32 " * 1000})))', {}, ExportNotFound),
        (FACT, {"export": "vector"}, ExportNotFound),
        (FACT, {"export": "nope"}, ExportNotFound),
        (FACT, {"args": [1, 2]}, ArgumentError),
        (FACT, {"args": [2**31]}, ArgumentRangeError),
        (FACT, {"args": ["five"]}, ArgumentError),
        (FACT, {"bounds": [(5, 5)]}, ArgumentError),
        (FACT, {"bounds": [(1,)]}, ArgumentError),
        (FACT, {"bounds": [(0, 2**40)]}, ArgumentRangeError),
        (FACT, {"args": [50], "bounds": [(0, 12)]}, ArgumentError),
        (FACT, {"export": "same", "bounds": [(0, float("nan")), None]}, ArgumentError),
        (FACT, {"runtimes": ["v9"]}, RuntimeUnavailable),
    ],
)
def test_what_no_panel_can_be_made_of(source, options: dict[str, object], error: type[LabkitError]):
    with pytest.raises(error):
        RunPanel(source, **options)


def test_a_module_with_imports_says_so_in_the_panel():
    panel = RunPanel('(module (import "env" "f" (func)) (func (export "g")))', runtimes=["wasmtime"])
    panel.run()
    panel.wait()
    assert "LinkError" in str(panel)
    assert "env.f" in panel.status
    panel.close()


@pytest.fixture
def gallery():
    panel = GalleryPanel("flood", runtimes=["wasmtime"])
    yield panel
    panel.close()


def test_the_gallery_says_what_stops_an_attack_on_each_runtime(runtime_name: str):
    panel = GalleryPanel("climb", runtimes=[runtime_name])
    panel.run()
    panel.wait()
    (report,) = panel.reports
    assert (report.attack.name, report.runtime, report.held) == ("climb", runtime_name, True)
    assert panel.status.startswith(f"climb on {runtime_name}: ")
    assert panel.status.endswith("The host is unharmed, and the next run is well.")
    assert report.stopped_by in panel._repr_mimebundle_()["text/html"]
    panel.close()


def test_a_limit_is_told_with_its_message(gallery):
    gallery.run()
    gallery.wait()
    assert "stopped at its output limit" in str(gallery)
    assert "Raise Limits(output=…)" in str(gallery)


def test_each_attack_is_described_in_the_words_of_its_guest(gallery):
    for name, attack in ATTACKS.items():
        gallery._picker.value = name
        about = gallery._about.value
        assert f"{attack.program}.wat" in about
        assert about.count("Granted: a folder") == attack.grants_folder
    gallery._picker.value = "climb"
    assert "Reaches for the path in its first argument through every descriptor from 3 to 9." in gallery._about.value
    assert "Where it can open nothing it exits with the number of the first error" in gallery._about.value


def test_where_no_kernel_is_the_gallery_is_a_list_of_its_attacks(gallery):
    bundle = gallery._repr_mimebundle_()
    assert all(attack.sentence in bundle["text/plain"] for attack in ATTACKS.values())
    assert bundle["text/html"].count("<tr>") == len(ATTACKS) + 1
    assert VIEW in bundle


def test_a_broken_promise_is_loud(gallery, monkeypatch):
    real = gallery_panel.stage
    monkeypatch.setattr(gallery_panel, "stage", lambda name, **options: dataclasses.replace(real(name, **options), unharmed=False))
    gallery._picker.value = "climb"
    gallery.run()
    gallery.wait()
    assert "THE HOST IS HARMED" in gallery.status
    assert "It got what it was not granted." in str(gallery)


def test_cancel_ends_the_guest_and_leaves_out_the_runtimes_to_come(gallery, monkeypatch):
    real = gallery_panel.stage
    for name in ("wasmtime", "wasmtime-winch"):
        gallery._checkboxes[name].value = True

    def cancelled_meanwhile(name, **options):
        gallery.cancel()
        return real(name, **options)

    monkeypatch.setattr(gallery_panel, "stage", cancelled_meanwhile)
    gallery.run()
    gallery.wait()
    assert gallery.reports == ()
    assert "was cancelled" in gallery.status
    assert not gallery.is_running


def test_what_no_gallery_can_be_made_of(monkeypatch, tmp_path: Path):
    with pytest.raises(ArgumentError, match="Choose from loop"):
        GalleryPanel("teleport")
    with pytest.raises(RuntimeUnavailable):
        GalleryPanel(runtimes=["v9"])
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    with pytest.raises(UnreadableFile, match="LABKIT_DATA"):
        GalleryPanel()
