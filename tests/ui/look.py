"""Shows what a reader sees: opens a notebook in a real browser, runs it, and takes pictures in both themes.

    python -m tests.ui.look notebooks/00_start_here.ipynb OUT.png

writes OUT-light-1.png, OUT-light-2.png … and OUT-dark-1.png …, each a screen's length of the notebook from top to bottom.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ui.lab import chromium, jupyterlab

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTH_PIXELS, PICTURE_PIXELS, LARGEST_PIXELS = 1280, 1500, 30_000
CONTENT_HEIGHT = """() => {
    const outer = document.querySelector('.jp-WindowedPanel-outer');
    outer.scrollTop = 0;
    const cells = outer.querySelectorAll('.jp-Cell');
    return cells[cells.length - 1].getBoundingClientRect().bottom + 50;
}"""

CHANGE_THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.ui.look", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--themes", default="light,dark", help="light, dark or both, with a comma between")
    parser.add_argument("--as-saved", action="store_true", help="do not run it: show it as it was saved")
    parser.add_argument("--seconds", type=float, default=180, help="longest time for running it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labkit-look-") as temporary:
        folder = Path(temporary) / "notebooks"
        shutil.copytree(options.notebook.parent, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        data = options.notebook.resolve().parent.parent / "data"
        if data.is_dir():
            (Path(temporary) / "data").symlink_to(data)
        with jupyterlab(folder, Path(temporary) / "home") as lab, chromium() as browser:
            page = browser.new_page(viewport={"width": WIDTH_PIXELS, "height": 900})
            lab.open(page, options.notebook.name)
            if not options.as_saved:
                lab.run_all(page, seconds=options.seconds)
            for theme in options.themes.split(","):
                page.evaluate(CHANGE_THEME, f"JupyterLab {theme.capitalize()}")
                for path in photograph(page, options.picture, theme):
                    print(path)


def photograph(page: Page, picture: Path, theme: str) -> list[Path]:
    """Take pictures of the whole notebook, from top to bottom."""
    page.wait_for_timeout(1500)  # widgets and fonts settle
    page.evaluate("() => document.activeElement?.blur()")
    height = min(int(page.evaluate(CONTENT_HEIGHT)), LARGEST_PIXELS)
    page.set_viewport_size({"width": WIDTH_PIXELS, "height": height})
    page.wait_for_timeout(500)
    page.evaluate(CONTENT_HEIGHT)  # running scrolled down, and so may the new size have
    paths = []
    for number, top in enumerate(range(0, height, PICTURE_PIXELS), 1):
        path = picture.with_name(f"{picture.stem}-{theme}-{number}.png")
        page.screenshot(path=path, clip={"x": 0, "y": top, "width": WIDTH_PIXELS, "height": min(PICTURE_PIXELS, height - top)})
        paths.append(path)
    return paths


if __name__ == "__main__":
    main()
