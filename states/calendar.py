"""The ward's open days. Closed are Saturdays, Sundays, national holidays and 12-29 to 01-03 (地方自治法4条の2).

Days are counted from the day after (民法140条): the day itself is day 0.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_YEAR_END = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The ward's calendar; `closed` adds closing days of its own to those of the law."""

    closed: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Tell whether the ward's office is open on the day."""
        return (
            day.weekday() < _SATURDAY
            and (day.month, day.day) not in _YEAR_END
            and day not in _national_holidays(day.year)
            and day not in self.closed
        )

    def add_open_days(self, day: date, n: int) -> date:
        """Return the n-th open day after the day, before it where n is negative, and the day itself where n is 0."""
        return _add_open_days(self, day, n)

    def open_days_between(self, a: date, b: date) -> int:
        """Return how many open days b lies after a, negative where it lies before.

        a is not counted and b is, so that `add_open_days(a, open_days_between(a, b))` is b wherever b is open.
        """
        return _open_days_between(self, a, b)

    def first_open(self, day: date) -> date:
        """Return the day, or the next open day where it is closed."""
        return day if self.is_open(day) else self.add_open_days(day, 1)

    def last_open(self, day: date) -> date:
        """Return the day, or the last open day before it where it is closed."""
        return day if self.is_open(day) else self.add_open_days(day, -1)


# A morning's sweep asks the same of a thousand cycles; a season knows a few thousand such distances.
@lru_cache(maxsize=20_000)
def _add_open_days(calendar: Calendar, day: date, n: int) -> date:
    step = _ONE_DAY if n > 0 else -_ONE_DAY
    for _nth in range(abs(n)):
        day += step
        while not calendar.is_open(day):
            day += step
    return day


@lru_cache(maxsize=20_000)
def _open_days_between(calendar: Calendar, a: date, b: date) -> int:
    step = _ONE_DAY if b > a else -_ONE_DAY
    days = (a + step * nth for nth in range(1, abs((b - a).days) + 1))
    return step.days * sum(map(calendar.is_open, days))


@cache
def _national_holidays(year: int) -> frozenset[date]:
    """Return the national holidays of a year (国民の祝日に関する法律), substitute and in-between days too."""
    # The package takes longer to import than everything else here together, and only a date needs it.
    from holidays import country_holidays

    return frozenset(country_holidays("JP", years=year, expand=False, observed=True))
