"""The schedule of a cycle: the table's deadline rules, a programme's changes to them, and what hangs on what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy import Row as SqlRow
from sqlmodel import col

from models import tables
from models.clock import day_of
from models.errors import BadSetting
from models.programme import Programme
from models.words import _
from states import deadlines
from states.calendar import Calendar
from states.deadlines import Projected, Scheduled
from states.facts import Facts
from states.table import BY_TRIGGER, TABLE

LONG_AGO = date(1900, 1, 1)

# Every dated act needs these. Built once: building a statement costs as much as running it.
_THIS = (col(tables.Act.cycle_id) == bindparam("of_cycle"), col(tables.Act.act) == bindparam("of_act"))
_DATES = select(col(tables.Act.planned_on), col(tables.Act.due_on)).where(*_THIS)
_ACT = update(tables.Act).where(*_THIS)
_PUSHED = _ACT.values(flag="", rung=None)
_ALL_ACTS = select(
    col(tables.Act.cycle_id), col(tables.Act.act), col(tables.Act.planned_on), col(tables.Act.due_on),
    col(tables.Act.done_on), col(tables.Act.moved_to), col(tables.Act.flag),
).where(col(tables.Act.cycle_id).in_(bindparam("cycles", expanding=True)))  # fmt: skip
_BATCH = 500  # cycles of one statement

DatedAct = SqlRow[*tuple[Any, ...]]  # a row of _ALL_ACTS


def scheduled(programme: Programme) -> tuple[Scheduled, ...]:
    """Return every dated act with its rule.

    Raises:
        BadSetting: the programme names an act that the table does not have.

    """
    if strange := sorted(set(programme.schedule) - set(BY_TRIGGER)):
        raise BadSetting(
            _("schedule.{act}: the table has no such act.").format(act=strange[0]),
            _("Use the act names of docs/states.md."),
        )
    rules = {row.trigger: programme.schedule.get(row.trigger, row.due) for row in TABLE}
    return tuple(
        Scheduled(
            act=row.trigger,
            rule=rules[row.trigger],
            after=tuple(a for a in row.after if rules[a]),
            not_before=row.not_before,
            owed=True,
        )
        for row in TABLE
        if rules[row.trigger]
    )


def plan(programme: Programme, fiscal_year: int, calendar: Calendar) -> dict[str, date]:
    """Return the planned date of every dated act of a fiscal year."""
    return deadlines.plan(scheduled(programme), deadlines.anchors(programme.anchors, fiscal_year, calendar), calendar)


def milestones(programme: Programme, fiscal_year: int, calendar: Calendar) -> dict[str, date]:
    """Return the dates that are nobody's act: the year's opening, the cut-off date, the end of the contract."""
    anchors = deadlines.anchors(programme.anchors, fiscal_year, calendar)
    dates = tuple(Scheduled(act=key, rule=rule) for key, rule in programme.milestones.items())
    return deadlines.plan(dates, anchors, calendar)


def commitments(programme: Programme, fiscal_year: int, calendar: Calendar) -> dict[str, date]:
    """Return the days that no lateness moves, by the programme's keys (Law 11).

    Raises:
        BadSetting: a rule cannot be read, an anchor is unknown, or what is bound is no dated act; the message names it.

    """
    dated_acts = {item.act for item in scheduled(programme)}
    for key, commitment in programme.commitments.items():
        if strange := sorted(set(commitment.bounds) - dated_acts):
            raise BadSetting(
                _("commitments.{key}: {act} is no act with a deadline.").format(key=key, act=strange[0]),
                _("Use the act names of docs/states.md."),
            )
    anchors = deadlines.anchors(programme.anchors, fiscal_year, calendar)
    days = tuple(Scheduled(act=key, rule=commitment.day) for key, commitment in programme.commitments.items())
    return deadlines.plan(days, anchors, calendar)


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The dated acts of a cycle as a day sees them: the first date of each, and where lateness leaves it."""

    planned: Mapping[str, date]
    found: Mapping[str, Projected]

    def causes(self, act: str) -> dict[str, int]:
        """Return the acts through which an act is late, the first one first, each with its own lateness in days."""
        return deadlines.causes(act, self.found, self.planned)


def projection(
    connection: Connection, cycle_id: str, programme: Programme, *, today: date, calendar: Calendar
) -> Projection:
    """Return where lateness leaves every act that the cycle owes or has done; what was dropped is left out."""
    rows = [row for row in _acts_of(connection, [cycle_id])[cycle_id] if row.flag != "dropped"]
    found = _projected(rows, scheduled(programme), today=today, calendar=calendar)
    return Projection(planned={row.act: row.planned_on for row in rows}, found=found)


def write_plan(connection: Connection, cycle_id: str, programme: Programme, year: int, calendar: Calendar) -> None:
    """Write the dated acts of a new cycle: plan and due date are the same on the first day."""
    planned = plan(programme, year, calendar)
    connection.execute(
        insert(tables.Act),
        [
            {"cycle_id": cycle_id, **_dated(act.act, act.rule, planned[act.act], programme, calendar)}
            for act in scheduled(programme)
        ],
    )


def _dated(act: str, rule: str, due_on: date, programme: Programme, calendar: Calendar) -> dict[str, object]:
    """Return the columns of an act as it is owed first."""
    return {
        "act": act, "rule": rule, "owner": BY_TRIGGER[act].owner_under(programme).value, "planned_on": due_on,
        "due_on": due_on, "moved_reason": "", "flag": "",
        "look_on": deadlines.first_look(due_on, calendar, rungs=programme.reminders.ladder),
    }  # fmt: skip


