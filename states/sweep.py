"""The morning's sweep: flags for what is soon due, due or overdue, and the reminders that follow, in one transaction.

The query reads a partial index over what is not done and has come to its day; its cost does not grow with what is
done. Somebody is reminded only of what he can do now: what waits on another's act keeps its flag and is silent.
On a closed day flags move and nobody is written to; the next open morning makes up for it.
"""

import gc
import uuid
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update
from sqlalchemy import Row as SqlRow
from sqlmodel import col

from models import tables
from models.clock import day_of, utc
from models.database import reading, writing
from models.people import SYSTEM, Person, Role, Side
from states import deadlines, ledger
from states.door import Door
from states.facts import Facts
from states.reading import aware
from states.rows import INSPECTOR, LIVE, STATES
from states.schedule import LONG_AGO, push_all
from states.table import BY_TRIGGER

MAIL, WEBHOOK = "mail", "webhook"
# Letters to the coordinators that are about no act: how the morning found everything, and that a service has stopped.
MORNING, STOPPED = "morning", "stopped"
NOTICES = (MORNING, STOPPED)
ABOUT_AN_ACT = col(tables.Reminder.act).not_in(NOTICES)
CALL_FROM = 3  # rung, in open days after the due date: a call is to be made (domain.md 7)

_OWNERS = {Side.WARD: Role.COORDINATOR, Side.REGISTER: Role.REGISTRAR, Side.CONTRACTOR: Role.HANDLING_MANAGER}
_ALSO_THE_APPROVER_FROM = 2
# A clock that is so far ahead of the last sweep may be wrong: letters wait a day for somebody to see it.
_LEAP = timedelta(days=180)
_BATCH = 500  # keys of one statement
_PLACES = {state.key: place for place, state in enumerate(STATES)}

_OPEN = col(tables.Act.done_on).is_(None)
_IN_ORDER = (col(tables.Act.cycle_id), col(tables.Act.due_on))
_THIS = (col(tables.Act.cycle_id) == bindparam("of_cycle"), col(tables.Act.act) == bindparam("of_act"))
_ACT = update(tables.Act).where(*_THIS)
_KNOWN = select(col(tables.Reminder.key)).where(col(tables.Reminder.key).in_(bindparam("keys", expanding=True)))

OpenAct = SqlRow[tables.Act]


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep did: acts flagged anew, reminders written to the outbox, and whether the clock can be trusted."""

    looked_at: int
    flagged: int
    reminders: int
    doubted: bool = False


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One act as it stands this morning."""

    row: OpenAct
    flag: str
    rung: int | None
    look_on: date

    @property
    def this(self) -> dict[str, str]:
        return {"of_cycle": self.row.cycle_id, "of_act": self.row.act}


def to_look_at(connection: Connection, today: date) -> Sequence[OpenAct]:
    """Return the acts that are not done and have something to say by today."""
    query = select(tables.Act).where(_OPEN, col(tables.Act.look_on) <= today)
    return connection.execute(query.order_by(*_IN_ORDER)).all()


def sweep(door: Door, *, webhooks: frozenset[str] = frozenset()) -> Swept:
    """Flag what has come to its day and write the reminders that follow to the outbox.

    Args:
        door: the one door.
        webhooks: the people and sides that have a webhook; whoever has only that is not written to by mail.

    """
    now = door.clock.now()
    today = now.date()
    with _without_collecting(), writing(door.engine) as connection:
        doubted, wrote_on = _trust_the_clock(connection, now)
        rows = to_look_at(connection, today)
        late = dict.fromkeys(row.cycle_id for row in rows if row.due_on < today or row.look_on == LONG_AGO)
        facts = door.facts_of(connection, list(dict.fromkeys(row.cycle_id for row in rows)))
        if late:
            programmes = {cycle_id: facts[cycle_id].programme for cycle_id in late}
            push_all(connection, programmes, today=today, calendar=door.calendar)
            rows = to_look_at(connection, today)
        looks = [_look(row, facts[row.cycle_id], today, door, wrote_on) for row in rows]
        flagged = _flag(connection, looks, now)
        written = 0
        if door.calendar.is_open(today):
            written = _remind(connection, looks, facts, now, webhooks)
            _change(connection, ({**look.this, "look_on": look.look_on} for look in looks))
            connection.execute(update(tables.Sweep).values(wrote_on=today))
    return Swept(looked_at=len(rows), flagged=flagged, reminders=written, doubted=doubted)


