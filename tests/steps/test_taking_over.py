"""Last year's people and schedule from Excel: tolerant of how headers are spelt, never of a doubtful cell."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from playing import CYCLE, YEAR, Played, begun

from models.errors import BadInput, Unknown
from models.people import Role, Side
from steps import identity, taking_over
from steps.preparation import carried_over


@pytest.fixture
def begun_year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    """Give an open year in which nothing is done yet."""
    with begun(template_home, tmp_path / "year") as played:
        yield played


HEADER = ["№", "識別名", "氏 名", "所属（課）", "役割", "メール"][1:]
ROWS = [
    ["mori", "森 架空", "総務課", "担当者", "mori@ward.example"],
    ["hayashi", "林 架空", "受託者", "取扱責任者・取扱者", ""],
]


def book(path: Path, header: list[str], rows: list[list[Any]], *, above: int = 2) -> Path:
    """Write a workbook as an office has it: a title above, then header and rows; dates as dates."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy/m/d"}) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "令和7年度")
        for at, row in enumerate([header, *rows], start=above):
            for place, cell in enumerate(row):
                (sheet.write_datetime if isinstance(cell, date) else sheet.write)(at, place, cell)
    return path


def refused(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(BadInput) as error:
        call(*arguments, **options)
    return error.value.message


def test_imported_people_cannot_act_until_they_are_confirmed(begun_year: Played, tmp_path: Path) -> None:
    """They are on the register with roles and side, named as to be confirmed, and may act only afterwards."""
    office = begun_year.office
    taken = taking_over.import_people(office, book(tmp_path / "people.xlsx", HEADER, ROWS), YEAR)
    assert [it.id for it in taken.imported] == ["mori", "hayashi"]
    hayashi = identity.person_of(office, "hayashi")
    assert (hayashi.side, hayashi.roles) == (Side.CONTRACTOR, {Role.HANDLING_MANAGER, Role.HANDLER})
    assert not hayashi.is_valid_on(date(YEAR, 4, 1))
    assert "林 架空" in carried_over(office, CYCLE).to_confirm
    taking_over.confirm_people(office, ("hayashi",), YEAR)
    assert identity.person_of(office, "hayashi").is_valid_on(date(YEAR + 1, 3, 31))
    assert "林 架空" not in carried_over(office, CYCLE).to_confirm


def test_who_is_on_the_register_stays_as_he_is(begun_year: Played, tmp_path: Path) -> None:
    """An import takes nothing from anybody; an id that is another person's is refused by its cell."""
    office = begun_year.office
    sato = identity.person_of(office, "sato")
    taken = taking_over.import_people(
        office, book(tmp_path / "a.xlsx", HEADER, [["sato", sato.name, "総務課", "承認者", ""]]), YEAR
    )
    assert (taken.imported, [it.id for it in taken.known]) == ((), ["sato"])
    assert identity.person_of(office, "sato") == sato
    other = book(tmp_path / "b.xlsx", HEADER, [["sato", "別人 架空", "総務課", "担当者", ""]])
    assert "A4" in refused(taking_over.import_people, office, other, YEAR)


def test_every_wrong_cell_is_named_and_nothing_is_taken(begun_year: Played, tmp_path: Path) -> None:
    """Id, name, side, roles and doubles are told at once by cell; what stands there is not repeated."""
    rows = [
        ["森", "", "総務", "主任", ""],
        ["mori", "森 架空", "総務課", "担当者", ""],
        ["mori", "森 架空", "総務課", "担当者", ""],
    ]
    message = refused(taking_over.import_people, begun_year.office, book(tmp_path / "p.xlsx", HEADER, rows), YEAR)
    assert all(cell in message for cell in ("A4", "B4", "C4", "D4", "A6"))
    assert "主任" not in message
    with pytest.raises(Unknown):
        identity.person_of(begun_year.office, "mori")


def test_a_date_without_its_year_is_not_guessed(begun_year: Played, tmp_path: Path) -> None:
    """A whole date is taken in any spelling; a day and month alone is refused by its cell."""
    header = [*HEADER, "有効期間開始"]
    row = [*ROWS[0], "10月1日"]
    message = refused(taking_over.import_people, begun_year.office, book(tmp_path / "p.xlsx", header, [row]), YEAR)
    assert "F4" in message
    row[-1] = "令和7年10月1日"
    taking_over.import_people(begun_year.office, book(tmp_path / "q.xlsx", header, [row]), YEAR)
    assert identity.person_of(begun_year.office, "mori").valid_from == date(2025, 10, 1)


@pytest.mark.parametrize(
    ("header", "words"),
    [(["氏名", "所属", "役割"], "識別名"), ([*HEADER, "住所"], "F"), (["甲", "乙"], "関係者名簿")],
)
def test_columns_that_are_not_recognised_are_refused(
    begun_year: Played, tmp_path: Path, header: list[str], words: str
) -> None:
    """A missing column is named, an unknown one by its letter."""
    path = book(tmp_path / "p.xlsx", header, [["a"] * len(header)])
    assert words in refused(taking_over.import_people, begun_year.office, path, YEAR)


# the schedule


def test_last_years_distances_are_this_years_deadlines(begun_year: Played, tmp_path: Path) -> None:
    """What was worked two open days earlier than the rule is owed so this year too; what kept to the rule stays."""
    # The posting of fiscal 2025 was on Friday 28 November; sixteen open days before it is 5 November.
    rows = [["本文校了", date(2025, 10, 31)], ["approve_proof", "2025/11/13"], ["差出", "令和7年11月28日"]]
    path = book(tmp_path / "s.xlsx", ["事項", "予定日"], rows)
    office, due = begun_year.office, begun_year.facts().due
    planned = taking_over.import_schedule(office, CYCLE, path, by="sato", dry_run=True)
    assert begun_year.facts().due == due
    assert {it.act for it in planned} == {"approve_text"}
    assert taking_over.import_schedule(office, CYCLE, path, by="sato") == planned
    moved = begun_year.facts().due
    assert office.calendar.open_days_between(moved["approve_text"], due["approve_text"]) == 2
    assert moved["approve_proof"] == due["approve_proof"]


def test_a_schedule_that_leaves_something_to_guess_is_refused(begun_year: Played, tmp_path: Path) -> None:
    """Unknown acts, doubles, days without a year, dates of this year and of two years are refused by cell."""
    text, day = "本文校了", date(2025, 11, 5)
    rows = [["校了らしきもの", day], [text, "11月5日"], ["差出", date(2026, 11, 30)], [text, day], [text, day]]
    message = refused(
        taking_over.import_schedule,
        begun_year.office,
        CYCLE,
        book(tmp_path / "s.xlsx", ["項目", "期日"], rows),
        by="sato",
    )
    assert all(cell in message for cell in ("A4", "B5", "B6", "A8"))
    two = [["本文校了", date(2025, 11, 5)], ["差出", date(2024, 11, 29)]]
    message = refused(
        taking_over.import_schedule,
        begun_year.office,
        CYCLE,
        book(tmp_path / "t.xlsx", ["項目", "期日"], two),
        by="sato",
    )
    assert "2024" in message
