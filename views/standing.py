"""Where a cycle stands, at a glance: the state, what is next, who owes it, by when, and what blocks it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, Connection, Row, select
from sqlmodel import col

from models import tables
from models.clock import TOKYO
from models.errors import Unmet
from models.fields import fields_of
from models.people import Side
from models.records.base import ActRecord
from models.words import _, day_in_words, in_words, listed, year_in_words
from states.gaps import missing, warned
from states.look import Look
from states.rows import STATES_BY_KEY
from states.rules.measures import record_may_show
from states.sweep import ABOUT_AN_ACT, MAIL, MORNING, follows_a_late_act
from states.table import BY_TRIGGER, TABLE
from views.commitments import Passed, passed
from views.counting import Counts, counts

_LAST_WEEK = 5  # open days


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One act that is owed: what, who, by when, how many open days are left, and what blocks it now.

    What `follows` is only affected by an act that is late before it: that one is the cause. It may be done though it is
    `warned_of` something, which its entry then says for good.
    """

    year: int
    programme: str
    act: str
    title: str
    owner: str
    owner_title: str
    due_on: date
    planned_on: date
    days_left: int
    flag: str
    blocked_by: tuple[str, ...]
    waits_for_confirmation: bool
    by_two: bool = False
    follows: bool = False
    warned_of: tuple[str, ...] = ()
    unmet: tuple[Unmet, ...] = ()  # what `blocked_by` says, each with the act that meets it
    shows: tuple[tuple[str, str], ...] = ()  # measures that its record shows, and the title of the field that tells it

    @property
    def shows_words(self) -> str:
        """Say which measures the record shows once the field that tells it is filled in; "" where it shows none."""
        told = listed(_("{measure} (fill in {field})").format(measure=name, field=field) for name, field in self.shows)
        return _("Measures that this record shows: {measures}").format(measures=told) if told else ""

    @property
    def is_late(self) -> bool:
        """Tell what is past its day of itself: red everywhere, and told by the morning's letter."""
        return self.days_left < 0 and not self.follows

    @property
    def left(self) -> str:
        """Say how many open days are left, or how many days it is late, and whether it only follows."""
        return _("{left} (follows)").format(left=self._left) if self.follows else self._left

    @property
    def _left(self) -> str:
        if self.days_left < 0:
            return _("{days} days overdue").format(days=-self.days_left)
        return _("today") if self.days_left == 0 else _("in {days} open days").format(days=self.days_left)

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return to_jsonable_python({name: value for name, value in vars(self).items() if name != "unmet"})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One cycle at a glance."""

    year: int
    year_title: str
    programme: str
    ceremony: str
    state: str
    state_title: str
    on_hold: bool
    incidents: tuple[int, ...]
    passed: tuple[Passed, ...]
    next: tuple[Owed, ...]
    later: tuple[Owed, ...]
    counts: Counts

    @property
    def overdue(self) -> tuple[Owed, ...]:
        """Return what is past its day."""
        return tuple(due_act for due_act in (*self.next, *self.later) if due_act.days_left < 0)

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        names = ("year", "programme", "state", "state_title", "on_hold", "incidents", "next", "overdue")
        return {name: to_jsonable_python(getattr(self, name)) for name in names} | {
            "passed": [commitment.as_json() for commitment in self.passed], "counts": self.counts.as_json()
        }  # fmt: skip


def standing(here: Look) -> Standing:
    """Return where a cycle stands."""
    facts, (near, later) = here.facts, next_and_later(here)
    return Standing(
        year=facts.fiscal_year,
        year_title=year_in_words(facts.fiscal_year),
        programme=facts.programme.key,
        ceremony=facts.programme.ceremony,
        state=facts.state,
        state_title=state_title(facts.state),
        on_hold=facts.on_hold,
        incidents=tuple(sorted(facts.incidents)),
        passed=passed(here),
        next=near,
        later=later,
        counts=counts(here),
    )


def next_and_later(here: Look) -> tuple[tuple[Owed, ...], tuple[Owed, ...]]:
    """Return what is owed and may come in the state that stands, and what may come only later; each by its day."""
    near, later = list[Owed](), list[Owed]()
    for due_act in _owed_acts(here, next_only=False):
        (near if here.facts.state in BY_TRIGGER[due_act.act].froms else later).append(due_act)
    return tuple(near), tuple(later)


def todays_work(looks: Iterable[Look]) -> tuple[Owed, ...]:
    """Return what is next over many cycles, most urgent first."""
    found = [due_act for here in looks for due_act in _owed_acts(here, next_only=True)]
    return tuple(sorted(found, key=lambda due_act: (bool(due_act.blocked_by), due_act.due_on, due_act.act)))


def late(here: Look) -> tuple[Owed, ...]:
    """Return what is late of itself in a year, also what cannot be done yet because its cause has been moved."""
    return tuple(act for act in _owed_acts(here, next_only=False) if act.is_late)


def all_cycles(connection: Connection) -> Sequence[Row[tables.Cycle]]:
    """Return every cycle, the newest first."""
    return connection.execute(select(tables.Cycle).order_by(col(tables.Cycle.fiscal_year).desc())).all()


def undated_acts(here: Look) -> tuple[str, ...]:
    """Return the acts of people that have no deadline and may come in this state."""
    facts = here.facts
    return tuple(
        row.trigger for row in TABLE
        if facts.state in row.froms and row.trigger not in facts.due and not row.by_machine
    )  # fmt: skip


def open_before_year_end(here: Look, stands: Standing) -> tuple[Owed, ...]:
    """Return in the last open week of December what is still open and owed before the calendar year ends, else none."""
    year_end = date(stands.year, 12, 31)
    last = here.calendar.last_open(year_end)
    if not here.calendar.add_open_days(last, -_LAST_WEEK + 1) <= here.today <= year_end:
        return ()
    return tuple(due_act for due_act in (*stands.next, *stands.later) if due_act.due_on.year == stands.year)


def act_title(act: str) -> str:
    """Return an act as people call it."""
    row = BY_TRIGGER[act]
    return in_words(ja=row.ja, en=row.en)


def lateness(here: Look) -> tuple[list[str], int]:
    """Return which acts were ever flagged as overdue, and how many letters and messages went to remind of an act.

    What stood in a letter of the morning, which goes anyway, is no letter of its own.
    """
    entry = tables.Ledger
    flagged = select(col(entry.entry)).where(col(entry.cycle_id) == here.cycle_id, col(entry.event) == "act_flagged")
    flags = [json.loads(text)["data"] for text in here.connection.execute(flagged).scalars()]
    late = dict.fromkeys(flag["act"] for flag in flags if flag["flag"] in {"overdue", "escalated"})
    return list(late), len(_letters(here, ABOUT_AN_ACT) - _letters(here, col(tables.Reminder.act) == MORNING))


def _letters(here: Look, that: ColumnElement[bool]) -> set[tuple[object, ...]]:
    """Return what went of a year: what was sent to one person at one moment is one letter, a webhook's is its own."""
    reminder = tables.Reminder
    sent = select(reminder).where(col(reminder.cycle_id) == here.cycle_id, col(reminder.state) == "sent", that)
    return {
        (row.to_person, row.settled_at) if row.channel == MAIL else (row.message_id,)
        for row in here.connection.execute(sent)
    }


