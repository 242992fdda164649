"""Excel: tables out for people, tables in as they come. A cell is text or a moment, never a formula."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import python_calamine
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]  # it ships none

from models.errors import BadInput
from models.words import _

LARGEST = 20 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column on paper: its title, its width in characters, and whether its cells stand to the right."""

    title: str
    width: int
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table as it is written: lines above it, columns, rows of text, and the rows (from 0) that stand out."""

    name: str
    above: Sequence[str]
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    marked: frozenset[int] = frozenset()


def write(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook: A4 across, the titles repeated on every page, ready to be filtered."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book: Any = xlsxwriter.Workbook(str(path), options)
    with book:
        looks = {
            "above": book.add_format({"bold": True}),
            "title": book.add_format({"bold": True, "border": 1, "bg_color": "#F0F0F0", "valign": "vcenter"}),
            "cell": book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
            "right": book.add_format({"border": 1, "text_wrap": True, "valign": "top", "align": "right"}),
            "marked": book.add_format({"border": 1, "text_wrap": True, "valign": "top", "bg_color": "#FFF2CC"}),
        }
        for sheet in sheets:
            _write_sheet(book, sheet, looks)


def _write_sheet(book: Any, sheet: Sheet, looks: Mapping[str, Any]) -> None:
    page, top = book.add_worksheet(sheet.name), len(sheet.above)
    for row, line in enumerate(sheet.above):
        page.write_string(row, 0, line, looks["above"])
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width)
        page.write_string(top, place, column.title, looks["title"])
    for row, cells in enumerate(sheet.rows):
        for place, cell in enumerate(cells):
            look = "marked" if row in sheet.marked else "right" if sheet.columns[place].right else "cell"
            page.write_string(top + 1 + row, place, cell, looks[look])
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)
    page.freeze_panes(top + 1, 0)
    page.set_footer("&C&P / &N")
    if sheet.rows:
        page.autofilter(top, 0, top + len(sheet.rows), len(sheet.columns) - 1)


Cell = str | datetime | date | time


def read(path: Path) -> list[list[list[Cell]]]:
    """Return the sheets of a workbook as rows of cells; an empty cell is "", a whole number has no decimals.

    Raises:
        BadInput: it is no workbook, or larger than any 管理簿.

    """
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(
                _("The Excel file is larger than {size} MB.").format(size=LARGEST // 2**20),
                _("Save only the sheet of the 管理簿."),
            )
        book: Any = python_calamine.CalamineWorkbook.from_path(str(path))  # pyright: ignore[reportUnknownMemberType]  # its stub leaves a type open
        sheets = [book.get_sheet_by_index(n).to_python(skip_empty_area=False) for n in range(len(book.sheet_names))]
    except (OSError, python_calamine.CalamineError):
        raise BadInput(
            _("The Excel file cannot be read."), _("Save it as .xlsx without a password and hand it in again.")
        ) from None
    return [[[_plain(cell) for cell in row] for row in sheet] for sheet in sheets]


def _plain(cell: object) -> Cell:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell if isinstance(cell, datetime | date | time) else str(cell).strip()
