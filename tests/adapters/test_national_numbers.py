"""Numbers that must never be in an extract, found by header and by value, and numbers that only look like them."""

import random

import polars as pl
import pytest

from adapters.national_numbers import Standing, forbidden_headers, forbidden_numbers

# Published as fictional examples: 個人番号 by qiita.com/ekzemplaro, 住民票コード in a sample file of a
# public repository.
INDIVIDUAL, RESIDENT = "983205673214", "24727059608"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def _found(*cells: str, standing: Standing = "other") -> bool:
    return forbidden_numbers(pl.Series(cells, dtype=pl.String), standing=standing)


def _individual_number(body: int) -> str:
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(f"{body:011d}", weights, strict=True)) % 11
    return f"{body:011d}{0 if rest <= 1 else 11 - rest}"


@pytest.mark.parametrize(
    "header",
    ["個人番号", "個 人 番 号", "個人番号（１２桁）", "個人No.", "個人ＮＯ", "マイナンバー",
     "ﾏｲﾅﾝﾊﾞｰ", "マイナンバ", "マイ・ナンバー", "ﾏｲﾅﾝﾊﾞ-", "まいなんばー", "My Number", "mynumber",
     "MY_NUMBER", "Individual Number", "こじんばんごう", "ｺｼﾞﾝﾊﾞﾝｺﾞｳ", "kojin_bango"],
)  # fmt: skip
def test_every_spelling_of_the_individual_number_is_known(header: str) -> None:
    """Width, spaces, kana, case, signs and the long vowel do not hide an individual number."""
    assert forbidden_headers(["宛名番号", header]) == ["個人番号"]


@pytest.mark.parametrize(
    "header",
    ["住民票コード", "住民票ｺｰﾄﾞ", "住民票コ-ド", "住民票 コード", "住基コード", "住基CD",
     "じゅうみんひょうコード", "juminhyo_code", "Resident Record Code"],
)  # fmt: skip
def test_every_spelling_of_the_resident_code_is_known(header: str) -> None:
    """The same holds for the resident record code."""
    assert forbidden_headers(["宛名番号", header]) == ["住民票コード"]


@pytest.mark.parametrize(
    "header", ["宛名番号", "個人名", "世帯番号", "住所コード", "郵便番号", "電話番号", "住民区分", ""]
)
def test_other_headers_are_left_alone(header: str) -> None:
    """A header that names another number is none of the two."""
    assert forbidden_headers([header]) == []


@pytest.mark.parametrize("number", [INDIVIDUAL, RESIDENT])
@pytest.mark.parametrize("form", ["{}", "試験{}", "大久保 {} 様方", "試験　太郎（{}）", " {} "])
def test_a_single_number_in_a_text_is_one_too_many(number: str, form: str) -> None:
    """A number with its check digit is found in a name or an address among ordinary ones, in any width."""
    others = ["試験　太郎", "東京都新宿区西新宿二丁目８番１号"] * 100
    for written in (number, number.translate(WIDE)):
        assert _found(*others, form.format(written), standing="text")
    wrong = number[:-1] + str((int(number[-1]) + 5) % 10)
    assert not _found(*others, form.format(wrong), standing="text")


@pytest.mark.parametrize(
    "form",
    ["9832 0567 3214", "9832-0567-3214", "９８３２　０５６７　３２１４", "試験9832‐0567‐3214"],
)
def test_spaces_and_hyphens_do_not_hide_a_number(form: str) -> None:
    """Numbers in groups are numbers."""
    assert _found(form, standing="text")


def test_a_longer_or_shorter_run_is_no_such_number() -> None:
    """Only runs of exactly twelve or eleven digits count."""
    for text in ("1" + INDIVIDUAL, INDIVIDUAL + "0", INDIVIDUAL[:-1][:10], "8-1-1203"):
        assert not _found(text, standing="text")


def test_a_column_of_numbers_is_told_from_chance() -> None:
    """Every check digit right is no chance; one of ten is, in a long file as in a short one."""
    draw = random.Random(5)
    right = [_individual_number(draw.randrange(10**10, 10**11)) for _number in range(200)]
    own = [str(draw.randrange(10**11, 10**12)) for _number in range(20_000)]
    phones = [f"090{draw.randrange(10**8):08d}" for _number in range(20_000)]
    assert _found(*right)
    assert _found(*right, standing="number")
    assert _found(*right[:1])
    assert not _found(*own, standing="number")
    assert not _found(*phones)
    assert not any(
        _found(*own[at : at + 3], standing="number") or _found(*phones[at : at + 3]) for at in range(0, 300, 3)
    )
    assert _found(*own[:4000], *right, *right, *right, *right, standing="number")
    assert _found(*[f"{it[:4]} {it[4:8]} {it[8:]}".translate(WIDE) for it in right])
