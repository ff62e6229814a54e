"""A JupyterLab in a browser, driven as a learner would."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path


@contextlib.contextmanager
def jupyterlab(folder, apart):
    "The address of a JupyterLab in a folder; its settings lie apart."
    environment = dict(os.environ, FTKIT_SCALE="smoke")
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        environment[f"JUPYTER_{name}"] = str(apart / "jupyter" / name)
    for name in ("SETTINGS", "WORKSPACES"):
        environment[f"JUPYTERLAB_{name}_DIR"] = str(apart / "jupyter" / name)
    options = [
        "--no-browser",
        "--allow-root",
        "--port=0",
        "--IdentityProvider.token=learner",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    command = [sys.executable, "-m", "jupyterlab", *options]
    log = apart / "jupyter.log"
    with open(log, "w") as stream:
        server = subprocess.Popen(
            command, env=environment, stdout=stream, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        address = None
        for _ in range(600):
            address = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())
            if address or server.poll() is not None:
                break
            time.sleep(0.1)
        assert address, log.read_text()
        yield address[0]
    finally:
        server.terminate()
        server.wait()


class OpenNotebook:
    "A notebook, open in JupyterLab, and what a learner does to it."

    def __init__(self, browser, address, place):
        self.page = browser.new_page(viewport=dict(width=1280, height=1000))
        self.page.set_default_timeout(60_000)
        self.page.goto(f"{address}lab/tree/{place}?token=learner")
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        self.wait()

    def wait(self):
        "Until the kernel is idle."
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()

    def cell(self, text):
        return self.page.locator(".jp-Notebook .jp-Cell", has_text=text).first

    def run(self, text):
        "Run the cell with this text and wait until the kernel is idle."
        prompt = self.cell(text).locator(".jp-InputPrompt")
        before = prompt.inner_text()
        for _ in range(5):  # a busy page may lose a key press
            prompt.click()
            self.page.keyboard.press("Shift+Enter")
            if self.until(lambda: prompt.inner_text() != before, seconds=8):
                break
        assert self.until(lambda: "*" not in prompt.inner_text(), seconds=60), text
        self.wait()

    def until(self, holds, seconds):
        "Whether a condition comes true in this time."
        for _ in range(10 * seconds):
            if holds():
                return True
            self.page.wait_for_timeout(100)
        return False

    def write(self, text, source):
        "Replace what stands in the cell with this text."
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def picture(self, name):
        "Keep a picture of the page where FTKIT_PICTURES says."
        if os.environ.get("FTKIT_PICTURES"):
            folder = Path(os.environ["FTKIT_PICTURES"])
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}.png")
