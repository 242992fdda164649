"""The database: what is remembered of a year. Serials, counts, hashes, staff; never a resident's data (Law 4).

`state` columns are guarded by database triggers that look into `rule` (see deploy/migrations): a pair that is not in
states/table.py is refused whoever asks. `ledger` and `checkpoint` can only grow.
"""

from datetime import date, datetime

from sqlalchemy import Column, DateTime, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel


def _instant(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


def _partial_index(name: str, column: str, *, where: str) -> Index:
    return Index(name, column, sqlite_where=text(where), postgresql_where=text(where))


class Rule(SQLModel, table=True):
    """One allowed change of one machine, filled from states/table.py; from "" is the beginning."""

    machine: str = Field(primary_key=True)
    from_state: str = Field(primary_key=True)
    trigger: str = Field(primary_key=True)
    to_state: str = Field(primary_key=True)


class Cycle(SQLModel, table=True):
    """One fiscal year of one programme; `differs` says in what it is not the matter the board approved."""

    id: str = Field(primary_key=True)
    programme: str
    fiscal_year: int = Field(index=True)
    programme_sha256: str
    programme_text: str = Field(sa_column=Column(Text, nullable=False))
    state: str
    on_hold: bool = False
    differs: str = ""
    opened_at: datetime = Field(sa_column=_instant())


class Act(SQLModel, table=True):
    """One dated act of a cycle: its plan, what is owed now, and whether it is done."""

    # The sweep reads this index alone: its cost does not grow with what is done (see docs/decisions/0003).
    __table_args__ = (_partial_index("act_to_look_at", "look_on", where="done_on IS NULL"),)

    cycle_id: str = Field(primary_key=True, foreign_key="cycle.id")
    act: str = Field(primary_key=True)
    owner: str
    rule: str
    planned_on: date
    due_on: date
    moved_to: date | None = None
    moved_reason: str = ""
    done_on: date | None = None
    done_seq: int | None = None
    flag: str = ""
    flagged_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    rung: int | None = None
    look_on: date


class Record(SQLModel, table=True):
    """The record an act brought, as JSON; `status` is pending (for a second person), done, superseded or dropped."""

    __table_args__ = (Index("record_in_force", "cycle_id", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    cycle_id: str = Field(foreign_key="cycle.id")
    act: str
    key: str = Field(unique=True)
    status: str
    by: str
    via: str
    occurred_at: datetime = Field(sa_column=_instant())
    entered_at: datetime = Field(sa_column=_instant())
    data: str = Field(sa_column=Column(Text, nullable=False))
    confirmed_by: str = ""
    ledger_seq: int


class Staff(SQLModel, table=True):
    """A person who acts: staff of the ward or of the contractor, never a resident."""

    id: str = Field(primary_key=True)
    name: str
    side: str
    roles: str
    valid_from: date
    valid_to: date
    mail: str = ""
    phone: str = ""
    phone_out_of_hours: str = ""
    substitute: str = ""
    public_key: str = ""


class Item(SQLModel, table=True):
    """A custody item: a medium, a notice, a stack of imprinted sheets, an electronic copy. `state` says who has it."""

    cycle_id: str = Field(primary_key=True, foreign_key="cycle.id")
    number: str = Field(primary_key=True)
    kind: str
    state: str
    content: str


class Piece(SQLModel, table=True):
    """A mail piece by its meaningless serial. `origin` is extract or addition."""

    __table_args__ = (Index("piece_by_state", "cycle_id", "state"),)

    cycle_id: str = Field(primary_key=True, foreign_key="cycle.id")
    serial: int = Field(primary_key=True)
    origin: str
    state: str


class HeldRow(SQLModel, table=True):
    """A held row of an extract: row, column and reason code, never the value; and the named decision on it."""

    cycle_id: str = Field(primary_key=True, foreign_key="cycle.id")
    row: int = Field(primary_key=True)
    column: str
    code: str
    how: str = ""
    reason: str = ""
    substitute: str = ""
    decided_by: str = ""


class Incident(SQLModel, table=True):
    """Something that broke a rule or may harm somebody; it holds the cycle until it is settled."""

    id: int | None = Field(default=None, primary_key=True)
    cycle_id: str = Field(foreign_key="cycle.id", index=True)
    kind: str
    state: str
    known_on: date
    ledger_seq: int


class Claim(SQLModel, table=True):
    """One of the 48 measures, claimed for this cycle with its evidence."""

    cycle_id: str = Field(primary_key=True, foreign_key="cycle.id")
    measure: str = Field(primary_key=True)
    evidence: str
    evidence_file: str = ""
    happened_on: date | None = None
    received_on: date | None = None
    valid_until: date | None = None
    not_applicable: bool = False
    by: str
    ledger_seq: int


class Reminder(SQLModel, table=True):
    """One message owed to somebody: the outbox, written in the transaction of the flag that caused it.

    `not_before` is set where a receiver asked for patience or a webhook was refused; mail has none.
    """

    __table_args__ = (_partial_index("reminder_waiting", "id", where="state IN ('waiting', 'claimed')"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    cycle_id: str = Field(foreign_key="cycle.id", index=True)
    act: str
    rung: int
    due_on: date
    to_person: str  # or a side, where the whole side has a webhook
    channel: str = "mail"
    message_id: str
    state: str
    attempts: int = 0
    created_at: datetime = Field(sa_column=_instant())
    settled_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    not_before: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    trouble: str = ""


class Sweep(SQLModel, table=True):
    """The last morning's sweep, one row: by it a clock that was set back, or far ahead, is noticed.

    `wrote_on` is the last open day of a sweep: what was to be announced since then is made up for.
    """

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    swept_at: datetime = Field(sa_column=_instant())
    wrote_on: date | None = None
    doubted_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class Ledger(SQLModel, table=True):
    """The ledger: canonical JSON (RFC 8785) as written, and the tree hashes its leaf completes (RFC 6962)."""

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    cycle_id: str | None = Field(default=None, index=True)
    event: str
    entry: str = Field(sa_column=Column(Text, nullable=False))
    hashes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LedgerText(SQLModel, table=True):
    """A free text of an entry, which stands there as a commitment: SHA-256 of salt and text. Redacted, both are NULL.

    `place` is the way to it in the entry's data, joined by dots; `salt` is 16 random bytes in hexadecimal.
    """

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    place: str = Field(primary_key=True)
    salt: str | None
    text: str | None = Field(sa_column=Column(Text, nullable=True))


class Checkpoint(SQLModel, table=True):
    """A signed checkpoint (C2SP) of the ledger at a size, and why it was made."""

    size: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    note: str = Field(sa_column=Column(Text, nullable=False))
    reason: str
    made_at: datetime = Field(sa_column=_instant())