def title_of_year(here: Look) -> str:
    """Return what people are invited to, and in which fiscal year."""
    return f"{here.programme.ceremony} {year_in_words(here.facts.fiscal_year)}"


def state_title(state: str) -> str:
    """Return a state as people call it."""
    row = STATES_BY_KEY[state]
    return in_words(ja=row.ja, en=row.en)


def _owed_acts(here: Look, *, next_only: bool) -> list[Owed]:
    """Return what is owed and not done, by its day: all of it, or only what may come in the state that stands."""
    act, state, pending = tables.Act, here.facts.state, _pending(here)
    is_owed = col(act.cycle_id) == here.cycle_id, col(act.done_on).is_(None)
    query = select(act).where(*is_owed).order_by(col(act.due_on), col(act.planned_on))
    rows = here.connection.execute(query).all()
    wanted = [row for row in rows if not next_only or state in BY_TRIGGER[row.act].froms]
    return [_owed(here, row, pending=row.act in pending) for row in wanted]


def _owed(here: Look, row: Row[tables.Act], *, pending: bool) -> Owed:
    facts, today, is_late = here.facts, here.today, row.due_on < here.today
    blocked_by = missing(facts, BY_TRIGGER[row.act])
    fields = BY_TRIGGER[row.act].record.model_fields
    return Owed(
        year=facts.fiscal_year,
        programme=facts.programme.key,
        act=row.act,
        title=act_title(row.act),
        owner=row.owner,
        owner_title=Side(row.owner).label,
        due_on=row.due_on,
        planned_on=row.planned_on,
        days_left=(row.due_on - today).days if is_late else here.calendar.open_days_between(today, row.due_on),
        flag=row.flag,
        blocked_by=tuple(map(str, blocked_by)),
        unmet=blocked_by,
        waits_for_confirmation=pending,
        by_two=bool(BY_TRIGGER[row.act].second_under(facts.programme)),
        follows=follows_a_late_act(facts, row.act),
        warned_of=() if blocked_by else tuple(map(str, warned(facts, BY_TRIGGER[row.act]))),
        shows=tuple(
            (name, _(fields[field].title or field)) for name, field in record_may_show(facts, BY_TRIGGER[row.act])
        ),
    )


