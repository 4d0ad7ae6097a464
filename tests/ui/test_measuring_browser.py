"""What a reader sees and does with the panels that measure, in JupyterLab: plots that change, a result, Cancel, a kernel that answers."""

from __future__ import annotations

import re

import pytest

from tests.conftest import require

pytestmark = pytest.mark.any_python  # without a browser the panels are driven on every Python

MILLISECONDS = 240_000
# Counts from now on how often the panel's first picture is another one.
COUNT_PICTURES = """panel => {
    window.labkitPictures = new Set();
    window.labkitWatch = setInterval(() => {
        const picture = panel.querySelector('.labkit-plot img');
        if (picture) { window.labkitPictures.add(picture.src); }
    }, 20);
}"""
PICTURES = "() => window.labkitPictures.size"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
# The reader runs another cell, which keeps the kernel's main thread busy until it is interrupted.
BUSY_CELL = f"""() => {{
    window.labkitReply = null;
    const code = 'while True: sum(range(1000))';
    {KERNEL}.requestExecute({{ code }}).done.then(reply => {{ window.labkitReply = reply.content.ename; }});
}}"""
INTERRUPT = f"() => {KERNEL}.interrupt()"
REPLY = "() => window.labkitReply"
QUICK_CELL = f"async () => (await {KERNEL}.requestExecute({{ code: '6 * 7' }}).done).content.status"


class Shown:
    """A panel in a page, found by the code of its cell."""

    def __init__(self, page, code: str) -> None:
        self.page = page
        self.cell = page.locator(".jp-CodeCell").filter(has=page.locator(".jp-InputArea", has_text=code)).first
        self.status = self.cell.get_by_role("status")
        self.picture = self.cell.locator(".labkit-plot img").first

    def press(self, button: str) -> None:
        self.cell.get_by_role("button", name=button).click()

    def set_seconds(self, seconds: float) -> None:
        box = self.cell.get_by_label("Seconds")
        box.fill(str(seconds))
        box.press("Tab")

    def watch_pictures(self) -> None:
        self.cell.evaluate(COUNT_PICTURES)

    def keep_the_kernel_busy_until_the_picture_changes(self) -> None:
        before = self.page.evaluate(PICTURES)
        self.page.evaluate(BUSY_CELL)
        self.wait_for_pictures(before + 1)
        assert self.page.evaluate(REPLY) is None
        self.page.evaluate(INTERRUPT)
        self.page.wait_for_function("() => window.labkitReply === 'KeyboardInterrupt'", timeout=MILLISECONDS)
        assert self.page.evaluate(QUICK_CELL) == "ok"

    def wait_for_pictures(self, count: int) -> None:
        self.page.wait_for_function(f"() => window.labkitPictures.size >= {count}", timeout=MILLISECONDS)


@pytest.fixture(scope="module")
def comparison(lab, browser):
    """Notebook 04 with every cell run."""
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.set_default_timeout(MILLISECONDS)
    lab.open(page, "04_runtimes.ipynb")
    lab.run_all(page, seconds=280)
    yield Shown(page, "RuntimeComparison(")
    page.close()


@pytest.fixture(scope="module")
def cold_start(lab, browser):
    """Notebook 05 with every cell run."""
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.set_default_timeout(MILLISECONDS)
    lab.open(page, "05_cold_start.ipynb")
    lab.run_all(page, seconds=280)
    yield page
    page.close()


@pytest.fixture
def ladder(cold_start):
    return Shown(cold_start, "ColdStartLadder(")


@pytest.fixture
def explorer(cold_start):
    return Shown(cold_start, "PhaseExplorer(")


def test_the_notebook_shows_what_was_measured(comparison):
    from playwright.sync_api import expect

    expect(comparison.status).to_contain_text("fib(15) gave 610 everywhere.", timeout=MILLISECONDS)
    assert comparison.picture.get_attribute("alt").startswith("Distribution of the samples. wasmtime: half took at most")
    comparison.cell.locator("summary").click()
    expect(comparison.cell.get_by_role("row", name="contender shortest")).to_be_visible()


def test_another_run_is_drawn_while_it_measures_and_ends_with_its_result(comparison):
    from playwright.sync_api import expect

    # As long as it takes to see it drawn; then so short that its end can be waited for.
    comparison.set_seconds(60)
    comparison.watch_pictures()
    comparison.press("Run")
    expect(comparison.status).to_contain_text("Measuring fib(15) on wasmtime")
    expect(comparison.cell.get_by_role("button", name="Run")).to_be_disabled()
    comparison.wait_for_pictures(4)
    comparison.press("Cancel")
    expect(comparison.status).to_contain_text("Cancelled", timeout=MILLISECONDS)
    comparison.set_seconds(1)
    comparison.press("Run")
    expect(comparison.status).to_contain_text("fib(15) gave 610 everywhere.", timeout=MILLISECONDS)
    expect(comparison.cell.get_by_role("button", name="Cancel")).to_be_disabled()


def test_cancel_by_keyboard_leaves_the_result_before(comparison):
    from playwright.sync_api import expect

    before = comparison.picture.get_attribute("src")
    comparison.set_seconds(60)
    comparison.watch_pictures()
    comparison.cell.get_by_role("button", name="Run").focus()
    comparison.page.keyboard.press("Enter")
    comparison.wait_for_pictures(3)
    cancel = comparison.cell.get_by_role("button", name="Cancel")
    for _ in range(20):
        if cancel.evaluate("button => button === document.activeElement"):
            break
        comparison.page.keyboard.press("Tab")
    comparison.page.keyboard.press("Enter")
    expect(comparison.status).to_contain_text("Cancelled", timeout=MILLISECONDS)
    assert comparison.picture.get_attribute("src") == before


