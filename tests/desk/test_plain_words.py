"""Words are one line where they are typed, and harmless where they are shown."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from older import written_before
from speaking import Remembered, Tsudoi

from steps.identity import person_of
from steps.office import Office

ADD = "people add kato --name {name} --side ward --role coordinator --from 2026-04-01 --to 2027-03-31 --mail {mail}"
ESC = "\x1b[2J\x1b]0;x\x07"


def test_a_full_width_address_is_mended_and_said_so(tsudoi: Tsudoi, home: Path) -> None:
    """The usual slip of an input method costs nobody a letter: the address is mended, and who typed it is told."""
    said = tsudoi(*shlex.split(ADD.format(name="加藤", mail="kato＠ward.example")))
    assert said.status == 0
    assert "全角" in said.err
    assert person_of(Office.open(home), "kato").mail == "kato@ward.example"


@pytest.mark.parametrize(
    ("name", "mail"),
    [
        ("加藤", "加藤@ward.example"), ("加藤", "kato"), ("加藤", "kato@ward.example\r\nBcc: x@y.example"),
        ("加藤", "ka to@ward.example"), ("加藤\r\n", ""), (f"加藤{ESC}", ""), ("加\u202e藤", ""),
    ],
)  # fmt: skip
def test_nonsense_is_not_taken_onto_the_register(
    tsudoi: Tsudoi, remembered: Callable[[], Remembered], name: str, mail: str
) -> None:
    """An address no server takes, and a name that is not one line of words, are refused; nothing is kept."""
    before = remembered()
    said = tsudoi(*shlex.split(ADD.format(name=shlex.quote(name), mail=shlex.quote(mail))))
    assert (said.status, remembered()) == (2, before)
    assert "→ " in said.err
    assert "\x1b" not in said.out + said.err


def test_nonsense_in_excel_is_told_by_its_cell(tsudoi: Tsudoi, home: Path) -> None:
    """An import names the cells that hold no name or no address, and takes nobody."""
    with xlsxwriter.Workbook("people.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["識別名", "氏名", "所属", "役割", "メール"])
        sheet.write_row(1, 0, ["kato", "加藤\n二郎", "総務課", "担当者", "加藤@ward.example"])
        sheet.write_row(2, 0, ["ito", "伊藤", "総務課", "担当者", "ito＠ward.example"])
    said = tsudoi("people", "import", "people.xlsx", "--year", 2026)
    assert said.status == 2
    assert [cell in said.err for cell in ("B2", "E2", "E3")] == [True, True, False]


def test_free_text_is_one_line(tsudoi: Tsudoi, remembered: Callable[[], Remembered]) -> None:
    """A reason with a line break or a sequence for a terminal is refused by its field; nothing is written."""
    before = remembered()
    for reason in ("一\n二", f"遅れ{ESC}", "遅\u202eれ"):
        said = tsudoi("deadline", "move", 2026, "close", "--to", "2027-02-01", "--reason", reason, "--by", "sato")
        assert said.status == 2
        assert "reason" in said.err
        assert "\x1b" not in said.err
    assert remembered() == before


def test_what_an_older_installation_holds_never_reaches_the_terminal(tsudoi: Tsudoi, home: Path) -> None:
    """A sequence that stands on the register from before is shown as its characters' numbers, also in JSON."""
    name = f"佐藤{ESC}\x9b31m\n二"
    written_before(home / "tsudoi.db", "staff", "UPDATE staff SET name = ? WHERE id = 'sato'", (name,))
    for words in ("people list", "people list --json"):
        said = tsudoi(*words.split())
        assert said.status == 0
        assert [it for it in ("\x1b", "\x07", "\x9b") if it in said.out] == []
    assert "<U+001B>" in tsudoi("people", "list").out
    told = json.loads(tsudoi("people", "list", "--json").out)
    assert [it["name"] for it in told if it["id"] == "sato"] == [name]


def test_a_field_nested_without_end_is_wrong_and_no_bug(tsudoi: Tsudoi, home: Path) -> None:
    """Lists within lists to any depth are a wrong field, told with exit 2."""
    said = tsudoi(
        "act", 2026, "claim_measures", "--by", "sato", "--set", f"measures={'[' * 100_000}", "--set", "evidence=x"
    )
    assert said.status == 2
    assert "measures" in said.err
