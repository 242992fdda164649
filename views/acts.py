"""The acts of one stage as they stand: their dates, who did each and when, what blocks it, and who may do it."""

from dataclasses import dataclass
from datetime import date

from states.facts import Done
from states.look import Look
from states.table import BY_TRIGGER, STAGE_OF
from views.deadlines import Dated, dated
from views.standing import Owed, Standing, act_title, undated_acts


@dataclass(frozen=True, kw_only=True)
class OfStage:
    """One act of a stage. `dated` has its dates, `owed` what is left of it, `done` who did it last.

    `is_next` tells what may come in the state that stands.
    """

    act: str
    title: str
    owner_title: str
    dated: Dated | None
    owed: Owed | None
    done: Done | None
    is_next: bool

    @property
    def is_late(self) -> bool:
        """Tell what is late of itself, not only because of another act."""
        return self.owed is not None and self.owed.days_left < 0 and not self.owed.follows


@dataclass(frozen=True, kw_only=True)
class Span:
    """The first and the last day of several."""

    begins_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Dates:
    """The dates of a stage side by side: as planned first, as promised now, and of what is done."""

    planned: Span | None
    due: Span | None
    done: Span | None


def of_stage(here: Look, stands: Standing, stage: str) -> tuple[OfStage, ...]:
    """Return the acts of a stage that are dated, in the order of their days."""
    owed = {it.act: it for it in (*stands.next, *stands.later)}
    return tuple(
        _of_stage(here, one.act, dated=one, owed=owed.get(one.act)) for one in dated(here) if STAGE_OF[one.act] == stage
    )


def undated_of(here: Look, stage: str) -> tuple[OfStage, ...]:
    """Return the acts of a stage that have no date: what may come now, and what was done."""
    facts = here.facts
    may_come = {act for act in undated_acts(here) if STAGE_OF[act] == stage}
    done = {act for act in facts.done if STAGE_OF[act] == stage and act not in facts.due}
    return tuple(_of_stage(here, act) for act in BY_TRIGGER if act in may_come | done)


def dates_of(all_dated: tuple[Dated, ...], stage: str) -> Dates:
    """Return the dates of a stage; what a cancelled year owes no more has none."""
    acts = [one for one in all_dated if STAGE_OF[one.act] == stage and not one.dropped]
    return Dates(
        planned=_span([one.planned_on for one in acts]),
        due=_span([one.due_on for one in acts]),
        done=_span([one.done_on for one in acts if one.done_on]),
    )


def _span(days: list[date]) -> Span | None:
    return Span(begins_on=min(days), ends_on=max(days)) if days else None


def _of_stage(here: Look, act: str, *, dated: Dated | None = None, owed: Owed | None = None) -> OfStage:
    row = BY_TRIGGER[act]
    return OfStage(
        act=act, title=act_title(act), owner_title=row.owner_under(here.programme).label, dated=dated, owed=owed,
        done=here.facts.done.get(act), is_next=here.facts.state in row.froms,
    )  # fmt: skip