@contextmanager
def _without_collecting() -> Generator[None]:
    """Spare the collector half a million rows that hold no circle: a fifth of a sweep over a thousand cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _trust_the_clock(connection: Connection, now: datetime) -> tuple[bool, date | None]:
    """Look at everything anew where the clock was set back; doubt it, for a day, where it leapt ahead."""
    table, last = tables.Sweep, connection.execute(select(tables.Sweep)).one_or_none()
    if last is None:
        connection.execute(insert(table).values(id=1, swept_at=utc(now)))
        return False, None
    before = aware(last.swept_at)
    if now < before - ledger.CLOCKS_DIFFER:
        connection.execute(update(tables.Act).where(_OPEN).values(look_on=LONG_AGO))
    leapt = now - before > _LEAP
    since = now if leapt else aware(last.doubted_at) if last.doubted_at else None
    doubted = since is not None and day_of(since) == now.date()
    connection.execute(update(table).values(swept_at=utc(now), doubted_at=utc(since) if doubted and since else None))
    return doubted, last.wrote_on


def clock_is_doubted(connection: Connection, now: datetime) -> bool:
    """Tell whether today's sweep found the clock so far ahead that nobody is written to before tomorrow."""
    since = connection.execute(select(col(tables.Sweep.doubted_at))).scalar()
    return since is not None and day_of(aware(since)) == now.date()


def waits_on_another(facts: Facts, act: str) -> bool:
    """Tell whether an act cannot be done before somebody of another side has done his: then nobody is chased for it.

    Whose own dated act is missing is reminded all the same, and so is whoever has not claimed a measure yet.
    """
    row = BY_TRIGGER[act]
    if facts.state not in row.froms:
        return True
    record, owner = row.record.model_construct(), row.owner_under(facts.programme)
    return any(
        not guard.check(facts, record)
        for guard in (*row.guards, *row.deviations)
        if not guard.asks_record
        and guard.owes in facts.due
        and BY_TRIGGER[guard.owes].owner_under(facts.programme) is not owner
    )


def follows_a_late_act(facts: Facts, act: str) -> bool:
    """Tell what is only affected: an act that it comes after is still open past its day, or follows such a one itself.

    Nobody is chased for it (Law 11): who causes it is. What a cycle has gone past, and can do no more, holds up nobody.
    """
    now = _PLACES[facts.state]
    return any(
        before in facts.due
        and before not in facts.done
        and any(_PLACES[state] >= now for state in BY_TRIGGER[before].froms)
        and (facts.due[before] < facts.today or follows_a_late_act(facts, before))
        for before in BY_TRIGGER[act].after
    )


def may_remind(facts: Facts, act: str) -> bool:
    """Tell whether somebody may be written to about an act now: he can do it, nothing late holds it up, nor a hold."""
    if facts.on_hold and not BY_TRIGGER[act].under_hold:
        return False
    return not waits_on_another(facts, act) and not follows_a_late_act(facts, act)


def _look(row: OpenAct, facts: Facts, today: date, door: Door, wrote_on: date | None) -> _Look:
    """See how an act stands. An announcement belongs to its day, or to the first sweep after an outage; no later."""
    rungs = facts.programme.reminders.ladder
    rung = deadlines.latest_rung(row.due_on, today, door.calendar, rungs=rungs)
    # What is due or overdue is asked for whenever it can be done at last.
    if rung is not None and rung < 0 and rung != row.rung and wrote_on is not None:
        day = {step: day for day, step in deadlines.rung_days(row.due_on, rungs, door.calendar)}[rung]
        rung = None if day < today and day <= wrote_on else rung
    return _Look(
        row=row,
        flag=deadlines.ladder(row.due_on, today, door.calendar),
        rung=rung,
        look_on=deadlines.next_look(row.due_on, today, door.calendar, rungs=rungs),
    )


