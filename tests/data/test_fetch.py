"""Downloads against a local server that breaks off, ignores ranges and serves wrong bytes; writing on a full disk."""

import errno
import hashlib
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections import namedtuple
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reprolib.data import checks, fetch
from reprolib.data.fetch import download
from reprolib.errors import InputError
from reprolib.files import write_atomically, write_text

CONTENT = bytes(range(256)) * 4000  # 1 MB: four chunks
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Handler(BaseHTTPRequestHandler):
    """Serves server.content; server.cuts holds after how many bytes the next answers break off, None for never."""

    def do_GET(self):
        server, asked = self.server, self.headers.get("Range")
        server.asked.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and server.honours_range else 0
        if server.minds_version and self.headers.get("If-Range") != server.version:
            start = 0
        if server.status != 200 or start >= len(server.content):
            self.send_response(server.status if server.status != 200 else 416)
            self.send_header("Content-Range", f"bytes */{len(server.content)}")
            self.end_headers()
            return
        start = max(0, start - server.early)
        body = server.content[start:]
        self.send_response(206 if start else 200)
        for name, value in (server.headers | {"ETag": server.version}).items():
            if value is not None:
                self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        if server.tells_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else None
        self.wfile.write(body[:cut])
        if server.stalls:
            self.wfile.flush()
            server.released.wait(20)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    """A server in a thread, with its answers to be set as attributes."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.content, server.status, server.cuts, server.asked = CONTENT, 200, [], []
        server.honours_range = server.tells_length = server.minds_version = True
        server.version, server.headers, server.early = '"1"', {}, 0
        server.stalls, server.released = False, threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}/set.tar.gz"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "set.tar.gz"


@pytest.fixture
def part(path):
    return path.with_name("set.tar.gz.part")


def files(path):
    """Names and contents of all that lies beside `path`, but for what is noted of a beginning."""
    return {entry.name: entry.read_bytes() for entry in path.parent.glob("*") if not entry.name.endswith(".from")}


def begin(server, path, content):
    """Leave the beginning of a file as a killed call from the server's address does."""
    server.content, whole = content, server.content
    server.cuts = [1] * fetch.ATTEMPTS
    with pytest.raises(InputError, match="broke off"):
        download(server.url, path)
    part = path.with_name("set.tar.gz.part")
    part.write_bytes(content)
    server.content, server.cuts = whole, []
    server.asked.clear()
    return part


def test_download_is_whole_and_alone(server, path):
    assert download(server.url, path, SHA256) == path
    assert files(path) == {"set.tar.gz": CONTENT}
    assert server.asked == [None]


def test_length_unknown(server, path):
    server.tells_length = False
    download(server.url, path, SHA256)
    assert files(path) == {"set.tar.gz": CONTENT}


def test_a_broken_connection_is_taken_up_where_it_broke(server, path):
    server.cuts = [300_000, 1]
    download(server.url, path, SHA256)
    assert files(path) == {"set.tar.gz": CONTENT}
    assert server.asked == [None, "bytes=300000-", "bytes=300001-"]


def test_the_next_call_goes_on_from_the_part_file(server, path, part):
    server.cuts = [1000] * fetch.ATTEMPTS
    with pytest.raises(InputError, match=r"broke off.*run the same command again.*set\.tar\.gz\.part"):
        download(server.url, path, SHA256)
    assert files(path) == {part.name: CONTENT[: 1000 * fetch.ATTEMPTS]}
    download(server.url, path, SHA256)
    assert server.asked[-1] == f"bytes={1000 * fetch.ATTEMPTS}-"
    assert files(path) == {"set.tar.gz": CONTENT}


def test_a_server_without_ranges_starts_again(server, path):
    server.honours_range, server.cuts = False, [700_000, 500_000]
    download(server.url, path, SHA256)
    assert files(path) == {"set.tar.gz": CONTENT}


def test_a_part_file_that_is_complete_already(server, path):
    begin(server, path, CONTENT)
    download(server.url, path, SHA256)
    assert files(path) == {"set.tar.gz": CONTENT}


def test_wrong_bytes_are_removed_and_named(server, path):
    server.content = CONTENT[:-1] + b"!"
    found = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(InputError) as error:
        download(server.url, path, SHA256)
    assert all(text in str(error.value) for text in ("set.tar.gz", found, SHA256.partition(":")[2], "again"))
    assert files(path) == {}


@pytest.mark.parametrize("minds", [True, False])
@pytest.mark.parametrize("old", [b"old" * 1000, b"old" * 1_000_000], ids=["shorter", "longer"])
def test_another_version_of_a_file_is_begun_anew(server, path, minds, old):
    """Also where the server answers with the rest of the new one, or that there is no rest."""
    begin(server, path, old)
    server.version, server.minds_version = '"2"', minds
    download(server.url, path)
    assert files(path) == {"set.tar.gz": CONTENT}
    assert server.asked[-1] == (f"bytes={len(old)}-" if minds else None)


