"""Time as the project sees it: aware instants, shown in Asia/Tokyo, ISO beside 和暦."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
_WEEKDAYS = "月火水木金土日"
_REIWA = 2018


class Clock(Protocol):
    """Where the present comes from: the machine, or a rehearsal's virtual year."""

    def now(self) -> datetime:
        """Return the present as an aware instant in Asia/Tokyo."""
        ...


def stamp(instant: datetime) -> str:
    """Return an instant as RFC 3339 with whole seconds in Tokyo time, the form that stands in the ledger."""
    return instant.astimezone(TOKYO).isoformat(timespec="seconds")


def day_of(instant: datetime) -> date:
    """Return the day of an instant in Tokyo."""
    return instant.astimezone(TOKYO).date()


def utc(instant: datetime) -> datetime:
    """Return the instant as stored: aware, UTC."""
    return instant.astimezone(UTC)


def wareki(day: date) -> str:
    """Return a date of the Reiwa era as 令和8年11月9日（月）."""
    year = day.year - _REIWA
    return f"令和{'元' if year == 1 else year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def fiscal_year_of(day: date) -> int:
    """Return the fiscal year (April to March) that the day belongs to."""
    return day.year if day.month >= 4 else day.year - 1  # noqa: PLR2004 - April begins it


def fiscal_year_title(year: int) -> str:
    """Return the fiscal year as 令和8年度."""
    return f"令和{year - _REIWA}年度"
