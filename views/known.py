"""What a form can know before anybody types: from the record of the year, from the programme, and from last year."""

from collections.abc import Callable, Mapping
from typing import Any

from states.look import Look
from states.rows import Row

# By act and field: what the year's record says of it.
KNOWN: Mapping[tuple[str, str], Callable[[Look], Any]] = {}


def known(here: Look, row: Row) -> dict[str, Any]:
    """Return what is known of the fields of an act's record."""
    found = {field: says(here) for (act, field), says in KNOWN.items() if act == row.trigger}
    return {field: value for field, value in found.items() if value not in {None, ""}}
