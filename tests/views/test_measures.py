"""Measures as they stand: evidence has dates and expires, declarations need a file, a deviation contradicts."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playing import CYCLE, Played, begun

from models.errors import BadInput, Refused
from steps import acting, documents
from views import measures


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


def claim(year: Played, measure: str = "W-OP-06", *, file: Path | None = None, **fields: Any) -> None:
    acting.perform(
        year.office, CYCLE, "claim_measures", by="sato", fields={"measures": [measure], "evidence": "点検表", **fields},
        files={"evidence_file": file} if file else {},
    )  # fmt: skip


def standing(year: Played, measure: str = "W-OP-06") -> str:
    found = {it.measure.id: it.standing for it in year.office.see(CYCLE, measures.standings)}
    return found[measure]


def refused_by(year: Played, **fields: Any) -> set[str]:
    with pytest.raises(Refused) as refused:
        claim(year, **fields)
    return {gap.guard for gap in refused.value.unmet}


def test_a_claim_stands_until_its_evidence_expires_and_asks_to_be_renewed(year: Played) -> None:
    """The day after its last valid day the measure blocks its step again, and a new claim settles that."""
    today = year.facts().today
    claim(year, valid_until=str(today + timedelta(days=30)))
    assert standing(year) == "claimed"
    assert "W-OP-06" in year.facts().claims
    year.set_clock(year.now + timedelta(days=31))
    assert standing(year) == "expired"
    assert "W-OP-06" not in year.facts().claims
    claim(year)
    assert standing(year) == "claimed"


def test_the_day_of_the_evidence_is_kept_apart_from_the_day_it_was_received(year: Played) -> None:
    """A check of last week claimed today has both days."""
    today = year.facts().today
    claim(year, happened_on=str(today - timedelta(days=7)))
    claimed = year.facts().claimed["W-OP-06"]
    assert (claimed.happened_on, claimed.received_on) == (today - timedelta(days=7), today)


def test_evidence_of_the_future_or_expired_evidence_is_refused(year: Played) -> None:
    """Neither a date to come nor a validity that is over is taken."""
    today = year.facts().today
    guard = {"evidence_is_of_the_past_and_still_valid"}
    assert refused_by(year, happened_on=str(today + timedelta(days=1))) == guard
    assert refused_by(year, valid_until=str(today - timedelta(days=1))) == guard


def test_evidence_that_names_nothing_or_is_of_last_year_is_refused(year: Played, tmp_path: Path) -> None:
    """Words for nothing prove nothing; a certificate of last year does while it is valid, as a file."""
    for words in ("なし", "済"):
        assert refused_by(year, evidence=words) == {"evidence_names_what_was_done"}
    last_year, until = {"happened_on": "2026-03-31"}, str(year.facts().today)
    assert refused_by(year, **last_year) == {"evidence_is_of_this_year"}
    assert refused_by(year, **last_year, valid_until=until) == {"evidence_is_of_this_year"}
    (tmp_path / "certificate.txt").write_text("プライバシーマーク", encoding="utf-8")
    claim(year, file=tmp_path / "certificate.txt", **last_year, valid_until=until)
    assert "W-OP-06" in year.facts().claims


def test_a_measure_that_is_on_no_checklist_is_refused(year: Played) -> None:
    """A well-formed id that the checklists do not have is named in the refusal."""
    assert refused_by(year, measure="W-OP-99") == {"claimed_measures_are_on_the_list"}


def test_not_applicable_needs_leave_and_a_declaration(year: Played, tmp_path: Path) -> None:
    """Only where the checklist allows it, with the declaration as a file; it is shown as such and never as proved."""
    (tmp_path / "none.txt").write_text("再委託なし", encoding="utf-8")
    assert refused_by(year, measure="W-OP-03", not_applicable="true") == {"not_applicable_has_its_declaration"}
    assert refused_by(year, measure="W-OP-06", not_applicable="true") == {"not_applicable_has_its_declaration"}
    acting.perform(
        year.office, CYCLE, "claim_measures", by="sato",
        fields={"measures": ["W-OP-03"], "evidence": "再委託有無届", "not_applicable": "true"},
        files={"evidence_file": tmp_path / "none.txt"},
    )  # fmt: skip
    assert standing(year, "W-OP-03") == "not_applicable"


def test_one_file_is_not_evidence_of_two_measures(year: Played, tmp_path: Path) -> None:
    """The same file for another measure is refused, for the same one renewed it is not."""
    check = tmp_path / "check.txt"
    check.write_text("点検結果", encoding="utf-8")
    claim(year, "W-OP-06", file=check)
    claim(year, "W-OP-06", file=check)
    with pytest.raises(Refused):
        claim(year, "W-OP-05", file=check)


def _pdf() -> bytes:
    with pypdfium2.PdfDocument.new() as document:
        document.new_page(100, 100)
        content = io.BytesIO()
        document.save(content)
    return content.getvalue()


def _zip(*members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member in members:
            archive.writestr(member, "<x/>" * 99)
    return content.getvalue()


_CONTENTS = {
    "nothing": b"", "words": b"no pdf at all", "a beginning": b"%PDF-1.7\nhello",
    "a sheet": _pdf(), "half a sheet": _pdf()[:60],
    "a workbook": _zip("[Content_Types].xml", "xl/workbook.xml"), "half a workbook": _zip("xl/workbook.xml")[:-40],
    "a letter": _zip("[Content_Types].xml", "word/document.xml"),
    "a workbook with macros": _zip("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
    "a workbook with a sheet of macros": _zip("[Content_Types].xml", "xl/workbook.xml", "xl/macrosheets/sheet1.xml"),
    "a letter with a program in it": _zip("[Content_Types].xml", "word/document.xml", "word/embeddings/oleObject1.bin"),
    "a workbook by its printer": _zip("[Content_Types].xml", "xl/workbook.xml", "xl/printerSettings/printer1.bin"),
    "a program": b"MZ\x90\0\x03\0", "a program of Linux": b"\x7fELF\x02\x01\x01\0", "a page": b"<html><script>",
    "Japanese words": "\u70b9\u691c\u8868".encode("cp932"), "a picture of a scanner": b"II*\0rest",
    "a picture": b"\x89PNG\r\n\x1a\n", "a photograph": b"\xff\xd8\xff\xe0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", "words"), ("a.pdf", "a beginning"), ("a.PDF", "a workbook"), ("a.pdf", "half a sheet"),
        ("a.png", "a beginning"), ("a.jpg", "a picture"), ("a.txt", "nothing"), ("a.xlsx", "a letter"),
        ("a.docx", "a workbook"), ("a.xlsx", "half a workbook"), ("a.zip", "a letter"),
        ("a", "words"), ("a.exe", "a program"), ("a.html", "a page"), ("a.eml", "words"), ("a.svg", "a page"),
        ("a.xlsm", "a workbook with macros"), ("a.xlsx", "a workbook with macros"), ("a.txt", "a program"),
        ("a.xlsx", "a workbook with a sheet of macros"), ("a.docx", "a letter with a program in it"),
        ("a.csv", "a program of Linux"), ("a.pdf", "a program of Linux"), ("a.tif", "words"),
    ],
)  # fmt: skip
def test_a_file_that_nobody_could_look_at_or_that_runs_is_refused(
    year: Played, tmp_path: Path, name: str, content: str
) -> None:
    """A file of evidence is of a type that an office files, what its name says, whole, and holds no program."""
    (tmp_path / name).write_bytes(_CONTENTS[content])
    with pytest.raises(BadInput):
        claim(year, file=tmp_path / name)
    assert not year.facts().claims


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", "a sheet"), ("a.PDF", "a sheet"), ("a.xlsx", "a workbook"), ("a.docx", "a letter"),
        ("a.xlsx", "a workbook by its printer"), ("a.txt", "words"), ("a.csv", "Japanese words"),
        ("a.png", "a picture"), ("a.jpeg", "a photograph"), ("a.tiff", "a picture of a scanner"),
    ],
)  # fmt: skip
def test_a_file_that_is_what_its_name_says_is_kept(year: Played, tmp_path: Path, name: str, content: str) -> None:
    """What an office files and opens as named is evidence, kept under its hash."""
    (tmp_path / name).write_bytes(_CONTENTS[content])
    claim(year, file=tmp_path / name)
    kept = year.office.home / "evidence" / hashlib.sha256(_CONTENTS[content]).hexdigest()
    assert kept.read_bytes() == _CONTENTS[content]


def test_words_alone_are_words_and_a_check_with_its_result_is_more(year: Played, tmp_path: Path) -> None:
    """Only evidence of a kind that was judged shows a measure; another kind is refused, and so is half of one."""
    today = str(year.facts().today)
    claim(year, "W-SY-04")
    assert standing(year, "W-SY-04") == "claimed"
    assert refused_by(year, measure="W-SY-04", kind="act", entry=1) == {
        "evidence_is_of_the_measures_kind", "evidence_of_its_kind_is_whole",
    }  # fmt: skip
    assert refused_by(year, measure="W-SY-04", kind="check", happened_on=today) == {"evidence_of_its_kind_is_whole"}
    claim(year, "W-SY-04", kind="check", happened_on=today, result="適用済")
    assert standing(year, "W-SY-04") == "proved"
    (tmp_path / "note.txt").write_text("情報システム課の確認書", encoding="utf-8")
    claim(year, "W-SY-02", kind="document", happened_on=today, file=tmp_path / "note.txt")
    assert standing(year, "W-SY-02") == "proved"
    claim(year, "W-SY-02")
    assert standing(year, "W-SY-02") == "claimed", "what is claimed last is what stands"


def test_an_act_is_evidence_of_what_it_serves_and_of_nothing_else(year: Played) -> None:
    """The entry of the handlers' notice shows who may handle; of the business flow it says no more than words."""
    year.play(before="confirm_contacts")
    notice = year.facts().done["register_handlers"].seq
    claim(year, "W-OP-12", kind="act", entry=notice)
    assert standing(year, "W-OP-12") == "claimed"
    claim(year, "W-OP-04", kind="act", entry=notice)
    assert standing(year, "W-OP-04") == "proved"


