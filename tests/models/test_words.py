"""The one catalogue: complete, faithful to its places, Japanese by default."""

import string
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from deploy.making import catalogue
from models import words
from models.words import DOMAIN, _, in_words
from states.table import TABLE

FOUND = "Died."


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compile the catalogue as it stands in the tree, so that a stale .mo proves nothing."""
    folder = tmp_path / "ja" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / f"{DOMAIN}.mo").open("wb") as stream:
        write_mo(stream, catalogue.read())
    monkeypatch.setattr(words, "LOCALE", tmp_path)
    words._catalogue.cache_clear()
    yield
    words._catalogue.cache_clear()


def _with(message: str, translation: str, flags: tuple[str, ...] = ()) -> Catalog:
    made = Catalog(locale="ja")
    made.add(message, translation, flags=flags)
    return made


def test_every_word_a_person_reads_is_in_the_catalogue_and_translated() -> None:
    """Nothing is missing, untranslated, fuzzy, no longer used or otherwise amiss."""
    assert catalogue.complaints(catalogue.read(), catalogue.messages()) == []


def test_every_translation_keeps_the_places_of_its_message() -> None:
    """Whoever fills the English places fills the Japanese ones with the same names."""
    for entry in catalogue.read():
        if entry.id:
            ours, theirs = (
                sorted(field for _text, field, _spec, _how in string.Formatter().parse(text) if field is not None)
                for text in (str(entry.id), str(entry.string))
            )
            assert ours == theirs, entry.id


def test_the_file_is_written_one_way_only() -> None:
    """The file is what the gatherer writes: sorted, without dates, line numbers and obsolete entries."""
    entries = catalogue.read()
    written = catalogue.written(catalogue.merged(entries, {str(entry.id) for entry in entries if entry.id}))
    assert written == catalogue.FILE.read_bytes()
    assert not any(mark in written for mark in (b"-Date:", b"\n#:", b"\n#~"))


def test_claims_titles_and_the_command_lines_own_words_are_gathered() -> None:
    """What is not a literal call in the project's code is gathered too, down to the records inside records."""
    gathered = catalogue.messages()
    claims = {guard.claim for row in TABLE for guard in row.claims}
    assert len(claims) > 50
    assert claims <= gathered
    assert {"Number of the copy", "Finding code", "[required]", "No such command {name!r}."} <= gathered


@pytest.mark.parametrize(
    ("entries", "wanted", "trouble"),
    [
        (Catalog(locale="ja"), {"New."}, "missing: 'New.'"),
        (_with("Old.", "旧"), set[str](), "no longer used: 'Old.'"),
        (_with("Bare.", ""), {"Bare."}, "untranslated: 'Bare.'"),
        (_with("Guess.", "推測", ("fuzzy",)), {"Guess."}, "fuzzy: 'Guess.'"),
        (_with("Row {row}.", "行 {raw}"), {"Row {row}."}, "other places in braces: 'Row {row}.'"),
        (_with("{x}", "{x!r}"), {"{x}"}, "other places in braces: '{x}'"),
        (_with("Counts: ", "件数:"), {"Counts: "}, "other space at an edge: 'Counts: '"),
        (_with("End\n", "終"), {"End\n"}, r"other space at an edge: 'End\n'"),
    ],
)
def test_whatever_is_amiss_is_named(entries: Catalog, wanted: set[str], trouble: str) -> None:
    """The check names each kind of trouble with the message id it concerns."""
    assert catalogue.complaints(entries, wanted) == [trouble]


def test_gathering_keeps_translations_and_drops_what_is_no_longer_used() -> None:
    """A merge keeps what was translated, guesses nothing for what is new and leaves no obsolete block."""
    old = _with("Kept.", "残る")
    old.add("Old word.", "旧語")
    merged = catalogue.merged(old, {"Kept.", "Old words."})
    assert {entry.id: entry.string for entry in merged if entry.id} == {"Kept.": "残る", "Old words.": ""}
    assert b"Old word." not in catalogue.written(merged)


def test_the_check_names_what_the_gatherer_would_mend_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--check` only looks; gathering then brings the message in, which is untranslated until somebody does it."""
    emptied = tmp_path / "tsudoi.po"
    emptied.write_bytes(before := catalogue.written(Catalog(locale="ja")))
    monkeypatch.setattr(catalogue, "FILE", emptied)
    assert f"missing: {FOUND!r}" in (catalogue.main(["--check"]) or "")
    assert emptied.read_bytes() == before
    assert catalogue.main([]) is None
    assert f"untranslated: {FOUND!r}" in (catalogue.main(["--check"]) or "")


@pytest.mark.usefixtures("compiled")
def test_words_are_japanese_unless_english_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Japanese is the default, also where TSUDOI_LANG names neither; TSUDOI_LANG=en gives the English sentence."""
    for asked in (None, "ja", "fr"):
        monkeypatch.delenv("TSUDOI_LANG", raising=False)
        if asked:
            monkeypatch.setenv("TSUDOI_LANG", asked)
        assert (_(FOUND), in_words(ja="差出", en="posting")) == ("死亡しています。", "差出")
    monkeypatch.setenv("TSUDOI_LANG", "en")
    assert (_(FOUND), in_words(ja="差出", en="posting")) == (FOUND, "posting")


def test_nothing_is_translated_to_nothing() -> None:
    """The empty message is empty in every language, not the catalogue's header."""
    assert _("") == ""


@pytest.mark.parametrize(("asked", "said"), [("ja", "コマンドはありません"), ("en", "No such command")])
def test_the_command_line_speaks_the_readers_language(asked: str, said: str, tmp_path: Path) -> None:
    """What the command line's library says itself comes from the same catalogue."""
    environment = {"TSUDOI_LANG": asked, "TSUDOI_HOME": str(tmp_path), "PYTHONUTF8": "1"}
    ask = [sys.executable, "-c", "from desk.main import main; main(['nonsense'])"]
    told = subprocess.run(ask, env=environment, cwd=catalogue.HOUSE, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert said in told.stderr


def test_a_day_is_written_as_its_readers_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Japanese with the era, in English with digits that no month can be mistaken in; paper stays Japanese."""
    day = date(2026, 11, 9)
    assert words.day_in_words(day) == "令和8年11月9日（月）"
    monkeypatch.setenv("TSUDOI_LANG", "en")
    assert words.day_in_words(day) == "2026-11-09 (Mon)"
    with words.speaking("ja"):
        assert words.day_in_words(day) == "令和8年11月9日（月）"


def test_brackets_lists_and_years_are_those_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands between words is said as the words are; what paper says stays Japanese."""
    assert (words.bracketed("a"), words.listed("ab"), words.listed("ab", "・")) == ("（a）", "a、b", "a・b")
    assert words.year_in_words(2026) == "令和8年度"
    monkeypatch.setenv("TSUDOI_LANG", "en")
    assert (words.bracketed("a"), words.listed("ab"), words.listed("ab", "・")) == (" (a)", "a, b", "a, b")
    assert words.year_in_words(2026) == "FY 2026"
