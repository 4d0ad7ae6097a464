"""What a reader sees and does in JupyterLab: panels that answer, a magic's table, errors in short."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.any_python  # without a browser the panels are driven on every Python

SETUP, MAGIC, ERROR, STEPPER, RUN, GALLERY = range(6)
FACT = """(module
  (func $fact (export "fact") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (i32.const 1))
      (else (i32.mul (local.get $n) (call $fact (i32.sub (local.get $n) (i32.const 1)))))))
  (func (export "forever") (loop (br 0))))"""
CELLS = [
    f"%load_ext labkit\nimport labkit\nfrom labkit.ui import GalleryPanel, RunPanel, stepper\nFACT = '''{FACT}'''",
    '%%wasm wat --run wasmtime --call add -1 2\n(module (func (export "add") (param i32 i32) (result i32)\n  (i32.add (local.get 0) (local.get 1))))',
    "labkit.to_wasm('(module (func')",
    "stepper(FACT, 'fact', [3])",
    "panel = RunPanel(FACT, export='fact', args=[5], bounds=[(0, 12)], limits=labkit.Limits(time=60))\npanel",
    "GalleryPanel('loop', runtimes=['wasmtime'])",
]
SECONDS = 60_000


def write_notebook(path: Path, cells: list[str]) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.cells[ERROR].metadata["tags"] = ["raises-exception"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def page(lab, lab_folder: Path, browser):
    """The notebook with every cell run."""
    write_notebook(lab_folder / "panels.ipynb", CELLS)
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    lab.open(page, "panels.ipynb")
    lab.run_all(page)
    yield page
    page.close()


def cell(page, number: int):
    """A code cell of the notebook."""
    return page.locator(".jp-CodeCell").nth(number)


def status(page, number: int):
    """The sentence that a panel says."""
    return cell(page, number).get_by_role("status")


def test_magic_shows_its_table(page):
    from playwright.sync_api import expect

    output = cell(page, MAGIC).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("Exports: add: func (i32, i32) -> i32.")
    expect(output.get_by_role("row", name=re.compile(r"add\(-1, 2\) wasmtime returned 1"))).to_be_visible()


def test_error_is_short_and_has_its_remedy(page):
    output = cell(page, ERROR).locator(".jp-OutputArea-output").inner_text()
    assert output.startswith("WatError: Line 1")
    assert "Correct the text there and try again." in output
    assert "Traceback" not in output
    assert len(output.splitlines()) < 12


def test_stepper_follows_buttons_keyboard_and_play(page):
    from playwright.sync_api import expect

    panel = cell(page, STEPPER)
    current = panel.locator("[aria-current=step]")
    expect(status(page, STEPPER)).to_contain_text("Step 0 of")
    expect(current).to_contain_text("local.get $n")
    panel.get_by_role("button", name="Forward").click()
    expect(status(page, STEPPER)).to_contain_text("Step 1 of")
    expect(status(page, STEPPER)).to_contain_text("Stack, top first: 3.")
    expect(current).to_contain_text("i32.const 2")
    expect(current).to_contain_text("next")
    handle = panel.locator(".noUi-handle")
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(status(page, STEPPER)).to_contain_text("Step 2 of")
    expect(current).to_contain_text("i32.lt_s")
    page.keyboard.press("End")
    expect(status(page, STEPPER)).to_contain_text("The function has returned.")
    expect(status(page, STEPPER)).to_contain_text("Stack, top first: 6.")
    expect(current).to_have_count(0)
    expect(panel.get_by_role("button", name="Forward")).to_be_disabled()
    page.keyboard.press("Home")
    expect(status(page, STEPPER)).to_contain_text("Step 0 of")
    panel.locator(".widget-play button").first.click()
    expect(status(page, STEPPER)).to_contain_text("Step 2 of", timeout=SECONDS)


def tick_only(page, name: str) -> None:
    for box in cell(page, RUN).get_by_role("checkbox").all():
        if box.is_enabled():
            box.uncheck()
    cell(page, RUN).get_by_role("checkbox", name=name, exact=True).check()


def pick(page, signature: str) -> None:
    cell(page, RUN).get_by_label("Function").select_option(label=signature)


def press(page, button: str) -> None:
    cell(page, RUN).get_by_role("button", name=button).click()


def test_run_panel_runs_on_each_runtime(page, runtime_name: str):
    from playwright.sync_api import expect

    pick(page, "fact(n: i32) → i32")
    tick_only(page, runtime_name)
    press(page, "Run")
    expect(status(page, RUN)).to_contain_text(f"fact(5) on {runtime_name} returned: 120", timeout=SECONDS)
    expect(cell(page, RUN).get_by_role("row", name=re.compile(rf"fact\(5\) {runtime_name} returned 120"))).to_have_count(1)


def test_cancel_ends_a_loop_while_the_kernel_is_free_and_the_next_run_works(page):
    from playwright.sync_api import expect

    pick(page, "forever() → nothing")
    tick_only(page, "wasmtime")
    press(page, "Run")
    expect(status(page, RUN)).to_contain_text("forever() runs on wasmtime")
    expect(cell(page, RUN).get_by_role("button", name="Run")).to_be_disabled()
    # The kernel answers while the guest loops.
    handle = cell(page, STEPPER).locator(".noUi-handle")
    handle.focus()
    page.keyboard.press("End")
    expect(status(page, STEPPER)).to_contain_text("The function has returned.")
    press(page, "Cancel")
    expect(status(page, RUN)).to_contain_text("forever() on wasmtime cancelled", timeout=SECONDS)
    pick(page, "fact(n: i32) → i32")
    press(page, "Run")
    expect(status(page, RUN)).to_contain_text("fact(5) on wasmtime returned: 120", timeout=SECONDS)


def test_the_gallery_by_keyboard_alone(page):
    from playwright.sync_api import expect

    panel = cell(page, GALLERY)
    panel.get_by_label("Attack").focus()
    page.keyboard.type("flood")
    expect(panel).to_contain_text("Writes 64 kB to standard output, for ever.")
    expect(panel).to_contain_text("Granted: no folder.")
    run = panel.get_by_role("button", name="Run")
    for _ in range(20):
        page.keyboard.press("Tab")
        if run.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(status(page, GALLERY)).to_contain_text(
        "flood on wasmtime: stopped at its output limit. The host is unharmed, and the next run is well.", timeout=SECONDS
    )
    expect(panel.get_by_role("row", name=re.compile("flood wasmtime stopped at its output limit"))).to_have_count(1)


def test_a_saved_notebook_shows_the_tables_until_it_is_run(lab, lab_folder: Path, browser):
    from playwright.sync_api import expect

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELLS[index]) for index in (SETUP, STEPPER, RUN, GALLERY)])
    NotebookClient(notebook, timeout=60, store_widget_state=False).execute()
    for each in notebook.cells[1:]:
        (output,) = each.outputs
        # What is committed has no view of a widget that is gone.
        del output.data["application/vnd.jupyter.widget-view+json"]
    nbformat.write(notebook, lab_folder / "saved.ipynb")
    page = browser.new_page()
    lab.open(page, "saved.ipynb")
    expect(cell(page, 1)).to_contain_text("fact(3) returns 6")
    expect(cell(page, 2)).to_contain_text("fact(n: i32) → i32")
    expect(cell(page, 3)).to_contain_text("Climbs out of its folder")
    lab.run_all(page)
    expect(cell(page, 1).get_by_role("status")).to_contain_text("Step 0 of")
    expect(cell(page, 2).get_by_role("button", name="Run")).to_be_visible()
    page.close()
