"""The ward's own papers at the end of a year: to whom, of which day, with what is on record, and always in Japanese."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pypdfium2
import pytest
from playing import CYCLE, Played, copied, copy_of, morning_of

from models.clock import wareki
from models.records.mailing import MailReturned
from papers import erasure as erasure_papers
from papers import forms, media_return, referring, reporting
from states.rules.supervision import certificate_until
from steps import acting, papers
from views.documents import documents
from views.measures import standings

closing = morning_of("close")
posting = morning_of("return_items")
on_posting, on_closing = copy_of("posting"), copy_of("closing")


@pytest.fixture(scope="module")
def printed(closing: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give the year on its last morning, its papers printed."""
    with copied(closing, tmp_path_factory.mktemp("ward") / "year") as year:
        papers.print_sheets(year.office, CYCLE, forms.ward_forms)
        yield year


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as paper:
        return "".join(page.get_textpage().get_text_range() for page in paper).replace("\r\n", "")


def paper(year: Played, name: str) -> str:
    return text_of(year.office.papers / f"{name}.pdf")


@pytest.mark.parametrize(
    ("name", "addressee"),
    [
        ("document-06-text_approval", "株式会社旭堂　御中"),
        ("document-16-posting", "新宿郵便局　御中"),
        ("document-15-delivery_inspection", ""),
        ("document-19-acceptance", ""),
        ("document-20-returned_mail", ""),
    ],
)
def test_a_paper_of_the_ward_goes_to_whom_it_is_for(printed: Played, name: str, addressee: str) -> None:
    """The contractor's are addressed to him, the posting slip to the post office, the ward's own records to nobody."""
    said = paper(printed, name)
    assert addressee in said if addressee else "御中" not in said


def test_a_paper_bears_the_day_of_its_act_and_no_closed_day(printed: Played) -> None:
    """The acceptance of December is not dated in January; its due date, a Saturday by law, is given as the Friday."""
    said = paper(printed, "document-19-acceptance")
    assert str(printed.facts().done["accept_work"].on) in said
    assert str(printed.now.date()) not in said
    assert printed.facts().due["accept_work"].isoformat() == "2026-12-25"
    assert "2026-12-26" not in said
    assert "12月25日（金）" in said


def test_the_special_provisions_name_the_law_and_the_certificate(printed: Played) -> None:
    """The articles that bind the contractor's workers stand there with a box for the ward's check of their numbers."""
    said = paper(printed, "document-01-contract_cover")
    assert all(article in said for article in ("第66条第2項", "第67条", "第176条", "第180条", "区の内部確認用"))
    assert "第00000000号（架空）" in said
    assert f"有効期限 {wareki(certificate_until(printed.facts()) or date.min)}" in said


def test_returned_mail_is_listed_by_serial(printed: Played) -> None:
    """Every piece that came back stands on the record with its reason in words, and there is no empty line left."""
    told = printed.office.see(CYCLE, lambda here: here.facts.past("record_returned_mail", MailReturned))
    serials = [it.record.serials for it in told]
    assert serials
    said = paper(printed, "document-20-returned_mail")
    assert f"{int(serials[0].split('-')[0]):07}" in said
    assert "あて所に尋ねあたりません" in said
    assert "address_unknown" not in said


def test_a_check_value_stays_inside_its_box(printed: Played) -> None:
    """A SHA-256 is set in groups; the manuscript's stands whole between the margins."""
    with pypdfium2.PdfDocument(printed.office.papers / "document-06-manuscript.pdf") as pdf:
        text = pdf[0].get_textpage()
        right = max(text.get_charbox(place)[2] for place in range(text.count_chars()))
        assert right <= pdf[0].get_width() - 19.5 * 72 / 25.4


def test_the_posting_paper_says_what_it_costs(printed: Played) -> None:
    """By the ward's tariff, with its date, and that nobody has compared it yet; the number is the approved one."""
    letters = json.loads(printed.facts().done["approve_posting"].data)["letters"]
    said = paper(printed, "posting-paper")
    for word in (f"{110 * letters:,}円（110円 × {letters:,}通）", "差額 0円", "令和6年10月1日", "未確認"):
        assert word in said, word


def test_nobody_consents_to_a_subcontractor_that_there_is_not(printed: Played) -> None:
    """Where the contractor declared that he does not subcontract, no consent is printed."""
    assert not list(printed.office.papers.glob("document-03-*"))


def test_every_paper_is_one_page_and_has_boxes_for_seals(printed: Played) -> None:
    """The seals never stand alone on a second page."""
    made = sorted(printed.office.papers.glob("document-*.pdf"))
    assert len(made) == 9
    for path in made:
        with pypdfium2.PdfDocument(path) as pdf:
            assert (len(pdf), "印" in pdf[0].get_textpage().get_text_range()) == (1, True), path.name


