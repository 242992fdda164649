"""The ledger: append-only, canonical JSON stored as written, a Merkle tree over it, signed checkpoints (Law 5).

Entry n of the ledger is leaf n-1 of the RFC 6962 tree. `hashes` holds what the leaf completes, so that a root needs a
handful of rows whatever the size. What is verified is what is stored: nothing is parsed or rebuilt.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, cast

import rfc8785
from sqlalchemy import Connection, Engine, func, insert, select
from sqlmodel import col

from models import tables
from models.clock import stamp, utc
from models.database import reading
from models.errors import Damaged
from models.notes import Signer, TreeHead, open_note, signed_note
from models.words import _
from states import merkle, texts

# Every act appends: these go straight to the driver, which takes a tenth of the time.
HISTORY = "history_imported"  # the event of a row of last year's 管理簿
_LAST = "SELECT seq, hashes FROM ledger ORDER BY seq DESC LIMIT 1"
_LAST_AT = "SELECT substr(entry, 8, 25) FROM ledger ORDER BY seq DESC LIMIT 1"  # an entry begins with its instant
_HASHES = "SELECT hashes FROM ledger WHERE seq = ?"
_APPEND = "INSERT INTO ledger (seq, cycle_id, event, entry, hashes) VALUES (?, ?, ?, ?, ?)"
_OPEN = "INSERT INTO ledgertext (seq, place, salt, text) VALUES (?, ?, ?, ?)"
_SIZE = select(func.max(col(tables.Ledger.seq)))

_STORED = "SELECT seq, {bytes} FROM ledger ORDER BY seq"
# Whether number, event and cycle beside an entry are the ones it says. Nothing is parsed: a canonical entry has its
# members in one order, and text within it cannot hold a bare quotation mark.
_DISAGREEING = """
SELECT MIN(seq) FROM ledger WHERE
  {find}(entry, '"event":"' || event || '","seq":' || seq || ',"via":"') = 0
  OR {find}(entry, ',"cycle":' || COALESCE('"' || cycle_id || '"', 'null') || ',"data":{{') = 0
"""
_EARLIER = """
SELECT seq, at, latest FROM (
  SELECT seq, substr(entry, 8, 25) AS at, MAX(substr(entry, 8, 25)) OVER (ORDER BY seq) AS latest FROM ledger
) AS told WHERE at < latest ORDER BY seq
"""
_AS_BYTES = {
    "sqlite": "CAST(entry AS BLOB), CAST(hashes AS BLOB)",  # SQLite would keep text in either column
    "postgresql": "convert_to(entry, 'UTF8'), hashes",
}
_FIND = {"sqlite": "instr", "postgresql": "strpos"}
_BLOCK = 4096
CLOCKS_DIFFER = timedelta(minutes=5)  # the clocks of two machines, at most

_LARGEST = 2**53 - 1  # what RFC 8785 allows an integer to be
_string = json.encoder.encode_basestring
_written = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is said in one entry, before it has a number."""

    at: datetime
    event: str
    by: str
    via: str
    cycle_id: str | None = None
    data: Mapping[str, object]
    openings: tuple[texts.Opening, ...] = ()


def committed(entry: Entry) -> Entry:
    """Return the entry as it is hashed and signed: a commitment for every free text, what opens it beside it."""
    data, openings = texts.commit(entry.data)
    return replace(entry, data=data, openings=(*entry.openings, *openings)) if openings else entry


def runs_backwards(connection: Connection, at: datetime) -> bool:
    """Tell whether an instant lies before that of the last entry, by more than clocks of two machines may differ."""
    last = _Driver(connection).one(_LAST_AT)
    return bool(last) and at < datetime.fromisoformat(last[0]) - CLOCKS_DIFFER


def backwards(connection: Connection) -> list[int]:
    """Return the entries that are earlier than one before them, by more than clocks of two machines may differ."""
    moment = datetime.fromisoformat
    found = connection.exec_driver_sql(_EARLIER)
    return [seq for seq, at, latest in found if moment(at) < moment(latest) - CLOCKS_DIFFER]


def append(connection: Connection, entry: Entry) -> int:
    """Append one entry in the caller's transaction and return its number (1, 2, 3 …)."""
    return append_all(connection, [entry])


def append_all(connection: Connection, entries: Iterable[Entry]) -> int:
    """Append entries in order, in the caller's transaction, with one statement; return the number of the last entry."""
    driver = _Driver(connection)
    last, hashes = driver.one(_LAST) or (0, b"")
    said = list(enumerate(map(committed, entries), start=last + 1))
    lines = [_text(entry, seq) for seq, entry in said]
    columns = merkle.stored_hashes(
        last,
        [merkle.leaf_hash(line.encode()) for line in lines],
        lambda leaf: hashes if leaf == last - 1 else driver.hashes(leaf),
    )
    driver.put(
        _APPEND,
        [
            (seq, entry.cycle_id, entry.event, line, stored)
            for (seq, entry), line, stored in zip(said, lines, columns, strict=True)
        ],
    )
    opened = [(seq, text.place, text.salt.hex(), text.text) for seq, entry in said for text in entry.openings]
    if opened:
        driver.put(_OPEN, opened)
    return last + len(said)


