"""A JupyterLab of its own and a browser in front of it: for the tests, and for looking at notebooks."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.folders import cache_folder, tools_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
#: Names under which Chromium is installed; CHROMIUM=… comes first.
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 60
# DESIGN.md: the busy indicator shows idle before the kernel is usable, so all three are asked for.
KERNEL_IS_USABLE = """() => {
    const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
    const kernel = context?.session?.kernel;
    return Boolean(context?.isReady && kernel?.connectionStatus === 'connected' && kernel?.status === 'idle');
}"""
RUN_ALL = """() => {
    window.labkitRanAll = false;
    window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.labkitRanAll = true; });
}"""
PROMPTS = "() => [...document.querySelectorAll('.jp-InputPrompt')].map(prompt => prompt.innerText).join('')"


def find_chromium() -> str | None:
    """The path of a Chromium, or None."""
    return os.environ.get("CHROMIUM") or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@contextmanager
def jupyterlab(folder: Path, home: Path) -> Iterator[Lab]:
    """Serve a folder of notebooks; nothing of the user's own settings is read or written."""
    for name in ("config", "data", "runtime", "ipython", "settings", "workspaces", "matplotlib"):
        (home / name).mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "HOME": str(home),
        # What has been compiled once is not compiled again for a home that is new each time.
        "LABKIT_CACHE": str(cache_folder()),
        # Runtimes that were installed are here for it too.
        "LABKIT_TOOLS": str(tools_folder()),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)])),
    }
    lab = Lab(_free_port(), secrets.token_hex(16), home)
    # Every cell is rendered, not only those in view.
    lab.write_setting("notebook-extension/tracker", {"windowingMode": "none"})
    lab.write_setting("apputils-extension/notification", {"fetchNews": "false", "checkForUpdates": False})
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={lab.port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={lab.token}",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
    ]
    with open(home / "server.log", "wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        lab.wait_until_up(server)
        yield lab
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


class Lab:
    """A JupyterLab server that runs."""

    def __init__(self, port: int, token: str, home: Path) -> None:
        self.port = port
        self.token = token
        self.home = home

    def write_setting(self, plugin: str, setting: dict[str, object]) -> None:
        """Write a user's setting of one of JupyterLab's own plugins; a page that loads afterwards has it."""
        path = self.home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting), encoding="utf-8")

    def wait_until_up(self, server: subprocess.Popen[bytes]) -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/status?token={self.token}", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{(self.home / 'server.log').read_text(errors='replace')[-3000:]}")

    def open(self, page: Page, notebook: str) -> None:
        """Open a notebook and wait until its kernel is usable."""
        page.goto(f"http://127.0.0.1:{self.port}/doc/tree/{notebook}?token={self.token}")
        page.wait_for_function(KERNEL_IS_USABLE, timeout=START_SECONDS * 1000)

    def run_all(self, page: Page, *, seconds: float = 120) -> None:
        """Run every cell, until the last has ended or one has failed."""
        page.evaluate(RUN_ALL)
        page.wait_for_function("() => window.labkitRanAll", timeout=seconds * 1000)
        # JupyterLab's promise may come early: wait until every cell has its number, or nothing has moved for a while.
        deadline, prompts, still = time.monotonic() + seconds, "", 0
        while time.monotonic() < deadline and still < 5 and ("[ ]" in prompts or "[*]" in prompts or not prompts):
            page.wait_for_timeout(1000)
            page.wait_for_function(KERNEL_IS_USABLE, timeout=seconds * 1000)
            before, prompts = prompts, str(page.evaluate(PROMPTS))
            still = still + 1 if prompts == before else 0
            if still == 5 and prompts and not re.search(r"\[[\d*]", prompts):
                # On a busy machine the notebook may not have been ready to run: not one cell has begun.
                page.evaluate(RUN_ALL)
                still = 0


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
