"""The search for residents' data: proves, by raw bytes, that none lie where none may be (law 4).

Every needle is sought in one normal form (adapters/needles.py) in whatever encoding or escape a program may have stored
it, in the contents and the names of files. What cannot be looked into is named, never passed over. Nothing here ever
shows a needle, nor a name that holds one.
Of a PostgreSQL server every table of every database is read as text, and what lies in its columns as bytes.
What it does not see: writing in pictures, what a database compressed or split over two of its pages, rows that a server
deleted and its log; outside of PDFs a name whose every two characters something else than one space parts; a surname
alone, a name of two characters, kana for kanji.
"""

import gzip
import os
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it ships none
from pypdfium2.raw import FPDF_ERR_PASSWORD  # pyright: ignore[reportMissingTypeStubs] - it ships none

from adapters.finder import CHUNK, Finder
from adapters.tables_as_text import Unreadable, relations
from adapters.vault import MAGIC

if TYPE_CHECKING:
    from adapters.needles import Needles

PLACES_SHOWN = 50
WITHHELD = "(withheld)"

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
    damaged, denied, vanished, device and unreadable. `needles` were sought, `needles_skipped` were too short.
    `namesakes` counts apart, by person, the places where nothing stands but the name of somebody on the register of
    people whose name a resident has too.
    """

    files: int
    tables: int
    bytes: int
    found: int
    places: tuple[str, ...]
    unread: tuple[str, ...]
    needles: int
    needles_skipped: int
    namesakes: Mapping[str, int] = field(default_factory=dict[str, int])


def scan(
    roots: Iterable[Path],
    needles: "Iterable[str] | Needles | Finder",
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
    return ScanResult(
        files=search.files,
        tables=search.tables,
        bytes=search.bytes,
        found=search.found,
        places=tuple(search.places),
        unread=tuple(search.unread),
        needles=finder.sought.count,
        needles_skipped=finder.sought.skipped,
        namesakes=dict(sorted(search.namesakes.items())),
    )


def _outermost(roots: Iterable[Path]) -> list[Path]:
    resolved = sorted({root.resolve() for root in roots})
    return [root for root in resolved if not any(root != other and root.is_relative_to(other) for other in resolved)]


def _shown(finder: Finder, path: str) -> str:
    """Return the path with every name that holds a needle withheld."""
    shown = "/".join(WITHHELD if finder.in_name(name) else name for name in path.split("/"))
    return WITHHELD if finder.in_name(shown) else os.fsencode(shown).decode("utf-8", "backslashreplace")


@dataclass(kw_only=True)
class _Search:
    """One walk over the roots, gathering what a ScanResult says."""

    finder: Finder
    excluded: set[Path]
    chunk_size: int
    files: int = 0
    tables: int = 0
    bytes: int = 0
    found: int = 0
    places: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])
    namesakes: Counter[str] = field(default_factory=Counter[str])

    def visit(self, path: Path, relative: str) -> None:
        if path in self.excluded:
            return
        label = _shown(self.finder, relative)
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
            if isinstance(table, str):
                self.unread.append(f"{label}: {table}")
                continue
            try:
                with closing(table) as content:
                    self.search(cast("BinaryIO", content), label)
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
        for place in self.finder.found(file, self.chunk_size):
            self.note(f"{label}:{place.start}", place.who)

    def note(self, place: str, who: str = "") -> None:
        if who:
            self.namesakes[who] += 1
            return
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
            for place in self.finder.found_in_text(text):
                self.note(f"{label}#{part}", place.who)


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
                yield f"page {number + 1}", cast("Any", text).get_text_bounded(**everywhere)
