"""Dates on paper at the door: none in the future, none before what it reports, none when the office was closed."""

from datetime import date, timedelta
from typing import Any

import pytest
from scenes import COPY, Year

from models.errors import Refused, Unmet


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
