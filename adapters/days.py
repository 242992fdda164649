"""Days as registers write them: western or in Japanese eras, with signs, kanji or nothing between the numbers.

A day is read only where it can mean one day. What could mean several is named as such, so that a person decides.
Eras: 元号法 and the imperial ordinances before it; the day of a change belongs to both where both were in force.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

Trouble = Literal["", "birth_format", "ambiguous_date", "impossible_date"]


class ReadDay(NamedTuple):
    """The day a text means, or why there is none: the code of the finding."""

    day: date | None
    trouble: Trouble


class _Era(NamedTuple):
    """An era: how its name is written, its first and its last day."""

    names: tuple[str, ...]
    first: date
    last: date


_ERAS = (
    _Era(("明治", "明", "M"), date(1868, 1, 25), date(1912, 7, 30)),
    _Era(("大正", "大", "T"), date(1912, 7, 30), date(1926, 12, 25)),
    _Era(("昭和", "昭", "S"), date(1926, 12, 25), date(1989, 1, 7)),
    _Era(("平成", "平", "H"), date(1989, 1, 8), date(2019, 4, 30)),
    _Era(("令和", "令", "R"), date(2019, 5, 1), date.max),
)
_ERA_OF = {name: era for era in _ERAS for name in era.names}
_NAMES = "|".join(_ERA_OF)
_MONTH_AND_DAY = r"(?:(?P<sign>[-/.])\d{1,2}(?P=sign)\d{1,2}|年\d{1,2}月\d{1,2}日)"
_WESTERN = re.compile(rf"\d{{4}}{_MONTH_AND_DAY}|\d{{8}}", re.ASCII)
_JAPANESE = re.compile(rf"(?:{_NAMES})(?:(?:\d{{1,2}}|元){_MONTH_AND_DAY}|\d{{6}})", re.ASCII)
# Two digits for the year, an era as a digit, the year at the end, or the days that Excel counts.
_AMBIGUOUS = re.compile(
    r"\d{1,2}([-/.])\d{1,2}\1(\d{1,2}|\d{4})|\d{1,2}年\d{1,2}月\d{1,2}日|\d([-/.])\d{1,2}\3\d{1,2}\3\d{1,2}|\d{5,7}",
    re.ASCII,
)
_NUMBERS = re.compile(r"\d+|元", re.ASCII)


def read_day(text: str) -> ReadDay:
    """Return the day that a cell of the register means; width, spaces and the case of letters do not count."""
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    if _WESTERN.fullmatch(plain):
        return _day(*_numbers(plain, year_digits=4))
    if _JAPANESE.fullmatch(plain):
        name = next(era_name for era_name in _ERA_OF if plain.startswith(era_name))
        return _day_of_era(_ERA_OF[name], *_numbers(plain.removeprefix(name), year_digits=2))
    return ReadDay(None, "ambiguous_date" if _AMBIGUOUS.fullmatch(plain) else "birth_format")


def _numbers(plain: str, *, year_digits: int) -> Iterator[int]:
    """Return year, month and day of a text that has one of the forms."""
    numbers = _NUMBERS.findall(plain)
    if len(numbers) == 1:
        (digits,) = numbers
        numbers = [digits[:year_digits], digits[year_digits:-2], digits[-2:]]
    return (1 if number == "元" else int(number) for number in numbers)


def _day(year: int, month: int, day: int) -> ReadDay:
    try:
        return ReadDay(date(year, month, day), "")
    except ValueError:
        return ReadDay(None, "impossible_date")


def _day_of_era(era: _Era, year: int, month: int, day: int) -> ReadDay:
    """Return a day of an era; one before or after it never was (平成31年5月1日)."""
    read = _day(era.first.year + year - 1, month, day)
    if year < 1 or (read.day and not era.first <= read.day <= era.last):
        return ReadDay(None, "impossible_date")
    return read
