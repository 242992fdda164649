"""Every way to write a number: the same person's, or no number at all; never another's, never missed in silence."""

from collections.abc import Iterator
from itertools import product

import polars as pl
import pytest
from figures import Figures

from adapters.numbers import NUMBER, read_numbers

pytestmark = pytest.mark.attack
A_NUMBER = "4596034657"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
# What programs and hands put between digits: spaces, signs that nobody sees, hyphens, separators, letters like digits.
SIGNS = ("", *" 　\t\u00a0\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u2800\u2003\u202f-‐‑‒–—―−－ーｰ─,，、.．・'_/OolI|")
BEFORE, BEHIND, AROUND = ("", "0", "000"), ("", ".0", "．００"), ("{}", "'{}", '="{}"', '"{}"')


def forms() -> Iterator[str]:
    for place, sign, before, behind, around, width in product(
        range(len(A_NUMBER) + 1), SIGNS, BEFORE, BEHIND, AROUND, (False, True)
    ):
        written = before + A_NUMBER[:place] + sign + A_NUMBER[place:] + behind
        yield around.format(written.translate(WIDE) if width else written)


def test_every_form_of_a_number_is_that_number_or_refused(figures: Figures) -> None:
    """Signs at every place, zeros, decimals, quotes and widths, all combined: read as it was meant, or not at all."""
    written = sorted(set(forms()))
    read = read_numbers(pl.Series(NUMBER, written)).to_list()
    wrong = [form for form, number in zip(written, read, strict=True) if not is_held(form, number)]
    figures.tell("forms of a number", where="one sign at any place", tried=len(written), held=len(written) - len(wrong))
    assert wrong == []


def is_held(form: str, number: str | None) -> bool:
    """Tell whether a form was read as the number that its digits spell, or refused."""
    return number is None or number.lstrip("0") == A_NUMBER