def reschedule(
    connection: Connection, facts: Facts, trigger: str, at: datetime, *, seq: int, calendar: Calendar
) -> None:
    """Mark a dated act as done and move what hangs on it; nothing else moves when it was in time."""
    if trigger not in facts.due:
        return
    today, this = day_of(at), {"of_cycle": facts.cycle_id, "of_act": trigger}
    connection.execute(_ACT, {**this, "done_on": today, "done_seq": seq})
    row = connection.execute(_DATES, this).one()
    in_time = today <= row.planned_on == row.due_on
    if not in_time or any(deadlines.Rule.parse(item.rule).anchor == trigger for item in scheduled(facts.programme)):
        push(connection, facts, today=facts.today, calendar=calendar)


def push(connection: Connection, facts: Facts, *, today: date, calendar: Calendar) -> None:
    """Move what hangs on what is late, and take back what hung on it when it was caught up."""
    push_all(connection, {facts.cycle_id: facts.programme}, today=today, calendar=calendar)


def push_all(connection: Connection, cycles: Mapping[str, Programme], *, today: date, calendar: Calendar) -> None:
    """Do so in many cycles at once, each under its programme: the morning's sweep may meet a thousand."""
    rows, schedules = (
        _acts_of(connection, list(cycles)),
        {id(programme): scheduled(programme) for programme in cycles.values()},
    )
    moved = [
        {
            "of_cycle": cycle_id, "of_act": act.act, "due_on": due_on,
            "look_on": deadlines.first_look(due_on, calendar, rungs=programme.reminders.ladder),
        }
        for cycle_id, programme in cycles.items()
        for act, due_on in _owed_otherwise(rows[cycle_id], schedules[id(programme)], today=today, calendar=calendar)
    ]  # fmt: skip
    if moved:
        connection.execute(_PUSHED, moved)


def _acts_of(connection: Connection, cycle_ids: list[str]) -> dict[str, list[DatedAct]]:
    rows: dict[str, list[DatedAct]] = {cycle_id: [] for cycle_id in cycle_ids}
    for start in range(0, len(cycle_ids), _BATCH):
        for row in connection.execute(_ALL_ACTS, {"cycles": cycle_ids[start : start + _BATCH]}).all():
            rows[row.cycle_id].append(row)
    return rows


def _owed_otherwise(
    rows: list[DatedAct], schedule: tuple[Scheduled, ...], *, today: date, calendar: Calendar
) -> list[tuple[DatedAct, date]]:
    """Return the open acts that are owed on another day than stands there, with that day."""
    found = _projected(rows, schedule, today=today, calendar=calendar)
    # What is owed by a day of its own, such as a finding, hangs on nothing and is moved by nothing.
    return [
        (row, found[row.act].due_on)
        for row in rows
        if row.done_on is None and row.act in found and found[row.act].due_on != row.due_on
    ]


def _projected(
    rows: list[DatedAct], schedule: tuple[Scheduled, ...], *, today: date, calendar: Calendar
) -> dict[str, Projected]:
    planned = {row.act: row.planned_on for row in rows}
    # Nothing in the schedule hangs on the acts that got a date after the year was opened.
    known = (
        replace(item, after=tuple(act for act in item.after if act in planned))
        for item in schedule
        if item.act in planned
    )
    return deadlines.project(
        tuple(known),
        planned=planned,
        done={row.act: row.done_on for row in rows if row.done_on},
        moved={row.act: row.moved_to for row in rows if row.moved_to},
        calendar=calendar,
        today=today,
    )


def owe(connection: Connection, facts: Facts, key: str, due_on: date, *, calendar: Calendar) -> None:
    """Put an act on the schedule by a day of its own, or put it there again with another day; it has no rule."""
    act = tables.Act
    connection.execute(delete(act).where(col(act.cycle_id) == facts.cycle_id, col(act.act) == key))
    columns = _dated(key, "", due_on, facts.programme, calendar)
    connection.execute(insert(act).values(cycle_id=facts.cycle_id, **columns))


def owe_again(connection: Connection, facts: Facts, key: str, *, calendar: Calendar) -> None:
    """Let an act that was done be owed again, where the cycle has not gone past it; the sweep looks at it at once."""
    if facts.state in BY_TRIGGER[key].froms:
        undone = {"done_on": None, "done_seq": None, "flag": "", "rung": None, "look_on": LONG_AGO}
        connection.execute(_ACT.values(undone), {"of_cycle": facts.cycle_id, "of_act": key})
        push(connection, facts, today=facts.today, calendar=calendar)


def move_deadline(connection: Connection, facts: Facts, key: str, to: date, reason: str, *, calendar: Calendar) -> None:
    """Move an act that is still owed and what hangs on it; the sweep looks at it again at once."""
    moved = {"moved_to": to, "moved_reason": reason, "due_on": to, "flag": "", "rung": None, "look_on": LONG_AGO}
    connection.execute(_ACT.values(moved), {"of_cycle": facts.cycle_id, "of_act": key})
    push(connection, facts, today=facts.today, calendar=calendar)


def drop_open_acts(connection: Connection, cycle_id: str, *, on: date, seq: int, keep: tuple[str, ...]) -> None:
    """Take from the schedule what is owed no more: everything open but the acts to keep."""
    act = tables.Act
    connection.execute(
        update(act)
        .where(col(act.cycle_id) == cycle_id, col(act.done_on).is_(None), col(act.act).not_in(keep))
        .values(done_on=on, done_seq=seq, flag="dropped")
    )
