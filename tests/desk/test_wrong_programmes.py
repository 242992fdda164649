"""A programme file that is none: words, whatever stands in it."""

from pathlib import Path

import pytest
from speaking import Tsudoi

from adapters.programmes import programme_files


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\xff\xfe",
        b"key = " + b"[" * 20_000,
        b"",
        b"measures",
        b"measures a folder",
    ],
    ids=["binary", "nested deeply", "empty", "no list of measures", "a folder for a list"],
)
def test_a_wrong_programme_is_told(
    tsudoi: Tsudoi, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """A file that is binary, nested without end, empty, or names no list of measures is refused by its name."""
    folder = tmp_path / "programmes"
    folder.mkdir()
    if content.startswith(b"measures"):
        own = next(path for path in programme_files(None) if path.stem == "hatachi").read_text(encoding="utf-8")
        to = "hatachi" if content.endswith(b"folder") else "hatachi/no-such.yaml"
        content = own.replace("hatachi/measures.yaml", to).encode()
    (folder / "other.toml").write_bytes(content)
    monkeypatch.setenv("TSUDOI_PROGRAMMES", str(folder))
    said = tsudoi("cycle", "open", 2027, "--programme", "other")
    assert said.status == 2
    assert "other.toml" in said.err
    assert "→ " in said.err


def test_a_year_is_not_opened_with_a_discount_that_nobody_gives(
    tsudoi: Tsudoi, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Free text where a discount is named is refused with its key when a year is opened, and nothing is opened."""
    own = next(path for path in programme_files(None) if path.stem == "hatachi").read_text(encoding="utf-8")
    text = own.replace('key = "hatachi"', 'key = "other"').replace("discounts = []", 'discounts = ["大口割引"]')
    (tmp_path / "other.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TSUDOI_PROGRAMMES", str(tmp_path))
    said = tsudoi("cycle", "open", 2027, "--programme", "other")
    assert said.status == 2
    assert "mailing.discounts" in said.err
    assert "other" not in tsudoi("cycle", "list").out


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('bounds = ["post"]', 'bounds = ["post_office"]'), "commitments.useful_posting：「post_office」"),
        (('bounds = ["post"]', 'bounds = ["record_returned_mail"]'), "record_returned_mail"),  # it has no deadline
        (('day = "S-14d"', 'day = "Z-14d"'), "Z"),
        (('day = "S-14d"', 'day = "fourteen days"'), "fourteen days"),
    ],
)
def test_a_commitment_that_binds_nothing_is_told(
    tsudoi: Tsudoi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], named: str
) -> None:
    """A commitment of an act without a deadline, of no anchor, or with a day that is no rule opens no year."""
    folder = tmp_path / "programmes"
    folder.mkdir()
    own = next(path for path in programme_files(None) if path.stem == "hatachi").read_text(encoding="utf-8")
    assert change[0] in own
    (folder / "other.toml").write_text(
        own.replace('key = "hatachi"', 'key = "other"').replace(*change, 1), encoding="utf-8"
    )
    monkeypatch.setenv("TSUDOI_PROGRAMMES", str(folder))
    said = tsudoi("cycle", "open", 2027, "--programme", "other")
    assert said.status == 2
    assert named in said.err
    assert "→ " in said.err
    assert tsudoi("cycle", "show", 2027, "--programme", "other").status == 2
