"""What is remembered about an extract: codes, findings, judgements and decisions, and never a value."""

import string

import pytest

from models.errors import BadInput
from models.extract import (
    CODES,
    Finding,
    Judgement,
    UnreadableExtract,
    characters,
    code_points,
    substitution,
)


def test_every_code_fits_a_record_and_has_one_sentence() -> None:
    """A code is lower case with low lines, at most forty letters, and its sentence ends in a full stop."""
    allowed = set(string.ascii_lowercase + "_")
    for code, rule in CODES.items():
        assert set(code) <= allowed, code
        assert len(code) <= 40
        assert rule.sentence.endswith(".")
    assert len({rule.sentence for rule in CODES.values()}) == len(CODES)


def test_only_held_rows_can_be_accepted() -> None:
    """Nothing but a held row is ever open to acceptance, and never one that the font prints wrongly."""
    assert {rule.weight for rule in CODES.values() if rule.acceptable} == {"held"}
    assert not CODES["no_glyph"].acceptable
    assert not CODES["no_ivs"].acceptable


def test_a_finding_reads_as_weight_place_and_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding says how grave it is, where it is and what it means."""
    monkeypatch.setenv("TSUDOI_LANG", "en")
    assert str(Finding(code="empty", row=3, column="氏名")) == "Held: row 3 氏名: The cell is empty."
    assert str(Finding(code="nobody_eligible")) == "Refused: Nobody in the extract is to be invited."
    assert "2 times" in str(Finding(code="moved_later", count=2))


def test_a_report_has_the_keys_scripts_rely_on() -> None:
    """The report for scripts has verdict, counts, exclusions and findings, and a finding has its four keys."""
    report = Judgement(
        verdict="held", persons=2, exported=1, held=1, findings=(Finding(code="empty", row=2, column="氏名"),)
    ).report()
    assert report == {
        "verdict": "held",
        "persons": 2,
        "exported": 1,
        "held": 1,
        "excluded": {},
        "findings": [{"code": "empty", "row": 2, "column": "氏名", "count": 1}],
    }


def test_warnings_are_summed_by_code() -> None:
    """The warnings of a judgement are counts by code, and nothing else is among them."""
    findings = (
        Finding(code="unknown_column", column="備考"),
        Finding(code="unknown_column", column="続柄"),
        Finding(code="two_lines", column="氏名", count=7),
        Finding(code="empty", row=2, column="氏名"),
    )
    assert Judgement(verdict="held", findings=findings).warnings == {"unknown_column": 2, "two_lines": 7}


def test_an_unreadable_extract_says_every_reason() -> None:
    """The error lists each finding on a line and says what to do."""
    error = UnreadableExtract([Finding(code="missing_column", row=1, column=it) for it in ("氏名", "住所")])
    assert len(error.message.splitlines()) == 2
    assert error.remedy


def test_code_points_are_read_as_they_are_written() -> None:
    """Characters survive being written as code points, selectors and other planes included."""
    for text in ("辻\U000e0102", "𠮷", "\ue000", ""):
        assert characters(code_points(text)) == text
    assert code_points("辻\U000e0102") == "U+8FBB U+E0102"


@pytest.mark.parametrize("points", ["辻", "8FBB", "U+8fbb", "U+8FBB,U+E0102", "U+D800", "U+110000", "U+8FBB "])
def test_what_is_no_code_point_is_refused(points: str) -> None:
    """Characters themselves, surrogates and numbers beyond Unicode are no code points."""
    with pytest.raises(BadInput):
        characters(points)


def test_a_substitution_is_read_from_its_record() -> None:
    """The record's form becomes what a decision carries; an empty one is no substitution."""
    assert substitution("U+8FBB U+E0102>U+8FBB") == {"U+8FBB U+E0102": "U+8FBB"}
    assert substitution("U+200B>") == {"U+200B": ""}
    assert substitution("") == {}
    with pytest.raises(BadInput):
        substitution("辻>U+8FBB")
