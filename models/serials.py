"""Serials as text: "1-3998,4001". Compact enough for a ledger entry, exact enough for a join."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import itemgetter
from typing import Any

from models.errors import BadInput
from models.words import _

# Strict: "5 7" is not 57 and "1-" is not 1; a slip of the pen must not name another serial.
_SPAN = re.compile(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?")


def ranges(text: str) -> list[tuple[int, int]]:
    """Read "1-3,5" as [(1, 3), (5, 5)]; "" is nothing.

    Raises:
        BadInput: not serials, a serial below 1, a range upside down, or a serial named twice.

    """
    try:
        spans = sorted(_span(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise BadInput(_("These are not serials: write them as 1-3998,4001."), _("Enter the serials again.")) from None
    for (_first, last), (following, _end) in pairwise(spans):
        if following <= last:
            raise BadInput(_("Serial {serial} is named twice.").format(serial=following), _("Name each serial once."))
    return spans


def expand(text: str) -> Iterator[int]:
    """Walk over every serial that the text names."""
    for first, last in ranges(text):
        yield from range(first, last + 1)


def count(text: str) -> int:
    """Return how many serials the text names."""
    return sum(last - first + 1 for first, last in ranges(text))


def compact(serials: Iterable[int]) -> str:
    """Write serials as ranges; the order and repetitions of the input do not matter."""
    return _written((serial, serial) for serial in sorted(serials))


def canonical(text: str) -> str:
    """Write the serials that a text names in the one way that `compact` writes them, without naming each."""
    return _written(ranges(text))


def union(*texts: str) -> str:
    """Return the serials that any of the texts names."""
    return _written(sorted(span for text in texts for span in ranges(text)))


def minus(text: str, *others: str) -> str:
    """Return the serials of a text that none of the others names."""
    left: list[tuple[int, int]] = []
    gone = ranges(union(*others))
    for first, last in ranges(text):
        start = first
        for out_first, out_last in gone[bisect_left(gone, first, key=itemgetter(1)) :]:
            if out_first > last:
                break
            if start < out_first:
                left.append((start, out_first - 1))
            start = max(start, out_last + 1)
        if start <= last:
            left.append((start, last))
    return _written(left)


def common(text: str, other: str) -> str:
    """Return the serials that both texts name."""
    return minus(text, minus(text, other))


def _written(spans: Iterable[tuple[int, int]]) -> str:
    """Write spans that are in order, run together where they touch or overlap."""
    runs: list[list[int]] = []
    for first, last in spans:
        if runs and first <= runs[-1][1] + 1:
            runs[-1][1] = max(runs[-1][1], last)
        else:
            runs.append([first, last])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def _span(part: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(part)
    span = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 0 < span[0] <= span[1]:
        raise ValueError
    return span


_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODULUS, _RADIX = 1271, 36  # ISO/IEC 7064, MOD 1271-36
_PLACES = 9  # digits: two of the fiscal year, seven of the serial
_WEIGHTS = tuple(pow(_RADIX, place + 2, _MODULUS) for place in range(_PLACES))
YEAR_PLACE = 10_000_000
CHECKS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def piece_code(serial: int, fiscal_year: int | None = None) -> str:
    """Write the code of a piece: "26-0001234-K7", or "0001234K7" without the fiscal year."""
    if fiscal_year is None:
        return f"{serial:07}{CHECKS[check_value(serial)]}"
    short = fiscal_year % 100
    return f"{short:02}-{serial:07}-{CHECKS[check_value(short * YEAR_PLACE + serial)]}"


def check_value(number: Any) -> Any:
    """Return the check value of a number of nine digits (ISO/IEC 7064, MOD 1271-36).

    Only arithmetic: a whole column of a table may be handed in as well as one number.
    """
    weighed = sum(number // 10**place % 10 * weight for place, weight in enumerate(_WEIGHTS))
    return (1 - weighed) % _MODULUS
