"""Last year's 管理簿 in Excel, taken into the ledger as history: each row an entry that says where it comes from."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlmodel import col

from adapters import excel
from models import tables
from models.clock import fiscal_year_of
from models.database import writing
from models.errors import BadInput
from models.plain import is_plain
from models.records.base import FreeText
from models.words import _
from states import ledger
from steps.identity import person_of
from steps.office import Office
from steps.preparation import everybody

if TYPE_CHECKING:
    from adapters.spreadsheet import Cell

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
LAYOUT = excel.Layout(what="管理簿", columns=COLUMNS, required=REQUIRED)
LONGEST = 200
_TWELVE_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){11}(?!\d)")


def take_history(office: Office, path: Path, fiscal_year: int, *, by: str) -> int:
    """Take last year's 管理簿 into the ledger, all of its rows or none; return how many.

    Raises:
        BadInput: the columns are not those of a 管理簿, a row cannot be read, is of another year or holds an individual
            number, or the file was taken before. The message names rows and columns, never what stands there.
        Unknown: nobody on the register has that id, or there is no such file.

    """
    person = person_of(office, by)
    if not person.is_valid_on(office.clock.now().date()):
        raise BadInput(
            _("“{person}” is not valid on the register today.").format(person=by),
            _("Let somebody do it who is."),
        )
    table = excel.read(path, LAYOUT)
    source = sha256(path.read_bytes()).hexdigest()
    rows = _read_rows(table, fiscal_year)
    _refuse_residents(office, rows)
    entries = [
        ledger.Entry(
            at=office.clock.now(), event=ledger.HISTORY, by=by, via="desk", data={**said, "file_sha256": source}
        )
        for said in rows
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


def _read_rows(table: excel.Table, fiscal_year: int) -> list[dict[str, object]]:
    """Read every row; all that is wrong is told at once, by row and column."""
    read: list[dict[str, object]] = []
    wrong: list[str] = []
    for number, cells in table.rows:
        texts = {key: str(cells[place]) for key, place in table.places.items()}
        at = excel.moment(cells[table.places["moved_at"]])
        wrong += [f"{number}: {trouble}" for trouble in _troubles(texts, cells, at, fiscal_year)]
        kept = {key: FreeText(texts.get(key, "")) for key in COLUMNS if key not in {"moved_at", "number"}}
        read.append({"fiscal_year": fiscal_year, "row": number, "moved_at": at, **kept})
    excel.refuse(wrong, nothing=not read)
    return read


def _refuse_residents(office: Office, rows: Sequence[Mapping[str, object]]) -> None:
    """Refuse rows whose words name a resident of an open year."""
    words = {
        f"{row['row']}: {COLUMNS[key][0]}": str(value) for row in rows for key, value in row.items() if key in COLUMNS
    }
    named, _compared = office.named_in(words, {person.id: person for person in everybody(office)})
    excel.refuse(
        [_("{place} names a resident of an open year").format(place=place) for place in sorted(named)], nothing=False
    )


def _troubles(texts: Mapping[str, str], cells: Sequence["Cell"], at: str, fiscal_year: int) -> list[str]:
    """Return what is wrong with a row, in words without its contents."""
    when = COLUMNS["moved_at"][0]
    found = [_("{column} is empty").format(column=COLUMNS[key][0]) for key in REQUIRED if not texts[key]]
    if texts["moved_at"] and not at:
        found.append(_("{column} is no date").format(column=when))
    if at and fiscal_year_of(date.fromisoformat(at[:10])) != fiscal_year:
        found.append(_("{column} is not in fiscal year {year}").format(column=when, year=fiscal_year))
    found += [_("{column} is too long").format(column=COLUMNS[key][0]) for key in texts if len(texts[key]) > LONGEST]
    found += [
        _("{column} holds a line break, or a character that cannot be seen").format(column=COLUMNS[key][0])
        for key in texts if not is_plain(texts[key])
    ]  # fmt: skip
    if any(holds_individual_number(str(cell)) for cell in cells):
        found.append(_("an individual number (マイナンバー) stands here; a 管理簿 holds no resident's data"))
    return found


def _refuse_a_second_time(connection: Connection, source: str) -> None:
    table = tables.Ledger
    query = select(col(table.seq)).where(col(table.event) == ledger.HISTORY, col(table.entry).contains(source)).limit(1)
    if (seq := connection.execute(query).scalar()) is not None:
        raise BadInput(
            _("This file was taken before: see ledger entry {seq}.").format(seq=seq), _("Nothing more is to be done.")
        )
