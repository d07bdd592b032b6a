"""A built book, served to a headless Chromium. `make test-book` installs what this needs."""

import functools
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reprolib.paths import ROOT

HTML = os.environ.get("REPROLIB_HTML")
ON_PATH = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Requests are watched in the browser."""


@pytest.fixture(scope="session")
def address():
    """Where the built book is served."""
    if not HTML:
        pytest.skip("REPROLIB_HTML names no built book: `make test-book` does")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(ROOT / HTML))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(address):
    """The Chromium on the path, or else the one that playwright keeps."""
    playwright = pytest.importorskip("playwright.sync_api")
    installed = next(filter(None, map(shutil.which, ON_PATH)), None)
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe():
    """The script that finds what keeps people from reading a page."""
    package = pytest.importorskip("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
