"""The search for residents' data: proves, by raw bytes, that none lie where none may be (law 4).

Every needle is sought in every form in which a program may have stored it, in the contents and the names of files. What
cannot be looked into is named, never passed over. Nothing here ever shows a needle, nor a name that holds one.
Of a PostgreSQL server every table of every database is read as text, and what lies in its columns as bytes.
What it does not see: writing in pictures, what a database compressed or split over two of its pages, rows that a server
deleted and its log, and text changed before it was stored (other widths, other normal forms; whoever asks passes each
variant as a needle of its own).
"""

import base64
import gzip
import json
import os
import re
import stat
import struct
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate, pairwise
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import quote, quote_plus

import pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it ships none
from ahocorasick_rs import BytesAhoCorasick, Implementation
from pypdfium2.raw import FPDF_ERR_PASSWORD  # pyright: ignore[reportMissingTypeStubs] - it ships none

from adapters.tables_as_text import Unreadable, relations
from adapters.vault import MAGIC

CHUNK = 1 << 20
SHORTEST = 4
PLACES_SHOWN = 50
WITHHELD = "(withheld)"

_SHIFTS_AROUND = re.compile(rb"^\x1b[$(][@BJ]|\x1b[$(][@BJ]$")  # ISO-2022-JP: what is before may shift already
_FAR = 1e6  # points; a PDF page is at most 14,400 wide

_KINDS = {  # how a file begins whose bytes hide what it holds
    b"%PDF-": "pdf",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    MAGIC: "encrypted",
    b"7z\xbc\xaf\x27\x1c": "encrypted",
    b"\x28\xb5\x2f\xfd": "compressed",  # zstd
    b"\xfd7zXZ\0": "compressed",
    b"BZh": "compressed",
    b"Rar!": "compressed",
    b"PAR1": "compressed",  # Parquet
}
_NEVER_OPENED = {"encrypted", "compressed"}
_BROKEN = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,  # a name in a zip that is in no known encoding; its message holds the name
    RuntimeError,  # PdfiumError, and zipfile's NotImplementedError
)
_FAILED: dict[type[OSError], str] = {FileNotFoundError: "vanished", PermissionError: "denied"}


@dataclass(frozen=True, kw_only=True)
class ScanResult:
    """What a scan saw. `found` 0 proves absence only together with an empty `unread` and `needles` above 0.

    `files`, `tables` (of databases) and `bytes` count what was read. `found` counts places: hits that overlap are one
    place; one that shows in a file's raw bytes and again after opening it counts twice. `places` are at most 50 of
    them: the path from the root's name on, with the offset, or which name, page or member. `unread` names what could
    not be looked into as `path: reason`; the reasons are encrypted, compressed, nested (a container in a container),
    damaged, denied, vanished, device and unreadable. `needles` were sought, `needles_skipped` were shorter than four
    characters.
    """

    files: int
    tables: int
    bytes: int
    found: int
    places: tuple[str, ...]
    unread: tuple[str, ...]
    needles: int
    needles_skipped: int


def scan(
    roots: Iterable[Path],
    needles: "Iterable[str] | Finder",
    *,
    exclude: Iterable[Path] = (),
    servers: Iterable[str] = (),
    chunk_size: int = CHUNK,
) -> ScanResult:
    """Search files, directories and the databases of PostgreSQL servers for the needles.

    Memory is bounded by the needles, `chunk_size` and a page of a PDF.

    Whoever scans again and again for the same brings the finder. Symbolic links are read as names, never followed. A
    root inside another is scanned once; one that is not there is `unread`. `exclude` are files and directories not to
    be looked at. Reasons for what is unread: see ScanResult.
    """
    finder = needles if isinstance(needles, Finder) else Finder(needles)
    search = _Search(finder=finder, excluded={path.resolve() for path in exclude}, chunk_size=chunk_size)
    for root in _outermost(roots):
        search.visit(root, root.name)
    for server in servers:
        search.ask(server)
    return search.result()


def scan_text(text: str, needles: Iterable[str]) -> int:
    """Return how many places of a text hold a needle, in any form, also broken over lines."""
    return Finder(needles).places_in_text(text)


def _outermost(roots: Iterable[Path]) -> list[Path]:
    resolved = sorted({root.resolve() for root in roots})
    return [root for root in resolved if not any(root != other and root.is_relative_to(other) for other in resolved)]


