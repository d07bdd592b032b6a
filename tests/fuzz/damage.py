"""What can be wrong with a file: any bytes changed, and by its kind also what its checksums would hide.

Nothing but the generator that is given decides what is done, so that a case is repeated by its number.
"""

import ast
import gzip
import io
import itertools
import json
import os
import random
import re
import shutil
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Draw = random.Random

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
PNG, CHECKED = b"\x89PNG\r\n\x1a\n", 512  # the first bytes of a picture; bytes of a tar header
SUM = slice(148, 156)  # of a tar header, its checksum
ODD = (  # in the place of a number
    *(b"-1", b"0", b"1e999", b"-0.5", b"NaN", b"Infinity", b"null", b"true", b'"7"', b"[]", b"{}"),
    *(b"9" * 5_000, b"1" + b"0" * 400, b"0x10", b"18446744073709551616", b"", "\u0663".encode()),
)
STRANGE = (  # anywhere
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n\n", b"\t", b'"', b"{", b"]", b",", b"/../"),
    *("🐘\u2028\x85".encode(), b"[" * 20_000, b'{"a":' * 20_000, b" " * 100_000),
)
VALUES = (  # in the place of a value of JSON
    *(None, True, False, -1, 0, 1, 1.0, 0.5, 1e308, -1e-320, float("nan"), float("inf"), 10**30, 10**400),
    *("", "\ud800", "a\nb", "x" * 100_000, "7", [], {}, [[]], [None], {"": None}, [1, 1], "\x00"),
)
ENTRIES = ("descr", "fortran_order", "shape")  # of the head of a .npy file
HEADS = (  # in the place of one of them
    *("'<f8'", "'|O'", "'<U3'", "'<M8[s]'", "'<c16'", "'|b1'", "'>i2'", "'<f16'", "'|V7'", "[('a', '<f8')]"),
    *("[('a', '<f8', (2, 3))]", "[]", "[('', '|O')]", "''", "'f8,f8'", "None", "True", "1.5", "()", "(3,)", "(0, 4)"),
    *("(-1, 4)", "(1000000000000,)", "(3.0, 6)", "(True, 6)", "(99999999999999999999, 2)", "(1, 2, 'a')", "{}", "("),
    *("(" * 300, "[" * 3_000, "1" * 5_000, "(1," * 90 + ")" * 90, "(1,) * 40", "'\\x00'", "b'<f8'", "'<f8' 'O'", "1L"),
)


def damaged(content: bytes, kind: str, draw: Draw) -> bytes:
    """The same bytes with one to three defects; `kind` is the ending of the file's name."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        within = WITHIN.get(kind)
        if within is not None and draw.random() < 0.6:
            content = _or_bytes(within, content, draw)
        else:
            content = draw.choice(DEFECTS)(content, draw)
    return content


def _or_bytes(within: Callable[[bytes, Draw], bytes], content: bytes, draw: Draw) -> bytes:
    """A defect within the file's form, or any where an earlier one has left no form."""
    try:
        return within(content, draw)
    except Exception:  # whatever reading it raises
        return draw.choice(DEFECTS)(content, draw)


def _flipped(content: bytes, draw: Draw) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 4, 32)) if changed else 0):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _cut(content: bytes, draw: Draw) -> bytes:
    return content[: draw.randint(0, len(content))]


def _without(content: bytes, draw: Draw) -> bytes:
    start, end = _span(content, draw)
    return content[:start] + content[end:]


def _twice(content: bytes, draw: Draw) -> bytes:
    start, end = _span(content, draw)
    return content[:end] + content[start:end] + content[end:]


def _another_number(content: bytes, draw: Draw) -> bytes:
    """One run of digits is something else now."""
    runs = [match.span() for match in itertools.islice(_NUMBER.finditer(content), 10_000)]
    if not runs:
        return _flipped(content, draw)
    start, end = draw.choice(runs)
    return content[:start] + draw.choice(ODD) + content[end:]


def _strange(content: bytes, draw: Draw) -> bytes:
    place = draw.randint(0, len(content))
    return content[:place] + draw.choice(STRANGE) + content[place:]


