"""The ledger: append-only, canonical JSON stored as written, a Merkle tree over it, signed checkpoints (Law 5).

Entry n of the ledger is leaf n-1 of the RFC 6962 tree. `hashes` holds what the leaf completes, so that a root needs a
handful of rows whatever the size. What is verified is what is stored: nothing is parsed or rebuilt.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import Connection, bindparam, func, insert, select
from sqlmodel import col

from models import tables
from models.clock import stamp, utc
from models.errors import Damaged
from models.notes import Checkpoint, Signer, signed_note, verify_note
from models.words import _
from states import merkle

# Built once: building a statement costs as much as running it, and every act appends.
_SIZE = select(func.max(col(tables.Ledger.seq)))
_HASHES = select(col(tables.Ledger.hashes)).where(col(tables.Ledger.seq) == bindparam("seq"))
_APPEND = insert(tables.Ledger)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is said in one entry, before it has a number."""

    at: datetime
    event: str
    by: str
    via: str
    cycle_id: str | None = None
    data: Mapping[str, object]


def append(connection: Connection, entry: Entry) -> int:
    """Append one entry in the caller's transaction and return its number (1, 2, 3 …)."""
    return append_all(connection, [entry])


def append_all(connection: Connection, entries: Sequence[Entry]) -> int:
    """Append entries in their order in one statement and return the number of the last."""
    seq, rows = size(connection), list[dict[str, Any]]()
    fresh: dict[int, bytes] = {}  # what this very statement appends

    def read(leaf: int) -> bytes:
        return fresh[leaf] if leaf in fresh else _hashes(connection, leaf)

    for entry in entries:
        text = _said(entry, seq := seq + 1)
        fresh[seq - 1] = hashes = merkle.stored_hashes(seq - 1, text, read)
        rows.append({
            "seq": seq, "cycle_id": entry.cycle_id, "event": entry.event, "entry": text.decode(), "hashes": hashes
        })  # fmt: skip
    if rows:
        connection.execute(_APPEND, rows)
    return seq


def _said(entry: Entry, seq: int) -> bytes:
    said: dict[str, Any] = {
        "at": stamp(entry.at),
        "by": entry.by,
        "cycle": entry.cycle_id,
        "data": dict(entry.data),
        "event": entry.event,
        "seq": seq,
        "via": entry.via,
    }
    return rfc8785.dumps(said)


def size(connection: Connection) -> int:
    """Return how many entries there are."""
    return connection.execute(_SIZE).scalar() or 0


def root(connection: Connection, at_size: int) -> bytes:
    """Return the root of the tree over the first `at_size` entries."""
    return merkle.root(at_size, lambda leaf: _hashes(connection, leaf))


def checkpoint(connection: Connection, *, signer: Signer, at: datetime, reason: str) -> str:
    """Sign the ledger as it stands and keep the note; the same size is signed once."""
    entries = size(connection)
    known = connection.execute(
        select(col(tables.Checkpoint.note)).where(col(tables.Checkpoint.size) == entries)
    ).scalar()
    if known is not None:
        return known
    note = signed_note(Checkpoint(origin=signer.name, size=entries, root=root(connection, entries)).text(), signer)
    connection.execute(insert(tables.Checkpoint).values(size=entries, note=note, reason=reason, made_at=utc(at)))
    return note


def entries(connection: Connection, *, cycle_id: str | None = None) -> Iterator[str]:
    """Walk over the stored entries in order, all of them or one cycle's."""
    query = select(col(tables.Ledger.entry)).order_by(col(tables.Ledger.seq))
    if cycle_id is not None:
        query = query.where(col(tables.Ledger.cycle_id) == cycle_id)
    yield from connection.execution_options(yield_per=1000).execute(query).scalars()


def checkpoints(connection: Connection) -> list[tuple[int, str]]:
    """Return every checkpoint as size and note, the oldest first."""
    query = select(col(tables.Checkpoint.size), col(tables.Checkpoint.note)).order_by(col(tables.Checkpoint.size))
    return [(row.size, row.note) for row in connection.execute(query)]


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What a verification found to hold."""

    entries: int
    checkpoints: int
    root: str


def verify(lines: Iterator[str], notes: list[tuple[int, str]], *, name: str, public_key: bytes) -> Verified:
    """Hash every entry as stored and compare with every signed checkpoint.

    Raises:
        Damaged: an entry is out of order, or a checkpoint does not hold; the message names the place.

    """
    roots, waiting, held = merkle.Roots(), sorted(notes), 0
    count = 0
    for count, line in enumerate(lines, start=1):
        if line.rpartition(',"seq":')[2].partition(",")[0] != str(count):
            raise _damaged(_("Entry {seq} of the ledger is not where it belongs.").format(seq=count))
        roots.add(merkle.leaf_hash(line.encode()))
        while waiting and waiting[0][0] == count:
            _compare(waiting.pop(0)[1], roots.root(), count, name=name, public_key=public_key)
            held += 1
    if waiting:
        raise _damaged(
            _("The checkpoint at {size} entries is newer than the ledger, which has {count}.").format(
                size=waiting[0][0], count=count
            )
        )
    return Verified(entries=count, checkpoints=held, root=roots.root().hex())


def _compare(note: str, found: bytes, count: int, *, name: str, public_key: bytes) -> None:
    signed = verify_note(note, name=name, public_key=public_key)
    if (signed.size, signed.root) != (count, found):
        raise _damaged(_("The ledger up to entry {seq} is not what the checkpoint signed.").format(seq=count))


def _damaged(message: str) -> Damaged:
    return Damaged(message, _("Keep everything as it is, and compare with a printed checkpoint and the last backup."))


def _hashes(connection: Connection, leaf: int) -> bytes:
    return connection.execute(_HASHES, {"seq": leaf + 1}).scalar_one()
