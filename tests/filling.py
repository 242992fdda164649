"""A form in Excel as somebody saves it after filling it in."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from itertools import zip_longest
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]  # it ships none

from adapters import spreadsheet


def filled(blank: bytes, cells: Mapping[str, Any]) -> bytes:
    """Return a form as somebody saves it, with values by the names that its fields have at the desk.

    Of a line of a table the values stand in the order of its columns, behind the number that is there already.
    """
    into = BytesIO()
    with xlsxwriter.Workbook(into, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        for sheet in spreadsheet.read(blank):
            page, lines = book.add_worksheet(), Counter[str]()
            for line, row in enumerate(sheet):
                key = str(row[0]) if row else ""
                value = cells.get(key.replace("{}", ".count").replace("[]", f".{lines[key]}"))
                lines[key] += 1
                typed = (None, None, *(value.values() if isinstance(value, Mapping) else [value]))
                for place, (stands, said) in enumerate(zip_longest(row, typed)):
                    cell = stands if said is None else said
                    page.write(line, place, cell, day if isinstance(cell, date) else None)
    return into.getvalue()