def _lines_swapped(content: bytes, draw: Draw) -> bytes:
    lines = content.split(b"\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _span(content: bytes, draw: Draw) -> tuple[int, int]:
    start = draw.randint(0, len(content))
    return start, min(len(content), start + draw.choice((1, 8, 64, 1_024)))


DEFECTS = (_flipped, _cut, _without, _twice, _another_number, _another_number, _strange, _lines_swapped)


# Within the form of a file


def _json(content: bytes, draw: Draw) -> bytes:
    """One value of a JSON file is another one, gone, or there twice."""
    found = json.loads(content)
    place = draw.choice(list(_places(found)) or [None])
    if place is None:
        return json.dumps(draw.choice(VALUES)).encode()
    holder, key = place
    what = draw.choice(("another", "another", "another", "gone", "twice"))
    if what == "another":
        holder[key] = draw.choice(VALUES)
    elif what == "gone":
        del holder[key]
    elif isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[f"{key} "] = holder[key]
    return json.dumps(found).encode()


def _places(found: Any) -> Iterator[tuple[Any, Any]]:
    """Every (list or object, key) of a JSON value."""
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in items:
        yield found, key
        yield from _places(value)


def _png(content: bytes, draw: Draw) -> bytes:
    """A chunk of a picture is damaged, and its checksum is right."""
    chunks, place = [], len(PNG)
    while place < len(content):
        length = int.from_bytes(content[place : place + 4])
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    at = draw.randrange(len(chunks))
    name, data = chunks[at]
    what = draw.choice(("bytes", "sizes", "name", "gone", "twice", "text", "rows"))
    if what == "bytes":
        chunks[at] = name, draw.choice(DEFECTS)(data, draw)
    elif what == "sizes":
        fields = [draw.choice((0, 1, 128, 320, 100_000, 2**31 - 1)).to_bytes(4) for _ in range(2)]
        chunks[0] = b"IHDR", b"".join(fields) + bytes(draw.choice((0, 1, 2, 3, 4, 6, 8, 16)) for _ in range(5))
    elif what == "name":
        chunks[at] = draw.choice((b"iCCP", b"tRNS", b"PLTE", b"acTL", b"fdAT", b"\0\0\0\0", b"zTXt", b"eXIf")), data
    elif what == "gone":
        del chunks[at]
    elif what == "twice":
        chunks.insert(at, chunks[at])
    elif what == "text":
        chunks.insert(1, (draw.choice((b"zTXt", b"iTXt", b"iCCP")), b"a\0\0" + zlib.compress(bytes(1 << 22))))
    else:
        chunks[at] = b"IDAT", zlib.compress(bytes(draw.choice((0, 10, 1 << 16))))
    packed = (len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4) for name, data in chunks)
    return PNG + b"".join(packed)


def _npy(content: bytes, draw: Draw) -> bytes:
    """The head of an array says something else."""
    end = 10 + int.from_bytes(content[8:10], "little")
    head, data = ast.literal_eval(content[10:end].decode()), content[end:]
    written = {name: repr(head[name]) for name in ENTRIES}
    what = draw.choice(("entry", "entry", "entry", "data", "gone", "text", "version"))
    if what == "entry":
        written[draw.choice(ENTRIES)] = draw.choice(HEADS)
    elif what == "gone":
        del written[draw.choice(ENTRIES)]
    elif what == "data":
        data = draw.choice(DEFECTS)(data, draw)
    text = "{" + "".join(f"{name!r}: {said}, " for name, said in written.items()) + "}\n"
    packed = draw.choice(DEFECTS)(text.encode(), draw) if what == "text" else text.encode("latin1")
    version = bytes([draw.choice((0, 1, 2, 3, 9)), draw.choice((0, 1))]) if what == "version" else content[6:8]
    return content[:6] + version + len(packed[:65535]).to_bytes(2, "little") + packed[:65535] + data


