"""A form in Excel as somebody saves it after filling it in."""

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]  # it ships none

from adapters import spreadsheet


def filled(blank: bytes, cells: Mapping[str, Any]) -> bytes:
    """Return a form as somebody saves it, with values by the names of its fields."""
    into = BytesIO()
    with xlsxwriter.Workbook(into, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        for sheet in spreadsheet.read(blank):
            page = book.add_worksheet()
            for line, row in enumerate(sheet):
                for place, cell in enumerate(row):
                    page.write(line, place, cell)
                if (value := cells.get(str(row[0]) if row else "")) is not None:
                    page.write(line, 2, value, day if isinstance(value, date) else None)
    return into.getvalue()
