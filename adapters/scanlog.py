"""The sealer's scan log as a table: whatever the machine wrote, every line is a scan, and none is lost.

Polars reads the lines without quotation marks, so that a damaged one cannot swallow those after it. What is not the
code of a piece, whatever stands in its place, is an unreadable scan with a line number. No message ever holds a cell.
"""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

import codecs
import hashlib
import io
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from models.errors import BadInput
from models.programme import ScanLog
from models.serials import CHECKS, YEAR_PLACE, check_value
from models.words import _

# What stands in a piece's code: perhaps the fiscal year, the serial, two check characters.
_PIECE_CODE = r"^(?:[0-9]{2}-?)?[0-9]{7}-?[0-9A-Z]{2}$"
_CENTURY = 2000
_CHECKS = pl.Enum(CHECKS)  # its physical values are the check values
_YEAR_FROM = 11  # characters: a code so long names a fiscal year
_MIB = 1 << 20
_QUOTES = ' "\t\r'


@dataclass(frozen=True, kw_only=True)
class Log:
    """One log: its hash, and a row a scan.

    `scans` has the columns line (as an editor shows it), letter and year (null where the code cannot be read; year also
    where the code names none), other_1 … other_n (the other codes of the piece), agree (every other code is the
    letter's), rerun, touched, and stamp (equal for the same scan in two logs; null where one log
    is given, or it has no time).
    """

    sha256: str
    scans: pl.DataFrame


def read_logs(sources: Sequence[Path | bytes], *, shape: ScanLog) -> tuple[Log, ...]:
    """Read scan logs, files or their bytes, in the given order; one that is there twice, by content, is read once.

    Raises:
        BadInput: a file cannot be read, is empty, too large or no log of this shape; it is named by its place.

    """
    timed, logs = len(sources) > 1 and bool(shape.time), dict[str, Log]()
    for number, source in enumerate(sources, start=1):
        content = _content(source, number, shape)
        digest = hashlib.sha256(content).hexdigest()
        if digest not in logs:
            table = _table(content, number, shape, timed=timed)
            logs[digest] = Log(sha256=digest, scans=_scans(table, shape, timed=timed))
    return tuple(logs.values())


def piece_codes(codes: pl.Series) -> pl.DataFrame:
    """Return serial and fiscal year of a column of piece codes; the serial is null where a code is not one."""
    hyphen, text = pl.col("code").str.slice(-3, 1) == "-", pl.col("text")
    read = (
        codes.alias("text").to_frame()
        .select(text.str.strip_chars(_QUOTES))
        .select(pl.when(text.str.contains(_PIECE_CODE)).then(text).alias("code"))
        .select(
            pl.when(hyphen).then(pl.col("code").str.slice(-10, 7)).otherwise(pl.col("code").str.slice(-9, 7))
            .cast(pl.Int64, strict=False).alias("serial"),
            pl.when(pl.col("code").str.len_bytes() - hyphen.cast(pl.UInt32) >= _YEAR_FROM)
            .then(pl.col("code").str.head(2)).cast(pl.Int64, strict=False).alias("short"),
            pl.col("code").str.slice(-2).cast(_CHECKS, strict=False).to_physical().cast(pl.Int64).alias("check"),
        )
        .with_columns(number=pl.col("short").fill_null(0) * YEAR_PLACE + pl.col("serial"))
    )  # fmt: skip
    right = (check_value(pl.col("number")) == pl.col("check")) & (pl.col("serial") > 0)
    return read.select(
        pl.when(right).then("serial").alias("serial"), pl.when(right).then(pl.col("short") + _CENTURY).alias("year")
    )


def _content(source: Path | bytes, number: int, shape: ScanLog) -> bytes:
    try:
        content = source if isinstance(source, bytes) else _read(source, shape)
    except OSError:
        raise BadInput(
            _("Scan log {number} is not there or cannot be read.").format(number=number), _("Give the path of the log.")
        ) from None
    if content is None or len(content) > shape.size_limit_mib * _MIB:
        raise BadInput(
            _("Scan log {number} is no plain file, or larger than {limit} MiB.").format(
                number=number, limit=shape.size_limit_mib
            ),
            _("Give the log of this job alone, or set enclosing.log.size_limit_mib in the programme."),
        )
    if not content.strip():
        raise BadInput(
            _("Scan log {number} is empty.").format(number=number), _("Export the log of the machine again.")
        )
    return content


def _read(path: Path, shape: ScanLog) -> bytes | None:
    """Return what is in a plain file that is not too large."""
    found = path.stat()
    plain = stat.S_ISREG(found.st_mode) and not path.is_symlink()
    return path.read_bytes() if plain and found.st_size <= shape.size_limit_mib * _MIB else None