def _zip(content: bytes, draw: Draw) -> bytes:
    """A member of a zip archive is damaged, packed or called otherwise; its checksum is right."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    at, packing = draw.randrange(len(members)), zipfile.ZIP_DEFLATED
    name, data = members[at]
    what = draw.choice(("content", "content", "name", "packing", "head", "head", "gone", "twice"))
    if what == "content":
        members[at] = name, damaged(data, Path(name).suffix, draw)
    elif what == "name":
        members[at] = _called(name, draw), data
    elif what == "packing":
        packing = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    elif what == "gone":
        del members[at]
    elif what == "twice":
        members.append(members[at])
    stream = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(stream, "w", packing) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, packing)
    made = stream.getvalue()
    if what == "head" or (what == "packing" and draw.random() < 0.5):
        return _in_heads(made, (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"), draw)
    return made


def _called(name: str, draw: Draw) -> str:
    """Another name of a member."""
    top, _, rest = name.partition("/")
    others = (f"../{name}", f"/{name}", f"{top}\n/{rest}", f"{name}/", f"{name}/x", "x" * 2_000, "", "\x00", "C:\\x")
    return draw.choice(
        (*others, name.upper(), name + "\u2028", rest or "x", f"{top}/{'d/' * 400}{rest}", "\u202e" + name)
    )


def _in_heads(content: bytes, marks: tuple[bytes, ...], draw: Draw) -> bytes:
    """A few bytes behind one of the marks are others, or the packed data behind them are."""
    mark = draw.choice(marks)
    places = [match.start() for match in re.finditer(re.escape(mark), content)]
    if not places:
        return _flipped(content, draw)
    changed, place = bytearray(content), draw.choice(places) + draw.randint(4, draw.choice((30, 45, 200)))
    values = draw.choice((b"\xff", b"\xff" * 4, b"\x00" * 2, bytes([draw.randrange(256)]), b"\x63", b"\x0c\x00"))
    changed[place : place + len(values)] = values
    return bytes(changed)


def _tar(content: bytes, draw: Draw) -> bytes:
    """A header of a tar archive says something else, and its checksum is right; packed as before."""
    raw = bytearray(gzip.decompress(content))
    with tarfile.open(fileobj=io.BytesIO(bytes(raw))) as archive:
        places = [member.offset for member in archive]
    at = draw.choice(places)
    head = bytearray(raw[at : at + CHECKED])
    what = draw.choice(("type", "size", "name", "bytes", "content"))
    if what == "type":
        head[156:157] = draw.choice((b"1", b"2", b"3", b"6", b"5", b"7", b"L", b"K", b"x", b"g", b"S", b"X", b"\xff"))
    elif what == "size":
        odd = (b"7" * 11 + b"\0", b"\x80" + b"\xff" * 11, b"\xff" * 12, b"-0000000001\0", b"abc", b"0" * 12)
        head[124:136] = draw.choice(odd).ljust(12, b"\0")
    elif what == "name":
        head[:100] = _called(head[:100].rstrip(b"\0").decode("utf-8", "replace"), draw).encode()[:100].ljust(100, b"\0")
    elif what == "bytes":
        head = bytearray(_flipped(bytes(head), draw))
    else:
        raw[at + CHECKED : at + 2 * CHECKED] = _flipped(bytes(raw[at + CHECKED : at + 2 * CHECKED]), draw)
    head[SUM] = b" " * 8
    head[SUM] = b"%06o\0 " % sum(head)
    raw[at : at + CHECKED] = head
    return gzip.compress(bytes(raw), 1, mtime=0)


def _weights(content: bytes, draw: Draw) -> bytes:
    """The head of a file of weights says something else."""
    end = 8 + int.from_bytes(content[:8], "little")
    head = _json(content[8:end], draw)
    return len(head).to_bytes(8, "little") + head + content[end:]


WITHIN: dict[str, Callable[[bytes, Draw], bytes]] = {
    ".json": _json,
    ".npy": _npy,
    ".npz": _zip,
    ".png": _png,
    ".safetensors": _weights,
    ".gz": _tar,
    ".zip": _zip,
}


def replaced(path: Path, top: Path, draw: Draw) -> None:
    """A file turns into something that is no file of its kind, or its folder, below `top`, into a file."""
    path.unlink()
    kind = draw.choice(("folder", "full folder", "dangling", "loop", "nothing", "pipe", "below a file"))
    if kind.endswith("folder"):
        path.mkdir()
        if kind == "full folder":
            (path / "inside").touch()
    elif kind == "dangling":
        path.symlink_to(path.with_name("nowhere"))
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "below a file" and path.parent != top:
        shutil.rmtree(path.parent)
        path.parent.touch()
