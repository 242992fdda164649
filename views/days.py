"""The year as a calendar: what falls on which day, month by month. Titles of acts, never a person's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.people import Person, Side
from models.words import in_words
from states.look import Look
from states.table import BY_TRIGGER
from views.deadlines import Dated, dated

_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class OnDay:
    """What falls on a day: an act that is owed or was done, or a commitment, which is nobody's act."""

    key: str
    title: str
    on: date
    planned_on: date
    owner: Side | None = None
    is_done: bool = False
    is_late: bool = False

    @property
    def is_moved(self) -> bool:
        """Tell what is owed, or was done, on another day than was planned first."""
        return self.on != self.planned_on


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a month with what falls on it; whether the ward's office is open then."""

    on: date
    is_open: bool
    is_today: bool
    falls: tuple[OnDay, ...]


@dataclass(frozen=True, kw_only=True)
class Month:
    """One month: its first day, and its weeks from Monday on; days of another month are None."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]


def on_days(here: Look, only_of: Person | None = None) -> tuple[OnDay, ...]:
    """Return what falls on the days of a year, in their order; `only_of` leaves that person's own acts alone."""
    acts = [_act(here, one) for one in dated(here) if not one.dropped and (not only_of or _is_own(here, only_of, one))]
    bound = [] if only_of else _commitments(here)
    return tuple(sorted((*acts, *bound), key=lambda one: one.on))


def months(here: Look, falling: Sequence[OnDay]) -> tuple[Month, ...]:
    """Return the months of a year from the first day on which something falls, or today, to the last."""
    days = sorted({here.today, *(one.on for one in falling)})
    firsts, first = list[date](), days[0].replace(day=1)
    while first <= days[-1]:
        firsts.append(first)
        first = _next_month(first)
    return tuple(_month(here, first, falling) for first in firsts)


def _is_own(here: Look, person: Person, one: Dated) -> bool:
    row = BY_TRIGGER[one.act]
    return bool(person.roles & {*row.who_under(here.programme), *row.second_under(here.programme)})


def _act(here: Look, one: Dated) -> OnDay:
    return OnDay(
        key=one.act, title=one.title, on=one.done_on or one.due_on, planned_on=one.planned_on, owner=one.owner,
        is_done=one.done_on is not None, is_late=one.done_on is None and one.due_on < here.today and not one.follows,
    )  # fmt: skip


def _commitments(here: Look) -> list[OnDay]:
    said = here.programme.commitments
    return [
        OnDay(key=key, title=in_words(ja=said[key].ja, en=said[key].en), on=on, planned_on=on)
        for key, on in here.facts.commitments.items()
    ]


def _month(here: Look, first: date, falling: Sequence[OnDay]) -> Month:
    end, cells = _next_month(first), list[Day | None]([None] * first.weekday())
    for nth in range((end - first).days):
        on = first + timedelta(days=nth)
        cells.append(
            Day(
                on=on, is_open=here.calendar.is_open(on), is_today=on == here.today,
                falls=tuple(one for one in falling if one.on == on),
            )
        )  # fmt: skip
    cells += [None] * (-len(cells) % _WEEK)
    return Month(first=first, weeks=tuple(tuple(cells[at : at + _WEEK]) for at in range(0, len(cells), _WEEK)))


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
