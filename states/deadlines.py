"""When an act is owed: rules as an auditor reads them in a programme, the plan of a year, and what lateness moves.

A rule is an anchor and a distance from it: `C+5bd`, `D-16bd`, `completion+10d`, `R`. `bd` are open days of the ward,
`d` calendar days. An anchor is a date of the year or another act. The dates of the year are rules too:
`first_open:09-01`, `last_open:11-30`, `date:11-01`, `holiday:coming_of_age`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from operator import itemgetter
from typing import Literal, NamedTuple, Self

from models.errors import BadSetting
from models.words import _
from states.calendar import Calendar

Flag = Literal["", "due_soon", "due_today", "overdue", "escalated"]
Unit = Literal["bd", "d", ""]

RUNGS = (-3, 0, 1, 2, 3)
WEEK = 5  # open days: after the last rung somebody is written to so often
"""The reminder ladder: open days from the due date on which somebody is written to."""

_RULE = re.compile(r"(?P<anchor>[A-Za-z][A-Za-z0-9_]*)(?:(?P<offset>[+-][0-9]{1,3})(?P<unit>bd|d))?")
_ONE_DAY = timedelta(days=1)
_APRIL = 4


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A deadline rule: so many open (`bd`) or calendar (`d`) days from an anchor; no unit is the anchor's own day."""

    anchor: str
    offset: int = 0
    unit: Unit = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a rule such as `C+5bd`, `completion+10d` or `D`.

        Raises:
            BadSetting: it is not a rule; the message holds the text.

        """
        found = _RULE.fullmatch(text)
        if not found:
            raise BadSetting(
                _("The deadline rule {rule} cannot be read.").format(rule=text),
                _("Write an anchor and a distance, such as D-16bd or completion+10d."),
            )
        unit: Unit = "bd" if found["unit"] == "bd" else "d" if found["unit"] else ""
        return cls(anchor=found["anchor"], offset=int(found["offset"] or 0), unit=unit)

    def counted_from(self, day: date, calendar: Calendar) -> date:
        """Return the date that the rule gives when its anchor falls on the day."""
        if self.unit == "bd":
            return calendar.add_open_days(day, self.offset)
        return day + timedelta(days=self.offset)


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """One dated act of a programme: its key, its rule, the acts whose lateness moves it, and what it never precedes.

    What is `owed` is owed on an open day: a limit that ends on a closed day is kept on the open day before it, and what
    is never before a closed day comes on the open day after it. Other days stay where their rule puts them.
    """

    act: str
    rule: str
    after: tuple[str, ...] = ()
    not_before: str = ""
    owed: bool = False

    @property
    def rules(self) -> tuple[str, ...]:
        """Return its rule, and the one that it never comes before where it has one."""
        return (self.rule, self.not_before) if self.not_before else (self.rule,)

    def by(self, day: date, calendar: Calendar) -> date:
        """Return by when it is owed that has its limit on a day."""
        return calendar.last_open(day) if self.owed else day

    def floor(self, anchor: date, calendar: Calendar) -> date:
        """Return the day before which it never comes, its anchor being on that day."""
        day = _parsed(self.not_before).counted_from(anchor, calendar)
        return calendar.first_open(day) if self.owed else day


class Projected(NamedTuple):
    """Where lateness leaves an act: the day owed now, the day that others count from, and the act that pushed it."""

    due_on: date
    day: date
    pushed_by: str = ""


_parsed = lru_cache(maxsize=1_000)(Rule.parse)


def anchors(rules: Mapping[str, str], fiscal_year: int, calendar: Calendar) -> dict[str, date]:
    """Return the dates of the fiscal year that the rules name; months 01 to 03 lie in the next calendar year.

    Raises:
        BadSetting: a rule cannot be read; the message names its key.

    """
    return {key: _anchor_date(key, rule, fiscal_year, calendar) for key, rule in rules.items()}


def plan(schedule: Sequence[Scheduled], anchors: Mapping[str, date], calendar: Calendar) -> dict[str, date]:
    """Return the planned date of every act, in the order of the schedule.

    Raises:
        BadSetting: a rule cannot be read, an anchor or an act in `after` is unknown, a key has two meanings, or acts
            wait for each other; the message names the key.

    """
    _check_keys(schedule, anchors)
    scheduled = {item.act: item for item in schedule}
    dates = dict(anchors)
    for act in _in_order(tuple(schedule)):
        item, rule = scheduled[act], Rule.parse(scheduled[act].rule)
        dates[act] = item.by(rule.counted_from(dates[rule.anchor], calendar), calendar)
        if item.not_before:
            dates[act] = max(dates[act], item.floor(dates[Rule.parse(item.not_before).anchor], calendar))
    return {act: dates[act] for act in scheduled}


def project(
    schedule: Sequence[Scheduled],
    *,
    planned: Mapping[str, date],
    done: Mapping[str, date],
    moved: Mapping[str, date],
    calendar: Calendar,
    today: date | None = None,
) -> dict[str, Projected]:
    """Return where lateness leaves every act of the schedule; `planned` is the plan of the same schedule.

    A date moved by a person wins. A rule that hangs on another act counts from its actual day, before that from the day
    it is owed. Every other act in `after` that was done late, or is owed late, pushes this one to as many open days
    after it as the plan had left between the two; what is early moves nothing. With `today`, what is not done cannot
    happen before it, so what is overdue moves what hangs on it a day at a time.
    """
    scheduled = {item.act: item for item in schedule}
    found: dict[str, Projected] = {}

    def pushed_by(late: str, act: str) -> date:
        return calendar.add_open_days(found[late].day, calendar.open_days_between(planned[late], planned[act]))

    for act in _in_order(tuple(schedule)):
        rule, base, by = _parsed(scheduled[act].rule), planned[act], ""
        if rule.anchor in scheduled:
            base, by = rule.counted_from(found[rule.anchor].day, calendar), rule.anchor
        base = scheduled[act].by(base, calendar)
        # The anchor itself is left out: its rule, which may be a limit of the law, says how much time follows it.
        pushes = [
            (pushed_by(predecessor, act), predecessor)
            for predecessor in scheduled[act].after
            if predecessor != rule.anchor and found[predecessor].day > planned[predecessor]
        ]
        if not_before := scheduled[act].not_before:
            anchor = _parsed(not_before).anchor
            if anchor in found:
                pushes.append((scheduled[act].floor(found[anchor].day, calendar), anchor))
        due_on, by = max([(base, by), *pushes], key=itemgetter(0))
        if act in moved:
            due_on, by = moved[act], ""
        day = done.get(act) or max(due_on, today or due_on)
        found[act] = Projected(due_on, day, by if due_on > planned[act] else "")
    return found


def causes(act: str, found: Mapping[str, Projected], planned: Mapping[str, date]) -> dict[str, int]:
    """Return the acts through which an act is late, the first one first, each with its own lateness in days.

    Late of itself is what was done, or is still open, after the day it was owed, and what a person moved to a later
    day; what was only pushed is none of them.
    """
    late: dict[str, int] = {}
    while act:
        projected = found[act]
        owed_on = projected.due_on if projected.pushed_by else planned[act]
        if projected.day > owed_on:
            late[act] = (projected.day - owed_on).days
        act = projected.pushed_by
    return dict(reversed(late.items()))


def ladder(due_on: date, today: date, calendar: Calendar) -> Flag:
    """Return how urgent an act is today that is not done: "" while nothing is to be said."""
    reached: list[Flag] = [flag for day, flag in _flag_days(due_on, calendar) if day <= today]
    return reached[-1] if reached else ""


def latest_rung(due_on: date, today: date, calendar: Calendar, *, rungs: Sequence[int] = RUNGS) -> int | None:
    """Return the greatest rung reached by today, so that one that nobody looked at is caught up; none before them.

    After the last of them every week has a rung of its own, until the act is done.
    """
    reached = max((step for day, step in rung_days(due_on, rungs, calendar) if day <= today), default=None)
    if reached is None or reached < max(rungs) or reached <= 0:
        return reached
    return reached + (calendar.open_days_between(due_on, today) - reached) // WEEK * WEEK


def next_look(due_on: date, today: date, calendar: Calendar, *, rungs: Sequence[int] = RUNGS) -> date:
    """Return the next date after today on which flag or rung changes, and after the last of them the next open day."""
    days = [day for day, _step in [*_flag_days(due_on, calendar), *rung_days(due_on, rungs, calendar)]]
    return min((day for day in days if day > today), default=calendar.add_open_days(today, 1))


def first_look(due_on: date, calendar: Calendar, *, rungs: Sequence[int] = RUNGS) -> date:
    """Return the first date on which there is anything to say about an act."""
    return min(day for day, _step in [*_flag_days(due_on, calendar), *rung_days(due_on, rungs, calendar)])


def _flag_days(due_on: date, calendar: Calendar) -> list[tuple[date, Flag]]:
    """Return the day from which each flag holds, in order."""
    return [
        (calendar.add_open_days(due_on, -3), "due_soon"),
        (due_on, "due_today"),
        (due_on + _ONE_DAY, "overdue"),
        (calendar.add_open_days(due_on, 2), "escalated"),
    ]


def rung_days(due_on: date, rungs: Sequence[int], calendar: Calendar) -> list[tuple[date, int]]:
    """Return the open day of each rung; what is due on a closed day is asked for on the open day before it."""
    return [(calendar.add_open_days(due_on, step) if step else calendar.last_open(due_on), step) for step in rungs]


def _check_keys(schedule: Sequence[Scheduled], anchors: Mapping[str, date]) -> None:
    """Refuse keys that stand for two things or for nothing."""
    acts = [item.act for item in schedule]
    if twice := [key for key in acts if key in anchors or acts.count(key) > 1]:
        raise BadSetting(
            _("The key {key} stands twice in anchors and schedule.").format(key=twice[0]),
            _("Give each anchor and each act a key of its own."),
        )
    for item in schedule:
        hooks = {Rule.parse(text).anchor for text in item.rules}
        if unknown := [*(hooks - {*acts, *anchors}), *(key for key in item.after if key not in acts)]:
            raise BadSetting(
                _("The act {act} hangs on {key}, which is not known.").format(act=item.act, key=unknown[0]),
                _("Let its rule name an anchor or an act, and what it comes after name acts."),
            )


@lru_cache(maxsize=100)  # a programme's schedule is the same in every cycle and on every morning
def _in_order(schedule: tuple[Scheduled, ...]) -> tuple[str, ...]:
    """Return the acts so that each follows those it hangs on."""
    acts = {item.act for item in schedule}
    hangs_on = {item.act: acts & {*(Rule.parse(text).anchor for text in item.rules), *item.after} for item in schedule}
    try:
        return tuple(TopologicalSorter(hangs_on).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise BadSetting(
            _("These acts wait for each other: {acts}.").format(acts=" → ".join(circle)),
            _("Let one of them hang on an anchor of the year."),
        ) from None


def _anchor_date(key: str, rule: str, fiscal_year: int, calendar: Calendar) -> date:
    kind, _colon, value = rule.partition(":")
    try:
        return _ANCHOR_KINDS[kind](value, fiscal_year, calendar)
    except (KeyError, ValueError):
        raise BadSetting(
            _("The anchor {key} has the rule {rule}, which cannot be read.").format(key=key, rule=rule),
            _("Write first_open:09-01, last_open:11-30, date:11-01 or holiday:coming_of_age."),
        ) from None


def _day_of(month_and_day: str, fiscal_year: int) -> date:
    """Return the date of a month and day in the fiscal year, which runs from April to March."""
    month, day = map(int, month_and_day.split("-"))
    return date(fiscal_year if month >= _APRIL else fiscal_year + 1, month, day)


def _coming_of_age(fiscal_year: int) -> date:
    """Return the second Monday of the January that the fiscal year holds (国民の祝日に関する法律2条)."""
    eighth = date(fiscal_year + 1, 1, 8)
    return eighth + timedelta(days=-eighth.weekday() % 7)


_HOLIDAYS: dict[str, Callable[[int], date]] = {"coming_of_age": _coming_of_age}
_ANCHOR_KINDS: dict[str, Callable[[str, int, Calendar], date]] = {
    "date": lambda value, year, _calendar: _day_of(value, year),
    "first_open": lambda value, year, calendar: calendar.first_open(_day_of(value, year)),
    "last_open": lambda value, year, calendar: calendar.last_open(_day_of(value, year)),
    "holiday": lambda value, year, _calendar: _HOLIDAYS[value](year),
}