def test_the_beginning_from_another_address_is_not_gone_on_with(server, path):
    begin(server, path, b"old" * 1000)
    mirror = server.url.replace("set.tar.gz", "mirror/set.tar.gz")
    assert (fetch.fetched(server.url, path), fetch.fetched(mirror, path)) == (3000, 0)
    download(mirror, path)
    assert server.asked == [None]
    assert files(path) == {"set.tar.gz": CONTENT}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("version", [None, 'W/"1"'])
def test_where_versions_cannot_be_told_apart_nothing_is_gone_on_with(server, path, version):
    server.version, server.cuts = version, [1000] * fetch.ATTEMPTS
    with pytest.raises(InputError, match=r"broke off 3 times: run the same command again$"):
        download(server.url, path)
    assert not path.parent.exists()
    download(server.url, path)
    assert set(server.asked) == {None}


def test_a_date_tells_versions_apart_too(server, path):
    server.version, server.headers = None, {"Last-Modified": "Tue, 01 Dec 2026 00:00:00 GMT"}
    server.minds_version, server.cuts = False, [1000]
    download(server.url, path, SHA256)
    assert server.asked == [None, "bytes=1000-"]


def test_a_rest_that_begins_elsewhere_is_not_taken(server, path):
    server.cuts, server.early = [1000], 1
    download(server.url, path)
    assert server.asked == [None, "bytes=1000-", None]
    assert files(path) == {"set.tar.gz": CONTENT}


@pytest.mark.parametrize("told", [True, False])
def test_a_file_too_large_is_given_up(server, path, told):
    server.tells_length = told
    with pytest.raises(InputError, match="gives more than 999999 bytes, so it is not the published file"):
        download(server.url, path, most=999_999)
    assert not path.parent.exists()
    download(server.url, path, most=len(CONTENT))


@pytest.mark.parametrize("length", ["-1", "many", "9" * 5000])
def test_a_length_that_is_none(server, path, length):
    server.tells_length, server.headers = False, {"Content-Length": length}
    with suppress(InputError):
        download(server.url, path)
    assert files(path) in ({"set.tar.gz": CONTENT}, {})


def test_a_check_that_fails_in_any_way_leaves_nothing(server, path):
    with pytest.raises(ZeroDivisionError):
        download(server.url, path, check=lambda part: 1 / 0)
    assert not path.parent.exists()


@pytest.mark.parametrize("note", ["{", "[]", "{}", "null", '{"address": 3}', "9" * 5000])
def test_a_damaged_note_is_none(server, path, note):
    part = begin(server, path, b"old" * 1000)
    part.with_name(f"{part.name}.from").write_text(note)
    download(server.url, path, SHA256)
    assert server.asked == [None]


def test_the_file_in_place_outlives_a_failed_download(server, path):
    path.parent.mkdir()
    path.write_bytes(b"good")
    server.content = b"wrong"
    with pytest.raises(InputError):
        download(server.url, path, SHA256)
    assert files(path) == {"set.tar.gz": b"good"}


def test_md5(server, path):
    download(server.url, path, f"md5:{hashlib.md5(CONTENT).hexdigest()}")
    assert files(path) == {"set.tar.gz": CONTENT}


def test_content_that_the_caller_refuses(server, path):
    seen = []

    def refuse(candidate):
        seen.append(candidate.read_bytes())
        raise InputError("not what I asked for")

    with pytest.raises(InputError, match="not what I asked for"):
        download(server.url, path, check=refuse)
    assert seen == [CONTENT]
    assert files(path) == {}


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_error_page_is_no_data(server, path, status):
    server.status = status
    with pytest.raises(InputError, match=rf"set\.tar\.gz answers {status}.*another address"):
        download(server.url, path, SHA256)
    assert files(path) == {}
    assert len(server.asked) == 1


def test_no_network(server, path):
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match=r"set\.tar\.gz cannot be reached .*check the network") as error:
        download(server.url, path, SHA256)
    assert "\n" not in str(error.value)
    assert files(path) == {}


def test_folders_that_a_failed_download_made_are_removed_again(server, tmp_path):
    server.status = 404
    kept = tmp_path / "kept"
    kept.mkdir()
    with pytest.raises(InputError, match="answers 404"):
        download(server.url, kept / "new" / "newer" / "set.tar.gz")
    assert list(tmp_path.rglob("*")) == [kept]


@pytest.mark.parametrize("address", ["nonsense", "", "/set.tar.gz", "http://host:port/set.tar.gz", "http://host/a b"])
def test_what_is_no_address(path, address):
    with pytest.raises(InputError, match=r"is no address \(.+\): write one like https://host/file or file://") as error:
        download(address, path, SHA256)
    assert repr(address) in str(error.value)
    assert files(path) == {}