def _text(entry: Entry, seq: int) -> str:
    """Return the entry as it is stored for ever: RFC 8785, its seven members in their order."""
    cycle = "null" if entry.cycle_id is None else _string(entry.cycle_id)
    return (
        f'{{"at":"{stamp(entry.at)}","by":{_string(entry.by)},"cycle":{cycle},"data":{canonical(entry.data)},'
        f'"event":{_string(entry.event)},"seq":{seq},"via":{_string(entry.via)}}}'
    )


def canonical(said: Mapping[str, object]) -> str:
    """Return RFC 8785 of what is said.

    Where `_is_plain` the standard library's encoder writes the same bytes in a fifth of the time; else rfc8785 does it.
    """
    return _written(said) if _is_plain(said) else rfc8785.dumps(dict[str, Any](said)).decode()


def _is_plain(value: object) -> bool:
    """Tell whether a value holds neither fractions, large integers nor keys that UTF-16 would sort in another order."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -_LARGEST <= cast("int", value) <= _LARGEST
    if kind is dict:
        members = cast("dict[object, object]", value)
        return all(type(key) is str and key.isascii() for key in members) and _are_plain(members.values())
    return kind in {list, tuple} and _are_plain(cast("list[object]", value))


def _are_plain(values: Iterable[object]) -> bool:
    for value in values:  # noqa: SIM110 - a loop: all() with a generator takes twice the time of every append
        if type(value) is not str and not _is_plain(value):
            return False
    return True


def size(connection: Connection) -> int:
    """Return how many entries there are."""
    return connection.execute(_SIZE).scalar() or 0


def root(connection: Connection, at_size: int) -> bytes:
    """Return the root of the tree over the first `at_size` entries."""
    return merkle.root(at_size, _Driver(connection).hashes)


def checkpoint(connection: Connection, *, signer: Signer, at: datetime, reason: str) -> str:
    """Sign the ledger as it stands and keep the note; the same size is signed once."""
    entries = size(connection)
    known = connection.execute(
        select(col(tables.Checkpoint.note)).where(col(tables.Checkpoint.size) == entries)
    ).scalar()
    if known is not None:
        return known
    note = signed(connection, signer=signer)
    connection.execute(insert(tables.Checkpoint).values(size=entries, note=note, reason=reason, made_at=utc(at)))
    return note


def signed(connection: Connection, *, signer: Signer) -> str:
    """Return a checkpoint of the ledger as it stands, without keeping it."""
    entries = size(connection)
    return signed_note(TreeHead(origin=signer.name, size=entries, root=root(connection, entries)).text(), signer)


def entries(connection: Connection, *, cycle_id: str | None = None) -> Iterator[str]:
    """Walk over the stored entries in order, all of them or one cycle's."""
    query = select(col(tables.Ledger.entry)).order_by(col(tables.Ledger.seq))
    if cycle_id is not None:
        query = query.where(col(tables.Ledger.cycle_id) == cycle_id)
    yield from connection.execution_options(yield_per=1000).execute(query).scalars()