def _flag(connection: Connection, looks: Iterable[_Look], now: datetime) -> int:
    """Store each new flag with its moment, and say in the ledger why it stands: rule, plan and what moved it."""
    new = [look for look in looks if look.flag != look.row.flag]
    _change(connection, ({**look.this, "flag": look.flag, "flagged_at": utc(now)} for look in new))
    entries = [
        ledger.Entry(
            at=now, event="act_flagged", by=SYSTEM, via="sweep", cycle_id=look.row.cycle_id,
            data={
                "act": look.row.act, "flag": look.flag, "due_on": str(look.row.due_on), "owner": look.row.owner,
                "planned_on": str(look.row.planned_on), "rule": look.row.rule, "moved": moved_by(look.row),
            },
        )
        for look in new
    ]  # fmt: skip
    ledger.append_all(connection, entries)
    return len(new)


def moved_by(row: OpenAct) -> str:
    """Return what moved an act from its plan: `person`, `lateness` of what it hangs on, or nothing."""
    if row.moved_to is not None:
        return "person"
    return "lateness" if row.due_on != row.planned_on else ""


def _remind(
    connection: Connection, looks: Sequence[_Look], facts: dict[str, Facts], now: datetime, webhooks: frozenset[str]
) -> int:
    """Write to whoever owes the act, once a rung; what waits on another's act is not asked for.

    Whose calendar has the day, from the letter that announced it, is not written to again on the day itself.
    """
    due = [
        look
        for look in looks
        if look.rung is not None and look.rung != look.row.rung and may_remind(facts[look.row.cycle_id], look.row.act)
    ]
    wanted = {
        f"{look.row.cycle_id}/{look.row.act}/{look.row.due_on}/{look.rung}/{to}{suffix}": (look, to, channel)
        for look in due
        for to, channel, suffix in _addresses(facts[look.row.cycle_id], look, webhooks)
    }
    known = _known(connection, list(wanted)) | _announced(connection, wanted, facts)
    new = [
        _reminder(
            key, to, channel, now, cycle_id=look.row.cycle_id, act=look.row.act, rung=look.rung, due_on=look.row.due_on
        )
        for key, (look, to, channel) in wanted.items()
        if key not in known
    ]
    if new:
        connection.execute(insert(tables.Reminder), new)
    back = [look for look in looks if look.rung is None and look.row.rung is not None]  # the clock was set back
    _change(connection, ({**look.this, "rung": look.rung} for look in (*due, *back)))
    return len(new)


def _announced(
    connection: Connection, wanted: Mapping[str, tuple[_Look, str, str]], facts: Mapping[str, Facts]
) -> set[str]:
    """Return which letters of the day itself are not needed: the day was announced, and stands in the calendar."""
    before = {
        f"{key.removesuffix(f'/0/{to}')}/{step}/{to}": key
        for key, (look, to, channel) in wanted.items()
        if look.rung == 0 and channel == MAIL
        for step in facts[look.row.cycle_id].programme.reminders.ladder
        if step < 0
    }
    return {before[key] for key in _known(connection, list(before), col(tables.Reminder.state) == "sent")}


def _reminder(key: str, to: str, channel: str, now: datetime, **about: object) -> dict[str, object]:
    return {
        "key": key, "to_person": to, "channel": channel, "message_id": f"msg_{uuid.uuid4().hex}", "state": "waiting",
        "attempts": 0, "created_at": utc(now), "trouble": "",
    } | about  # fmt: skip