def test_the_seals_of_a_checklist_stand_beside_what_they_confirm(printed: Played) -> None:
    """Each checklist is two pages; the boxes for seals do not stand alone on a third."""
    for path in papers.print_sheets(printed.office, CYCLE, referring.checklists):
        with pypdfium2.PdfDocument(path) as pdf:
            assert len(pdf) == 2
            last = pdf[1].get_textpage().get_text_range()
        assert last.index("対策") < last.index("前年度からの変更") < last.index("課長")


def test_evidence_that_ends_after_the_closing_has_served_its_year(on_closing: Played) -> None:
    """A closed year's checklist is the same two years later: it is dated on the closing day and nothing has expired."""
    year, today = on_closing, on_closing.now.date()
    fields = {"measures": ["W-SY-01"], "evidence": "点検表", "valid_until": str(today + timedelta(days=30))}
    acting.perform(year.office, CYCLE, "claim_measures", by="sato", fields=fields)
    year.do("close")
    then = papers.pdfs(year.office, CYCLE, referring.checklists)
    year.set_clock(year.now + timedelta(days=730))
    found = {it.measure.id: it.standing for it in year.office.see(CYCLE, standings)}
    assert found["W-SY-01"] == "claimed"
    assert {found["W-OP-13"], found["C-OP-13"]} == {"no_occasion"}, "that no incident is open is no talk about one"
    assert papers.pdfs(year.office, CYCLE, referring.checklists) == then


def test_paper_is_japanese_whoever_prints_it(printed: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """With TSUDOI_LANG=en every word on paper is the same as without."""

    def all_papers() -> list[str]:
        made = papers.print_sheets(
            printed.office, CYCLE, forms.contractor_forms, forms.ward_forms, *referring.PRINTS.values(),
            reporting.report, erasure_papers.erasure_record,
        )  # fmt: skip
        return [text_of(path) for path in made]

    here = all_papers()
    monkeypatch.setenv("TSUDOI_LANG", "en")
    assert all_papers() == here


def test_the_report_tells_what_came_back_and_what_was_erased(printed: Played) -> None:
    """Section 6 has the contractor's side too: what was returned by kind, what is still there, what was erased."""
    said = "".join(text_of(papers.print_sheets(printed.office, CYCLE, reporting.report)[0]).split())
    back = "媒体1枚、パスワード通知書1通、損紙2枚、引抜き分4枚、封緘済み2通"
    day = wareki(printed.facts().done["return_items"].on).partition("（")[0]
    assert f"返却された媒体・紙・パスワード通知書{back}（{day}）" in said
    assert "返却されていないものなし" in said
    assert "受託者が消去した複製3件" in said


def test_the_erasure_record_names_the_sealed_package(printed: Played) -> None:
    """What lay encrypted at the ward is said to be erased, not only to have been unreadable."""
    said = text_of(papers.print_sheets(printed.office, CYCLE, erasure_papers.erasure_record)[0])
    assert "暗号化パッケージの控え 1 ファイル" in said


def test_no_two_papers_bear_the_same_number(printed: Played) -> None:
    """The number at the head of a paper names one paper."""
    office = printed.office
    papers.print_sheets(office, CYCLE, *referring.PRINTS.values())
    numbers: list[str] = []
    for path in sorted(office.papers.glob("*.pdf")):
        if path.stem in {"specimen-letter", "additions"} or path.stem.startswith("incident-"):
            continue
        with pypdfium2.PdfDocument(path) as pdf:
            head = pdf[0].get_textpage().get_text_range().split("\r\n")[0]
        numbers.append(head.split()[-1])
    assert sorted(set(numbers)) == sorted(numbers)


def test_what_was_lost_stands_on_the_return_note(on_posting: Played) -> None:
    """The note does not pass over a notice that the contractor lost; it says so."""
    year = on_posting
    notice = next(it.number for it in year.facts().items if it.kind == "password_notice")
    others = [it.number for it in year.facts().things_in("with_contractor") if it.number != notice]
    year.do("return_items", items=others)
    fields = {"item": notice, "noticed_on": str(year.now.date())}
    acting.perform(year.office, CYCLE, "record_loss", by="asahi", fields=fields)
    papers.print_sheets(year.office, CYCLE, media_return.return_note)[0]
    said = paper(year, "return-note")
    assert notice in said
    assert "紛失" in said[said.index(notice) : said.index(notice) + 30]


def test_a_posting_slip_is_given_by_whoever_posts(printed: Played) -> None:
    """The ward posts in this programme, so the slip goes from the ward to the post office."""
    found = {it.document.number: it for it in printed.office.see(CYCLE, documents)}
    assert (found[16].giver, found[16].document.receiver) == ("ward", "post_office")
    assert found[19].due_on
    assert found[19].due_on.isoformat() == "2026-12-25"
    assert found[19].done_on == printed.facts().done["accept_work"].on
