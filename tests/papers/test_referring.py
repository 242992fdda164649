"""From year to year: what differs from the approved matter holds the new cycle, and the papers say what changed."""

from pathlib import Path

import pypdfium2
import pytest
from playing import CYCLE, YEAR

from models.errors import Refused
from models.programme import Programme
from papers import referring
from states import opening
from steps import acting, papers, preparation
from steps.office import Office

NEXT = f"hatachi-{YEAR + 1}"


def open_next(office: Office, **changes: str) -> None:
    """Open the year after with a programme in which some words are others."""
    _known, text = office.programme()
    for was, now in changes.items():
        assert was in text
        text = text.replace(was, now)
    opening.open_cycle(office.door, Programme.parse(text, name="next"), text, YEAR + 1, by="sato", via="desk")


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as paper:
        return "".join(page.get_textpage().get_text_range() for page in paper).replace("\n", "").replace("\r", "")


def test_a_year_like_the_last_one_is_the_matter_the_board_approved(office: Office) -> None:
    """The same programme opens without a hold, and the 付議書 says that nothing changed."""
    open_next(office)
    facts = office.facts(NEXT)
    assert (facts.on_hold, facts.differs) == (False, ())
    assert preparation.carried_over(office, NEXT).changed == ()
    assert "前回の付議の範囲内です" in text_of(papers.print_sheets(office, NEXT, referring.referral)[0])


def test_another_contractor_holds_the_year_until_its_referral_is_recorded(office: Office) -> None:
    """The hold is not released before the new referral is on record; the paper names both contractors."""
    open_next(office, 株式会社旭堂="株式会社別堂")
    facts = office.facts(NEXT)
    assert (facts.on_hold, facts.differs) == (True, ("contractor",))
    said = text_of(papers.print_sheets(office, NEXT, referring.referral)[0])
    assert "株式会社旭堂" in said
    assert "株式会社別堂" in said
    discussed = {"discussed_on": str(facts.today), "decision_number": "8-総総-1"}
    measures = {"measures": ["W-OP-13", "C-OP-13"], "evidence": "協議記録"}
    acting.perform(office, NEXT, "claim_measures", by="sato", fields=measures)
    with pytest.raises(Refused) as refused:
        acting.perform(office, NEXT, "release_hold", by="takahashi", fields=discussed)
    assert {gap.guard for gap in refused.value.unmet} == {"new_referral_is_recorded"}
    approved = {"decision_number": "8-総総-2", "approved_on": str(facts.today)}
    referred = {"number": "資料25", "decided_on": str(facts.today), **approved}
    acting.perform(office, NEXT, "record_referral", by="sato", fields=referred)
    acting.perform(office, NEXT, "release_hold", by="takahashi", fields=discussed)
    assert not office.facts(NEXT).on_hold


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"電磁的媒体（DVD-R等）": "USBメモリ"}, ("medium",)),
        ({'poster = "ward"': 'poster = "contractor"'}, ("poster",)),
        ({'items = ["氏名", "郵便番号", "住所"]': 'items = ["氏名", "住所"]'}, ("items",)),
        ({"10月から12月まで": "9月から12月まで", '"印刷", "印字"': '"印刷"'}, ("work", "period")),
        ({"午後1時": "午後2時"}, ()),
        ({'number = "資料24"': 'number = "資料30"\ndecided_on = 2027-07-01', "株式会社旭堂": "株式会社別堂"}, ()),
    ],
)
def test_only_what_the_board_looked_at_is_compared(
    office: Office, changes: dict[str, str], differs: tuple[str, ...]
) -> None:
    """Medium, items, work, period and poster hold the year; the hour of the ceremony or a new referral do not."""
    open_next(office, **changes)
    facts = office.facts(NEXT)
    assert (facts.differs, facts.on_hold) == (differs, bool(differs))


def test_posting_by_the_contractor_is_another_matter_in_the_first_year_too(office: Office) -> None:
    """Posting is not in the consigned work, so a first year that wants it opens on hold."""
    _known, text = office.programme()
    text = text.replace('key = "hatachi"', 'key = "other"').replace('poster = "ward"', 'poster = "contractor"')
    opening.open_cycle(office.door, Programme.parse(text, name="other"), text, YEAR, by="sato", via="desk")
    assert office.facts(f"other-{YEAR}").differs == ("poster",)


def test_people_whose_entry_ends_are_to_be_confirmed(office: Office) -> None:
    """Nobody is carried over silently into a year for which his entry is not valid."""
    open_next(office)
    assert "佐藤 みどり" in preparation.carried_over(office, NEXT).to_confirm
    assert preparation.carried_over(office, CYCLE).to_confirm == ()


def test_the_checklists_carry_every_measure_in_the_order_of_the_source(office: Office) -> None:
    """Two papers, twenty-four measures each, with the words of the source."""
    for path in papers.print_sheets(office, CYCLE, referring.checklists):
        said = text_of(path)
        assert "鍵付きカバン等を使用して運搬" in said
        assert "未実施" in said


def test_the_memorandum_tells_the_next_person_where_the_year_stands(office: Office) -> None:
    """State, next act and whoever is called stand on it, with telephones, or 記載なし, and who is called instead."""
    said = text_of(papers.print_sheets(office, CYCLE, referring.handover_memo)[0])
    assert "03-0000-0101" in said
    assert "090-0000-0101" in said
    assert "記載なし" in said
    assert "代理：鈴木" in said.replace("　", " ").replace(" ", "")
    assert "契約準備中" in said
    assert "契約締結" in said
    assert "旭 太一" in said.replace("　", " ")