def test_what_did_not_arise_has_no_occasion_whoever_claims_it(year: Played) -> None:
    """Neither the closing act nor a claim shows what was done about an incident or a subcontractor that was none."""
    assert standing(year, "W-OP-03") == "open"
    year.play(before="hand_over_medium")
    assert {standing(year, it) for it in ("W-OP-03", "C-OP-03", "W-OP-13", "C-OP-13", "W-OP-09")} == {"no_occasion"}
    year.do("hand_over_medium")
    assert standing(year, "W-OP-09") == "proved"
    found = year.office.see(CYCLE, measures.standings)
    moved = [entry["seq"] for entry in year.entries() if entry["event"] == "medium_handed_over"]
    assert [list(it.proved_by) for it in found if it.measure.id == "W-OP-09"] == [moved]
    acting.perform(year.office, CYCLE, "report_incident", by="sato", fields={
        "kind": "loss", "known_on": str(year.facts().today), "persons": 1,
    })  # fmt: skip
    assert standing(year, "W-OP-13") == "claimed", "an incident is an occasion"


def test_a_deviation_contradicts_the_measures_it_broke(year: Played) -> None:
    """A medium that went out in an open bag is recorded, and both sides' measure says so with the entry."""
    year.play(before="hand_over_medium")
    year.do("hand_over_medium", locked_bag=False, already_happened=True)
    found = {it.measure.id: it for it in year.office.see(CYCLE, measures.standings)}
    assert found["W-OP-08"].standing == found["C-OP-08"].standing == "contradicted"
    entry = year.entries()[found["W-OP-08"].contradicted_by[0] - 1]
    assert (entry["event"], entry["data"]["broken"]) == ("deviation_recorded", ["bag_is_locked"])


def test_what_stands_on_a_document_is_shown_once_its_paper_is_on_file(year: Played, tmp_path: Path) -> None:
    """A tick that the provisions are attached shows nothing, the contract on file does; no instruction was given."""
    year.claim_every_measure()
    year.wait_for("conclude_contract")
    year.do("conclude_contract", contract="", instruction="", instructed_on=None, instructed="")
    assert (standing(year, "W-OP-01"), standing(year, "C-OP-01")) == ("claimed", "claimed")
    contract = tmp_path / "contract.txt"
    contract.write_text("契約書", encoding="utf-8")
    documents.file(year.office, CYCLE, contract, number=1, by="sato", dated_on=year.facts().today)
    assert (standing(year, "W-OP-01"), standing(year, "C-OP-01")) == ("claimed", "proved")
