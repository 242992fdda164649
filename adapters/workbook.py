"""Excel out: forms that people fill in, one sheet each."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs] - it has none

_WIDTHS = (28, 22, 22, 22, 18, 18)
_SHEET_NAME = 31  # Excel takes no longer one


@dataclass(frozen=True, kw_only=True)
class FormSheet:
    """One form: its title, a line above, labels with values, and a table with empty lines to write into."""

    title: str
    above: str
    rows: tuple[tuple[str, str], ...]
    columns: tuple[str, ...] = ()
    lines: int = 0


def workbook(sheets: Iterable[FormSheet]) -> bytes:
    """Return an Excel workbook with one A4 sheet for each form."""
    into = BytesIO()
    # Text stays text: nothing that looks like a formula or an address becomes one.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    opened: Any = xlsxwriter.Workbook(into, options)
    with opened as book:
        style = {
            "title": book.add_format({"bold": True, "font_size": 16}),
            "label": book.add_format({"bg_color": "#F0F0F0", "border": 1, "valign": "vcenter", "text_wrap": True}),
            "value": book.add_format({"border": 1, "valign": "vcenter", "text_wrap": True}),
        }
        for sheet in sheets:
            _write(book.add_worksheet(sheet.title[:_SHEET_NAME]), sheet, style)
    return into.getvalue()


def _write(page: Any, sheet: FormSheet, style: dict[str, Any]) -> None:
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 1)
    for number, width in enumerate(_WIDTHS):
        page.set_column(number, number, width)
    page.write_string(0, 0, sheet.title, style["title"])
    page.write_string(1, 0, sheet.above)
    for number, (label, value) in enumerate(sheet.rows, start=3):
        page.set_row(number, 24)
        page.write_string(number, 0, label, style["label"])
        page.merge_range(number, 1, number, 3, value, style["value"])
    first = len(sheet.rows) + 4
    for column, label in enumerate(sheet.columns):
        page.write_string(first, column, label, style["label"])
        for line in range(1, sheet.lines + 1):
            page.write_blank(first + line, column, None, style["value"])
