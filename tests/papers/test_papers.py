"""The papers that whole steps make from the facts of a year: whole, in their words, inside the margins."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from playing import CYCLE, Played, begun

from models.clock import TOKYO, stamp
from papers import forms, referring
from steps import acting, papers
from steps.incidents import report
from views.incidents import contacts_of, incidents_of

MM = 72 / 25.4


@pytest.fixture(scope="module")
def year(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with begun(template_home, tmp_path_factory.mktemp("papers")) as played:
        played.play(before="register_handlers")
        now = played.facts().now
        told = {
            "kind": "loss", "known_on": str(now.date()), "persons": 4000, "encrypted": "true",
            "known_at": stamp(now - timedelta(minutes=41)), "contractor_notified_at": stamp(now - timedelta(minutes=7)),
        }  # fmt: skip
        acting.perform(played.office, CYCLE, "report_incident", by="sato", fields=told)
        papers.print_sheets(played.office, CYCLE, *referring.PRINTS.values())
        yield played


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as paper:
        return "".join(page.get_textpage().get_text_range() for page in paper)


def test_no_character_stands_outside_the_margins(year: Played) -> None:
    """Nothing on any of these papers is cut off by a printer."""
    printed = [*year.office.papers.glob("form-*.pdf"), *year.office.papers.glob("incident-*.pdf"),
              *year.office.papers.glob("checklist-*.pdf"), year.office.papers / "referral.pdf",
              year.office.papers / "handover-memo.pdf"]  # fmt: skip
    assert len(printed) == 16 + 3 + 2 + 2
    for paper in printed:
        with pypdfium2.PdfDocument(paper) as pdf:
            for page in pdf:
                text = page.get_textpage()
                boxes = [text.get_charbox(place) for place in range(text.count_chars())]
                assert min(box[0] for box in boxes if box[2] > box[0]) >= 24.5 * MM, paper.name
                assert max(box[2] for box in boxes) <= page.get_width() - 19.5 * MM, paper.name


def test_the_drafts_of_an_incident_are_filled_in_from_the_ledger(year: Played) -> None:
    """Kind, items, number of persons, heads and days stand there; what was not verified in the rules is named."""
    [found] = year.office.see(CYCLE, incidents_of)
    said = text_of(year.office.papers / "incident-1-report.pdf").replace("\r\n", "")
    for word in (
        "紛失",
        "氏名、郵便番号、住所",
        "4,000 人",
        "規則43条4号",
        "報告対象外の可能性",
        "原文で確認していません",
    ):
        assert word in said, word
    assert found.clock
    assert str(found.clock.final_by) in said
    assert f"第{found.ledger_seq} 号" in said


def test_the_report_says_when_it_was_known_and_when_the_contractor_told_it(year: Played) -> None:
    """Both times stand to the minute beside the contractor's own duty of article 26."""
    said = text_of(year.office.papers / "incident-1-report.pdf").replace("\r\n", "")
    report = year.office.see(CYCLE, incidents_of)[0].report
    assert report
    assert report.known_at
    assert report.contractor_notified_at
    for at in (report.known_at, report.contractor_notified_at):
        assert f"{at.astimezone(TOKYO):%H:%M}" in said
    assert "第26条" in said
    assert "時刻の記録なし" not in said


def test_no_paper_for_residents_speaks_of_what_was_not_verified(year: Played) -> None:
    """Notice and publication name no open question of the law; only the internal draft does."""
    for name in ("notice", "publication"):
        said = text_of(year.office.papers / f"incident-1-{name}.pdf").replace("\r\n", "")
        assert "個人情報" in said
        for word in ("未確認", "原文", "確認していません", "報告対象外", "速報"):
            assert word not in said, (name, word)


def test_the_contractors_own_duty_stands_on_the_sheets_of_an_emergency(year: Played) -> None:
    """The contractor's report of an accident and the emergency sheet say what a notice to the ward releases it from."""
    papers.print_sheets(year.office, CYCLE, forms.ward_forms)
    for name in ("form-15-incident", "document-05-emergency"):
        path = year.office.papers / f"{name}.pdf"
        assert "第26条" in text_of(path).replace("\r\n", ""), name
        with pypdfium2.PdfDocument(path) as pdf:
            assert len(pdf) == 1, name


def test_the_emergency_sheet_says_whom_to_call_by_day_and_by_night(year: Played) -> None:
    """Both telephones and the substitute of each stand on it; what nobody told of somebody is 記載なし."""
    papers.print_sheets(year.office, CYCLE, forms.ward_forms)
    said = text_of(year.office.papers / "document-05-emergency.pdf")
    for word in ("03-0000-0101", "090-0000-0101", "03-0000-0108", "戸籍住民課", "記載なし", "代理："):
        assert word in said, word


def test_without_times_the_report_says_so(year: Played) -> None:
    """Where nobody noted the hour or the contractor's notice, the paper does not leave it out in silence."""
    acting.perform(
        year.office, CYCLE, "report_incident", by="sato",
        fields={"kind": "other", "known_on": str(year.facts().today), "persons": 1},
    )  # fmt: skip
    last = year.office.see(CYCLE, incidents_of)[-1].number
    said = text_of(year.office.papers / f"incident-{last}-report.pdf").replace("\r\n", "")
    assert "時刻の記録なし" in said
    assert "記録なし" in said[said.index("受託事業者の通知") :][:40]


def test_contacts_are_the_people_of_today(year: Played) -> None:
    """Those who decide, coordinators, the register section and the contractor's manager are called, not the auditor."""
    found = contacts_of(year.facts())
    names = [it.name for it in found]
    assert {it.place.partition("　")[0] for it in found} == {"総務部総務課", "地域振興部戸籍住民課", "株式会社旭堂"}
    assert names[0] == "高橋 和子"
    assert "旭 太一" in names
    assert len(names) == len(set(names))


def test_an_incident_may_be_reported_from_any_step(year: Played) -> None:
    """One command holds the cycle and tells heads, days and what is still to be done."""
    told = {"kind": "leak", "known_on": str(year.facts().today), "persons": 3, "sensitive": "true"}
    _outcome, found = report(year.office, CYCLE, by="sato", fields=told)
    assert (found.heads, found.state) == ((1,), "open")
    assert found.number > 1
    assert found.duties
    assert year.facts().on_hold
