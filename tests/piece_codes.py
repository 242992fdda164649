"""The code of one piece, read as its definition has it: what the product reads a column at a time."""

import re

from models.serials import CHECKS, YEAR_PLACE, check_value

_ONE_CODE = re.compile(r"(?:([0-9]{2})-?)?([0-9]{7})-?([0-9A-Z]{2})")


def by_definition(text: str) -> tuple[int | None, int | None]:
    """Return serial and fiscal year, or nothing where it is the code of no piece."""
    found = _ONE_CODE.fullmatch(text)
    short, serial = (int(found[1] or 0), int(found[2])) if found else (0, 0)
    if found is None or serial < 1 or CHECKS[check_value(short * YEAR_PLACE + serial)] != found[3]:
        return None, None
    return serial, 2000 + short if found[1] else None