def _pending(here: Look) -> set[str]:
    record = tables.Record
    query = select(col(record.act)).where(col(record.cycle_id) == here.cycle_id, col(record.status) == "pending")
    return set(here.connection.execute(query).scalars())


def in_words_of(record: ActRecord) -> list[tuple[str, str]]:
    """Return what a record says, field by field: title and words."""
    untold = _("not recorded")
    return [
        (field.title, _worded(getattr(record, field.name), field.takes.choices) if record.holds(field.name) else untold)
        for field in fields_of(type(record))
    ]


def rows_of(record: ActRecord) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the rows of a record's fields that have any, such as people to be entered: what each says, field by field.

    Fields that say nothing are left out.
    """
    found = ((field.title, getattr(record, field.name)) for field in fields_of(type(record)))
    return [
        (title, [(name, words) for name, words in in_words_of(row) if words != "–"])
        for title, value in found if isinstance(value, tuple)
        for row in cast("tuple[object, ...]", value) if isinstance(row, ActRecord)
    ]  # fmt: skip


def _worded(value: object, choices: Mapping[str, str]) -> str:
    """Return a value in words; of a choice, and of each of several, the words of its code."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (ActRecord, dict, tuple, list)):
        return _of_many(cast("object", value), choices) or "–"
    if isinstance(value, datetime):
        value = value.astimezone(TOKYO)
        return f"{day_in_words(value)} {value:%H:%M}"
    if isinstance(value, date):
        return day_in_words(value)
    text = str(value)
    return choices.get(text, text) or "–"


def _of_many(value: object, choices: Mapping[str, str]) -> str:
    """Return several values in words: the fields of a record, counts by their names, or one after another."""
    if isinstance(value, ActRecord):
        return listed(f"{title} {words}" for title, words in in_words_of(value))
    if isinstance(value, dict):
        return listed(f"{key} {_worded(item, {})}" for key, item in cast("dict[str, object]", value).items())
    items = cast("Sequence[object]", value)
    words = [_worded(item, choices) for item in items]
    between = in_words(ja=" ／ ", en=" / ")
    return between.join(words) if any(isinstance(item, ActRecord) for item in items) else listed(words)
