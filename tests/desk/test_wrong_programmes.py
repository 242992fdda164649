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
