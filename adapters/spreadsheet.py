"""Excel: tables and forms out for people, tables in as they come. A cell is text or a moment, never a formula."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]  # it ships none

from adapters import bounded, spreadsheet_reader
from models.errors import BadInput
from models.plain import visible
from models.words import _

LARGEST = 20 * 1024 * 1024
# Nothing that looks like a formula, an address or a number becomes one.
_TEXT_STAYS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


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


def write(into: Path | BytesIO, *sheets: Sheet, created: datetime | None = None) -> None:
    """Write a workbook, a table a sheet: A4 across, the titles repeated on every page, ready to be filtered.

    It says when it was `created`; with a moment given it is the same to the byte whenever it is made.
    """
    where = into if isinstance(into, BytesIO) else str(into)
    opened: Any = xlsxwriter.Workbook(where, _TEXT_STAYS_TEXT)
    with opened as book:
        book.set_properties({"created": created} if created else {})
        looks = {
            "above": book.add_format({"bold": True}),
            "title": book.add_format({"bold": True, "border": 1, "bg_color": "#F0F0F0", "valign": "vcenter"}),
            "cell": book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
            "right": book.add_format({"border": 1, "text_wrap": True, "valign": "top", "align": "right"}),
            "marked": book.add_format({"border": 1, "text_wrap": True, "valign": "top", "bg_color": "#FFF2CC"}),
        }
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.name), sheet, looks)


def _write_sheet(page: Any, sheet: Sheet, looks: Mapping[str, Any]) -> None:
    top = len(sheet.above)
    for row, line in enumerate(sheet.above):
        page.write_string(row, 0, visible(line), looks["above"])
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width)
        page.write_string(top, place, column.title, looks["title"])
    for row, cells in enumerate(sheet.rows):
        for place, cell in enumerate(cells):
            look = "marked" if row in sheet.marked else "right" if sheet.columns[place].right else "cell"
            page.write_string(top + 1 + row, place, visible(cell, keep="\n"), looks[look])
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)
    page.freeze_panes(top + 1, 0)
    page.set_footer("&C&P / &N")
    if sheet.rows:
        page.autofilter(top, 0, top + len(sheet.rows), len(sheet.columns) - 1)


_FORM_WIDTHS = (28, 22, 22, 22, 18, 18, 18)
_ROW, _SEAL = 24, 60  # points
_SHEET_NAME = 31  # Excel takes no longer one


@dataclass(frozen=True, kw_only=True)
class FormSheet:
    """One form: title, a line above, who gets it and room for the date, labels with values, a table, boxes to stamp.

    `rows` are labels, values ("" leaves room for writing), and how many lines high that room is. `listed` are the lines
    of the table that are known; the others, up to `lines`, are there to be written into.
    """

    title: str
    above: str
    parties: tuple[str, str]
    rows: tuple[tuple[str, str, int], ...]
    columns: tuple[str, ...] = ()
    listed: tuple[tuple[str, ...], ...] = ()
    lines: int = 0
    seals: tuple[str, ...] = ()


def opened(into: BytesIO) -> Any:
    """Return a new workbook, made in memory; nothing that is written into it becomes a formula by its looks."""
    looks = {"font_name": "游ゴシック", "font_size": 11}  # what Excel begins with where it is Japanese
    return xlsxwriter.Workbook(into, {"in_memory": True, "default_format_properties": looks, **_TEXT_STAYS_TEXT})


def workbook(sheets: Iterable[FormSheet]) -> bytes:
    """Return an Excel workbook with one A4 sheet for each form."""
    into = BytesIO()
    with opened(into) as book:
        style = {
            "title": book.add_format({"bold": True, "font_size": 16}),
            "label": book.add_format({"bg_color": "#F0F0F0", "border": 1, "valign": "vcenter", "text_wrap": True}),
            "value": book.add_format({"border": 1, "valign": "vcenter", "text_wrap": True}),
            "seal": book.add_format({"border": 1, "align": "center", "valign": "vcenter", "font_color": "#BEBEBE"}),
        }
        for sheet in sheets:
            _write_form(book.add_worksheet(sheet.title[:_SHEET_NAME]), sheet, style)
    return into.getvalue()


def _write_form(page: Any, sheet: FormSheet, style: dict[str, Any]) -> None:
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 1)
    for number, width in enumerate(_FORM_WIDTHS):
        page.set_column(number, number, width)
    page.write_string(0, 0, sheet.title, style["title"])
    page.write_string(1, 0, sheet.above)
    page.write_string(2, 0, sheet.parties[0])
    page.write_string(2, 3, sheet.parties[1])
    for number, (label, value, room) in enumerate(sheet.rows, start=4):
        page.set_row(number, _ROW * room)
        page.write_string(number, 0, label, style["label"])
        page.merge_range(number, 1, number, 3, visible(value, keep="\n"), style["value"])
    first = len(sheet.rows) + 5
    last = first + max(sheet.lines, len(sheet.listed)) if sheet.columns else first
    for column, label in enumerate(sheet.columns):
        page.write_string(first, column, label, style["label"])
    for number in range(first + 1, last + 1):
        page.set_row(number, _ROW)
        known = sheet.listed[number - first - 1] if number - first <= len(sheet.listed) else ("",) * len(sheet.columns)
        for column, cell in enumerate(known):
            page.write_string(number, column, visible(cell, keep="\n"), style["value"])
    for column, seal in enumerate(sheet.seals):
        page.write_string(last + 2, column, seal, style["label"])
        page.write_string(last + 3, column, "印", style["seal"])
    page.set_row(last + 3, _SEAL)


Cell = str | datetime | date | time


def read(book: Path | bytes, *, formulas: bool = True) -> list[list[list[Cell]]]:
    """Return the sheets of a workbook as rows of cells; an empty cell is "", a whole number has no decimals.

    Raises:
        BadInput: it is no workbook, larger than any 管理簿, or has formulas where it may have none.

    """
    try:
        if (len(book) if isinstance(book, bytes) else book.stat().st_size) > LARGEST:
            raise BadInput(
                _("The Excel file is larger than {size} MB.").format(size=LARGEST // 2**20),
                _("Save only the sheet of the 管理簿."),
            )
        content = book if isinstance(book, bytes) else book.read_bytes()
        asked = () if formulas else (spreadsheet_reader.NO_FORMULAS,)
        status, sheets = bounded.read(spreadsheet_reader.__name__, content, *asked)
    except OSError:
        raise _unreadable() from None
    except bounded.BeyondBoundsError:
        raise BadInput(
            _("A sheet of the Excel file is larger than any table that is taken in."),
            _("Look for a cell far below or right of the table (Ctrl+End goes there), erase it, and save the file."),
        ) from None
    if status == spreadsheet_reader.HAS_FORMULAS:
        raise BadInput(
            _("The Excel file has formulas in it, which a form never has."),
            _("Type what they show as plain values, and hand it in again."),
        )
    if status:
        raise _unreadable()
    return [[[_cell(cell) for cell in row] for row in sheet] for sheet in sheets]


def _unreadable() -> BadInput:
    return BadInput(_("The Excel file cannot be read."), _("Save it as .xlsx without a password and hand it in again."))


def _cell(cell: str | list[str]) -> Cell:
    if isinstance(cell, str):
        return cell
    (text,) = cell
    if ":" not in text:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if "-" in text else time.fromisoformat(text)
