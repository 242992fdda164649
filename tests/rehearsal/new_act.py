"""Plays a year under a table with an act that nobody has seen before: DIR. It ends once that act is done."""

import sys
from datetime import date, datetime
from pathlib import Path

from pydantic import Field

from adapters.clock import VirtualClock
from models.clock import TOKYO
from models.people import Role, Side
from models.records.base import ActRecord, Code, Count, Line, MaybeLine
from states.facts import Facts
from states.rows import Row
from states.rules import preparation
from states.rules.dates import dated_after


class Tasted(ActRecord):
    """試食."""

    cups: Count = Field(title="Count")
    place: Line = Field(title="Place")
    on: date = Field(title="Date")
    kind: Code = Field(title="Kind")
    liked: bool = Field(title="Liked")
    note: MaybeLine = Field(default="", title="Note")


TASTE = Row(
    trigger="taste", event="tasted", ja="試食", en="Taste", froms=("contracted",), who=(Role.REGISTRAR,),
    second=(Role.APPROVER, Role.DEPUTY), owner=Side.REGISTER, record=Tasted, due="C+2bd", after=("conclude_contract",),
    guards=(dated_after("on"),),
)  # fmt: skip
preparation.READINESS = (TASTE, *preparation.READINESS)  # before anything has asked for the table


class TastedAlready(Exception):
    """The act is done."""


def stop_once_it_is_done(_today: date, facts: Facts) -> None:
    if done := facts.done.get("taste"):
        raise TastedAlready(done.by)


def main(folder: Path) -> None:
    from direct import YEAR, rehearsed

    from rehearsal.plan import Plan
    from steps import preparation as installing

    template = folder / "template"
    template.mkdir()
    VirtualClock(template / "clock").set(datetime(YEAR, 9, 1, 9, tzinfo=TOKYO))
    office = installing.install(template, folder / "none", rehearsal=True)
    installing.register_sample_people(office, YEAR)
    office.engine.dispose()
    plan = Plan(year=YEAR, out=folder / "out", persons=50, extract=None, late={}, seed=1, keep=False)
    with rehearsed(template, plan) as rehearsal:
        rehearsal.run(stop_once_it_is_done)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except TastedAlready as done:
        sys.exit(f"done by {done}")
    sys.exit("the year ended without it")