def forms(needle: str) -> set[bytes]:
    """Return every sequence of bytes in which a program may have stored the needle."""
    raw = {needle.encode("utf-8", "surrogatepass")}
    for codec in ("cp932", "euc_jp", "iso2022_jp"):
        with suppress(UnicodeEncodeError):
            raw.add(_SHIFTS_AROUND.sub(b"", needle.encode(codec)))
    wide = {needle.encode(codec, "surrogatepass") for codec in ("utf-16-le", "utf-16-be")}
    quoted = _escaped(needle) | {repr(stored)[2:-1].encode() for stored in raw}
    in_json = {form.replace(b"\\", b"\\\\") for form in quoted}
    squeezed = _squeezed(needle)
    run_together = {squeezed.encode("utf-8", "surrogatepass")} if len(squeezed) >= SHORTEST else set[bytes]()
    in_mail = {form for stored in raw | wide for form in _base64(stored)}
    return raw | wide | quoted | in_json | in_mail | run_together


# Which of the first characters of base64 hold bits of what lies before, by how many bytes that is of a group of three.
_SHARED_BEFORE = (0, 2, 3)
_BASE64_SHORTEST = 10  # shorter ones would be found in any key or hash

# Where a letter breaks the line without its text having one: quoted-printable and base64 (RFC 2045, 6.7 and 6.8).
_SHORTEST_LINE = 40  # of base64; the usual ones have 64 or 76 characters
_B64 = rb"[A-Za-z0-9+/]"
_BREAK = re.compile(  # it begins with the one byte that is quickly sought, and looks back from there
    rb"\n(?<=[A-Za-z0-9+/=\r]\n)(?:(?<==\n)|(?<==\r\n)|(?:(?<=%(b)s{%(n)d}\n)|(?<=%(b)s{%(n)d}\r\n))(?=%(b)s))"
    % {b"b": _B64, b"n": _SHORTEST_LINE}
)
_LONGEST_BREAK = len(b"=\r\n")


def _base64(stored: bytes) -> set[bytes]:
    """Return how the bytes stand inside base64, wherever in a group of three they begin."""
    found: set[bytes] = set()
    for before, shared in enumerate(_SHARED_BEFORE):
        whole = (before + len(stored)) * 8 // 6  # the last character may hold bits of what comes after
        found.add(base64.b64encode(bytes(before) + stored)[shared:whole])
    return {form for form in found if len(form) >= _BASE64_SHORTEST}


def _escaped(needle: str) -> set[bytes]:
    json_escapes, json_as_is = (json.dumps(needle, ensure_ascii=plain)[1:-1] for plain in (True, False))
    upper = re.sub(r"(?<=\\u)[0-9a-f]{4}", lambda digits: digits[0].upper(), json_escapes)
    stored = needle.encode("utf-8", "surrogatepass")
    percent = {quote(stored, safe=""), quote_plus(stored)}
    percent.add(quote(stored, safe="").replace("%", "="))  # quoted-printable
    with suppress(UnicodeEncodeError):
        percent.add(quote(needle.encode("cp932"), safe=""))
    lower = {re.sub(r"%[0-9A-F]{2}", lambda digits: digits[0].lower(), form) for form in percent}
    python, xml = (needle.encode("ascii", how) for how in ("backslashreplace", "xmlcharrefreplace"))
    as_text = {json_as_is, json_escapes, upper} | percent | lower
    return {form.encode("utf-8", "surrogatepass") for form in as_text} | {python, xml}


def _squeezed(text: str) -> str:
    """Return the text without white space, so that line breaks and letter spacing hide nothing."""
    return "".join(text.split())


