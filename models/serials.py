"""Serials as text: "1-3998,4001". Compact enough for a ledger entry, exact enough for a join."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

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
    runs = groupby(enumerate(sorted(set(serials))), key=lambda pair: pair[1] - pair[0])
    spans = [[serial for _place, serial in run] for _gap, run in runs]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in spans)


def canonical(text: str) -> str:
    """Write what a person typed as `compact` would, without walking over every serial.

    Raises:
        BadInput: as `ranges` does.

    """
    merged: list[tuple[int, int]] = []
    for first, last in ranges(text):
        if merged and merged[-1][1] + 1 == first:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in merged)


def _span(part: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(part)
    span = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 0 < span[0] <= span[1]:
        raise ValueError
    return span
