"""The roll: what the vault keeps of the register's files, and who has which serial (Laws 4 and 7).

Kept are the columns that the programme knows, rewritten as CSV in the order of the rows; what an extract had beside
them is nowhere. A serial is given in an order that tells nothing, belongs to one 宛名番号 for the whole cycle, and is
never given to another.
"""

# polars' signatures name numpy, which is not needed and not installed
# pyright: reportUnknownMemberType=false
import io
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from adapters.numbers import KEY, NUMBER, is_number, keyed, read_numbers
from adapters.register import RegisterTable, parse_register
from models.extract import Finding
from models.programme import Programme
from models.serials import compact, expand

if TYPE_CHECKING:
    from adapters.vault import Vault

_ROLL = "serials"
_NTH, _SERIAL = "nth", "serial"  # two persons may share a number by mistake: the first is 0, the second 1
_RENEWED = 1000  # added to it, it is the one whose letter is replaced
_SCHEMA = {NUMBER: pl.String, _NTH: pl.UInt32, _SERIAL: pl.UInt32}


def keep(vault: "Vault", table: RegisterTable) -> None:
    """Write an extract into the vault under the hash of the file as it came, with what reading it showed."""
    known = {*table.frame.columns}
    findings = [
        {
            "code": finding.code,
            "row": finding.row,
            "column": finding.column if finding.column in known else "",
            "count": finding.count,
        }
        for finding in table.findings
    ]
    origin = {"sha256": table.sha256, "encoding": table.encoding, "findings": findings}
    vault.write(f"extract-{table.sha256[:12]}", minimised(table.frame))
    vault.write(f"origin-{table.sha256[:12]}", json.dumps(origin, ensure_ascii=False).encode())


def kept(vault: "Vault", sha256: str, programme: Programme) -> RegisterTable:
    """Return a kept extract as it was read when it came: rows count as they did then."""
    table = parse_register(vault.read(f"extract-{sha256[:12]}"), programme=programme)
    origin = json.loads(vault.read(f"origin-{sha256[:12]}"))
    findings = tuple(Finding(**finding) for finding in origin["findings"])
    return replace(table, sha256=origin["sha256"], encoding=origin["encoding"], findings=findings)


def minimised(frame: pl.DataFrame) -> bytes:
    """Return the known columns of a file of the register section as CSV; polars would quote what is empty."""
    text = io.BytesIO()
    columns = [name for name in frame.columns if name != "row"]
    frame.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in columns).write_csv(text)
    return text.getvalue()


def enrolled(vault: "Vault", frame: pl.DataFrame, rows: pl.Series, *, after: int = 0) -> pl.DataFrame:
    """Give a serial to everybody in these rows who has none yet; return the rows with their serials.

    New serials go on from the last one ever given, and from `after`, in an order that tells nothing about anybody.
    """
    numbered = _numbered(frame)
    listed = numbered.filter(pl.col("row").is_in(rows.implode()) & is_number())
    roll = _written(vault, listed, after)
    return listed.join(roll, on=[KEY, _NTH]).select("row", _SERIAL).sort("row")


def renewed(vault: "Vault", serials: str, *, after: int = 0) -> dict[int, int]:
    """Give everybody who has one of these serials another one (差替え), once; return the new serial by the old.

    The old serial stays theirs: whoever comes under protection is found with both.
    """
    asked = _roll(vault).join(_series(serials).to_frame(), on=_SERIAL, how="semi")
    asked = asked.with_columns(pl.col(_NTH) + _RENEWED)
    pairs = asked.join(_written(vault, asked, after), on=[KEY, _NTH], suffix=" new")
    return dict(pairs.select(_SERIAL, f"{_SERIAL} new").iter_rows())


def compared(vault: "Vault", before: tuple[pl.DataFrame, str], now: tuple[pl.DataFrame, str]) -> dict[str, str]:
    """Compare two extracts, each with the serials it lists for export or decision: who is added, removed, changed.

    Changed is who stands in both and differs in any column that the programme knows.
    """
    was, stands = (_listed(vault, frame, serials) for frame, serials in (before, now))
    columns = [name for name in stands.columns if name not in {"row", NUMBER, KEY, _NTH, _SERIAL}]
    both = stands.join(was, on=_SERIAL, suffix=" before")
    differs = pl.any_horizontal(pl.col(name) != pl.col(f"{name} before") for name in columns)
    found = {
        "added": stands.join(was, on=_SERIAL, how="anti"),
        "removed": was.join(stands, on=_SERIAL, how="anti"),
        "changed": both.filter(differs),
    }
    return {kind: compact(rows[_SERIAL]) for kind, rows in found.items()}


def serials_of(vault: "Vault", keys: pl.Series) -> pl.DataFrame:
    """Return every pair of key and serial for these keys of numbers; who has no serial is not among them."""
    return _roll(vault).filter(pl.col(KEY).is_in(keys.implode())).select(KEY, _SERIAL)


def numbers_of(vault: "Vault", serials: str) -> pl.DataFrame:
    """Return the key of 宛名番号 and the serial of everybody who has one of these serials."""
    return _roll(vault).filter(pl.col(_SERIAL).is_in(_series(serials).implode())).select(KEY, _SERIAL)


def _roll(vault: "Vault") -> pl.DataFrame:
    """Return the roll; what was enrolled before there was a normal form is read as it is now."""
    if _ROLL not in vault.names():
        return keyed(pl.DataFrame(schema=_SCHEMA))
    roll = pl.read_csv(vault.read(_ROLL), schema=_SCHEMA)
    return keyed(roll.with_columns(read_numbers(roll[NUMBER]).fill_null(roll[NUMBER])))


def _written(vault: "Vault", wanted: pl.DataFrame, after: int) -> pl.DataFrame:
    """Return the roll with a serial for everybody wanted; whoever has none gets one after the last ever given."""
    roll = _roll(vault)
    new = wanted.join(roll, on=[KEY, _NTH], how="anti").select(NUMBER, _NTH)
    if not new.height:
        return roll
    first = max(after, int(roll[_SERIAL].max() or 0)) + 1  # pyright: ignore[reportArgumentType] - a column of numbers
    serials = list(range(first, first + new.height))
    random.SystemRandom().shuffle(serials)
    new = keyed(new.with_columns(pl.Series(_SERIAL, serials, dtype=pl.UInt32)))
    roll = roll.vstack(new.select(roll.columns))
    text = io.BytesIO()
    roll.drop(KEY).write_csv(text)
    vault.write(_ROLL, text.getvalue())
    return roll


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return keyed(frame).with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).over(KEY).alias(_NTH))


def _listed(vault: "Vault", frame: pl.DataFrame, serials: str) -> pl.DataFrame:
    rows = _numbered(frame).join(_roll(vault).drop(NUMBER), on=[KEY, _NTH])
    return rows.join(_series(serials).to_frame(), on=_SERIAL, how="semi")


def _series(serials: str) -> pl.Series:
    return pl.Series(_SERIAL, list(expand(serials)), dtype=pl.UInt32)
