"""Last year's 管理簿 in Excel, taken into the ledger as history: each row an entry that says where it comes from."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlmodel import col

from models import tables
from models.clock import TOKYO, fiscal_year_of, stamp
from models.database import writing
from models.errors import BadInput, Unknown
from models.words import _
from states import ledger
from steps.office import Office
from steps.preparation import person_of

if TYPE_CHECKING:
    from adapters.spreadsheet import Cell

HISTORY = "history_imported"
# How wards title the columns of a 管理簿; the first four are those that the source asks for.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "moved_at": ("日時", "年月日", "日付", "授受日時", "受渡日時", "受渡し日時"),
    "handler": ("取扱者", "取扱者名", "取扱者氏名", "渡した人"),
    "content": ("情報の内容", "内容", "情報内容"),
    "quantity": ("数量", "個数"),
    "counterpart": ("相手方", "受領者", "受取人", "受け取った人", "受渡先"),
    "occasion": ("機会", "受渡しの機会", "事項", "受渡しの別"),
    "slip": ("票番号", "確認記録票番号", "整理番号"),
    "remark": ("備考", "摘要"),
    "number": ("番号", "No", "No.", "項番", "連番"),
}
REQUIRED = ("moved_at", "handler", "content", "quantity")
LONGEST, HEADER_WITHIN, SHOWN = 200, 30, 10
_REIWA = 2018
_MOMENT = re.compile(
    r"(?:(?:令和|R)\s*(?P<era>\d{1,2}|元)|(?P<year>\d{4}))\s*[年./-]\s*(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*日?"
    r"\s*(?:\([月火水木金土日](?:曜日?)?\))?[\sT]*(?P<half>午前|午後)?\s*(?:(?P<hour>\d{1,2})\s*[:時]\s*(?P<minute>\d{1,2})?\s*分?)?"
    r"(?::\d{1,2})?"
)
_TWELVE_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){11}(?!\d)")


@dataclass(frozen=True, kw_only=True)
class _Table:
    """The table found in a workbook: where each column stands, and its rows with their numbers in Excel."""

    places: Mapping[str, int]
    rows: Sequence[tuple[int, Sequence["Cell"]]]


def take_history(office: Office, path: Path, fiscal_year: int, *, by: str) -> int:
    """Take last year's 管理簿 into the ledger, all of its rows or none; return how many.

    Raises:
        BadInput: the columns are not those of a 管理簿, a row cannot be read, is of another year or holds an individual
            number, or the file was taken before. The message names rows and columns, never what stands there.
        Unknown: nobody on the register has that id, or there is no such file.

    """
    from adapters import spreadsheet  # noqa: PLC0415 - only whoever takes history in needs it

    person = person_of(office, by)
    if not person.is_valid_on(office.clock.now().date()):
        raise BadInput(
            _("“{person}” is not valid on the register today.").format(person=by),
            _("Let somebody do it who is: `tsudoi people list`."),
        )
    if not path.is_file():
        raise Unknown(_("There is no such Excel file."), _("Name the .xlsx of last year's 管理簿."))
    source = sha256(path.read_bytes()).hexdigest()
    table = _find_table(spreadsheet.read(path))
    entries = [
        ledger.Entry(at=office.clock.now(), event=HISTORY, by=by, via="desk", data={**said, "file_sha256": source})
        for said in _read_rows(table, fiscal_year)
    ]
    with writing(office.engine) as connection:
        _refuse_a_second_time(connection, source)
        ledger.append_all(connection, entries)
    return len(entries)


def holds_individual_number(text: str) -> bool:
    """Tell whether a text holds twelve digits that pass the check digit of an individual number (マイナンバー).

    Source: 番号法施行令8条 and its ministerial ordinance (平成26年総務省令85号5条).
    """
    return any(
        _passes(re.sub(r"\D", "", found)) for found in _TWELVE_DIGITS.findall(unicodedata.normalize("NFKC", text))
    )


def _passes(digits: str) -> bool:
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    return int(digits[-1]) == (0 if rest <= 1 else 11 - rest)


def _find_table(sheets: Sequence[Sequence[Sequence["Cell"]]]) -> _Table:
    """Return the first table whose header names at least three of the four columns that a 管理簿 must have."""
    for sheet in sheets:
        for number, row in enumerate(sheet[:HEADER_WITHIN], start=1):
            keys = [_column(str(cell)) for cell in row]
            if len(set(REQUIRED) & set(keys)) >= len(REQUIRED) - 1:
                rows = [
                    (at, cells) for at, cells in enumerate(sheet[number:], start=number + 1) if any(map(str, cells))
                ]
                return _Table(places=_places(row, keys, number), rows=rows)
    raise BadInput(
        _("No table with the columns of a 管理簿 was found."),
        _("Title its columns: {columns}").format(columns="、".join(names[0] for names in COLUMNS.values())),
    )


def _places(row: Sequence["Cell"], keys: Sequence[str], number: int) -> dict[str, int]:
    """Return where each column stands; one that is missing, unknown or there twice is named."""
    unknown = [_letter(place) for place, key in enumerate(keys) if not key and str(row[place])]
    missing = [COLUMNS[key][0] for key in REQUIRED if key not in keys]
    twice = [COLUMNS[key][0] for key in COLUMNS if keys.count(key) > 1]
    wrong = [
        _("missing: {columns}").format(columns="、".join(missing)) if missing else "",
        _("not of a 管理簿: {columns}").format(columns="、".join(unknown)) if unknown else "",
        _("there twice: {columns}").format(columns="、".join(twice)) if twice else "",
    ]
    if any(wrong):
        raise BadInput(
            _("The columns titled in row {row} cannot be taken ({wrong}).").format(
                row=number, wrong="; ".join(filter(None, wrong))
            ),
            _("Keep these columns alone: {columns}").format(columns="、".join(names[0] for names in COLUMNS.values())),
        )
    return {key: place for place, key in enumerate(keys) if key}


def _column(title: str) -> str:
    """Return which column a title means, "" for none."""
    plain = re.sub(r"\s|\(.*\)", "", unicodedata.normalize("NFKC", title))
    return next((key for key, names in COLUMNS.items() if plain in names), "")


def _letter(place: int) -> str:
    """Return a column as Excel calls it."""
    letters = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _read_rows(table: _Table, fiscal_year: int) -> list[dict[str, object]]:
    """Read every row; all that is wrong is told at once, by row and column."""
    read: list[dict[str, object]] = []
    wrong: list[str] = []
    for number, cells in table.rows:
        texts = {key: str(cells[place]) for key, place in table.places.items()}
        at = _moment(cells[table.places["moved_at"]])
        wrong += [f"{number}: {trouble}" for trouble in _troubles(texts, cells, at, fiscal_year)]
        kept = {key: texts.get(key, "") for key in COLUMNS if key not in {"moved_at", "number"}}
        read.append({"fiscal_year": fiscal_year, "row": number, "moved_at": at, **kept})
    if wrong or not read:
        more = [f"… {len(wrong) - SHOWN}"] if len(wrong) > SHOWN else []
        raise BadInput(
            _("These rows cannot be taken:") + "\n" + "\n".join([*wrong[:SHOWN], *more])
            if wrong
            else _("The table has no rows."),
            _("Mend them in Excel and import the file again; nothing was taken."),
        )
    return read


def _troubles(texts: Mapping[str, str], cells: Sequence["Cell"], at: str, fiscal_year: int) -> list[str]:
    """Return what is wrong with a row, in words without its contents."""
    when = COLUMNS["moved_at"][0]
    found = [_("{column} is empty").format(column=COLUMNS[key][0]) for key in REQUIRED if not texts[key]]
    if texts["moved_at"] and not at:
        found.append(_("{column} is no date").format(column=when))
    if at and fiscal_year_of(date.fromisoformat(at[:10])) != fiscal_year:
        found.append(_("{column} is not in fiscal year {year}").format(column=when, year=fiscal_year))
    found += [_("{column} is too long").format(column=COLUMNS[key][0]) for key in texts if len(texts[key]) > LONGEST]
    if any(holds_individual_number(str(cell)) for cell in cells):
        found.append(_("an individual number (マイナンバー) stands here; a 管理簿 holds no resident's data"))
    return found


def _moment(cell: "Cell") -> str:
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


def _refuse_a_second_time(connection: Connection, source: str) -> None:
    table = tables.Ledger
    query = select(col(table.seq)).where(col(table.event) == HISTORY, col(table.entry).contains(source)).limit(1)
    if (seq := connection.execute(query).scalar()) is not None:
        raise BadInput(
            _("This file was taken before: see ledger entry {seq}.").format(seq=seq), _("Nothing more is to be done.")
        )
