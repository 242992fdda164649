"""The contractor's side: letters tray by tray from the opened package, and a record by serial of what was printed."""

import csv
import json
import re
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playing import killed_at

from adapters import disk
from adapters.fonts import default_font
from adapters.press import Press
from adapters.programmes import programme_files, templates_of, towns_file
from contractor import printing
from contractor.printing import LETTERS, RECORD, Printed
from models.errors import BadInput, BadSetting, Unknown
from models.package import FILE, HEADER, TEMPLATES, TOWNS, WORDS
from models.programme import Programme, text_of
from papers.printing import letter_words

ROOT = Path(__file__).parents[2]
PEOPLE = [
    ("新宿　花子", "160-0023", "東京都新宿区西新宿二丁目８番１号"),
    ("NGUYEN THI PHUONG THAO MY DUYEN HANH HOA LE", "169-0073", "東京都新宿区百人町一丁目２３番４号　ABC１０１"),
    ("四谷　太郎", "160-0004", "東京都新宿区四谷一丁目２番３号"),
    ("髙﨑　𠮷之介", "160-0013", "東京都新宿区霞ケ丘町３番"),
    ("大久保　桜", "160-0000", "東京都新宿区大久保一丁目２番３号"),
    *[("百人　薫", "169-0073", f"東京都新宿区百人町一丁目２番{n}号") for n in range(1, 60)],
]
TRAY = 25


def opened(folder: Path, people: Sequence[tuple[str, str, str]] = PEOPLE, **changes: Any) -> Path:
    """Make a folder as it is after `contractor open`, with trays of 25 and customer barcodes."""
    path = next(path for path in programme_files(None) if path.stem == "hatachi")
    programme = Programme.parse(text_of(path), name=path.name)
    words = letter_words(programme, 2026, date(2026, 11, 30), date(2027, 1, 11))
    words = {**words, "tray": TRAY, "customer_barcode": True, **changes}
    folder.mkdir()
    (folder / WORDS).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    with (folder / FILE).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADER, *((n, *person) for n, person in enumerate(people, 1))])
    for name in TEMPLATES:
        shutil.copy(templates_of(programme) / name, folder / name)
    shutil.copy(towns_file(programme), folder / TOWNS)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an opened package of 64 persons."""
    return opened(tmp_path / "work")


def serials_in(folder: Path, pattern: str = "*.pdf") -> list[int]:
    """Return the serials of the letters in PDF files, in the order of the sheets."""
    texts = [
        page.get_textpage().get_text_range()
        for path in sorted((folder / LETTERS).glob(pattern))
        for page in pypdfium2.PdfDocument(path)
    ]
    return [int(found[1]) for text in texts if (found := re.search(r"No\. (\d{7})", text))]


def test_every_serial_is_printed_once_and_recorded(folder: Path) -> None:
    """All letters come in order, none twice, and the record names all as good and none as missing."""
    printed = printing.print_letters(folder)
    assert serials_in(folder) == list(range(1, 65))
    assert printed == Printed(good="1-64") == Printed.read(folder)


def test_a_kill_after_the_last_sheet_leaves_nothing_missing(folder: Path) -> None:
    """The record that is written with a batch names as missing what has no good sheet yet, and nothing else."""
    with killed_at(Printed, "write", "after"):
        printing.print_letters(folder)
    assert Printed.read(folder) == Printed(good="1-64")


def test_nobody_gets_two_letters(folder: Path) -> None:
    """Printing all once more is refused, and what is there stays as it is."""
    printing.print_letters(folder)
    before = sorted(path.name for path in (folder / LETTERS).iterdir())
    with pytest.raises(BadInput):
        printing.print_letters(folder)
    assert sorted(path.name for path in (folder / LETTERS).iterdir()) == before


def test_spoiled_sheets_are_printed_again_by_serial(folder: Path) -> None:
    """A reprint is for the named serials only, in a file of its own; a sheet spoiled twice counts twice."""
    printing.print_letters(folder)
    printing.print_letters(folder, serials="5,9-12")
    printed = printing.print_letters(folder, serials="12")
    assert serials_in(folder, "again-01-*.pdf") == [5, 9, 10, 11, 12]
    assert serials_in(folder, "again-02-*.pdf") == [12]
    assert (printed.good, printed.spoiled, printed.reprinted) == ("1-64", "5,9-12", "5,9-12")
    assert printed.sheets_spoiled == 6


@pytest.mark.parametrize(("serials", "refusal"), [("65", Unknown), ("1-70", Unknown), ("x", BadInput)])
def test_serials_that_are_not_in_the_package_are_refused(folder: Path, serials: str, refusal: type[Exception]) -> None:
    """A slip in a serial prints nothing and leaves the record alone."""
    printing.print_letters(folder)
    with pytest.raises(refusal):
        printing.print_letters(folder, serials=serials)
    assert Printed.read(folder) == Printed(good="1-64")


def test_what_was_never_printed_cannot_be_printed_again(folder: Path) -> None:
    """A reprint before the first print is refused: it would count a spoiled sheet that nobody has."""
    with pytest.raises(BadInput, match="5"):
        printing.print_letters(folder, serials="5")
    assert not (folder / RECORD).exists()


def test_a_killed_printing_goes_on_where_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the first file, the next run prints the rest: every serial once, in whole trays."""
    monkeypatch.setattr(printing, "_BATCH", TRAY)
    real, files = disk.put, [0]

    def dying(path: Path, content: bytes) -> None:
        files[0] += path.suffix == ".pdf"
        if files[0] == 2:
            raise KeyboardInterrupt
        real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "put", dying)
        with pytest.raises(KeyboardInterrupt):
            printing.print_letters(folder)
    assert (Printed.read(folder).good, Printed.read(folder).missing) == ("1-25", "26-64")
    assert printing.print_letters(folder).missing == ""
    assert serials_in(folder) == list(range(1, 65))


