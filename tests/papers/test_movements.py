"""What papers say of a movement: what it was, and how many of which unit, by kind."""

from typing import Any

import pytest

from papers.movements import Contents, content, one_medium, quantity, unit_of

STACK = "RL-2026-01"
KINDS = {
    "M-2026-01": "medium", "P-2026-01": "password_notice", "S-2026-01": "spoiled_sheets", "I-2026-01": "proof_sheets",
    "LT-2026-01": "letters", STACK: "returned_letters", "E-2026-01": "extract_original", "T-2026-01": "paper",
}  # fmt: skip
PRINTED = ("report_printing", {"good": "1-20", "spoiled": "3,7", "spoiled_stack": "S-2026-01"})
FIRST = ("acknowledge_pull_list", {"pulled": "1-3,20"})
SEALED = ("report_enclosing", {"sealed": "4-19"})
FINAL = ("acknowledge_final_pull_list", {"pulled": "1,4,5"})


def told(*acts: tuple[str, dict[str, Any]], medium: str = "DVD-R") -> Contents:
    made = Contents(medium=medium, fiscal_year=2026, kinds=KINDS)
    for act, record in acts:
        made.take(act, record)
    return made


@pytest.mark.parametrize(
    ("medium", "unit"),
    [
        ("電磁的媒体（DVD-R等）", "枚"), ("CD-R", "枚"), ("ブルーレイディスク", "枚"), ("SDカード", "枚"),
        ("dvd", "枚"), ("USBメモリ", "個"), ("電磁的記録（USB等）", "個"), ("", "個"),
    ],
)  # fmt: skip
def test_the_unit_of_a_medium_follows_its_kind(medium: str, unit: str) -> None:
    """A disc is counted in 枚, a USB memory in 個."""
    assert unit_of(medium) == unit
    assert told(medium=medium).numbered(["M-2026-01"]) == one_medium(medium) == f"媒体1{unit}"


@pytest.mark.parametrize(
    ("acts", "inside"),
    [
        ((PRINTED,), "損紙 2枚"),
        ((PRINTED, FIRST), "損紙 2枚、引抜き分 4枚"),
        # Serial 1 is pulled already; 4 and 5 are sealed by then.
        ((PRINTED, FIRST, SEALED, FINAL), "損紙 2枚、引抜き分 4枚、封緘済み 2通"),
        # What is found sealed although it was pulled is the sheet that was told as pulled.
        (
            (PRINTED, FIRST, ("settle_differences", {"reprinted": "8,9", "removed": "2,30", "stack": "S-2026-01"})),
            "損紙 4枚、引抜き分 4枚、封緘済み 1通",
        ),
        # Nothing of it was imprinted yet.
        ((FIRST,), "損紙（宛名印字済） 1束"),
        (
            (PRINTED, ("take_additions", {"serials": "21-23"}), SEALED, ("enclose_additions", {}),
             ("acknowledge_final_pull_list", {"pulled": "22", "stack": "S-2026-01"})),
            "損紙 2枚、封緘済み 1通",
        ),
    ],
)  # fmt: skip
def test_a_stack_is_counted_by_what_was_laid_into_it(acts: tuple[Any, ...], inside: str) -> None:
    """Spoiled sheets, pulled sheets and sealed letters of one stack are told apart, each piece once."""
    assert told(*acts).numbered(["S-2026-01"]) == inside


def test_a_return_numbers_what_it_names() -> None:
    """Medium, notice and a stack are never 「3点」."""
    said = told(PRINTED, FIRST, SEALED, FINAL).numbered(["M-2026-01", "P-2026-01", "S-2026-01"])
    assert said == "媒体1枚、パスワード通知書 1通、損紙 2枚、引抜き分 4枚、封緘済み 2通"


def test_a_stack_names_its_serials_by_kind() -> None:
    """Spoiled sheets, pulled sheets and sealed letters are named by serial; a medium has none."""
    made = told(PRINTED, FIRST, SEALED, FINAL)
    assert made.serials_in(["M-2026-01", "S-2026-01"]) == "損紙 3,7、引抜き分 1-3,20、封緘済み 4-5"
    assert made.serials_in(["M-2026-01"]) == ""