def test_too_little_space_is_seen_before_the_first_byte(server, path, part, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage(len(CONTENT) - 1))
    with pytest.raises(InputError, match=r"1\.0 MB free.*free some space"):
        download(server.url, path, SHA256)
    assert files(path) == {}


def test_space_counts_what_is_there_already(server, path, monkeypatch):
    begin(server, path, CONTENT[:500_000])
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage(len(CONTENT) - 500_000))
    download(server.url, path, SHA256)
    assert files(path) == {"set.tar.gz": CONTENT}


def test_a_disk_that_fills_up_leaves_the_part_file(server, path, part, request):
    """The limit on the size of files stands for the disk's."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    request.addfinalizer(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, old))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, old[1]))
    with pytest.raises(InputError, match=r"could not download .*File too large.*free some space"):
        download(server.url, path, SHA256)
    resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert files(path) == {part.name: CONTENT[:400_000]}
    download(server.url, path, SHA256)
    assert server.asked == [None, "bytes=400000-"]
    assert files(path) == {"set.tar.gz": CONTENT}


DOWNLOAD_IN_A_CHILD = """
import sys
from pathlib import Path
from reprolib.data.fetch import download
download(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
"""


def test_killed_while_downloading(server, path, part):
    half = len(CONTENT) // 2
    server.cuts, server.stalls = [half], True
    child = subprocess.Popen([sys.executable, "-c", DOWNLOAD_IN_A_CHILD, server.url, str(path), SHA256])
    while not (part.exists() and part.stat().st_size):
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    done = part.stat().st_size
    assert not path.exists()
    assert 0 < done <= half
    server.stalls = False
    download(server.url, path, SHA256)
    assert server.asked[-1] == f"bytes={done}-"
    assert files(path) == {"set.tar.gz": CONTENT}


# Writing (reprolib.files): a full disk or a kill leaves the old content or none


def fill_the_disk(temporary):
    temporary.write_text("half of the n")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("old", [None, "old content"])
def test_a_full_disk_leaves_the_old_file_or_none(tmp_path, old):
    target = tmp_path / "record.json"
    if old is not None:
        target.write_text(old)
    with pytest.raises(InputError, match=r"could not write .*record\.json .*No space left.*free some space"):
        write_atomically(target, fill_the_disk)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ([] if old is None else [old])


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    def interrupt(temporary):
        temporary.write_text("half of the n")
        raise KeyboardInterrupt

    write_text(tmp_path / "record.json", "old content")
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "record.json", interrupt)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old content"]


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from reprolib.files import write_atomically
def die(temporary):
    temporary.write_text("half of the n")
    os.kill(os.getpid(), signal.SIGKILL)
write_atomically(Path(sys.argv[1]), die)
"""


def test_killed_while_writing(tmp_path):
    target = tmp_path / "record.json"
    write_text(target, "old content")
    child = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(target)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert target.read_text() == "old content"
    write_text(target, "new content")
    assert target.read_text() == "new content"


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"could not write .*record\.json"):
        write_text(Path(tmp_path / "file" / "record.json"), "text")


@pytest.mark.parametrize("ending", ["", ".part", ".part.from"])
def test_a_folder_where_a_file_is_to_be_is_named(server, path, ending):
    place = path.with_name(f"{path.name}{ending}")
    place.mkdir(parents=True)
    with pytest.raises(InputError, match=rf"{re.escape(str(place))} is a folder, where a file is to be: move it away"):
        download(server.url, path)
    assert list(path.parent.iterdir()) == [place]


def test_a_file_where_a_folder_is_to_be_is_named(server, path):
    path.parent.touch()
    with pytest.raises(InputError, match="could not download"):
        download(server.url, path)
    assert path.parent.is_file()


def test_a_pipe_is_not_waited_for(path, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"file://.*/pipe cannot be reached \(no file is there\)"):
        download((tmp_path / "pipe").as_uri(), path)
    assert not path.parent.exists()


@pytest.mark.parametrize("length", ["-1", "x", "1.5", "9" * 30, "9" * 5000, "\u0663", "1, 2", "\xb2"])
def test_an_odd_length_is_none(path, length):
    """Of a server that says nonsense, and then sends the file."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            for _ in range(fetch.ATTEMPTS):
                caller, _ = listening.accept()
                with caller, suppress(OSError):
                    caller.recv(1 << 16)
                    told = length.encode("latin1", "replace")
                    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: " + told + b"\r\nConnection: close\r\n\r\nall")

        threading.Thread(target=serve, daemon=True).start()
        download(f"http://127.0.0.1:{listening.getsockname()[1]}/set", path)
    assert path.read_bytes() == b"all"
