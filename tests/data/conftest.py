"""Real data where they are at hand, and files served over http for tests that fetch."""

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def babi():
    """The folder of the real bAbI files; without it the test is skipped."""
    return real("babi")


@pytest.fixture(scope="session")
def mini():
    """The folder of the small set of real CLEVR scenes; without it the test is skipped."""
    return real("clevr-mini")


def real(name):
    """A folder of REPROLIB_DATA, or a skip where it holds none of that name."""
    data = os.environ.get("REPROLIB_DATA")
    if not data or not (Path(data) / name).is_dir():
        pytest.skip(f"REPROLIB_DATA names no folder with {name}/")
    return Path(data) / name


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def site(tmp_path):
    """(folder, address) of files served over http, without ranges."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
