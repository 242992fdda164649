"""Customer barcodes: the official examples, zint's opinion on a thousand addresses, and what is named doubtful."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import pyzint
from hypothesis import given
from hypothesis import strategies as st

from adapters.barcode import (
    DOUBTS,
    BarcodeTowns,
    address_number,
    check_symbol,
    customer_barcode,
    doubts,
    is_representative,
    postal_digits,
)
from models.errors import BadInput

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests/vectors/barcode_vectors.json").read_text(encoding="utf-8"))
TOWNS = BarcodeTowns.read((ROOT / "deploy/programmes/hatachi/towns.csv").read_text(encoding="utf-8"))
BUILDINGS = ("", "コーポ白樫", "ABCビル", "グランドメゾン・新宿&A", "第2郵便ハウス", "三井ハイツ", "J1ビル", "メゾンｂ")
ROOMS = ("", "101", "B-203号室", "10F", "３Ｆ", "1203-A", "Ａ棟５０２", "2F-3")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda it: it["address_number"])
def test_the_official_examples_come_out_bar_by_bar(vector: dict[str, Any]) -> None:
    """Address number, symbols, check symbol and 67 bars are those of the manual."""
    made = customer_barcode(vector["postal"], vector["address_b"])
    assert made.address_number == vector["address_number"]
    assert (list(made.symbols), made.check, made.bars) == (vector["symbols"], vector["check"], vector["bars"])


@pytest.mark.parametrize(
    ("rest", "number", "ends"),
    [
        ("29丁目1524-23 第2郵便ハウス501", "29-1524-23-2-501", ("2", "3", "-", "2", "-")),
        ("3丁目80-25 J1ビル2-B", "3-80-25J1-2B", ("1", "-", "2", "CC1")),
    ],
)
def test_a_long_number_is_cut_even_inside_a_letter(rest: str, number: str, ends: tuple[str, ...]) -> None:
    """The manual's two long examples (p20): a hyphen may stay last, and a letter's control symbol alone."""
    made = customer_barcode("064-0804", rest)
    assert made.address_number == number
    assert made.symbols[-len(ends) :] == ends


@pytest.mark.parametrize(
    ("rest", "number"),
    [
        ("東3丁目-20-5 郵便・A&bコーポB604号", "3-20-5B604"),
        ("二丁目８番１号　１０Ｆ", "2-8-1-10"),
        ("2-8-1 10F-3", "2-8-1-10-3"),
        ("2-8-1 3FA", "2-8-1-3"),
        ("二十三番地百五号", "23-105"),
        ("一〇五番地", "105"),
        ("三地割の六", "3"),
        ("コーポ二の坂101", "2-101"),
        ("2－8‐1", "2-8-1"),
        ("2丁目　A-B", "2AB"),
        ("8番1号　Ⅱ①棟", "8-1"),
        ("", ""),
    ],
)
def test_the_address_number_follows_the_rules_by_the_letter(rest: str, number: str) -> None:
    """Letters, floors, kanji numerals and signs are taken, left or closed up as steps 1 to 6 and the supplement say."""
    assert address_number(rest) == number


@pytest.mark.parametrize("postal", ["160-0000", "1600000", "１００－００００"])
def test_a_representative_code_gets_no_bars(postal: str) -> None:
    """Codes that end in 00 stand for places not listed (p18)."""
    assert is_representative(postal_digits(postal))
    assert customer_barcode(postal, "1丁目2番3号").bars == ""


@pytest.mark.parametrize("postal", ["160-002", "16000234", "160-00 23", "abc-defg", ""])
def test_a_postal_code_has_seven_digits(postal: str) -> None:
    """Anything else is refused."""
    with pytest.raises(BadInput):
        customer_barcode(postal, "1-2-3")


@pytest.mark.parametrize(
    ("rest", "reasons"),
    [
        ("二丁目一番地の三", ("kanji_numeral",)),
        ("二丁目8番1号　三階", ("kanji_numeral",)),
        ("二―八―一", ("kanji_numeral", "no_number")),
        ("2丁目8番1号　コーポ二の坂101", ("name_numeral",)),
        ("2丁目8番1号　デザイナーズABC101", ("letter_run",)),
        ("2丁目8番1号　メゾンⅡ", ("other_numeral",)),
        ("西通り", ("no_number",)),
        ("二丁目8番1号　三井ビル305", ()),
        ("一丁目20番8号　ハイツ千草", ()),
        ("十一丁目六番地一号　郵便タワー601", ()),
    ],
)
def test_what_the_rules_may_miss_is_named_doubtful(rest: str, reasons: tuple[str, ...]) -> None:
    """Somebody is asked to look where a number may be lost or a name taken for one, and nowhere else."""
    assert doubts(rest) == reasons
    assert customer_barcode("160-0023", rest).doubtful == reasons


def addresses(count: int) -> list[tuple[str, str]]:
    """Draw postal codes and full addresses of Shinjuku's towns."""
    draw = random.Random(76)
    return [(code, f"東京都新宿区{draw.choice(TOWNS.by_code[code])}{_house(draw)}") for code in _codes(draw, count)]


