"""The register extract as a table of text: whatever the core system wrote, read whole or refused with the place.

Polars parses a text without quotation marks many times as fast as the csv module, but it fills short rows silently. So
its result is taken only where the commas and line ends of the file add up to its cells; the csv module reads everything
else and names the row. (Polars also takes `"a"b` for `ab`, where the csv module refuses.) An ordinary file, UTF-8 with
nothing to mend, goes to polars as it stands; every other one is decoded and looked through first. Nothing of a cell
ever leaves in a message.
"""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

import codecs
import csv
import errno
import hashlib
import io
import os
import re
import stat
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import polars as pl

from adapters.national_numbers import Standing, forbidden_headers, forbidden_numbers
from adapters.numbers import NUMBER, SPACES, read_numbers
from models.extract import Finding, UnreadableExtract
from models.programme import Programme

_MIB = 1 << 20
_CHUNK = _MIB
_PART = _MIB >> 2  # fits into the processor's cache
_ROWS_AT_ONCE = 50_000
_MAGIC = (
    *(b"PK\x03\x04", b"PK\x05\x06"),  # zip, and the workbooks that are one
    *(b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"),
    *(b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf"),  # PDF, the workbooks of before 2007, rich text
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"SQLite format 3", b"PAR1", b"\x7fELF", b"MZ\x90"),
)
_BINARY_SHARE = 50  # of so many bytes at most one is a control character where somebody wrote a text
_MARKED = "utf-8-sig"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8", _MARKED),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
_CONTROLS = bytes([*range(0x0A), *range(0x0B, 0x20), 0x7F])
_NO_TEXT = _CONTROLS.replace(b"\t", b"").replace(b"\r", b"").replace(b"\x1a", b"")
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_STRANGE = _CONTROLS + b'"'
_END = b"\r\n\x1a"
_JAPANESE_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
_SHOWN = 40
_NUMBER = re.compile(r"\d{5}")
_PROTECTION = re.compile("支援|抑止|保護|DV")
_STANDING: Mapping[str, Standing] = {"宛名番号": "number", "氏名": "text", "住所": "text", "方書": "text"}


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
    return parse_register(register_bytes(path, programme=programme), programme=programme)


def register_bytes(source: Path | bytes, *, programme: Programme) -> bytes:
    """Return the bytes of an extract after a look at its size; a link is not followed, a FIFO not waited for.

    One that was sent is its bytes already.

    Raises:
        UnreadableExtract: it is not a plain file, cannot be read, or is larger than the programme allows.

    """
    limit = programme.extract.size_limit_mib * _MIB
    if isinstance(source, bytes):
        if len(source) > limit:
            raise _refuse("too_large")
        return source
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refuse("not_regular" if error.errno in {errno.ELOOP, errno.ENXIO} else "no_file") from None
    except ValueError:  # a NUL in the path
        raise _refuse("no_file") from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _refuse("not_regular")
        with open(handle, "rb", buffering=0, closefd=False) as file:
            data = file.readall() if found.st_size <= limit else b""
    finally:
        os.close(handle)
    if max(found.st_size, len(data)) > limit:
        raise _refuse("too_large")
    return data


def parse_register(data: bytes, *, programme: Programme) -> RegisterTable:
    """Read an extract that is in memory already, such as one from the vault; see `read_register`.

    Raises:
        UnreadableExtract: it is refused as a whole.

    """
    sha256, size = hashlib.sha256(data).hexdigest(), len(data)
    try:
        _refuse_other_kinds(data)
        read = _as_it_stands(data) or _looked_through(data)
        del data  # an extract of all Japan fits into memory twice, not three times
        frame, findings = _table(read, programme)
    except UnreadableExtract as refusal:
        refusal.sha256 = sha256
        raise
    return RegisterTable(frame=frame, encoding=read.encoding, sha256=sha256, findings=tuple(findings), size=size)


def _refuse(code: str, *, row: int | None = None, column: str = "") -> UnreadableExtract:
    return UnreadableExtract([Finding(code=code, row=row, column=column)])


def _refuse_other_kinds(data: bytes) -> None:
    """Refuse what its first bytes give away: a file of another kind, or no text at all."""
    start = data[:_CHUNK]
    if data.startswith(_MAGIC) or _looks_like_markup(start.removeprefix(codecs.BOM_UTF8)):
        raise _refuse("not_csv")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if _looks_like_markup(start.replace(b"\0", b"")[2:]):
            raise _refuse("not_csv")
    elif len(start) - len(start.translate(None, _NO_TEXT)) > max(1, len(start) // _BINARY_SHARE):
        raise _refuse("not_text")


def _looks_like_markup(start: bytes) -> bool:
    return start.lstrip().startswith(b"<")


@dataclass(frozen=True, kw_only=True)
class _Read:
    """Header, cells under it (named by their place), and the encoding that the file was in."""

    header: list[str]
    cells: pl.DataFrame
    encoding: str


def _as_it_stands(data: bytes) -> _Read | None:
    """Return what an ordinary file holds, or None: UTF-8 without quotation marks, rows that end with CRLF or LF."""
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text = _with_one_end(data, len(mark))
    try:
        header = text[: text.find(b"\n")].decode().rstrip("\r").split(",")
    except UnicodeDecodeError:
        return None
    cells = _quickly(text, len(header)) if any(header) else None
    return None if cells is None else _Read(header=header, cells=cells.slice(1), encoding=_MARKED if mark else "utf-8")


def _with_one_end(data: bytes, start: int) -> bytes:
    """Return the text after its mark with one line end after the last row; nothing is copied that needs no copy."""
    tail = data[-_SHOWN:]
    end = len(data) - len(tail) + len(tail.rstrip(_END))
    if not start and data[end:] in {b"\n", b"\r\n"}:
        return data
    return b"".join((memoryview(data)[start:end], b"\n"))


def _looked_through(data: bytes) -> _Read:
    """Return what any other file holds, or refuse it with the place."""
    text, encoding = _text(data)
    header = _header(text)
    cells = _quickly(text, len(header))
    return _Read(
        header=header, cells=(_carefully(text, len(header)) if cells is None else cells).slice(1), encoding=encoding
    )


class _Undecodable(Exception):
    """The row where the decoder stopped, and what that means: a Japanese header before it was in this encoding."""

    def __init__(self, row: int | None, *, header: bytes) -> None:
        super().__init__()
        self.row = row
        self.code = "mixed_encoding" if row != 1 and not header.isascii() else "undecodable"


def _text(data: bytes) -> tuple[bytes, str]:
    """Return the extract as UTF-8 with LF after every row, without its mark, and the name of its encoding."""
    marked = next((bom for bom in _BOMS if data.startswith(bom[0])), None)
    mark, codec, encoding = marked or (b"", "utf-8", "utf-8")
    try:
        return _utf8(memoryview(data)[len(mark) :], codec), encoding
    except _Undecodable as stop:
        if marked or stop.code == "mixed_encoding":
            raise _refuse(stop.code, row=stop.row) from None
    return _cp932(data), "cp932"


def _cp932(data: bytes) -> bytes:
    """Return CP932 as UTF-8; a line of Japanese that is valid UTF-8 was written by somebody else."""
    try:
        text = _utf8(memoryview(data), "cp932")
    except _Undecodable as stop:
        raise _refuse(stop.code, row=stop.row) from None
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
        readable: bytes | None = None
        try:
            part = decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
        except UnicodeDecodeError as error:
            part = error.object[: error.start].decode(codec)
            readable = text.getvalue() + part.encode()
        if readable is not None:  # raised here, because Python's own error carries the text along
            raise _Undecodable(_place(readable)[0], header=readable.partition(b"\n")[0])
        text.write(part.encode())
    _cut_end(text)
    return _without_controls(text.getvalue())


def _cut_end(text: io.BytesIO) -> None:
    """Take off the end mark of old systems (0x1A) and the line ends around it, but end the last row with one.

    Without it polars lets pass an empty cell too many in the last row.
    """
    end = text.seek(0, io.SEEK_END)
    text.seek(max(0, end - _SHOWN))
    tail = text.read()
    end = text.truncate(end - len(tail) + len(tail.rstrip(_END)))
    text.seek(end)
    text.write(b"\n" if end else b"")


def _without_controls(text: bytes) -> bytes:
    if _count(text, _CONTROLS) and (found := _CONTROL.search(text)):
        header = text.partition(b"\n")[0]
        if b"\t" in header and b"," not in header:
            raise _refuse("tab_separated", row=1)
        row, cell = _place(text[: found.start()])
        raise UnreadableExtract([Finding(code="control_character", row=row, column=f"#{cell}")])
    return text


def _count(text: bytes, sought: bytes) -> int:
    # Deleting is ten times as fast as searching, and there is nothing to delete.
    parts = (text[start : start + _PART] for start in range(0, len(text), _PART))
    return sum(len(part) - len(part.translate(None, sought)) for part in parts)


def _place(before: bytes) -> tuple[int | None, int]:
    """Return row and cell, both from 1, of what follows this text; none where a cell is beyond all measure."""
    records = csv.reader(io.StringIO(before.decode() + "x", newline=""))
    try:
        row, cells = deque(enumerate(records, start=1), maxlen=1).pop()
    except csv.Error:
        return None, 1
    return row, len(cells)


def _table(read: _Read, programme: Programme) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the columns that the programme knows, with their rows, and warnings about all others."""
    header, cells = read.header, read.cells
    names = [_plain(name) for name in header]
    always = (*programme.extract.needed, *programme.extract.known)
    known = (*always, *(name for name in programme.extract.optional if name in names))
    _refuse_headers(names, programme)
    if cells.is_empty():
        raise _refuse("empty_file")
    _refuse_numbers(cells, names, known)
    row = pl.int_range(2, cells.height + 2, dtype=pl.UInt32).alias("row")
    columns = [pl.col(_cell(names.index(name))) if name in names else pl.lit("") for name in known]
    frame = cells.select(row, *(column.alias(name) for name, column in zip(known, columns, strict=True)))
    frame, respelt = _with_numbers_read(frame)
    return frame, [*_warnings(header, names, known), *respelt]


def _with_numbers_read(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the rows with 宛名番号 in its normal form, and how many were written otherwise; what is none stays."""
    if NUMBER not in frame.columns:
        return frame, []
    as_written = frame[NUMBER]
    numbers = read_numbers(as_written).fill_null(as_written)
    otherwise = int((numbers != as_written).sum())
    found = [Finding(code="number_spelling", column=NUMBER, count=otherwise)] if otherwise else []
    return frame.with_columns(numbers), found


def _header(text: bytes) -> list[str]:
    try:
        return next(_records(text))
    except StopIteration:
        raise _refuse("empty_file") from None
    except csv.Error:
        raise _refuse("broken_quote", row=1) from None


def _plain(header: str) -> str:
    """Return a header without the differences that do not count: width, spaces of every kind, what quotes it."""
    return pl.Series([unicodedata.normalize("NFKC", header)]).str.replace_all(SPACES, "")[0].strip("='\"")


def _refuse_headers(names: Sequence[str], programme: Programme) -> None:
    if found := forbidden_headers(names):
        raise UnreadableExtract([Finding(code="forbidden_column", row=1, column=kind) for kind in found])
    columns = programme.extract.columns
    missing = [("missing_column", name) for name in programme.extract.needed if name not in names]
    doubled = [("doubled_column", name) for name in columns if names.count(name) > 1]
    protecting = [
        ("speaks_of_protection", _shown(name, nth))
        for nth, name in enumerate(names, 1)
        if name not in columns and _PROTECTION.search(name.upper())
    ]
    if found := [*missing, *doubled, *protecting]:
        raise UnreadableExtract([Finding(code=code, row=1, column=column) for code, column in found])


def _warnings(header: Sequence[str], names: Sequence[str], known: Sequence[str]) -> list[Finding]:
    spelt = [("header_spelling", name) for name in known if name in names and header[names.index(name)] != name]
    unknown = [("unknown_column", _shown(name, nth)) for nth, name in enumerate(names, 1) if name not in known]
    absent = [("absent_column", name) for name in known if name not in names]
    return [Finding(code=code, row=1, column=column) for code, column in (*spelt, *unknown, *absent)]


def _shown(name: str, number: int) -> str:
    """Return an unknown header as a terminal may show it; one that names nothing, or is a number, by its place."""
    shown = "".join(filter(str.isprintable, name))[:_SHOWN]
    return shown if any(map(str.isalpha, shown)) and not _NUMBER.search(shown) else f"#{number}"


def _cell(number: int) -> str:
    return f"#{number + 1}"


def _quickly(text: bytes, width: int) -> pl.DataFrame | None:
    """Return the cells of a text, or None where polars alone cannot be believed.

    Every byte is accounted for: cells, commas, line ends, and as many control characters and quotation marks as there
    are. One of those in a cell, or a row that polars filled up because it is short, makes the sum too large.
    """
    names = [_cell(number) for number in range(width)]
    try:
        cells = pl.read_csv(
            text, has_header=False, new_columns=names, infer_schema=False, empty_string_is_null=False, quote_char=None
        )
    except pl.exceptions.PolarsError:
        return None
    in_cells = sum(cells.select(pl.all().str.len_bytes().cast(pl.UInt64).sum()).row(0))
    return cells if in_cells + cells.height * width + _count(text, _STRANGE) == len(text) else None


def _carefully(text: bytes, width: int) -> pl.DataFrame:
    """Return the cells, or refuse the first row that is not as wide as the header or has a broken quotation mark."""
    batches: list[pl.DataFrame] = []
    records = _full_rows(text, width)
    while rows := list(islice(records, _ROWS_AT_ONCE)):
        columns = zip(*rows, strict=True)
        batches.append(pl.DataFrame({_cell(nth): list(cells) for nth, cells in enumerate(columns)}))
    return pl.concat(batches)


def _full_rows(text: bytes, width: int) -> Iterator[list[str]]:
    records = _records(text)
    for row in count(1):
        try:
            cells = next(records, None)
        except csv.Error:
            raise _refuse("broken_quote", row=row) from None
        if cells is None:
            return
        if len(cells) != width:
            raise _refuse("row_width", row=row)
        yield cells


def _records(text: bytes) -> Iterator[list[str]]:
    return csv.reader(io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline=""), strict=True)


def _refuse_numbers(cells: pl.DataFrame, names: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a column that holds 個人番号 or 住民票コード under whatever header."""
    for number, name in enumerate(names):
        if forbidden_numbers(cells[_cell(number)], standing=_STANDING.get(name, "other")):
            raise _refuse("individual_number", column=name if name in known else _cell(number))
