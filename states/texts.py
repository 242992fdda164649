"""Free text of the ledger: it stands beside the entries under salted commitments, so that it can be redacted.

An entry holds `{"commitment": SHA-256 of salt and text}` where somebody's own words would stand; entries written before
schema 0008 hold the words themselves. A redaction takes salt and text away: the entry, its hash, its signature and
every proof stay as they are, and nobody can try words against the commitment that is left.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import Connection, select, update
from sqlmodel import col

from models import tables
from models.records.base import REDACTED, FreeText

_SALT = 16  # random bytes
_SALTED = re.compile(rf"[0-9a-f]{{{2 * _SALT}}}")
_COMMITMENT = "commitment"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What opens a commitment: the place in the entry's data where it stands, its salt and the text."""

    place: str
    salt: bytes
    text: str

    @property
    def commitment(self) -> str:
        """Return what stands in the entry instead of the text."""
        return sha256(self.salt + self.text.encode()).hexdigest()


def commit(data: Mapping[str, object]) -> tuple[Mapping[str, object], list[Opening]]:
    """Return data with a commitment for every free text in it, however deep, and what opens them."""
    openings: list[Opening] = []
    return cast("Mapping[str, object]", _committed(data, "", openings)), openings


def words_of(data: Mapping[str, object]) -> dict[str, str]:
    """Return every free text in data by its place."""
    return {opening.place: opening.text for opening in commit(data)[1]}


def _committed(value: object, place: str, openings: list[Opening]) -> object:
    kind = type(value)
    if kind is FreeText and value:
        openings.append(Opening(place=place, salt=os.urandom(_SALT), text=str(value)))
        return {_COMMITMENT: openings[-1].commitment}
    if kind is dict:
        members = cast("dict[str, object]", value).items()
        return {key: _committed(member, f"{place}.{key}" if place else key, openings) for key, member in members}
    if kind is list or kind is tuple:
        return [
            _committed(member, f"{place}.{at}", openings) for at, member in enumerate(cast("Sequence[object]", value))
        ]
    return value


def put_back(connection: Connection, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the texts back into what entries say; where one was redacted it says so."""
    by_seq = {entry["seq"]: entry for entry in said}
    if not by_seq:
        return said
    table = tables.LedgerText
    query = select(col(table.seq), col(table.place), col(table.text))
    for seq, place, text in connection.execute(query.where(col(table.seq).between(min(by_seq), max(by_seq)))):
        if seq in by_seq:
            _put(by_seq[seq]["data"], place, REDACTED if text is None else text)
    return said


def _put(data: Any, place: str, text: str) -> None:
    *way, last = (int(step) if step.isdigit() else step for step in place.split("."))
    for step in way:
        data = data[step]
    data[last] = text


def redact(connection: Connection, seq: int, place: str) -> None:
    """Take a text and its salt out, behind the entry that names them."""
    table = tables.LedgerText
    at = (col(table.seq) == seq, col(table.place) == place)
    connection.execute(update(table).where(*at).values(salt=None, text=None))


def replaced(record: str, place: str) -> str:
    """Return a record's JSON in which it says at a place that the text was redacted."""
    data = json.loads(record)
    _put(data, place, REDACTED)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def first_wrong(connection: Connection) -> tuple[int, str] | None:
    """Return the first place of which text and commitment disagree, or the text went without a redaction."""
    ledger, kept = tables.Ledger, tables.LedgerText
    entries = select(col(ledger.seq), col(ledger.entry)).where(col(ledger.entry).contains('{"commitment":"'))
    closed = {
        (seq, place): commitment
        for seq, entry in connection.execute(entries)
        for place, commitment in _commitments(json.loads(entry)["data"], "")
    }
    redactions = select(col(ledger.entry)).where(col(ledger.event) == "text_redacted")
    records = (json.loads(entry)["data"]["record"] for entry in connection.execute(redactions).scalars())
    redacted = {(record["entry"], record["place"]) for record in records}
    wrong: set[tuple[int, str]] = set()
    for row in connection.execute(select(kept)):
        at = (row.seq, row.place)
        commitment = closed.pop(at, "")
        right = at in redacted and row.text is None and row.salt is None
        if row.text is not None and _SALTED.fullmatch(row.salt or ""):
            opening = Opening(place=row.place, salt=bytes.fromhex(row.salt or ""), text=row.text)
            right = at not in redacted and opening.commitment == commitment
        if not right or not commitment:
            wrong.add(at)
    return min(wrong | closed.keys(), default=None)


def _commitments(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and set(cast("dict[str, Any]", value)) == {_COMMITMENT}:
        yield place, cast("dict[str, str]", value)[_COMMITMENT]
    elif isinstance(value, (dict, list)):
        inside = (
            cast("dict[str, Any]", value).items() if isinstance(value, dict) else enumerate(cast("list[Any]", value))
        )
        for name, member in inside:
            yield from _commitments(member, f"{place}.{name}" if place else str(name))


def lines(connection: Connection, *, first: int = 1, last: int) -> Iterator[str]:
    """Walk over what opens the commitments of some entries, each as a line of JSON; what was redacted is left out."""
    table = tables.LedgerText
    query = (
        select(table)
        .where(col(table.text).is_not(None), col(table.seq).between(first, last))
        .order_by(col(table.seq), col(table.place))
    )
    for row in connection.execution_options(yield_per=1000).execute(query):
        said = {"place": row.place, "salt": row.salt, "seq": row.seq, "text": row.text}
        yield json.dumps(said, ensure_ascii=False, separators=(",", ":"))
