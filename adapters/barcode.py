"""The customer barcode (カスタマバーコード): 67 bars that say postal code and address number to the post's machines.

The rules, and the numbers of the steps below, are those of the official manual 郵便番号・バーコードマニュアル
(post.japanpost.jp/zipcode/zipmanual, p12 to p25). An address is named "doubtful" where the rules, taken by the letter,
may miss what a person means: it gets the barcode that the rules give, and somebody should look at it.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Self

from models.errors import BadInput
from models.words import N_, _

PLACES = 13  # symbols of the address number; longer ones are cut, shorter ones filled
_FILL = "CC4"
_MODULUS = 19
_START, _STOP = "13", "31"
# The bars of every symbol: 1 long, 2 semi-long upwards, 3 semi-long downwards, 4 timing. The order is the check value.
_SYMBOLS = {
    "0": "144", "1": "114", "2": "132", "3": "312", "4": "123", "5": "141", "6": "321", "7": "213", "8": "231",
    "9": "411", "-": "414", "CC1": "324", "CC2": "342", "CC3": "234", "CC4": "432", "CC5": "243", "CC6": "423",
    "CC7": "441", "CC8": "111",
}  # fmt: skip
_NAMES = tuple(_SYMBOLS)
_VALUES = {symbol: value for value, symbol in enumerate(_NAMES)}

# Wide forms are the same signs. No compatibility normalisation: it would make II of the sign Ⅱ and 1 of ①.
_WIDE = {chr(ord(sign) + 0xFEE0): sign for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}
_FOLDED = str.maketrans({**_WIDE, **dict.fromkeys("－‐‑‒–—―−﹣", "-"), **dict.fromkeys("&/・.＆／．･", "")})
_KANJI = {"〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_TENS = {"十": 10, "百": 100, "千": 1000}
_NUMERALS = "".join((*_KANJI, *_TENS))
_KANJI_NUMBER = re.compile(f"[{_NUMERALS}]+(?=丁目|丁|番地|番|号|地割|線|の|ノ)")
_LETTER_RUN = re.compile("[A-Z]{2,}")
_FLOOR = re.compile("(?<=[0-9])F(?![A-Z])")
_TRAILING = re.compile("[^0-9A-Z-]+$")
_BETWEEN = re.compile("[^0-9A-Z-]+|-{2,}")
_BESIDE_A_LETTER = re.compile("-(?=[A-Z])|(?<=[A-Z])-")
_POSTAL_CODE = re.compile("([0-9]{3})-?([0-9]{4})")

DOUBTS: Mapping[str, str] = {
    "kanji_numeral": N_("A kanji numeral is not taken: it stands before none of the words that the rules list."),
    "name_numeral": N_("A kanji numeral is taken that may belong to a name."),
    "letter_run": N_("Two or more letters together are not taken: they may be a block or room."),
    "other_numeral": N_("A circled or Roman numeral is not taken."),
    "no_number": N_("There is no number in the address."),
}
REPRESENTATIVE = N_("The postal code is a representative one (ends in 00): no customer barcode is made for it.")
# What a number goes on from: another number, or the word that counts it.
_BEFORE_A_NUMBER = f"0-9{_NUMERALS}目丁地番号割線のノ第-"
_DOUBTFUL = {
    # Where it could be a number: 二丁目一番地の三, 三階, 第二; not in a name such as 三井ビル.
    "kanji_numeral": re.compile(
        f"(?:^|(?<=[{_BEFORE_A_NUMBER}]))[{_NUMERALS}]|[{_NUMERALS}](?=[階棟館室門邸\\s　0-9-]|$)"
    ),
    "letter_run": _LETTER_RUN,
    "other_numeral": re.compile("[\u2150-\u218b\u2460-\u24ff\u2776-\u2793\u3220-\u3229\u3280-\u3289]"),
}
_NUMBER_MAY_BEGIN = re.compile(f"(?:^|[\\s　{_BEFORE_A_NUMBER}])$")


@dataclass(frozen=True, kw_only=True)
class CustomerBarcode:
    """The barcode of an address: `symbols` are 20, `bars` 67 digits from 1 to 4; none for a representative code."""

    postal_code: str
    doubtful: tuple[str, ...]
    address_number: str = ""
    symbols: tuple[str, ...] = ()
    check: str = ""
    bars: str = ""


def customer_barcode(postal_code: str, rest: str) -> CustomerBarcode:
    """Make the barcode of a postal code and of what follows the town in the address.

    Raises:
        BadInput: the postal code is not seven digits.

    """
    digits = postal_digits(postal_code)
    if is_representative(digits):
        return CustomerBarcode(postal_code=digits, doubtful=doubts(rest))
    number = address_number(rest)
    symbols = (*digits, *_padded(number))
    check = check_symbol(symbols)
    return CustomerBarcode(
        postal_code=digits,
        doubtful=doubts(rest),
        address_number=number,
        symbols=symbols,
        check=check,
        bars=_START + "".join(_SYMBOLS[symbol] for symbol in (*symbols, check)) + _STOP,
    )


def postal_digits(text: str) -> str:
    """Return the seven digits of a postal code.

    Raises:
        BadInput: it has not seven.

    """
    found = _POSTAL_CODE.fullmatch(text.strip().translate(_FOLDED))
    if found is None:
        raise BadInput(_("A postal code has seven digits."), _("Write it like 160-0023."))
    return found[1] + found[2]


def is_representative(digits: str) -> bool:
    """Tell whether a code stands for "the places not listed": its last two digits are 00 (manual, p18)."""
    return digits.endswith("00")


def address_number(rest: str) -> str:
    """Take the address number (住所表示番号) out of what follows the town: 2丁目8番1号　B棟101 is 2-8-1B101 (p19)."""
    text = _KANJI_NUMBER.sub(lambda found: str(_number(found[0])), _cleaned(rest))
    text = _LETTER_RUN.sub(" ", _FLOOR.sub(" ", text))
    text = _BETWEEN.sub("-", _TRAILING.sub("", text))
    return _BESIDE_A_LETTER.sub("", re.sub("-{2,}", "-", text).removeprefix("-"))


def check_symbol(symbols: Iterable[str]) -> str:
    """Return the symbol that makes the sum of all check values a multiple of 19 (p21)."""
    return _NAMES[-sum(_VALUES[symbol] for symbol in symbols) % _MODULUS]


def doubts(rest: str) -> tuple[str, ...]:
    """Return why somebody should look at an address: keys of DOUBTS, none where there is no doubt."""
    cleaned = _cleaned(rest)
    left = _KANJI_NUMBER.sub("0", cleaned)
    found = {code for code, pattern in _DOUBTFUL.items() if pattern.search(left)}
    if any(not _NUMBER_MAY_BEGIN.search(cleaned[: number.start()]) for number in _KANJI_NUMBER.finditer(cleaned)):
        found.add("name_numeral")
    if not re.search("[0-9]", address_number(rest)):
        found.add("no_number")
    return tuple(code for code in DOUBTS if code in found)


@dataclass(frozen=True, kw_only=True)
class BarcodeTowns:
    """The towns of every postal code: where the part of an address ends that the postal code stands for (p18)."""

    by_code: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a list of towns: CSV with the columns postal_code (seven digits) and town."""
        by_code: dict[str, tuple[str, ...]] = {}
        for row in csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")):
            code, town = row["postal_code"], row["town"].replace("ヶ", "ケ")
            if town:  # a representative code has none
                by_code[code] = tuple(sorted({*by_code.get(code, ()), town}, key=len, reverse=True))
        return cls(by_code=by_code)

    def after_town(self, postal_code: str, address: str) -> str | None:
        """Return what follows the town in an address; None where the address names no town of its code."""
        for town in self.by_code.get(postal_digits(postal_code), ()):
            # The town begins where its ward or a space ends, and is not the ward's own name: 新宿区新宿六丁目.
            found = re.search(f"(?<![^都道府県市区郡\\s　]){re.escape(town)}(?![区市])", address.replace("ヶ", "ケ"))
            if found:
                return address[found.end() :]
        return None

    def barcode(self, postal_code: str, address: str) -> CustomerBarcode:
        """Return the barcode of a whole address; where none is made it has no bars and "none" for its doubt."""
        rest, digits = self.after_town(postal_code, address), postal_digits(postal_code)
        if rest is None or is_representative(digits):
            return CustomerBarcode(postal_code=digits, doubtful=("none",))
        return customer_barcode(digits, rest)


def _cleaned(rest: str) -> str:
    """Do steps 1 and 2: capital letters, and & / ・ . taken out."""
    return rest.translate(_FOLDED).upper()


def _padded(number: str) -> Iterator[str]:
    """Spell the address number in 13 symbols; a letter takes two, and may be cut after the first (p20)."""
    spelt = [symbol for sign in number for symbol in _spelt(sign)]
    yield from [*spelt, *[_FILL] * PLACES][:PLACES]


def _spelt(sign: str) -> tuple[str, ...]:
    if not "A" <= sign <= "Z":
        return (sign,)
    group, digit = divmod(ord(sign) - ord("A"), 10)
    return (f"CC{group + 1}", str(digit))


def _number(numerals: str) -> int:
    """Read a kanji number: 二十三 and 二三 are 23."""
    if not any(numeral in _TENS for numeral in numerals):
        return int("".join(str(_KANJI[numeral]) for numeral in numerals))
    total, ones = 0, 0
    for numeral in numerals:
        if numeral in _TENS:
            total, ones = total + (ones or 1) * _TENS[numeral], 0
        else:
            ones = ones * 10 + _KANJI[numeral]
    return total + ones
