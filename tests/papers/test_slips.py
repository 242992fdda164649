"""Slips: every movement gets its page, once, from the record; the code on it is the checkpoint; reprints say so."""

from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playing import CYCLE, Killed, Played, copy_of, morning_of

from adapters.codes import qr
from models.clock import TOKYO
from models.database import reading
from models.errors import Refused
from models.notes import TreeHead, open_note
from papers import erasure as erasure_papers
from papers.control_ledger import lacking, lines_of
from steps import acting, papers

pytestmark = pytest.mark.xdist_group("slips")


sealed = morning_of("hand_over_medium")
year = copy_of("sealed")


def _text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as paper:
        assert len(paper) == 1
        return paper[0].get_textpage().get_text_range()


def _scanned(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as paper:
        [found] = zxingcpp.read_barcodes(paper[0].render(scale=4).to_pil(), text_mode=zxingcpp.TextMode.Plain)
    return found.text


def _slip(year: Played, number: str = "k-2026-01") -> Path:
    return year.office.papers / f"slip-{number}.pdf"


def test_a_slip_says_what_the_control_ledger_asks(year: Played) -> None:
    """Moment, hands, what, how many, occasion, bag, carrier and condition are on one page, no count of persons."""
    year.do("hand_over_medium")
    text = _text(_slip(year))
    for words in (
        "令和8年11月9日",
        "佐藤 みどり",
        "小林 舞",
        "M-2026-01",
        "媒体1枚",
        "第1回",
        "鍵付きカバン",
        "第1号",
        "良好",
    ):
        assert words in text, words
    assert str(len(year.addressees())) not in text.replace("2026-11", "").split("管理簿の検証値")[0]


def test_the_code_is_the_signed_checkpoint(year: Played) -> None:
    """What a scanner reads from the slip is the note as it was signed at this hand-over, ready to verify with."""
    outcome = year.do("hand_over_medium")
    scanned = _scanned(_slip(year))
    assert scanned == outcome.checkpoint
    signer = year.office.signer
    note = open_note(scanned, name=signer.name, public_key=signer.public_key)
    assert TreeHead.parse(note).size == outcome.seq
    assert all(line in _text(_slip(year)).replace("\r\n", "") for line in scanned.split("\n")[:3])


def test_any_text_comes_back_from_the_code() -> None:
    """A code holds what was put in, signs beyond ASCII too, in a picture that says its own size."""
    assert qr("— 管理簿\n").startswith("<?xml")


def test_a_movement_killed_before_its_slip_gets_it_on_the_next_run(
    year: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between record and slip, the next act of any kind prints it; the ledger tells each print once."""
    with monkeypatch.context() as patch:
        patch.setattr(papers, "put", lambda *_a, **_o: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            year.do("hand_over_medium")
    assert not _slip(year).exists()
    acting.perform(
        year.office, CYCLE, "claim_measures", by="sato", fields={"measures": ["W-OP-01"], "evidence": "契約書"}
    )
    assert "M-2026-01" in _text(_slip(year))
    assert papers.print_missing_slips(year.office, CYCLE, by="sato", via="desk") == ()
    assert [it["data"]["paper"] for it in year.entries() if it["event"] == "paper_printed"][-1].startswith("slip ")


def test_what_was_printed_and_taken_away_is_not_printed_again_by_itself(year: Played) -> None:
    """A slip that left the folder for the binder stays away; only an act brings it back, and it says 再発行."""
    year.do("hand_over_medium")
    _slip(year).unlink()
    assert papers.print_missing_slips(year.office, CYCLE, by="sato", via="desk") == ()
    fields = {"slip": "K-2026-01", "reason": "汚損"}
    acting.perform(year.office, CYCLE, "reprint_slip", by="sato", fields=fields)
    assert "再発行（1回目）" in _text(_slip(year))
    assert year.events()[-1] == "slip_reprinted"
    acting.perform(year.office, CYCLE, "reprint_slip", by="sato", fields=fields)
    assert "再発行（2回目）" in _text(_slip(year))


def test_a_slip_that_never_was_is_not_printed_again(year: Played) -> None:
    """There is nothing to print under a number of no movement."""
    with pytest.raises(Refused):
        acting.perform(year.office, CYCLE, "reprint_slip", by="sato", fields={"slip": "K-9", "reason": "x"})


def test_what_is_entered_afterwards_says_so_with_both_times(year: Played) -> None:
    """Entered from paper two days later, the slip is marked and shows when it happened and when it was entered."""
    left = year.now + timedelta(hours=1)
    fields = {
        "item": "M-2026-01", "giver": "sato", "receiver": "kobayashi", "occasion": "第1回", "slip": "手書き 7/1",
        "locked_bag": True, "bag": "container", "in_person": True, "scanned_on": left.date(), "scan_clean": True,
    }  # fmt: skip
    year.set_clock(year.now + timedelta(days=2))
    acting.perform(year.office, CYCLE, "hand_over_medium", by="sato", fields=fields, occurred_at=left)
    text = _text(_slip(year, "手書き_7_1"))
    assert "事後入力" in text
    for at in (left, year.now):
        assert f"{at.astimezone(TOKYO):%Y-%m-%d}" in text
    assert "鍵付き容器" in text


def test_two_movements_on_one_slip_number_keep_both_papers(year: Played) -> None:
    """A number used twice overwrites nothing."""
    year.do("hand_over_medium")
    moved = {
        "item": "I-2026-05", "kind": "proof_sheets", "to": "ward", "giver": "asahi", "receiver": "sato",
        "occasion": "校正", "slip": "K-2026-01", "locked_bag": True, "in_person": True, "quantity": 12,
    }  # fmt: skip
    outcome = acting.perform(year.office, CYCLE, "record_movement", by="sato", fields=moved)
    assert "M-2026-01" in _text(_slip(year))
    assert "12枚" in _text(_slip(year, f"k-2026-01-{outcome.seq}"))


def test_the_longest_slip_stays_on_one_page(year: Played) -> None:
    """Twenty items, long names of occasion and bag, two marks and the code fit on one page."""
    longest = {"giver": "asahi", "receiver": "sato", "locked_bag": True, "slip": "長" * 80, "bag_number": "番" * 80}
    fields = {**longest, "items": [f"S-2026-{n:02}" for n in range(1, 13)], "occasion": "機" * 80}
    for number in fields["items"]:
        moved = {
            **longest, "item": number, "kind": "spoiled_sheets", "to": "contractor", "giver": "sato",
            "receiver": "asahi", "occasion": "x", "slip": f"P-{number}", "in_person": True,
        }  # fmt: skip
        acting.perform(year.office, CYCLE, "record_movement", by="sato", fields=moved)
    year.set_clock(year.now + timedelta(days=1))
    back = {**fields, "in_person": True, "already_happened": True}
    acting.perform(
        year.office, CYCLE, "return_items", by="asahi", fields=back, occurred_at=year.now - timedelta(hours=3)
    )
    assert "事後入力" in _text(next(year.office.papers.glob("slip-長*.pdf")))


def test_the_contractors_forms_are_filled_in_beforehand(year: Played) -> None:
    """The erasure report lists every registered copy with its place before anything is erased."""
    copy = {"copy_number": "C-2026-09", "kind": "backup", "place": "別棟の書庫", "storage": "tape"}
    acting.perform(year.office, CYCLE, "register_copies", by="asahi", fields={"copies": [copy]})
    text = _text(papers.print_sheets(year.office, CYCLE, erasure_papers.erasure_report)[0])
    assert "別棟の書庫" in text
    assert "テープ" in text


def test_every_movement_of_the_year_has_its_slip(year: Played) -> None:
    """Sample, delivery, posting and return are on slips that number what they name; the post office stamps nothing."""
    year.play(before="return_media")
    told = {
        "k-2026-04": (
            "小林 舞",
            "佐藤 みどり",
            "印字見本（宛名印字済）　I-2026-01",
            "宛名印字見本",
            "鍵付きカバン　第4号",
        ),
        "k-2026-05": ("小林 舞", "佐藤 みどり", "案内状（封緘済）", "52通", "鍵付き車両"),
        "k-2026-03": ("S-2026-01", "媒体1枚", "パスワード通知書 1通", "損紙 2枚", "引抜き分 4枚", "封緘済み 2通"),
    }
    for number, words in told.items():
        text = _text(_slip(year, number)).replace("\r\n", "")
        assert [word for word in words if word not in text] == []
        assert "受け取った人" in text
        assert "4点" not in text
        assert ("手渡しで" in text) is (number == "k-2026-03")
    [path] = year.office.papers.glob("slip-差出票*.pdf")
    text = _text(path)
    for words in (
        "新宿郵便局",
        "案内状（封緘済）",
        "52通",
        "引受通数が差出票と一致した",
        "差出票 2026-1",
        "鍵付き容器",
    ):
        assert words in text, words
    assert not any(words in text for words in ("受け取った人", "手渡しで", "外観及び封"))
    note = _text(year.office.papers / "return-note.pdf").replace("\r\n", "")
    assert "損紙 2枚、引抜き分 4枚、封緘済み 2通" in note
    assert "点" not in note.replace("地点", "")
    path.unlink()
    acting.perform(year.office, CYCLE, "reprint_slip", by="sato", fields={"slip": "差出票 2026-1", "reason": "汚損"})
    assert "再発行" in _text(path)
    with reading(year.office.engine) as connection:
        lines = [line for line in lines_of(connection, CYCLE) if line["moves"]]
    assert [line["slip"] for line in lines] == [
        "K-2026-01", "K-2026-02", "K-2026-04", "K-2026-05", "差出票 2026-1", "K-2026-03",
    ]  # fmt: skip
    assert not any(map(lacking, lines))
