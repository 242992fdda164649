"""宛名番号 in one normal form: every spelling is the same number, or none at all."""

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.numbers import KEY, NUMBER, Form, is_footer, keyed, read_numbers

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
A_NUMBER = "4596034657"


def _read(*cells: str) -> list[str | None]:
    return read_numbers(pl.Series(NUMBER, cells)).to_list()


def _at(place: int, text: str, sign: str) -> str:
    place %= len(text) + 1
    return text[:place] + sign + text[place:]


_SPACES = " 　\u00a0\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u2800\u2003\u202f\u180e"
_HYPHENS = "-‐‑‒–—―−－ーｰ⁃─"
_NOISE: st.SearchStrategy[Callable[[str], str]] = st.one_of(
    st.tuples(st.integers(0, 20), st.sampled_from(_SPACES + _HYPHENS)).map(
        lambda it: lambda text: _at(it[0], text, it[1])
    ),
    st.sampled_from(
        [
            lambda text: text.translate(WIDE),
            lambda text: f"'{text}",
            lambda text: f'="{text}"',
            lambda text: f"＝＂{text}＂",
            lambda text: f"“{text}”",
            lambda text: f"{text}.0",
            lambda text: f"{text}．００",
            lambda text: f"0{text}",
            lambda text: f"000{text}",
            lambda text: f"{int(text):,}" if text.isdecimal() else text,
        ]
    ),
)


@given(number=st.integers(1, 10**15).map(str), noise=st.lists(_NOISE, max_size=6))
@example(number="20261102", noise=[lambda text: f"{text[:4]}-{text[4:6]}-{text[6:]}"])
def test_whatever_stands_around_a_number_it_is_that_number_or_none(
    number: str, noise: list[Callable[[str], str]]
) -> None:
    """No composition of width, spaces, hyphens, commas, quotes, `.0` and zeros makes it another person's number."""
    cell = number
    for disturb in noise:
        cell = disturb(cell)
    (read,) = _read(cell)
    assert read is None or read.lstrip("0") == number


@pytest.mark.parametrize(
    "cell",
    [
        A_NUMBER, A_NUMBER.translate(WIDE), f"{A_NUMBER} ", f" {A_NUMBER}", f"\u00a0{A_NUMBER}", f"{A_NUMBER}\u200b",
        f"0{A_NUMBER}", "4,596,034,657", "４，５９６，０３４，６５７", f"{A_NUMBER}.0", f"{A_NUMBER}.00",
        "4596-034-657",
        "4596−034−657", "4596ー034ー657", f"'{A_NUMBER}", f'="{A_NUMBER}"', f"\ufeff{A_NUMBER}", f"{A_NUMBER}\t",
        "45 9603 4657", "\u202a4596034657\u202c",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(cell: str) -> None:
    """Every spelling that programs and hands have shown means the same person."""
    frame = pl.DataFrame({NUMBER: [_read(cell)[0]]})
    assert keyed(frame)[KEY].to_list() == [A_NUMBER]


@pytest.mark.parametrize(
    "cell",
    [
        "4.59603E+09", "4.59603e9", "4596O34657", "459603465l", "I234567890", "=cmd|calc", "=1+1", "山田太郎", "合計",
        "4596034657¹", "①596034657", "45,96034657", "4.596.034.657", "4596034657.5", "4596034657.000", "2026-11-02",
        "4596034657/1", "0", "0000", "４５９６０３４６５七", "+4596034657", "4596034657a",
    ],
)  # fmt: skip
def test_what_could_be_another_number_is_none(cell: str) -> None:
    """An exponent, a letter that looks like a digit, a footnote mark, a comma out of place: nothing is guessed."""
    assert _read(cell) == [None]


def test_a_blank_is_a_blank_in_every_kind_of_space() -> None:
    """A cell that shows nothing holds nothing."""
    assert _read("", " ", "\u200b", "　\u00a0") == ["", "", "", ""]


@pytest.mark.parametrize(
    ("numbers", "fit", "unfit"),
    [
        (("4596034657", "1234567890"), ("9999999999", "0459603465", "04596034657"), ("459603465", "45960346571")),
        (("0000000012", "0001234567"), ("12", "1234567890", "00012"), ("12345678901",)),
        (("1", "4000"), ("12", "0012", "9999"), ("10000",)),
    ],
)
def test_the_extract_says_what_a_number_of_the_register_looks_like(
    numbers: tuple[str, ...], fit: tuple[str, ...], unfit: tuple[str, ...]
) -> None:
    """Leading zeros may be too many, and be lost where the register has some; no other length is its own."""
    form = Form.of(pl.Series(numbers))
    assert form
    frame = pl.DataFrame({NUMBER: [*fit, *unfit]})
    assert frame.filter(form.fits())[NUMBER].to_list() == list(fit)


def test_lost_zeros_are_put_back_by_the_extracts_own_length() -> None:
    """What the vault keeps of a list reads as the extract does."""
    form = Form.of(pl.Series(["0000000012", "0001234567"]))
    assert form
    assert pl.DataFrame({NUMBER: ["12", "000012"]}).select(form.written())[NUMBER].to_list() == ["0000000012"] * 2


@pytest.mark.parametrize(
    "cell",
    [
        "合計", "合計：3件", "総件数 4,000", "以上", "＊＊ 以上 ＊＊", "2026-11-02", "２０２６／１１／２",
        "令和8年11月2日", "3件", "出力日時 2026/11/02 10:11:12", "2026年11月2日現在", "計 1,234 名",
    ],
)  # fmt: skip
def test_a_footer_is_told_from_a_number(cell: str) -> None:
    """Totals, counts, dates of printing and 以上 are plainly no persons."""
    assert pl.DataFrame({NUMBER: [cell]}).select(is_footer()).item()


@pytest.mark.parametrize("cell", ["1", A_NUMBER, "山田太郎", "合計 山田", "20261102", "----", "", "4.59603E+09"])
def test_what_is_not_plainly_a_footer_is_none(cell: str) -> None:
    """A number, a name or anything else is left for a person to look at."""
    assert not pl.DataFrame({NUMBER: [cell]}).select(is_footer()).item()
