"""Dates on paper at the door: none in the future, none before what it reports, none when the office was closed."""

from datetime import date, timedelta
from typing import Any

import pytest
from scenes import COPY, Year

from models.errors import Refused, Unmet

MONDAY, WEDNESDAY = 0, 2


def unmet(year: Year, trigger: str, **changes: Any) -> dict[str, Unmet]:
    with pytest.raises(Refused) as refused:
        year.propose(trigger, **changes)
    return {gap.guard: gap for gap in refused.value.unmet}


@pytest.mark.parametrize(
    ("act", "field"),
    [("return_media", "checked_on"), ("report_completion", "completed_on"), ("accept_work", "inspected_on"),
     ("destroy_items", "destroyed_on")],
)  # fmt: skip
def test_a_report_is_dated_between_what_it_reports_and_today(sqlite_year: Year, act: str, field: str) -> None:
    """Tomorrow and the day before the event are refused; the refusal names the days between which it lies."""
    sqlite_year.play(before=act)
    sqlite_year.wait_for(act)
    today = sqlite_year.clock.at.date()
    tomorrow = unmet(sqlite_year, act, **{field: today + timedelta(days=1)})
    assert str(today) in tomorrow["date_is_in_order"].missing
    assert "date_is_in_order" in unmet(sqlite_year, act, **{field: date(2026, 9, 2)})
    sqlite_year.do(act)


@pytest.mark.parametrize(
    ("act", "field"),
    [("return_media", "checked_on"), ("accept_work", "inspected_on"), ("destroy_items", "destroyed_on")],
)
def test_the_office_did_nothing_on_a_closed_day(sqlite_year: Year, act: str, field: str) -> None:
    """A date on which the ward's office was closed is refused by that date, though it lies in order."""
    sqlite_year.play(before=act)
    sqlite_year.wait_for(act)
    sqlite_year.later(days=7)
    closed = next(
        day for back in range(8)
        if not sqlite_year.door.calendar.is_open(day := sqlite_year.clock.at.date() - timedelta(days=back))
    )  # fmt: skip
    gaps = unmet(sqlite_year, act, **{field: closed})
    assert set(gaps) == {"date_is_an_open_day"}
    assert str(closed) in gaps["date_is_an_open_day"].missing


@pytest.mark.parametrize(
    ("act", "guard"),
    [("conclude_contract", "date_is_an_open_day"), ("confirm_erasure", "done_on_an_open_day")],
)
def test_what_the_office_decides_is_not_dated_on_a_closed_day(sqlite_year: Year, act: str, guard: str) -> None:
    """A contract without a date of its own, and the confirmation of the erasure, are of the day they are entered."""
    sqlite_year.play(before=act)
    sqlite_year.wait_for(act)
    while sqlite_year.door.calendar.is_open(sqlite_year.clock.at.date()):
        sqlite_year.later(days=1)
    closed = sqlite_year.clock.at.date()
    assert str(closed) in unmet(sqlite_year, act)[guard].missing
    sqlite_year.later(days=-1)
    assert guard not in unmet(sqlite_year, act, by="asahi")


def test_a_contract_bears_the_date_of_an_open_day(sqlite_year: Year) -> None:
    """A contract entered on the Monday is of the Friday before, and never of the Sunday between."""
    year = sqlite_year
    year.play(before="conclude_contract")
    while year.clock.at.weekday() != MONDAY:
        year.later(days=1)
    sunday, friday = (year.clock.at.date() - timedelta(days=back) for back in (1, 3))
    assert set(unmet(year, "conclude_contract", concluded_on=sunday)) == {"date_is_an_open_day"}
    year.do("conclude_contract", concluded_on=friday)


def test_no_deadline_is_moved_to_a_closed_day(sqlite_year: Year) -> None:
    """A deadline moved to a Sunday is refused by that day, and moved to the Monday after it."""
    assert set(unmet(sqlite_year, "move_deadline", to=date(2027, 1, 31))) == {"date_is_an_open_day"}
    sqlite_year.do("move_deadline", to=date(2027, 2, 1))


def test_a_limit_that_ends_on_a_saturday_is_owed_on_the_friday(sqlite_year: Year) -> None:
    """The ten days for the inspection (支払遅延防止法5条) are not stretched by a weekend: it is owed before it."""
    year = sqlite_year
    year.play(before="report_completion")
    while year.clock.at.weekday() != WEDNESDAY:
        year.later(days=1)
    year.do("report_completion")
    assert year.facts().due["accept_work"] == year.clock.at.date() + timedelta(days=9)


@pytest.mark.parametrize("act", ["report_erasure", "report_completion"])
def test_no_report_comes_in_while_the_office_is_closed(sqlite_year: Year, act: str) -> None:
    """What the contractor reports on a closed day is refused by that day and taken on the next open one."""
    sqlite_year.play(before=act)
    sqlite_year.wait_for(act)
    while sqlite_year.door.calendar.is_open(sqlite_year.clock.at.date()):
        sqlite_year.later(days=1)
    gaps = unmet(sqlite_year, act)
    assert set(gaps) == {"report_comes_in_on_an_open_day"}
    assert str(sqlite_year.clock.at.date()) in gaps["report_comes_in_on_an_open_day"].missing
    while not sqlite_year.door.calendar.is_open(sqlite_year.clock.at.date()):
        sqlite_year.later(days=1)
    sqlite_year.do(act)


@pytest.mark.parametrize(
    ("act", "field"),
    [("report_incident", "known_on"), ("record_deviation", "happened_on"), ("record_loss", "noticed_on")],
)
def test_nothing_is_known_before_it_happens(sqlite_year: Year, act: str, field: str) -> None:
    """A report of tomorrow is refused: the clock of the law starts with a day that has come."""
    sqlite_year.play(before="report_receipt")
    tomorrow = sqlite_year.clock.at.date() + timedelta(days=1)
    assert set(unmet(sqlite_year, act, **{field: tomorrow})) == {"date_is_in_order"}


def test_no_copy_is_erased_before_it_was_there(sqlite_year: Year) -> None:
    """An erasure dated before the copy was registered is refused by the copy's number."""
    year = sqlite_year
    year.play(before="report_erasure")
    year.wait_for("report_erasure")
    copies = year.record("report_erasure").model_dump()["copies"]
    early = year.facts().done["report_receipt"].occurred_at - timedelta(hours=1)
    gaps = unmet(year, "report_erasure", copies=[{**copies[0], "erased_at": early}])
    assert set(gaps) == {"nothing_was_erased_before_it_was_there"}
    assert COPY in gaps["nothing_was_erased_before_it_was_there"].missing