def _addresses(facts: Facts, look: _Look, webhooks: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Name whom a rung goes to and by what: a letter to each person, a message to each webhook of theirs."""
    assert look.rung is not None
    people = recipients(facts, look.row.act, look.rung)
    for person in people:
        hooked = person.id in webhooks
        if person.mail or not (hooked or person.side in webhooks):
            yield person.id, MAIL, ""
        if hooked:
            yield person.id, WEBHOOK, "/webhook"
    for side in sorted({person.side.value for person in people} & webhooks):
        yield side, WEBHOOK, "/webhook"


def tell_of_the_morning(door: Door) -> int:
    """Write to each coordinator, once an open day while a year is open, how the morning found everything.

    It is the sign of life that people miss where the machine is dead: one for the office, however many years are open.
    """
    today = door.clock.now().date()
    return _tell_coordinators(door, MORNING, f"{MORNING}/{today}", LIVE) if door.calendar.is_open(today) else 0


def tell_of_the_stop(door: Door, unit: str) -> int:
    """Write to each coordinator, once a day, that a service has stopped and is not started again."""
    return _tell_coordinators(door, STOPPED, f"{STOPPED}/{unit}/{door.clock.now().date()}", _PLACES)


def _tell_coordinators(door: Door, notice: str, key: str, states: Collection[str]) -> int:
    """Write a notice to each who has an address, into the outbox of the newest year that is in one of these states."""
    cycle, now = tables.Cycle, door.clock.now()
    newest = select(col(cycle.id)).where(col(cycle.state).in_(states)).order_by(col(cycle.fiscal_year).desc()).limit(1)
    with writing(door.engine) as connection:
        cycle_id = connection.execute(newest).scalar()
        if cycle_id is None:
            return 0
        coordinators = _having(door.facts(connection, cycle_id), {(Side.WARD, Role.COORDINATOR)})
        wanted = {f"{key}/{person.id}": person.id for person in coordinators if person.mail}
        known = _known(connection, list(wanted))
        new = [
            _reminder(key, to, MAIL, now, cycle_id=cycle_id, act=notice, rung=0, due_on=now.date())
            for key, to in wanted.items()
            if key not in known
        ]
        if new:
            connection.execute(insert(tables.Reminder), new)
    return len(new)


def _known(connection: Connection, keys: list[str], *that: ColumnElement[bool]) -> set[str]:
    """Return which reminders stand already: a deadline that was moved and moved back meets its own old ones."""
    known: set[str] = set()
    for start in range(0, len(keys), _BATCH):
        known |= set(connection.execute(_KNOWN.where(*that), {"keys": keys[start : start + _BATCH]}).scalars())
    return known


def recipients(facts: Facts, act: str, rung: int) -> tuple[Person, ...]:
    """Return who is written to at a rung: whoever owes the act, later the approver and whoever makes the call.

    Where nobody who owes it is on the register today, the coordinators are: nothing is owed by nobody.
    """
    roles = {_owing(facts, act)}
    if rung >= _ALSO_THE_APPROVER_FROM:
        roles |= {(Side.WARD, Role.APPROVER)}
    if rung >= CALL_FROM or not _having(facts, roles):
        roles |= {(Side.WARD, Role.COORDINATOR)}
    return _having(facts, roles)


def owners(facts: Facts, act: str) -> tuple[Person, ...]:
    """Return the people of today who owe an act: who is to be called."""
    return _having(facts, {_owing(facts, act)})


def _owing(facts: Facts, act: str) -> tuple[Side, Role]:
    row = BY_TRIGGER[act]
    side = row.owner_under(facts.programme)
    return side, Role.INSPECTOR if row.who_under(facts.programme) == INSPECTOR else _OWNERS[side]


def calls(person: Person, side: Side, rung: int) -> bool:
    """Tell whether a rung asks this person to make a call: the coordinator, and for his own acts the approver."""
    caller = Role.APPROVER if side is Side.WARD else Role.COORDINATOR
    return rung >= CALL_FROM and person.side is Side.WARD and caller in person.roles


def _having(facts: Facts, roles: set[tuple[Side, Role]]) -> tuple[Person, ...]:
    return tuple(
        person
        for person in facts.people.values()
        if person.is_valid_on(facts.today) and any(person.side is s and r in person.roles for s, r in roles)
    )


def _change(connection: Connection, changes: Iterable[dict[str, object]]) -> None:
    """Write the same columns of many acts at once."""
    if rows := list(changes):
        connection.execute(_ACT, rows)


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
