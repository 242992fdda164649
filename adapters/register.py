"""The register extract as a table of text: whatever the core system wrote, read whole or refused with the place.

The text is parsed twice as fast by polars as by Python's csv module, but polars fills short rows silently and reads stray
quotation marks in its own way. So its result is taken only where the commas and line ends of the file add up to its
cells, and the csv module reads everything else and names the row. Nothing of a cell ever leaves in a message.
"""

import codecs
import csv
import errno
import hashlib
import io
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import polars as pl

from models.extract import Finding, UnreadableExtract
from models.programme import Programme

FORBIDDEN = ("個人番号", "マイナンバー", "住民票コード")

_MIB = 1 << 20
_CHUNK = _MIB
_ROWS_AT_ONCE = 50_000
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"%PDF", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xd0\xcf\x11\xe0", b"BZh",
          b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")  # fmt: skip
_MARKUP = (b"<!doctype", b"<html", b"<?xml")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
_CONTROLS = bytes([*range(0x0A), *range(0x0B, 0x20), 0x7F])
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_END = b"\n\x1a"
_JAPANESE_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
_CELLS_TRIED = 10_000
_SHARE = 0.9
_LEAST_IN_KNOWN = 5
_INDIVIDUAL_NUMBER = re.compile(r"[0-9]{12}")
_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class RegisterTable:
    """An extract as it was read: every cell unchanged text.

    `frame` has the column "row" (the line of a spreadsheet: the header is row 1) and every column that the programme
    knows; one that the extract does not have is empty. `size` is in bytes, `findings` are warnings.
    """

    frame: pl.DataFrame
    encoding: str
    sha256: str
    findings: tuple[Finding, ...]
    size: int


def read_register(path: Path, *, programme: Programme) -> RegisterTable:
    """Read an extract: CSV in UTF-8, UTF-16 with its mark, or CP932, with a header in any order.

    Raises:
        UnreadableExtract: it is refused as a whole; the findings say why, and where it has a place.

    """
    data = _bytes(path, programme.extract.size_limit_mib * _MIB)
    sha256, size = hashlib.sha256(data).hexdigest(), len(data)
    try:
        _refuse_other_kinds(data)
        text, encoding = _text(data)
        del data  # an extract of all Japan fits into memory twice, not three times
        frame, findings = _table(text, programme)
    except UnreadableExtract as refusal:
        refusal.sha256 = sha256
        raise
    return RegisterTable(frame=frame, encoding=encoding, sha256=sha256, findings=tuple(findings), size=size)


def _refuse(code: str, *, row: int | None = None, column: str = "") -> UnreadableExtract:
    return UnreadableExtract([Finding(code=code, row=row, column=column)])


def _bytes(path: Path, limit: int) -> bytes:
    """Return a plain file's bytes, looking at its size before reading; a link is not followed, a FIFO not waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refuse("not_regular" if error.errno in {errno.ELOOP, errno.ENXIO} else "no_file") from None
    except ValueError:  # a NUL in the path
        raise _refuse("no_file") from None
    with open(handle, "rb") as file:  # noqa: PTH123 - it is open already
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _refuse("not_regular")
        if found.st_size > limit:
            raise _refuse("too_large")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _refuse("too_large")
    return data


def _refuse_other_kinds(data: bytes) -> None:
    start = data[:_CHUNK].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if data.startswith(_MAGIC) or start.startswith(_MARKUP):
        raise _refuse("not_csv")


class _Undecodable(Exception):
    """The text up to the place where the decoder stopped, as UTF-8."""

    def __init__(self, before: bytes) -> None:
        super().__init__()
        self.before = before


def _text(data: bytes) -> tuple[bytes, str]:
    """Return the extract as UTF-8 with LF, without its mark and its end, and the name of its encoding."""
    for mark, codec, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return _utf8(memoryview(data)[len(mark) :], codec), encoding
            except _Undecodable as stop:
                raise _refuse("undecodable", row=_place(stop.before)[0]) from None
    try:
        return _utf8(memoryview(data), "utf-8"), "utf-8"
    except _Undecodable as stop:
        if not stop.before.partition(b"\n")[0].isascii():  # the header was UTF-8
            raise _refuse("mixed_encoding", row=_place(stop.before)[0]) from None
    return _cp932(data), "cp932"


def _cp932(data: bytes) -> bytes:
    """Return CP932 as UTF-8; a line of Japanese that is valid UTF-8 was written by somebody else."""
    try:
        text = _utf8(memoryview(data), "cp932")
    except _Undecodable as stop:
        raise _refuse("undecodable", row=_place(stop.before)[0]) from None
    for number, line in enumerate(data.splitlines()):
        if _JAPANESE_UTF8.search(line) and _is_utf8(line):
            before = b"\n".join(islice(text.split(b"\n"), number)) + b"\n" * bool(number)
            raise _refuse("mixed_encoding", row=_place(before)[0])
    return text


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _utf8(data: memoryview, codec: str) -> bytes:
    """Decode strictly, a chunk at a time, with every line end as LF and no control character left."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)(), translate=True)
    text = io.BytesIO()
    for start in range(0, len(data), _CHUNK):
        try:
            part = decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
        except UnicodeDecodeError as error:
            text.write(error.object[: error.start].decode(codec).encode())
            raise _Undecodable(text.getvalue()) from None
        text.write(part.encode())
    _cut_end(text)
    return _without_controls(text.getvalue())


def _cut_end(text: io.BytesIO) -> None:
    """Take off the end mark of old systems (0x1A) and the line ends around it."""
    end = text.seek(0, io.SEEK_END)
    text.seek(max(0, end - _SHOWN))
    tail = text.read()
    text.truncate(end - len(tail) + len(tail.rstrip(_END)))


def _without_controls(text: bytes) -> bytes:
    # Deleting is ten times as fast as searching, and there is nothing to delete.
    clean = all(
        len(part.translate(None, _CONTROLS)) == len(part)
        for part in (text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK))
    )
    if not clean and (found := _CONTROL.search(text)):
        row, cell = _place(text[: found.start()])
        raise UnreadableExtract([Finding(code="control_character", row=row, column=f"#{cell}")])
    return text


def _place(before: bytes) -> tuple[int, int]:
    """Return row and cell, both from 1, of what follows this text."""
    rows = list(csv.reader(io.StringIO(before.decode() + "x", newline="")))
    return len(rows), len(rows[-1])


def _table(text: bytes, programme: Programme) -> tuple[pl.DataFrame, list[Finding]]:
    header = next(_records(text), [])
    names = [_plain(name) for name in header]
    known = (*programme.extract.needed, *programme.extract.known)
    _refuse_headers(names, programme)
    cells = (_quickly(text, len(header)) if len(header) > 1 else None) or _carefully(text, len(header))
    raise NotImplementedError


def _plain(header: str) -> str:
    """Return a header without the differences that do not count: width and spaces."""
    return "".join(unicodedata.normalize("NFKC", header).split()).replace("\ufeff", "")