class Finder:
    """Seeks all forms of all needles in one pass (Aho-Corasick); takes about 15 kB for a person of three needles."""

    def __init__(self, needles: Iterable[str]) -> None:
        """Take the needles; those shorter than four characters would be found everywhere and are only counted."""
        wanted = {needle.strip() for needle in needles}
        sought = {needle for needle in wanted if len(needle) >= SHORTEST}
        patterns = sorted({form for needle in sought for form in forms(needle)})
        self.needles = len(sought)
        self.needles_skipped = len(wanted) - len(sought)
        longest = max(map(len, patterns), default=1)
        # What was broken over lines is longer by its breaks, and a break of base64 is known by the line before it.
        breaks = longest // _SHORTEST_LINE + 1
        self._reach = longest + breaks * _LONGEST_BREAK + _SHORTEST_LINE
        # Up to twice as quick as the one that is chosen by itself for so many patterns, at twice its memory.
        self._automaton = BytesAhoCorasick(patterns, implementation=Implementation.ContiguousNFA)

    def places(self, file: BinaryIO, chunk_size: int = CHUNK) -> Iterator[int]:
        """Yield the offset of every place in a file read in chunks, each once wherever the chunks end."""
        end_of_last = 0
        for offset, seen, window in _windows(file, chunk_size, self._reach):
            for start, end in sorted(self._spans(window), key=itemgetter(1)):
                if end <= seen:
                    continue
                if offset + start >= end_of_last:
                    yield offset + start
                end_of_last = offset + end

    def _spans(self, window: bytes) -> Iterator[tuple[int, int]]:
        """Yield where in the window a form begins and ends, also one that a letter broke over lines."""
        yield from self._matches(window)
        for begin, part in _around_breaks(window, self._reach):
            yield from ((begin + start, begin + end) for start, end in self._across_breaks(part))

    def _across_breaks(self, part: bytes) -> Iterator[tuple[int, int]]:
        breaks = [(it.end() - _length_of_break(part, it.end()), it.end()) for it in _BREAK.finditer(part)]
        joined = b"".join(part[end:start] for (_, end), (start, _) in pairwise([(0, 0), *breaks, (len(part), 0)]))
        taken_out = [0, *accumulate(end - start for start, end in breaks)]
        borders = [start - before for (start, _end), before in zip(breaks, taken_out, strict=False)]
        for start, end in self._matches(joined):
            first, last = bisect_right(borders, start), bisect_left(borders, end)
            if first < last:  # what does not lie across a break was found where it stands
                yield start + taken_out[first], end + taken_out[last]

    def _matches(self, data: bytes) -> Iterator[tuple[int, int]]:
        return ((start, end) for _, start, end in self._automaton.find_matches_as_indexes(data, overlapping=True))

    def places_in_text(self, text: str) -> int:
        """Return how many places of a text hold a needle, as the text stands or with its white space taken out.

        U+0002 is how PDFium gives a hyphen at the end of a line, which may or may not belong to the word.
        """
        readings = {text, _squeezed(text.replace("\2", "-")), _squeezed(text.replace("\2", ""))}
        return max(self._count(reading.encode("utf-8", "surrogatepass")) for reading in readings)

    def in_name(self, name: str) -> bool:
        """Tell whether the name of a file, or what a link names, holds a needle."""
        return self._count(os.fsencode(name)) > 0

    def safe(self, path: str) -> str:
        """Return the path with every name that holds a needle withheld."""
        shown = "/".join(WITHHELD if self.in_name(name) else name for name in path.split("/"))
        return WITHHELD if self.in_name(shown) else os.fsencode(shown).decode("utf-8", "backslashreplace")

    def _count(self, data: bytes) -> int:
        return sum(1 for _ in self.places(BytesIO(data)))


def _around_breaks(window: bytes, reach: int) -> Iterator[tuple[int, bytes]]:
    """Yield the parts of a window that a letter may have broken over lines, each with where it begins."""
    begin = end = 0
    for found in _BREAK.finditer(window):
        if found.start() - reach > end:
            if end:
                yield begin, window[begin:end]
            begin = found.start() - reach
        end = found.end() + reach
    if end:
        yield begin, window[begin:end]


def _length_of_break(window: bytes, end: int) -> int:
    return 3 if window[end - 3 : end] == b"=\r\n" else 2 if window[end - 2 : end] in {b"\r\n", b"=\n"} else 1


