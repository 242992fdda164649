"""Which commitments a plan passes, by how much and through which late act, and what was decided about it (Law 11)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic_core import to_jsonable_python

from models.words import _, in_words
from states import schedule
from states.look import Look
from states.schedule import Projection
from states.table import BY_TRIGGER


@dataclass(frozen=True, kw_only=True)
class Cause:
    """An act that is late of itself, and by how many days; what only follows it is no cause."""

    act: str
    title: str
    days: int


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A commitment that was passed or will be: its day, the act that comes last after it, and through what."""

    key: str
    title: str
    on: date
    act: str
    act_title: str
    expected: date
    done: bool
    causes: tuple[Cause, ...]

    @property
    def days(self) -> int:
        """Return by how many days it is passed."""
        return (self.expected - self.on).days

    @property
    def words(self) -> str:
        """Say in a sentence what is passed, by how much, by which act and through which."""
        if self.done:
            said = _("“{title}” ({on}) was passed by {days} days: “{act}” was done on {expected}.")
        else:
            said = _("“{title}” ({on}) will be passed by {days} days: “{act}” comes on {expected}.")
        told = said.format(title=self.title, on=self.on, days=self.days, act=self.act_title, expected=self.expected)
        if not self.causes:
            return told
        late = _("“{act}” ({days} days late)")
        through = "、".join(late.format(act=cause.title, days=cause.days) for cause in self.causes)
        return told + " " + _("Through: {acts}.").format(acts=through)

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return to_jsonable_python(self) | {"days": self.days, "words": self.words}


def passed(here: Look) -> tuple[Passed, ...]:
    """Return the commitments that the cycle passed, or passes by what is owed as of the day it is seen on."""
    facts, programme = here.facts, here.programme
    if not programme.commitments:
        return ()
    seen = schedule.projection(here.connection, here.cycle_id, programme, today=here.today, calendar=here.calendar)
    days = schedule.commitments(programme, facts.fiscal_year, here.calendar)
    found = (_passed(here, seen, key, on) for key, on in days.items())
    return tuple(commitment for commitment in found if commitment)


def _passed(here: Look, seen: Projection, key: str, on: date) -> Passed | None:
    commitment = here.programme.commitments[key]
    beyond = {act: seen.found[act].day for act in commitment.bounds if act in seen.found and seen.found[act].day > on}
    if not beyond:
        return None
    act = max(beyond, key=lambda bound: beyond[bound])
    return Passed(
        key=key,
        title=in_words(ja=commitment.ja, en=commitment.en),
        on=on,
        act=act,
        act_title=_title(act),
        expected=beyond[act],
        done=act in here.facts.done,
        causes=tuple(Cause(act=late, title=_title(late), days=days) for late, days in seen.causes(act).items()),
    )


def _title(act: str) -> str:
    return in_words(ja=BY_TRIGGER[act].ja, en=BY_TRIGGER[act].en)
