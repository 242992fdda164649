"""The ward's open days: known years, and properties of counting."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from states.calendar import Calendar

VECTOR = Path(__file__).parents[1] / "vectors" / "schedule_fy2026.yaml"
WARD = Calendar()
# Fiscal year 2026 as the Cabinet Office publishes it (国民の祝日), substitute and in-between days included.
HOLIDAYS_2026 = {
    *(date(2026, month, day) for month, day in [(4, 29), (5, 3), (5, 4), (5, 5), (5, 6), (7, 20), (8, 11)]),
    *(date(2026, month, day) for month, day in [(9, 21), (9, 22), (9, 23), (10, 12), (11, 3), (11, 23)]),
    *(date(2027, month, day) for month, day in [(1, 1), (1, 11), (2, 11), (2, 23), (3, 21), (3, 22)]),
}

days = st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31))
counts = st.integers(min_value=-60, max_value=60)
calendars = st.builds(
    lambda closed: Calendar(closed=closed), closed=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
)
quickly = settings(max_examples=150, deadline=None)


def days_of_fiscal_year_2026() -> list[date]:
    return [date(2026, 4, 1) + timedelta(days=n) for n in range(365)]


def test_the_closed_weekdays_of_2026_are_the_published_holidays_and_the_year_end() -> None:
    """Of the weekdays of fiscal year 2026 only the 19 published holidays and 12-29 to 01-03 are closed."""
    assert len(HOLIDAYS_2026) == 19
    year_end = {date(2026, 12, 29) + timedelta(days=n) for n in range(6)}
    expected = {day for day in HOLIDAYS_2026 | year_end if day.weekday() < 5}
    assert {day for day in days_of_fiscal_year_2026() if day.weekday() < 5 and not WARD.is_open(day)} == expected


def test_no_saturday_or_sunday_is_open() -> None:
    """Weekends are closed all year."""
    assert not any(WARD.is_open(day) for day in days_of_fiscal_year_2026() if day.weekday() >= 5)


@pytest.mark.parametrize("year", [2024, 2026, 2027, 2031])
def test_the_office_closes_from_the_29th_of_december_to_the_3rd_of_january(year: int) -> None:
    """The last open day of a year is 12-28 or before it, the first 01-04 or after it."""
    assert not any(WARD.is_open(date(year, 12, 29) + timedelta(days=n)) for n in range(6))
    assert WARD.last_open(date(year, 12, 31)) == WARD.last_open(date(year, 12, 28))
    assert WARD.first_open(date(year, 1, 1)) == WARD.first_open(date(year, 1, 4))


def test_the_day_itself_is_day_zero() -> None:
    """Five open days from Thursday 2026-10-01 end on the 8th; the day of the event is not counted."""
    assert WARD.add_open_days(date(2026, 10, 1), 5) == date(2026, 10, 8)
    assert WARD.open_days_between(date(2026, 10, 1), date(2026, 10, 8)) == 5
    assert WARD.open_days_between(date(2026, 10, 8), date(2026, 10, 1)) == -5


def test_counting_passes_over_closed_days() -> None:
    """From a Sunday the first open day is Monday, and from 12-28 it is the first open day of January."""
    assert WARD.add_open_days(date(2026, 11, 1), 1) == date(2026, 11, 2)
    assert WARD.add_open_days(date(2026, 11, 1), -1) == date(2026, 10, 30)
    assert WARD.add_open_days(date(2026, 12, 28), 1) == date(2027, 1, 4)


def test_the_wards_own_closing_days_count_as_closed() -> None:
    """A closing day that the ward adds shifts what is counted over it, and nothing else."""
    day = date(2026, 10, 2)
    ward = Calendar(closed=frozenset({day}))
    assert not ward.is_open(day)
    assert ward.add_open_days(date(2026, 10, 1), 5) == date(2026, 10, 9)
    assert ward.add_open_days(date(2026, 10, 5), 3) == WARD.add_open_days(date(2026, 10, 5), 3)


def test_every_date_of_the_example_year_counted_in_open_days_is_open() -> None:
    """All dates of the example schedule are open but the two that are counted in calendar days."""
    schedule = yaml.safe_load(VECTOR.read_text(encoding="utf-8"))["schedule"]
    closed = {row["key"] for row in schedule if not WARD.is_open(date.fromisoformat(row["date"]))}
    assert closed == {"cutoff", "acceptance"}


@quickly
@given(ward=calendars, a=days, n=counts)
def test_counting_undoes_adding(ward: Calendar, a: date, n: int) -> None:
    """The open days between a day and its n-th open day are n."""
    assert ward.open_days_between(a, ward.add_open_days(a, n)) == n


@quickly
@given(ward=calendars, a=days, distance=counts)
def test_adding_undoes_counting(ward: Calendar, a: date, distance: int) -> None:
    """Adding the open days between two days gives the second wherever it is open."""
    b = ward.first_open(a + timedelta(days=distance))
    assert ward.add_open_days(a, ward.open_days_between(a, b)) == b


@quickly
@given(ward=calendars, a=days, b=days)
def test_there_and_back_is_as_long(ward: Calendar, a: date, b: date) -> None:
    """Between two open days it is as far back as forth."""
    a, b = ward.first_open(a), ward.first_open(b)
    assert ward.open_days_between(a, b) == -ward.open_days_between(b, a)


@quickly
@given(ward=calendars, a=days, later=st.integers(min_value=0, max_value=30), n=counts)
def test_a_later_day_gives_no_earlier_deadline(ward: Calendar, a: date, later: int, n: int) -> None:
    """Adding is monotone in the day, and strictly so in the number."""
    assert ward.add_open_days(a, n) <= ward.add_open_days(a + timedelta(days=later), n)
    assert ward.add_open_days(a, n) < ward.add_open_days(a, n + 1)


@quickly
@given(ward=calendars, day=days)
def test_first_and_last_open_hold_the_day_between_them(ward: Calendar, day: date) -> None:
    """The last open day, the day and the first open day stand in order, both open, and equal where the day is open."""
    last, first = ward.last_open(day), ward.first_open(day)
    assert last <= day <= first
    assert ward.is_open(last)
    assert ward.is_open(first)
    assert (last == first) is ward.is_open(day)


def test_importing_the_calendar_does_not_import_the_holidays() -> None:
    """The holidays package is imported by the first question for a date, not with the module."""
    asked = "import sys, states.calendar; print('holidays' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"
