"""The password as it is drawn, read aloud and typed by hand."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.password import ALPHABET, DRAWN, GROUPS, _with_check, check, new_password, reading
from models.errors import BadInput

LOOK_ALIKES = set("0OQ1IL5S2Z8B")
GROUPS_DRAWN = st.lists(st.text(ALPHABET, min_size=DRAWN, max_size=DRAWN), min_size=GROUPS, max_size=GROUPS)
# What the property tests draw themselves, so that they can shrink; new_password() is drawn by `secrets`.
PASSWORDS = GROUPS_DRAWN.map(lambda drawn: "-".join(_with_check(n, four) for n, four in enumerate(drawn, start=1)))
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def _refused_group(typed: str) -> int:
    with pytest.raises(BadInput) as refusal:
        check(typed)
    return next(number for number in range(1, GROUPS + 1) if str(number) in refusal.value.message)


def test_a_password_holds_at_least_128_random_bits() -> None:
    """The drawn characters alone, without the check characters, make at least 128 bits."""
    assert len(set(ALPHABET)) == len(ALPHABET) >= 20
    assert GROUPS * DRAWN * math.log2(len(ALPHABET)) >= 128


def test_every_group_has_four_free_characters() -> None:
    """Over many passwords each drawn place shows the whole alphabet, and no password comes twice."""
    many = [new_password() for _ in range(400)]
    assert len(set(many)) == len(many)
    for place in range(GROUPS * (DRAWN + 1)):
        assert {password.replace("-", "")[place] for password in many} == set(ALPHABET)


def test_the_alphabet_has_one_case_and_no_look_alikes() -> None:
    """No two characters of the alphabet are easily taken for one another."""
    assert not LOOK_ALIKES & set(ALPHABET)
    assert ALPHABET.upper() == ALPHABET
    assert not {"6", "G"} <= set(ALPHABET)


@pytest.mark.parametrize(
    "typing",
    [
        str,
        str.lower,
        lambda p: p.replace("-", ""),
        lambda p: f"  {p.replace('-', ' ')}\n",
        lambda p: p.translate(FULL_WIDTH),
        lambda p: p.lower().translate(FULL_WIDTH).replace("-", "\u3000"),
        lambda p: p.replace("-", "ー"),
        lambda p: p.replace("-", "\u2212"),
        lambda p: p[:17] + " " + p[17:],
    ],
)
def test_width_case_spaces_and_hyphens_do_not_matter(typing: Callable[[str], str]) -> None:
    """However a person's input method writes it, the same password comes out."""
    password = new_password()
    assert check(typing(password)) == password


@settings(deadline=None)
@given(PASSWORDS)
def test_every_single_wrong_character_is_found_in_its_group(password: str) -> None:
    """Any other character of the alphabet at any place is refused with the number of its group."""
    for place, right in enumerate(password):
        for wrong in ALPHABET if right != "-" else "":
            if wrong != right:
                assert _refused_group(password[:place] + wrong + password[place + 1 :]) == place // 6 + 1


@given(PASSWORDS)
def test_every_swap_of_two_characters_is_found(password: str) -> None:
    """Two different characters of a group that changed places, or two neighbours across a hyphen, are refused."""
    letters = password.replace("-", "")
    for first in range(len(letters) - 1):
        for second in {first + 1, *range(first + 1, (first // 5 + 1) * 5)}:
            if letters[first] != letters[second]:
                typed = list(letters)
                typed[first], typed[second] = typed[second], typed[first]
                assert _refused_group("".join(typed)) == first // 5 + 1


@given(PASSWORDS)
def test_two_groups_that_changed_places_are_found(password: str) -> None:
    """A group typed in another's place is refused: its check knows its number."""
    groups = password.split("-")
    for first in range(GROUPS):
        for second in range(first + 1, GROUPS):
            typed = [*groups]
            typed[first], typed[second] = typed[second], typed[first]
            assert _refused_group("-".join(typed)) == first + 1


@given(PASSWORDS, st.integers(0, GROUPS - 1))
def test_a_lost_or_doubled_character_is_told_in_its_group(password: str, at: int) -> None:
    """Where hyphens or spaces are typed, a group of a wrong length is named itself, not the ones behind it."""
    groups = password.split("-")
    lost, doubled = [*groups], [*groups]
    lost[at], doubled[at] = groups[at][1:], groups[at] + groups[at][-1]
    assert _refused_group(" ".join(lost)) == at + 1
    assert _refused_group("-".join(doubled)) == at + 1


@pytest.mark.parametrize("wrong", ["O", "0", "é", "あ", "_", "\x00"])
def test_a_character_that_no_password_has_is_a_slip(wrong: str) -> None:
    """A look-alike or any foreign character is refused with its group's number."""
    password = new_password()
    assert _refused_group(password[:14] + wrong + password[15:]) == 3


def test_missing_and_additional_groups_are_counted() -> None:
    """A password with too few or too many groups is refused with both counts."""
    password = new_password()
    for typed, found in ((password[:-6], 7), (f"{password}-{password[:5]}", 9), ("", 0), (" - ", 0)):
        with pytest.raises(BadInput, match=rf"\b{found}\b.*\b8\b"):
            check(typed)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_refused_or_a_password(typed: str) -> None:
    """Arbitrary text never gets through as anything but a canonical password."""
    try:
        canonical = check(typed)
    except BadInput:
        return
    assert check(canonical) == canonical


@given(PASSWORDS, st.integers(0, 46))
def test_a_refusal_never_shows_what_was_typed(password: str, place: int) -> None:
    """Neither the message nor the chain of exceptions holds a group of the password."""
    with pytest.raises(BadInput) as refusal:
        check(password[:place] + "!" + password[place + 1 :])
    assert not any(group in str(refusal.value) for group in password.split("-"))
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


def test_each_group_is_read_aloud_character_by_character() -> None:
    """The notice shows every group with its reading: letters in katakana, digits in hiragana."""
    assert reading("A3CH9-TUVWX") == (
        ("A3CH9", "エイ・さん・シー・エイチ・きゅう"),
        ("TUVWX", "ティー・ユー・ブイ・ダブリュー・エックス"),
    )
    password = new_password()
    assert "-".join(group for group, _ in reading(password)) == password


def test_no_two_characters_are_read_alike() -> None:
    """Each character of the alphabet has a reading of its own, also when katakana and hiragana sound the same."""
    spoken = [kana for _, kana in reading("-".join(ALPHABET))]
    folded = {"".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana) for kana in spoken}
    assert len({kana.replace("ー", "う") for kana in folded}) == len(ALPHABET)