def _windows(file: BinaryIO, chunk_size: int, overlap: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (offset of the window, how many of its first bytes were in the last one, window)."""
    offset, tail = 0, b""
    while chunk := file.read(chunk_size):
        window = tail + chunk
        yield offset - len(tail), len(tail), window
        offset += len(chunk)
        tail = window[-overlap:] if overlap else b""


class _Search:
    """One walk over the roots, gathering what a ScanResult says."""

    def __init__(self, *, finder: Finder, excluded: set[Path], chunk_size: int) -> None:
        self.finder = finder
        self.excluded = excluded
        self.chunk_size = chunk_size
        self.files = 0
        self.tables = 0
        self.bytes = 0
        self.found = 0
        self.places: list[str] = []
        self.unread: list[str] = []

    def result(self) -> ScanResult:
        return ScanResult(
            files=self.files,
            tables=self.tables,
            bytes=self.bytes,
            found=self.found,
            places=tuple(self.places),
            unread=tuple(self.unread),
            needles=self.finder.needles,
            needles_skipped=self.finder.needles_skipped,
        )

    def visit(self, path: Path, relative: str) -> None:
        if path in self.excluded:
            return
        label = self.finder.safe(relative)
        try:
            entry = path.lstat()
            if WITHHELD in label:
                label = f"{label} [inode {entry.st_ino}]"
            if self.finder.in_name(path.name):
                self.note(f"{label} (name)")
            self.enter(path, relative, label, entry.st_mode)
        except OSError as error:
            self.unread.append(f"{label}: {_FAILED.get(type(error), 'unreadable')}")

    def enter(self, path: Path, relative: str, label: str, mode: int) -> None:
        if stat.S_ISDIR(mode):
            for child in sorted(path.iterdir()):
                self.visit(child, f"{relative}/{child.name}")
        elif stat.S_ISREG(mode):
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                self.read(file, label)
        elif stat.S_ISLNK(mode) and self.finder.in_name(str(path.readlink())):
            self.note(f"{label} (link)")
        elif stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
            self.unread.append(f"{label}: device")

    def ask(self, server: str) -> None:
        """Search every table of every database of a server; what it does not give out is named."""
        for label, table in relations(server):
            try:
                with closing(table) as content:
                    for offset in self.finder.places(cast("BinaryIO", content), self.chunk_size):
                        self.note(f"{label}:{offset}")
                    self.bytes += content.read_so_far
                self.tables += 1
            except Unreadable as error:
                self.unread.append(f"{label}: {error}")

    def read(self, file: BinaryIO, label: str) -> None:
        self.files += 1
        self.search(file, label)
        self.bytes += file.tell()
        kind = _kind(file)
        opener = {"pdf": self.open_pdf, "zip": self.open_zip, "gzip": self.open_gzip}.get(kind)
        try:
            if opener:
                opener(file, label)
            elif kind:
                self.unread.append(f"{label}: {kind}")
        except _BROKEN as error:
            locked = getattr(error, "err_code", None) == FPDF_ERR_PASSWORD
            self.unread.append(f"{label}: {'encrypted' if locked else 'damaged'}")

    def search(self, file: BinaryIO, label: str) -> None:
        for offset in self.finder.places(file, self.chunk_size):
            self.note(f"{label}:{offset}")

    def note(self, place: str) -> None:
        self.found += 1
        if len(self.places) < PLACES_SHOWN:
            self.places.append(place)

    def open_gzip(self, file: BinaryIO, label: str) -> None:
        with gzip.open(file) as content:
            self.read_member(cast("BinaryIO", content), f"{label}#1")

    def open_zip(self, file: BinaryIO, label: str) -> None:
        with zipfile.ZipFile(file) as archive:
            for number, member in enumerate(archive.infolist(), 1):
                if member.flag_bits & 1:
                    self.unread.append(f"{label}#{number}: encrypted")
                    continue
                with archive.open(member) as content:
                    self.read_member(cast("BinaryIO", content), f"{label}#{number}")

    def read_member(self, content: BinaryIO, label: str) -> None:
        self.search(content, label)
        if kind := _kind(content):
            self.unread.append(f"{label}: {kind if kind in _NEVER_OPENED else 'nested'}")

    def open_pdf(self, file: BinaryIO, label: str) -> None:
        for part, text in _texts(file):
            for _ in range(self.finder.places_in_text(text)):
                self.note(f"{label}#{part}")


class _TextPage(Protocol):
    """The one method of pypdfium2's text page used here; it has no type hints of its own."""

    def get_text_bounded(self, left: float, bottom: float, right: float, top: float) -> str: ...


def _kind(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(max(map(len, _KINDS)))
    file.seek(0)
    return next((kind for magic, kind in _KINDS.items() if head.startswith(magic)), "")


def _texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield the metadata and the text of every page of a PDF, also what lies beyond the page's edge."""
    everywhere = {"left": -_FAR, "bottom": -_FAR, "right": _FAR, "top": _FAR}
    with closing(pypdfium2.PdfDocument(file)) as document:
        yield "metadata", "\n".join(document.get_metadata_dict().values())
        for number in range(len(document)):
            with closing(document[number]) as page, closing(page.get_textpage()) as text:
                yield f"page {number + 1}", cast("_TextPage", text).get_text_bounded(**everywhere)
