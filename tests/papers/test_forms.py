"""The contractor's forms: on contract day, one page each, and one workbook that opens with the same words."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playing import Played, begun
from python_calamine import CalamineWorkbook

from papers.sheet import moment


@pytest.fixture(scope="module")
def year(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with begun(template_home, tmp_path_factory.mktemp("forms")) as played:
        played.play(before="register_handlers")
        yield played


def test_every_form_is_one_page_and_carries_the_contract(year: Played) -> None:
    """The forms lie ready once the contract is concluded, each on one page, with the contractor's name."""
    papers = sorted(year.office.papers.glob("form-*.pdf"))
    assert len(papers) == 16
    for paper in papers:
        with pypdfium2.PdfDocument(paper) as pdf:
            assert len(pdf) == 1
            assert "株式会社旭堂" in pdf[0].get_textpage().get_text_range()


def test_the_contractor_dates_his_forms_and_sends_them_to_the_section(year: Played) -> None:
    """A form is addressed to the section, 御中, with room for a date instead of the day on which it was printed."""
    with pypdfium2.PdfDocument(year.office.papers / "form-13-erasure_report.pdf") as pdf:
        said = pdf[0].get_textpage().get_text_range()
    assert "新宿区　総務部総務課　御中" in said
    assert "令和　　年　　月　　日" in said
    assert str(year.facts().done["conclude_contract"].on) not in said


def test_the_work_plan_has_the_days_by_which_it_is_owed(year: Played) -> None:
    """Each step of the contractor's stands there with its day, in PDF and workbook; both have boxes for seals."""
    day = moment(year.facts().due["report_enclosing"])["wareki"]
    with pypdfium2.PdfDocument(year.office.papers / "form-03-work_plan.pdf") as pdf:
        assert day in pdf[0].get_textpage().get_text_range()
    book = CalamineWorkbook.from_path(str(year.office.papers / "contractor-forms.xlsx"))
    rows = book.get_sheet_by_name("作業計画書・工程表").to_python()
    assert ["封入封緘", "", day] in [row[:3] for row in rows]
    assert rows[-2:] == [["取扱責任者", "", "", "", ""], ["印", "", "", "", ""]]


def test_the_workbook_has_the_same_forms(year: Played) -> None:
    """One sheet for each form; the contract's number stands where the form asks for it, and no count of persons."""
    book = CalamineWorkbook.from_path(str(year.office.papers / "contractor-forms.xlsx"))
    assert len(book.sheet_names) == 16
    rows = book.get_sheet_by_name("取扱責任者・取扱者届").to_python()
    assert ["契約番号", "2026-総総-0101"] in [row[:2] for row in rows]
    receipt = book.get_sheet_by_name("受領件数・ウイルス検査報告書").to_python()
    assert next(row[1] for row in receipt if row[0] == "読み取った件数") == ""