def _codes(draw: random.Random, count: int) -> list[str]:
    return draw.choices(sorted(TOWNS.by_code), k=count)


def _house(draw: random.Random) -> str:
    chome = draw.choice(("", "一丁目", "2丁目", "十二丁目", "３丁目"))
    house = draw.choice(("{}番{}号", "{}-{}", "{}番地{}", "{}番地の{}", "{}"))
    numbers = (draw.randrange(1, 40), draw.randrange(1, 30))
    return f"{chome}{house.format(*numbers)}　{draw.choice(BUILDINGS)}{draw.choice(ROOMS)}"


def zint_bars(data: str) -> str:
    """Let zint encode, and read the bars back from its drawing: height and place of each say its kind."""
    drawing = pyzint.Barcode.JAPANPOST(data).render_svg().decode()
    rectangles = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="2.0" height="([\d.]+)"', drawing)
    bars = sorted((float(x), float(y), float(height)) for x, y, height in rectangles)
    top = min(y for _x, y, _height in bars)
    end = max(y + height for _x, y, height in bars)
    kinds = {(True, True): "1", (True, False): "2", (False, True): "3", (False, False): "4"}
    return "".join(kinds[y <= top + 0.1, y + height >= end - 0.1] for _x, y, height in bars)


def zint_can_draw(symbols: tuple[str, ...]) -> bool:
    """Tell whether zint has a way to write this: not where the cut has left a letter's control symbol alone."""
    return symbols[-1] not in {"CC1", "CC2", "CC3"}


def zint_data(symbols: tuple[str, ...]) -> str:
    """Write the symbols as zint takes them, letters as letters and without the filling."""
    text, walk = "", iter(symbols)
    for symbol in walk:
        if symbol == "CC4":
            break
        text += chr(ord("A") + 10 * (int(symbol[2]) - 1) + int(next(walk))) if symbol.startswith("CC") else symbol
    return text


def test_zint_draws_the_same_bars_for_a_thousand_addresses() -> None:
    """An encoder that nobody here wrote agrees on every address that it can draw."""
    made = [barcode for code, address in addresses(1100) if (barcode := TOWNS.barcode(code, address)).bars]
    drawable = [barcode for barcode in made if zint_can_draw(barcode.symbols)]
    assert len(drawable) >= 1000
    assert [it.address_number for it in drawable if zint_bars(zint_data(it.symbols)) != it.bars] == []


@given(st.text(alphabet="0123456789-ABFZ丁目番地号の一二十 　", max_size=30), st.integers(0, 9_999_999))
def test_every_barcode_has_67_bars_and_a_sum_that_19_divides(rest: str, code: int) -> None:
    """Whatever the address, the form of the barcode is the official one."""
    postal = f"{code // 100:05}{code % 99 + 1:02}"
    made = customer_barcode(postal, rest)
    assert (len(made.symbols), len(made.bars), set(made.bars) <= set("1234")) == (20, 67, True)
    assert check_symbol((*made.symbols, made.check)) == "0"
    assert set(made.doubtful) <= DOUBTS.keys()


@pytest.mark.parametrize(
    ("code", "address", "rest"),
    [
        ("160-0022", "東京都新宿区新宿六丁目1番2号", "六丁目1番2号"),
        ("1600013", "新宿区霞ヶ丘町10番", "10番"),
        ("169-0073", "百人町１丁目", "１丁目"),
        ("160-0022", "東京都新宿区西新宿六丁目1番2号", None),
        ("163-0601", "東京都新宿区西新宿1丁目", None),
    ],
)
def test_an_address_is_split_after_a_town_of_its_postal_code(code: str, address: str, rest: str | None) -> None:
    """新宿 is found after its ward's name and not in it; another town than the code's is none."""
    assert TOWNS.after_town(code, address) == rest
    assert (TOWNS.barcode(code, address).bars == "") == (rest is None)