def told(connection: Connection, *, cycle_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Walk over what the entries say, in order, each with its texts put back: all entries or one cycle's."""
    stored = entries(connection, cycle_id=cycle_id)
    while block := list(islice(stored, _BLOCK)):
        yield from with_texts(connection, block)


def with_texts(connection: Connection, stored: Iterable[str]) -> list[dict[str, Any]]:
    """Return what stored entries say, each with its texts put back; where one was redacted it says so."""
    return texts.put_back(connection, [json.loads(entry) for entry in stored])


def leaves(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Walk over the stored entries in order, each with the 32-byte hash that was stored with it."""
    query = select(col(tables.Ledger.entry), col(tables.Ledger.hashes)).order_by(col(tables.Ledger.seq))
    for row in connection.execution_options(yield_per=1000).execute(query):
        yield row.entry, row.hashes[: merkle.HASH_SIZE]


def consistency_proof(connection: Connection, old: int, new: int) -> list[bytes]:
    """Return the proof that the ledger of `new` entries only added to the ledger of `old` entries (RFC 6962 2.1.2)."""
    return merkle.consistency_proof(old, new, _Driver(connection).hashes)


def inclusion_proof(connection: Connection, seq: int, at_size: int) -> list[bytes]:
    """Return the proof that entry `seq` stands in the ledger of `at_size` entries (RFC 6962 2.1.1)."""
    return merkle.inclusion_proof(seq - 1, at_size, _Driver(connection).hashes)


def checkpoints(connection: Connection) -> list[tuple[int, str]]:
    """Return every checkpoint as size and note, the oldest first."""
    query = select(col(tables.Checkpoint.size), col(tables.Checkpoint.note)).order_by(col(tables.Checkpoint.size))
    return [(row.size, row.note) for row in connection.execute(query)]


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What a verification found to hold: checkpoints vouch for the entries up to `covered`."""

    entries: int
    checkpoints: int
    covered: int
    root: str
    remarks: tuple[str, ...] = ()


def verify(connection: Connection, notes: list[tuple[int, str]], *, name: str, public_key: bytes) -> Verified:
    """Hash every entry as stored, compare it with the tree hashes beside it, and the tree with every signed checkpoint.

    Raises:
        Damaged: an entry, its columns or its tree hashes were changed, or a checkpoint does not hold; the message
            names the entry, or the entries between two checkpoints where nothing finer is known.

    """
    driver, roots = _Driver(connection), merkle.Roots()
    with ThreadPoolExecutor(1) as aside:  # the database looks at the columns meanwhile: it needs no Python for that
        disagreeing = aside.submit(_disagreeing, connection.engine)
        for block in driver.blocks():
            _check_block(block, roots)
    if seq := disagreeing.result():
        raise _damaged(_("The columns beside entry {seq} of the ledger were changed.").format(seq=seq))
    held = 0
    for size, note in sorted(notes):
        if size > roots.size:
            raise _damaged(
                _("The ledger ends at entry {count}: what the checkpoint at entry {size} signed is missing.").format(
                    count=roots.size, size=size
                )
            )
        signed = TreeHead.parse(open_note(note, name=name, public_key=public_key))
        # The stored tree was just found to be the entries' own.
        if (signed.size, signed.root) != (size, merkle.root(size, driver.hashes)):
            raise _damaged(
                _("Entries {first} to {last} of the ledger are not all what the checkpoint at entry {last} signed.")
                .format(first=held + 1, last=size)
            )  # fmt: skip
        held = size
    if wrong := texts.first_wrong(connection):
        raise _damaged(
            _("The text of entry {seq} at {place} is not what was written, or was taken away without a redaction.")
            .format(seq=wrong[0], place=wrong[1])
        )  # fmt: skip
    return Verified(entries=roots.size, checkpoints=len(notes), covered=held, root=roots.root().hex())


def _check_block(block: list[tuple[int, bytes, bytes]], roots: merkle.Roots) -> None:
    """Check that the entries stand in their places and give the tree hashes beside them."""
    first = roots.size + 1
    numbers, entries, stored = zip(*block, strict=True)
    if numbers != tuple(range(first, first + len(block))):
        missing = next(n for n, seq in enumerate(numbers, start=first) if n != seq)
        raise _damaged(_("Entry {seq} of the ledger is missing.").format(seq=missing))
    columns = roots.add([sha256(b"\x00" + entry).digest() for entry in entries])
    if list(stored) != columns:
        wrong = next(n for n, pair in enumerate(zip(stored, columns, strict=True), start=first) if pair[0] != pair[1])
        raise _damaged(_("Entry {seq} of the ledger is not what was written: its hash differs.").format(seq=wrong))


def _disagreeing(engine: Engine) -> int | None:
    """Return the first entry beside which number, event or cycle were changed."""
    with reading(engine) as connection:
        return _Driver(connection).one(_DISAGREEING.format(find=_FIND[engine.dialect.name]))[0]


def _damaged(message: str) -> Damaged:
    return Damaged(message, _("Keep everything as it is, and compare with a printed checkpoint and the last backup."))


class _Driver:
    """The driver's own cursor, within the transaction of a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection.connection.driver_connection
        self._cursor = self._connection.cursor()
        self._dialect = connection.dialect.name
        self._place = "?" if self._dialect == "sqlite" else "%s"

    def one(self, statement: str, *parameters: object) -> Any:
        self._cursor.execute(statement.replace("?", self._place), parameters)
        return self._cursor.fetchone()

    def hashes(self, leaf: int) -> bytes:
        found = self.one(_HASHES, leaf + 1)
        return found[0] if found else b""

    def put(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._cursor.executemany(statement.replace("?", self._place), rows)

    def blocks(self) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """Walk over the stored rows; PostgreSQL's named cursor leaves them at the server."""
        cursor = self._cursor if self._dialect == "sqlite" else self._connection.cursor("ledger")
        cursor.execute(_STORED.format(bytes=_AS_BYTES[self._dialect]))
        while block := cursor.fetchmany(_BLOCK):
            yield block