def back(serials: str, stack: str = "", outcome: str = "kept") -> tuple[str, dict[str, Any]]:
    return "record_returned_mail", {"serials": serials, "stack": stack, "outcome": outcome}


@pytest.mark.parametrize(
    ("acts", "inside", "serials"),
    [
        ((back("3-5", STACK),), "返戻 3通", "返戻 3-5"),
        ((back("3-5", STACK), back("4", STACK)), "返戻 3通", "返戻 3-5"),  # said once more, it comes in no second time
        ((back("3-5", STACK), back("4", outcome="handed_over")), "返戻 2通", "返戻 3,5"),
        ((back("3-5", STACK), back("4", "RL-2026-02")), "返戻 2通", "返戻 3,5"),
        ((back("3"), back("4", STACK)), "返戻 1通", "返戻 4"),  # an older version kept 3 in no stack
        ((("end_returned_mail", {"returned": {"moved": 2}, "stack": STACK}),), "返戻 2通", ""),
        ((back("3", "RL-2026-02"), ("end_returned_mail", {"returned": {"moved": 3}, "stack": STACK})), "返戻 2通", ""),
    ],
)  # fmt: skip
def test_returned_letters_lie_in_their_stack_until_they_go_on(acts: tuple[Any, ...], inside: str, serials: str) -> None:
    """A letter lies in one stack, once, and in none when it was sent again or handed to its person."""
    made = told(*acts)
    assert made.numbered([STACK]) == inside
    assert made.serials_in([STACK]) == serials


def test_returned_mail_is_counted_as_it_comes_in() -> None:
    """What the ward has already comes in no second time."""
    act, record = back("3-5", STACK)
    assert quantity(act, record, told()) == "返戻 3通"
    assert quantity(act, record, told(back("3", STACK))) == "返戻 2通"
    assert content(act, record, KINDS, ("氏名",)) == ["返戻の案内状（封緘済）　RL-2026-01（氏名）"]


def test_the_letters_of_a_cancelled_year_are_counted() -> None:
    """What was sealed is letters, what was only printed is sheets; what was pulled is neither."""
    made = told(PRINTED, ("report_enclosing", {"sealed": "1-5"}), ("acknowledge_pull_list", {"pulled": "5,6"}),
                ("cancel", {}))  # fmt: skip
    assert made.numbered(["LT-2026-01"]) == "印字済み 14枚、封緘済み 4通"


def test_what_nobody_counted_is_what_its_mover_says() -> None:
    """A stack that its first movement registers holds what that movement says, also when it comes back."""
    moved = {"item": "T-2026-01", "kind": "paper", "quantity": 12}
    assert quantity("record_movement", moved, told()) == "書類 12枚"
    assert told(("record_movement", moved)).numbered(["T-2026-01"]) == "書類 12枚"
    assert quantity("record_movement", {"item": "I-2026-01"}, told()) == "印字見本（宛名印字済） 1束"


@pytest.mark.parametrize(
    ("act", "record", "words", "counted"),
    [
        ("post", {"accepted": 3878}, ["案内状（封緘済）（氏名、住所）"], "3,878通"),
        ("inspect_delivery", {"delivered": 3866}, ["案内状（封緘済）（氏名、住所）"], "3,866通"),
        (
            "submit_imprint_sample", {"serials": "1-9", "sample_stack": "I-2026-01"},
            ["印字見本（宛名印字済）　I-2026-01（氏名、住所）"], "宛名印字見本 9枚",
        ),
        (
            "return_items", {"items": ["M-2026-01", "P-2026-01"]},
            ["電磁的媒体（暗号化済）　M-2026-01（氏名、住所）", "パスワード通知書　P-2026-01"],
            "媒体1枚、パスワード通知書 1通",
        ),
        (
            "receive_extract", {"item": "E-2026-01", "quantity": 1},
            ["抽出ファイル（暗号化済）　E-2026-01（氏名、住所）"], "電磁的記録 1件",
        ),
    ],
)  # fmt: skip
def test_a_movement_says_what_it_was(act: str, record: dict[str, Any], words: list[str], counted: str) -> None:
    """Kind, number and items of personal data, and how many of which unit; never the persons on a medium."""
    assert content(act, record, KINDS, ("氏名", "住所")) == words
    assert quantity(act, record, told()) == counted
