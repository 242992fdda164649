"""Serials as text: exact, canonical, and refused where they are not serials."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadInput
from models.serials import (
    canonical,
    common,
    compact,
    count,
    expand,
    minus,
    piece_code,
    ranges,
    union,
)

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

sets_of_serials = st.sets(st.integers(min_value=1, max_value=5000), max_size=200)


@given(sets_of_serials)
def test_what_is_written_is_read_back(serials: set[int]) -> None:
    """Every set of serials comes back whole and in order, whatever its gaps."""
    text = compact(serials)
    assert list(expand(text)) == sorted(serials)
    assert count(text) == len(serials)


@given(st.lists(st.integers(min_value=1, max_value=300), max_size=60))
def test_one_set_has_one_text(serials: list[int]) -> None:
    """Order and repetition of the input do not matter, and reading and writing again changes nothing."""
    text = compact(serials)
    assert text == compact(reversed(serials)) == compact(set(serials)) == compact(expand(text))


@given(sets_of_serials, st.randoms())
def test_a_typed_text_becomes_the_one_text(serials: set[int], random: Random) -> None:
    """Whatever ranges a person breaks a set into, the canonical text is the one that writing it gives."""
    parts = [f"{first}-{last}" for first, last in ranges(compact(serials)) if random.random() < 0.5]
    left = sorted(serials - set(expand(",".join(parts))))
    typed = [*parts, *map(str, left)]
    random.shuffle(typed)
    assert canonical(" ,".join(typed)) == compact(serials)


@given(sets_of_serials)
def test_ranges_are_the_longest_runs(serials: set[int]) -> None:
    """Two ranges never touch, so that the text is as short as it can be."""
    spans = ranges(compact(serials))
    assert all(first <= last for first, last in spans)
    assert all(last + 1 < following for (_first, last), (following, _end) in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("5", [(5, 5)]),
        ("1-3998,4001", [(1, 3998), (4001, 4001)]),
        (" 7 , 1 - 3 ", [(1, 3), (7, 7)]),
        ("4,3", [(3, 3), (4, 4)]),
    ],
)
def test_texts_of_people_are_read(text: str, spans: list[tuple[int, int]]) -> None:
    """Blanks and order do not matter."""
    assert ranges(text) == spans


def test_the_whole_of_a_large_year_is_one_short_text() -> None:
    """Four thousand serials without a gap take six characters."""
    assert compact(range(1, 4001)) == "1-4000"
    assert count("1-1100000") == 1_100_000


@pytest.mark.parametrize(
    "text", ["0", "-1", "3-1", "1-", "5 7", "1-3 5", "+5", "1_0", "-", "a", "1.5", "1-2-3", "1;2", "田中"]
)
def test_what_is_no_serial_is_refused(text: str) -> None:
    """Zero, signs, ranges upside down and words are refused, and the message does not repeat them."""
    with pytest.raises(BadInput) as refused:
        ranges(text)
    assert text not in str(refused.value).replace("1-3998,4001", "")


@pytest.mark.parametrize("text", ["5,5", "1-5,3", "1-5,5-9", "2,1-3"])
def test_a_serial_named_twice_is_refused(text: str) -> None:
    """A serial that is named twice might be a slip of the pen for another."""
    with pytest.raises(BadInput):
        ranges(text)


texts = st.sets(st.integers(1, 60), max_size=30).map(compact)


@given(texts, texts)
def test_texts_are_joined_and_taken_apart_as_sets_are(one: str, other: str) -> None:
    """Union, difference and intersection of texts name what those of the sets of serials name."""
    a, b = set(expand(one)), set(expand(other))
    assert union(one, other) == compact(a | b)
    assert minus(one, other) == compact(a - b)
    assert common(one, other) == compact(a & b)
    assert canonical(",".join(map(str, sorted(a)))) == one


def test_the_check_characters_are_those_of_the_standard() -> None:
    """The weighed sum over data and check characters is 1 modulo 1271 (ISO/IEC 7064)."""
    for code in (piece_code(1), piece_code(1234, 2026).replace("-", ""), piece_code(7_654_321, 2031).replace("-", "")):
        assert sum(CHARACTERS.index(it) * 36**place for place, it in enumerate(reversed(code))) % 1271 == 1
