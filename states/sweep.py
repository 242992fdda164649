"""The morning's sweep: flags for what is soon due, due or overdue, and the reminders that follow, in one transaction.

The query reads a partial index over what is not done and has come to its day; its cost does not grow with what is
done. Somebody is reminded only of what he can do now: what waits on another's act keeps its flag and is silent.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy import Row as SqlRow
from sqlmodel import col

from models import tables
from models.clock import utc
from models.database import reading, writing
from models.people import SYSTEM, Person, Role, Side
from states import deadlines, ledger
from states.door import Door, missing
from states.facts import Facts
from states.schedule import push
from states.table import BY_TRIGGER

_OWNERS = {
    Side.WARD: Role.COORDINATOR,
    Side.REGISTER: Role.REGISTRAR,
    Side.CONTRACTOR: Role.HANDLING_MANAGER,
}
_ALSO_THE_APPROVER_FROM = 2  # rung, in open days after the due date (domain.md 7)


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep did: acts flagged anew and reminders written to the outbox."""

    looked_at: int
    flagged: int
    reminders: int


@dataclass(frozen=True, kw_only=True)
class _Look:
    flag: str
    rung: int | None
    look_on: date


def to_look_at(connection: Connection, today: date) -> Sequence[SqlRow[tuple[tables.Act]]]:
    """Return the acts that are not done and have something to say by today."""
    act = tables.Act
    query = select(act).where(col(act.done_on).is_(None), col(act.look_on) <= today)
    return connection.execute(query.order_by(col(act.cycle_id), col(act.due_on))).all()


def sweep(door: Door) -> Swept:
    """Flag what has come to its day and write the reminders that follow to the outbox."""
    now = door.clock.now()
    today, flagged, written = now.date(), list[ledger.Entry](), 0
    known: dict[str, Facts] = {}
    with writing(door.engine) as connection:
        for cycle_id in dict.fromkeys(row.cycle_id for row in to_look_at(connection, today) if row.due_on < today):
            push(connection, door.facts(connection, cycle_id), today=today, calendar=door.calendar)
        rows = to_look_at(connection, today)
        for row in rows:
            if row.cycle_id not in known:
                known[row.cycle_id] = door.facts(connection, row.cycle_id)
            facts = known[row.cycle_id]
            look = _look(row, facts, today, door)
            flagged += _flag(connection, row, look, now)
            written += _remind(connection, row, look, facts, now)
            _keep(connection, row, look)
        ledger.append_all(connection, flagged)
    return Swept(looked_at=len(rows), flagged=len(flagged), reminders=written)


def waits_on_another(facts: Facts, act: str) -> bool:
    """Tell whether an act cannot be done before somebody of another side has done his: then nobody is chased for it.

    Whose own dated act is missing is reminded all the same, and so is whoever has not claimed a measure yet.
    """
    owner = BY_TRIGGER[act].owner_under(facts.programme)
    gaps = missing(facts, BY_TRIGGER[act])
    return any(gap.guard == "state_allows_it" or _another_owes(facts, gap.act, owner) for gap in gaps)


def _another_owes(facts: Facts, act: str, owner: Side) -> bool:
    return act in facts.due and BY_TRIGGER[act].owner_under(facts.programme) is not owner


def _look(row: SqlRow[tuple[tables.Act]], facts: Facts, today: date, door: Door) -> _Look:
    rungs = facts.programme.reminders.ladder
    return _Look(
        flag=deadlines.ladder(row.due_on, today, door.calendar),
        rung=deadlines.latest_rung(row.due_on, today, door.calendar, rungs=rungs),
        look_on=deadlines.next_look(row.due_on, today, door.calendar, rungs=rungs),
    )


def _flag(
    connection: Connection, row: SqlRow[tuple[tables.Act]], look: _Look, now: datetime
) -> tuple[ledger.Entry, ...]:
    """Flag an act anew; return the entry that tells of it, if there is anything to tell."""
    if look.flag == row.flag:
        return ()
    act = tables.Act
    connection.execute(
        update(act)
        .where(col(act.cycle_id) == row.cycle_id, col(act.act) == row.act)
        .values(flag=look.flag, flagged_at=utc(now))
    )
    data = {"act": row.act, "flag": look.flag, "due_on": row.due_on.isoformat(), "owner": row.owner}
    return (ledger.Entry(at=now, event="act_flagged", by=SYSTEM, via="sweep", cycle_id=row.cycle_id, data=data),)


def _remind(connection: Connection, row: SqlRow[tuple[tables.Act]], look: _Look, facts: Facts, now: datetime) -> int:
    """Write to whoever owes the act, once a rung; what waits on another's act is not asked for."""
    if look.rung is None or look.rung == row.rung or not _may_remind(facts, row.act):
        return 0
    people = {
        f"{row.cycle_id}/{row.act}/{row.due_on}/{look.rung}/{person.id}": person.id
        for person in recipients(facts, Side(row.owner), look.rung)
    }
    # A deadline that was moved and moved back meets its own old reminders: nobody is written to twice.
    key_of = col(tables.Reminder.key)
    known = set(connection.execute(select(key_of).where(key_of.in_(people))).scalars())
    new = {key: person for key, person in people.items() if key not in known}
    for key, person in new.items():
        connection.execute(
            insert(tables.Reminder).values(
                key=key, cycle_id=row.cycle_id, act=row.act, rung=look.rung, due_on=row.due_on, to_person=person,
                message_id=f"msg_{uuid.uuid4().hex}", state="waiting", attempts=0, created_at=utc(now), trouble="",
            )
        )  # fmt: skip
    act = tables.Act
    connection.execute(
        update(act).where(col(act.cycle_id) == row.cycle_id, col(act.act) == row.act).values(rung=look.rung)
    )
    return len(new)


def _may_remind(facts: Facts, act: str) -> bool:
    return not waits_on_another(facts, act) and (not facts.on_hold or BY_TRIGGER[act].under_hold)


def recipients(facts: Facts, side: Side, rung: int) -> tuple[Person, ...]:
    """Return who is written to at a rung: whoever owes the act, later the ward's approver too."""
    roles = {(side, _OWNERS[side])}
    if rung >= _ALSO_THE_APPROVER_FROM:
        roles |= {(Side.WARD, Role.APPROVER)}
    return tuple(
        person
        for person in facts.people.values()
        if person.is_valid_on(facts.today) and any(person.side is s and r in person.roles for s, r in roles)
    )


def _keep(connection: Connection, row: SqlRow[tuple[tables.Act]], look: _Look) -> None:
    act = tables.Act
    connection.execute(
        update(act).where(col(act.cycle_id) == row.cycle_id, col(act.act) == row.act).values(look_on=look.look_on)
    )


@dataclass(frozen=True, kw_only=True)
class Upcoming:
    """An act as a sweep on another day would flag it, if nothing more were done until then."""

    cycle_id: str
    act: str
    due_on: date
    flag: str


def upcoming(door: Door, day: date) -> list[Upcoming]:
    """Return what a sweep on that day would flag; nothing is written."""
    with reading(door.engine) as connection:
        rows = to_look_at(connection, day)
    looks = ((row, deadlines.ladder(row.due_on, day, door.calendar)) for row in rows)
    return [Upcoming(cycle_id=row.cycle_id, act=row.act, due_on=row.due_on, flag=flag) for row, flag in looks if flag]
