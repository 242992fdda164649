"""Which commitments a plan passes, by how much and through which late act, and what was decided about it (Law 11)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, Row

from models import tables
from models.clock import day_of
from models.programme import Programme
from models.records.oversight import LatePlanDecided
from models.words import _, in_words, listed
from states import schedule
from states.calendar import Calendar
from states.look import Look
from states.reading import programme_of
from states.schedule import Projection
from states.table import BY_TRIGGER


@dataclass(frozen=True, kw_only=True)
class Cause:
    """An act that is late of itself, and by how many days; what only follows it is no cause."""

    act: str
    title: str
    days: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who accepted that a commitment is passed, when, under which number, and up to which day."""

    by: str
    on: date
    number: str
    until: date


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A commitment that was passed or will be: its day, the act that comes last after it, and through what."""

    year: int
    key: str
    title: str
    on: date
    act: str
    act_title: str
    expected: date
    done: bool
    causes: tuple[Cause, ...]
    decision: Decision | None
    seen_on: date

    @property
    def is_accepted(self) -> bool:
        """Tell whether a named decision covers the passing as it stands; a plan that slid on asks for another."""
        return self.decision is not None and self.expected <= self.decision.until

    def is_through(self, act: str) -> bool:
        """Tell whether the act is late of itself and this is passed because of it."""
        return act in {cause.act for cause in self.causes}

    @property
    def days(self) -> int:
        """Return by how many days it is passed."""
        return (self.expected - self.on).days

    @property
    def words(self) -> str:
        """Say in a sentence what is passed, by how much, by which act and through which."""
        return self._say(
            _("“{title}” ({on}) will be passed by {days} days: “{act}” comes on {expected}."),
            _("“{act}” ({days} days late)"),
        )

    @property
    def words_of_a_page(self) -> str:
        """Say the same without what grows by the day, so that a new day alone makes no new page."""
        return self._say(_("“{title}” ({on}) will be passed: “{act}” comes after it."), _("“{act}”"))

    def _say(self, coming: str, late: str) -> str:
        said = _("“{title}” ({on}) was passed by {days} days: “{act}” was done on {expected}.") if self.done else coming
        told = said.format(title=self.title, on=self.on, days=self.days, act=self.act_title, expected=self.expected)
        if through := listed(late.format(act=cause.title, days=cause.days) for cause in self.causes):
            told += " " + _("Through: {acts}.").format(acts=through)
        return f"{told} {self._decided}"

    @property
    def _decided(self) -> str:
        if not self.decision:
            return _("Nobody has decided on it.")
        said = _("Decided by {by} on {on} ({number}): accepted until {until}.")
        words = said.format(
            by=self.decision.by, on=self.decision.on, number=self.decision.number, until=self.decision.until
        )
        return words if self.is_accepted else words + " " + _("It goes beyond that day: decide again.")

    @property
    def outlook(self) -> str:
        """Say whether it can still be met, and by how many days the plan must be shortened for that."""
        if self.done:
            return ""
        if self.on < self.seen_on:
            return _("It can no longer be met.")
        return _("To meet it, shorten the plan up to “{act}” by {days} days.").format(
            act=self.act_title, days=self.days
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return to_jsonable_python(self) | {"days": self.days, "is_accepted": self.is_accepted, "words": self.words}


def passed(here: Look) -> tuple[Passed, ...]:
    """Return the commitments that the cycle passed, or passes by what is owed as of the day it is seen on."""
    days = here.facts.commitments
    if not days:
        return ()
    seen = schedule.projection(here.connection, here.cycle_id, here.programme, today=here.today, calendar=here.calendar)
    beyond = {key: act for key, on in days.items() if (act := _last_beyond(here.programme, seen, key, on))}
    decisions = _decisions(here) if beyond else {}
    return tuple(_passed(here, seen, key, act, decisions.get(key)) for key, act in beyond.items())


def any_passed(connection: Connection, cycle: Row[tables.Cycle], *, today: date, calendar: Calendar) -> bool:
    """Tell whether a cycle passes any commitment, by its dates alone."""
    programme = programme_of(cycle.programme_text)
    days = schedule.commitments(programme, cycle.fiscal_year, calendar)
    seen = schedule.projection(connection, cycle.id, programme, today=today, calendar=calendar) if days else None
    return seen is not None and any(_last_beyond(programme, seen, key, on) for key, on in days.items())


def _last_beyond(programme: Programme, seen: Projection, key: str, on: date) -> str:
    """Return the act that comes last after a commitment that bounds it, "" where none does."""
    days = {act: seen.found[act].day for act in programme.commitments[key].bounds if act in seen.found}
    return max((act for act, day in days.items() if day > on), key=lambda act: days[act], default="")


def _passed(here: Look, seen: Projection, key: str, act: str, decision: Decision | None) -> Passed:
    commitment = here.programme.commitments[key]
    return Passed(
        year=here.facts.fiscal_year,
        key=key,
        title=in_words(ja=commitment.ja, en=commitment.en),
        on=here.facts.commitments[key],
        act=act,
        act_title=BY_TRIGGER[act].title,
        expected=seen.found[act].day,
        done=act in here.facts.done,
        causes=tuple(
            Cause(act=late, title=BY_TRIGGER[late].title, days=days) for late, days in seen.causes(act).items()
        ),
        decision=decision,
        seen_on=here.today,
    )


def _decisions(here: Look) -> dict[str, Decision]:
    """Return the latest decision on each commitment."""
    return {
        past.record.commitment: Decision(
            by=past.by, on=day_of(past.at), number=past.record.decision_number, until=past.record.until
        )
        for past in here.facts.past("decide_late_plan", LatePlanDecided)
    }