def _table(content: bytes, number: int, shape: ScanLog, *, timed: bool) -> pl.DataFrame:
    """Return the needed columns as text, c0 being the letter's, and the line of each row."""
    utf8 = _as_utf8(content, shape)
    header = utf8.partition(b"\n")[0].decode(errors="replace") if shape.header else ""
    columns = shape.columns_read(timed=timed)
    places = [_place(column, header, number, shape) for column in columns]
    table = (
        pl.scan_csv(
            utf8,
            has_header=False,
            skip_lines=int(shape.header),
            separator=shape.separator,
            schema={f"at{place}": pl.String for place in range(max(places) + 1)},
            quote_char=None,
            truncate_ragged_lines=True,
            extra_columns="ignore",
            missing_columns="insert",
        )
        .select(f"at{place}" for place in sorted(set(places)))
        .collect()
        .with_row_index("line", offset=1 + shape.header)
    )
    if table.is_empty():
        raise BadInput(
            _("Scan log {number} holds no scans.").format(number=number), _("Export the log of the machine again.")
        )
    named = table.select("line", *(pl.col(f"at{place}").alias(f"c{at}") for at, place in enumerate(places)))
    return _without_blank_lines(named, utf8)


def _as_utf8(content: bytes, shape: ScanLog) -> bytes:
    """Return the log in UTF-8; a damaged character becomes a replacement, so that its code is unreadable."""
    if content.isascii() and shape.encoding != "utf-16":
        return content
    content, codec = content.removeprefix(codecs.BOM_UTF8), _codec(content, shape)
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    parts = (content[start : start + _MIB] for start in range(0, len(content), _MIB))
    return b"".join([*(decoder.decode(part).encode() for part in parts), decoder.decode(b"", final=True).encode()])


def _codec(content: bytes, shape: ScanLog) -> str:
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    return "utf-16-le" if shape.encoding == "utf-16" else shape.encoding


def _place(column: str | int, header: str, number: int, shape: ScanLog) -> int:
    if isinstance(column, int):
        return column - 1
    names = [name.strip(_QUOTES) for name in header.split(shape.separator)]
    if column in names:
        return names.index(column)
    raise BadInput(
        _("Scan log {number} has no column “{column}”.").format(number=number, column=column),
        _("It is the log of another machine, or enclosing.log in the programme must name its columns."),
    )


def _without_blank_lines(table: pl.DataFrame, utf8: bytes) -> pl.DataFrame:
    """Leave out lines with nothing on them; a line of separators is a scan that lost its code."""
    empty = set(table.filter(pl.all_horizontal(pl.exclude("line").is_null()))["line"])
    if not empty:
        return table
    blank = [at for at, line in enumerate(io.BytesIO(utf8), start=1) if at in empty and not line.strip()]
    return table.filter(~pl.col("line").is_in(blank))


def _scans(table: pl.DataFrame, shape: ScanLog, *, timed: bool) -> pl.DataFrame:
    mark = pl.col(f"c{1 + len(shape.others)}").str.strip_chars(_QUOTES).fill_null("") if shape.mark else pl.lit("")
    letters = piece_codes(table["c0"])
    scans = table.select(
        "line",
        letters["serial"].alias("letter"),
        letters["year"],
        pl.lit(value=True).alias("agree"),
        mark.is_in(list(shape.rerun)).alias("rerun"),
        mark.is_in(list(shape.touched)).alias("touched"),
        # A scan is told by everything that is read of it, its time among it.
        (pl.struct(pl.exclude("line")).hash() if timed else pl.lit(None, dtype=pl.UInt64)).alias("stamp"),
    )
    for at in range(1, 1 + len(shape.others)):
        scans = _compared(scans, table, at)
    return scans


def _compared(scans: pl.DataFrame, table: pl.DataFrame, at: int) -> pl.DataFrame:
    """Add another code of the piece; it is read only where it is not written as the letter's is, which is rare."""
    name, other = f"other_{at}", pl.col(f"c{at}")
    apart = table.filter(other.ne_missing(pl.col("c0"))).select("line", f"c{at}")
    apart = apart.select("line", piece_codes(apart[f"c{at}"])["serial"].alias(name))
    if apart.is_empty():
        return scans.with_columns(pl.col("letter").alias(name))
    same = ~pl.col("line").is_in(apart["line"].implode())
    joined = scans.join(apart, on="line", how="left", maintain_order="left")
    filled = joined.with_columns(pl.when(same).then("letter").otherwise(name).alias(name))
    return filled.with_columns(agree=pl.col("agree") & pl.col(name).eq_missing(pl.col("letter")))
