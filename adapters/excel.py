"""Tables that come in Excel: the one whose header is meant, found by how people spell it; a doubtful cell is named."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from models.clock import TOKYO, stamp
from models.errors import BadInput, Unknown
from models.words import _

if TYPE_CHECKING:
    from adapters.spreadsheet import Cell

HEADER_WITHIN, SHOWN = 30, 10
_REIWA = 2018
_MOMENT = re.compile(
    r"(?:(?:令和|R)\s*(?P<era>\d{1,2}|元)|(?P<year>\d{4}))\s*[年./-]\s*(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*日?"
    r"\s*(?:\([月火水木金土日](?:曜日?)?\))?[\sT]*(?P<half>午前|午後)?\s*(?:(?P<hour>\d{1,2})\s*[:時]\s*(?P<minute>\d{1,2})?\s*分?)?"
    r"(?::\d{1,2})?"
)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a table is called, how people title its columns (the first spelling is shown), and which it must have."""

    what: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]

    def column(self, title: str) -> str:
        """Return which column a title means, "" for none."""
        plain = re.sub(r"\s|\(.*\)", "", unicodedata.normalize("NFKC", title))
        return next((key for key, names in self.columns.items() if plain in names), "")

    @property
    def titles(self) -> str:
        """Return the titles as a refusal names them."""
        return "、".join(names[0] for names in self.columns.values())


@dataclass(frozen=True, kw_only=True)
class Table:
    """The table found in a workbook: where each column stands, and its rows with their numbers in Excel."""

    places: Mapping[str, int]
    rows: Sequence[tuple[int, Sequence["Cell"]]]

    def place(self, key: str, row: int) -> str:
        """Return a cell as Excel calls it, such as B7."""
        return f"{letter(self.places[key])}{row}"

    def texts(self, cells: Sequence["Cell"]) -> dict[str, str]:
        """Return the cells of a row by column, as text without space around it."""
        return {key: str(cells[place]).strip() if place < len(cells) else "" for key, place in self.places.items()}


def read(book: Path | bytes, layout: Layout) -> Table:
    """Read the first table of a workbook whose header names all but at most one of the columns that it must have.

    Raises:
        Unknown: there is no such file.
        BadInput: it is no workbook, or none of its tables has the columns.

    """
    from adapters import spreadsheet

    if isinstance(book, Path) and not book.is_file():
        raise Unknown(
            _("There is no such Excel file."), _("Name the .xlsx of last year's {what}.").format(what=layout.what)
        )
    for sheet in spreadsheet.read(book):
        for number, row in enumerate(sheet[:HEADER_WITHIN], start=1):
            keys = [layout.column(str(cell)) for cell in row]
            if len(set(layout.required) & set(keys)) >= max(2, len(layout.required) - 1):
                rows = [
                    (at, cells) for at, cells in enumerate(sheet[number:], start=number + 1) if any(map(str, cells))
                ]
                return Table(places=_places(row, keys, number, layout), rows=rows)
    raise BadInput(
        _("No table with the columns of a {what} was found.").format(what=layout.what),
        _("Title its columns: {columns}").format(columns=layout.titles),
    )


def letter(place: int) -> str:
    """Return a column as Excel calls it."""
    from xlsxwriter.utility import xl_col_to_name  # pyright: ignore[reportMissingTypeStubs] - it has none

    return xl_col_to_name(place)


def _places(row: Sequence["Cell"], keys: Sequence[str], number: int, layout: Layout) -> dict[str, int]:
    """Return where each column stands; one that is missing, unknown or there twice is named."""
    unknown = [letter(place) for place, key in enumerate(keys) if not key and str(row[place])]
    missing = [layout.columns[key][0] for key in layout.required if key not in keys]
    twice = [layout.columns[key][0] for key in layout.columns if keys.count(key) > 1]
    wrong = [
        _("missing: {columns}").format(columns="、".join(missing)) if missing else "",
        _("not of a {what}: {columns}").format(what=layout.what, columns="、".join(unknown)) if unknown else "",
        _("there twice: {columns}").format(columns="、".join(twice)) if twice else "",
    ]
    if any(wrong):
        raise BadInput(
            _("The columns titled in row {row} cannot be taken ({wrong}).").format(
                row=number, wrong="; ".join(filter(None, wrong))
            ),
            _("Keep these columns alone: {columns}").format(columns=layout.titles),
        )
    return {key: place for place, key in enumerate(keys) if key}


def moment(cell: "Cell") -> str:
    """Return when it happened: an instant, a day where only that is known, "" where it is no date."""
    if isinstance(cell, datetime):
        has_time = bool(cell.hour or cell.minute)
        return stamp(cell.replace(tzinfo=TOKYO)) if has_time else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    found = _MOMENT.fullmatch(unicodedata.normalize("NFKC", str(cell)).strip())
    if not found:
        return ""
    era = found["era"]
    year = int(found["year"]) if found["year"] else _REIWA + (1 if era == "元" else int(era))
    hour = int(found["hour"] or 0) + (12 if found["half"] == "午後" else 0)
    try:
        at = datetime(year, int(found["month"]), int(found["day"]), hour, int(found["minute"] or 0), tzinfo=TOKYO)
    except ValueError:
        return ""
    return stamp(at) if found["hour"] else at.date().isoformat()


def day(cell: "Cell") -> date | None:
    """Return the date of a cell, None where it is none or its year is left to be guessed."""
    at = moment(cell)
    return date.fromisoformat(at[:10]) if at else None


def refuse(wrong: Sequence[str], *, nothing: bool = False) -> None:
    """Refuse a table that has no row, or wrong rows: all is told at once, by cell, never what stands there.

    Raises:
        BadInput: there is something wrong.

    """
    remedy = _("Mend them in Excel and import the file again; nothing was taken.")
    if wrong:
        more = [f"… {len(wrong) - SHOWN}"] if len(wrong) > SHOWN else []
        raise BadInput(_("These rows cannot be taken:") + "\n" + "\n".join([*wrong[:SHOWN], *more]), remedy)
    if nothing:
        raise BadInput(_("The table has no rows."), remedy)