def test_separators_stand_where_trays_begin(folder: Path) -> None:
    """64 letters lie in three trays of 25; a reprint is sent to the tray its serial came from."""
    printing.print_letters(folder)
    printing.print_letters(folder, serials="30,60")
    assert _trays(folder, "letters-*.pdf") == ["1", "2", "3"]
    assert _trays(folder, "again-*.pdf") == ["2", "3"]


def _trays(folder: Path, pattern: str) -> list[str]:
    texts = [
        page.get_textpage().get_text_range()
        for path in sorted((folder / LETTERS).glob(pattern))
        for page in pypdfium2.PdfDocument(path)
    ]
    return [found[1] for text in texts if (found := re.search(r"トレイ\s*(\d+)", text))]


def test_the_sample_holds_every_hard_row(folder: Path) -> None:
    """A long name and rare characters are in the sample, the named serials too, and each sheet is marked 見本."""
    path, serials = printing.print_sample(folder, serials="7")
    assert {2, 4, 7} <= set(serials)
    texts = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)]
    assert len(texts) == len(serials)
    assert all("見本" in text for text in texts)
    assert not (folder / RECORD).exists()


def test_what_the_font_cannot_draw_is_refused_by_serial(tmp_path: Path) -> None:
    """The received file is checked again: serial and code point are named, no name, and no letter is printed."""
    folder = opened(
        tmp_path / "work", [*PEOPLE[:2], ("幽霊　ꙮ子", "160-0023", "東京都新宿区西新宿二丁目"), *PEOPLE[:1]]
    )
    for do in (printing.print_letters, printing.print_sample):
        with pytest.raises(BadInput) as caught:
            do(folder)
        assert "U+A66E" in caught.value.message
        assert "3" in caught.value.message
        assert "幽霊" not in caught.value.message + caught.value.remedy
    assert not (folder / LETTERS).exists()


def test_private_use_characters_need_the_declared_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A character of the private use area is refused unless the ward has named this very font."""
    people = [("\ue000田　花子", *PEOPLE[0][1:])]
    table = Press.glyphs.fget
    monkeypatch.setattr(Press, "glyphs", property(lambda press: _with_private_use(table(press))))
    folder = opened(tmp_path / "undeclared", people)
    with pytest.raises(BadInput, match=r"U\+E000"):
        printing.print_letters(folder)
    declared = opened(tmp_path / "declared", people, font_sha256=default_font().sha256)
    assert printing.print_letters(declared).good == "1"


def _with_private_use(table: Any) -> Any:
    return type(table)(font=table.font, advances={**table.advances, "\ue000": 1.0}, sequences=table.sequences)


def test_another_font_than_the_declared_one_is_refused(tmp_path: Path) -> None:
    """Where the ward has named a font by its hash, no other prints; with the named one everything goes on."""
    folder = opened(tmp_path / "other", font_sha256="0" * 64)
    with pytest.raises(BadInput, match=r"Noto|IPA"):
        printing.print_letters(folder)
    declared = opened(tmp_path / "declared", font_sha256=default_font().sha256)
    assert printing.print_letters(declared, font=default_font().path).good == "1-64"


def test_letters_without_a_barcode_and_doubtful_ones_are_listed(folder: Path) -> None:
    """The representative code is named as having none, the run of letters as doubtful; without barcodes nothing is."""
    assert printing.barcode_doubts(folder) == {"none": "5", "letter_run": "2"}
    words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    (folder / WORDS).write_text(json.dumps({**words, "customer_barcode": False}), encoding="utf-8")
    assert printing.barcode_doubts(folder) == {}


def test_a_template_that_does_not_compile_names_its_line(folder: Path) -> None:
    """The contractor reads file and line, and nothing of a resident."""
    invitation = folder / "invitation.typ"
    invitation.write_text(
        invitation.read_text(encoding="utf-8").replace("person.postal_code", "person.post"), encoding="utf-8"
    )
    with pytest.raises(BadSetting, match=r"invitation\.typ.*\d"):
        printing.print_letters(folder)


def test_nothing_is_printed_from_a_folder_without_a_package(tmp_path: Path) -> None:
    """An empty folder is told to be one."""
    with pytest.raises(Unknown):
        printing.print_letters(tmp_path)


def test_what_is_no_font_is_refused(folder: Path) -> None:
    """A file that holds no font prints nothing."""
    with pytest.raises(BadInput):
        printing.print_letters(folder, font=folder / WORDS)