def test_the_plot_goes_on_and_the_kernel_answers_while_a_cell_keeps_it_busy(comparison):
    from playwright.sync_api import expect

    comparison.set_seconds(60)
    comparison.watch_pictures()
    comparison.press("Run")
    comparison.wait_for_pictures(2)
    comparison.keep_the_kernel_busy_until_the_picture_changes()
    comparison.press("Cancel")
    expect(comparison.status).to_contain_text("Cancelled", timeout=MILLISECONDS)


def test_a_command_can_be_ticked_once_whole_runs_are_measured(comparison):
    from playwright.sync_api import expect

    require("v8")
    measure, box = comparison.cell.get_by_label("Measure"), comparison.cell.get_by_role("checkbox", name="v8", exact=True)
    expect(box).to_be_disabled()
    measure.select_option("whole runs, from the request to the answer")
    box.check()
    comparison.set_seconds(2)
    comparison.press("Run")
    expect(comparison.status).to_contain_text("fib(15) gave 610 everywhere, in whole runs.")
    assert comparison.picture.get_attribute("alt").startswith("Distribution of the whole runs. wasmtime: ")
    expect(comparison.cell).to_contain_text("on v8, the start of the command, compiling and the call, each time anew")
    measure.select_option("calls, one after the other")
    expect(box).to_be_disabled()


def test_a_guest_that_does_not_end_is_cancelled_and_an_error_stands_in_the_panel(comparison):
    from playwright.sync_api import expect

    for box in comparison.cell.get_by_role("checkbox").all():
        if box.is_enabled():
            box.uncheck()
    comparison.press("Run")
    expect(comparison.status).to_contain_text("There is nothing to measure: tick a runtime.")
    comparison.cell.get_by_role("checkbox", name="wasmtime", exact=True).check()
    comparison.cell.locator(".noUi-handle").focus()
    comparison.page.keyboard.press("End")
    comparison.press("Run")
    expect(comparison.status).to_contain_text("Measuring fib(45) on wasmtime")
    comparison.press("Cancel")
    expect(comparison.status).to_contain_text("Cancelled", timeout=MILLISECONDS)


def test_the_ladder_grows_and_says_what_it_found(ladder):
    from playwright.sync_api import expect

    expect(ladder.status).to_contain_text("From start to hello: native process", timeout=MILLISECONDS)
    boxes = ladder.cell.get_by_role("checkbox")
    for box in boxes.all():
        if box.is_enabled():
            box.uncheck()
    boxes.and_(ladder.page.get_by_label("wasm instance", exact=True)).check()
    ladder.set_seconds(120)
    ladder.watch_pictures()
    ladder.press("Run")
    expect(ladder.status).to_contain_text("Measuring cold starts of 2 rungs")
    ladder.wait_for_pictures(3)
    ladder.press("Cancel")
    expect(ladder.status).to_contain_text("Cancelled", timeout=MILLISECONDS)
    ladder.set_seconds(2)
    ladder.press("Run")
    expect(ladder.status).to_contain_text("From start to hello: native process", timeout=MILLISECONDS)
    assert ladder.picture.get_attribute("alt").startswith("Cold starts. native process (")


def test_a_ladder_goes_on_while_the_kernel_is_busy_and_is_cancelled(ladder):
    from playwright.sync_api import expect

    ladder.set_seconds(120)
    ladder.watch_pictures()
    ladder.press("Run")
    ladder.wait_for_pictures(2)
    ladder.keep_the_kernel_busy_until_the_picture_changes()
    ladder.press("Cancel")
    expect(ladder.status).to_contain_text("Cancelled", timeout=MILLISECONDS)
    expect(ladder.cell.get_by_role("button", name="Run")).to_be_enabled()


def test_the_explorer_shows_all_phases_and_each_by_itself(explorer):
    from playwright.sync_api import expect

    expect(explorer.status).to_contain_text("Measured 8 phases. On", timeout=MILLISECONDS)
    assert explorer.picture.get_attribute("alt").startswith("Phases of a run. compile: wasmtime ")
    explorer.cell.get_by_label("Look at").select_option("steady call")
    expect(explorer.picture).to_have_attribute("alt", re.compile("^Distribution of the samples. wasmtime: "))
    explorer.cell.get_by_label("Look at").select_option("all phases")
    expect(explorer.picture).to_have_attribute("alt", re.compile("^Phases of a run."))


def test_the_explorer_goes_on_while_the_kernel_is_busy_and_is_cancelled(explorer):
    from playwright.sync_api import expect

    before = explorer.picture.get_attribute("src")
    explorer.set_seconds(60)
    explorer.watch_pictures()
    explorer.press("Run")
    explorer.wait_for_pictures(2)
    explorer.keep_the_kernel_busy_until_the_picture_changes()
    expect(explorer.cell.get_by_label("Look at")).to_be_disabled()
    explorer.press("Cancel")
    expect(explorer.status).to_contain_text("Cancelled", timeout=MILLISECONDS)
    expect(explorer.picture).to_have_attribute("src", before)
