"""What is owed when and why: each date with the rule that made it, what moved it, and what is late now."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Row, select
from sqlmodel import col

from models import tables
from models.clock import TOKYO
from models.people import Side
from models.programme import Programme
from models.words import _
from states import schedule
from states.deadlines import Rule
from states.facts import Facts
from states.look import Look
from states.reading import aware
from states.schedule import Projection
from states.sweep import moved_by
from states.table import BY_TRIGGER
from views.standing import act_title


@dataclass(frozen=True, kw_only=True)
class Dated:
    """One dated act: its first, its promised and its actual day, its rule, what moved it, its flag with its moment.

    `flag` is "" or due_soon, due_today, overdue, escalated, dropped; `moved` is "" or person, lateness. `late_by` says
    how many days after the first date, as far as is known today, also of what is done; `follows` tells what is late
    through another act alone.
    """

    year: int
    act: str
    title: str
    owner: Side
    planned_on: date
    due_on: date
    done_on: date | None
    rule: str
    rule_words: str
    moved: str
    moved_reason: str
    flag: str
    flagged_at: datetime | None
    late_by: int = 0
    follows: bool = False

    @property
    def lateness(self) -> str:
        """Say how late an act is against its first date, and whether it only follows another; "" where it is not."""
        if not self.late_by:
            return ""
        words = _("follows, {days} days") if self.follows else _("{days} days late")
        return words.format(days=self.late_by)

    @property
    def why(self) -> str:
        """Say in one line why the date stands."""
        if self.moved == "person":
            return _("{rule}; moved by a person: {reason}").format(rule=self.rule_words, reason=self.moved_reason)
        if self.moved == "lateness":
            return _("{rule}; moved by what it hangs on").format(rule=self.rule_words)
        return self.rule_words

    @property
    def dropped(self) -> bool:
        """Tell what a cancelled year owes no more."""
        return self.flag == "dropped"

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        names = ("year", "act", "title", "owner", "planned_on", "due_on", "done_on", "rule", "why", "moved", "flag",
                 "flagged_at", "late_by", "follows")  # fmt: skip
        return {name: to_jsonable_python(getattr(self, name)) for name in names}


def dated(here: Look) -> tuple[Dated, ...]:
    """Return every dated act of a cycle in the order of its days."""
    act = tables.Act
    query = select(act).where(col(act.cycle_id) == here.cycle_id).order_by(col(act.due_on), col(act.planned_on))
    seen = schedule.projection(here.connection, here.cycle_id, here.programme, today=here.today, calendar=here.calendar)
    return tuple(_dated(here.facts, row, seen) for row in here.connection.execute(query))


def _dated(facts: Facts, row: Row[tables.Act], seen: Projection) -> Dated:
    late_by = (seen.found[row.act].day - row.planned_on).days if row.act in seen.found else 0
    return Dated(
        year=facts.fiscal_year,
        act=row.act,
        title=act_title(row.act),
        owner=Side(row.owner),
        planned_on=row.planned_on,
        due_on=row.due_on,
        done_on=row.done_on,
        rule=row.rule,
        rule_words=_rule_words(row, facts.programme),
        moved=moved_by(row),
        moved_reason=row.moved_reason,
        flag=row.flag if row.done_on is None or row.flag == "dropped" else "",
        flagged_at=aware(row.flagged_at).astimezone(TOKYO) if row.flagged_at else None,
        late_by=max(0, late_by),
        follows=late_by > 0 and row.act not in seen.causes(row.act),
    )


def _rule_words(row: Row[tables.Act], programme: Programme) -> str:
    words, floor = rule_words(row.rule, programme), BY_TRIGGER[row.act].not_before
    if not floor or not row.rule:
        return words
    return _("{rule}, but not before {floor}").format(rule=words, floor=rule_words(floor, programme))


def rule_words(text: str, programme: Programme) -> str:
    """Return a deadline rule as people say it: `D-16bd` is 16 open days before the last open day by 11-30."""
    if not text:
        return _("by a day of its own")
    rule = Rule.parse(text)
    anchor = _anchor_words(rule.anchor, programme)
    if not rule.unit or not rule.offset:
        return anchor
    forms = {
        ("bd", True): _("{days} open days after {anchor}"), ("bd", False): _("{days} open days before {anchor}"),
        ("d", True): _("{days} days after {anchor}"), ("d", False): _("{days} days before {anchor}"),
    }  # fmt: skip
    return forms[rule.unit, rule.offset > 0].format(days=abs(rule.offset), anchor=anchor)


def _anchor_words(anchor: str, programme: Programme) -> str:
    if anchor in BY_TRIGGER:
        return _("“{act}”").format(act=act_title(anchor))
    kind, _colon, value = programme.anchors.get(anchor, "").partition(":")
    forms = {
        "first_open": _("the first open day from {day}"), "last_open": _("the last open day until {day}"),
        "date": "{day}", "holiday": _("Coming of Age Day"),
    }  # fmt: skip
    return forms.get(kind, anchor).format(day=value)
