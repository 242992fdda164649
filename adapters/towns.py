"""The municipality's towns: whether an address lies in a town of its postal code.

The list is Japan Post's, a file beside the programmes. ケ and ヶ are one letter, width and spaces do not count, the
prefecture and the municipality may stand before the town or not.
"""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

import csv
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import polars as pl

from models.errors import BadSetting
from models.programme import Programme
from models.words import _

_PREFECTURE = re.compile(r"(東京都|北海道|京都府|大阪府|..{1,2}県)?")
_TRIED = 100
_NO_BEGINNING = "\0"  # nothing begins so


def towns_of(programme: Programme) -> Mapping[str, Collection[str]]:
    """Return the towns of each postal code that the programme's file names; none for a code that stands for no town.

    Raises:
        BadSetting: the file is not there, or is no such file.

    """
    return _towns_of(programme.extract.towns) if programme.extract.towns else {}


@cache
def _towns_of(name: str) -> Mapping[str, Collection[str]]:
    towns: dict[str, list[str]] = {}
    try:
        text = (files("deploy") / "programmes" / name).read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            towns.setdefault(row["postal_code"], []).extend(filter(None, [row["town"]]))
    except (OSError, UnicodeDecodeError, KeyError):
        raise BadSetting(
            _("extract.towns names {name}, which is no list of towns.").format(name=name),
            _("Name a CSV file beside the programmes with the columns postal_code and town."),
        ) from None
    return towns


@dataclass(frozen=True, kw_only=True)
class Towns:
    """The towns by postal code, seven digits; a code that stands for no town has none."""

    of_code: Mapping[str, Collection[str]]
    names: frozenset[str]
    municipality: str

    @classmethod
    def of(cls, towns: Mapping[str, Collection[str]], *, municipality: str) -> "Towns":
        """Take the towns as a file names them."""
        of_code = {code: frozenset(map(_one_ke, named)) for code, named in towns.items()}
        return cls(of_code=of_code, names=frozenset[str]().union(*of_code.values()), municipality=municipality)

    def strangers(self, rows: pl.DataFrame, *, codes: Mapping[str, str], postal: str, address: str) -> pl.Series:
        """Return the rows whose address lies in none of the towns of its postal code.

        `codes` are the postal codes as they stand in the rows, and the seven digits of each; `postal` and `address`
        name the columns. An address that begins as most of its code do is well; only the others are looked at.
        """
        lead = self._usual_lead(rows[address])
        begins = {text: self._beginning(lead, code) for text, code in codes.items() if self.of_code.get(code)}
        expected = pl.col(postal).replace_strict(
            list(begins), list(begins.values()), default=None, return_dtype=pl.String
        )
        unsure = rows.select("row", postal, address, expected=expected).filter(
            ~pl.col(address).str.starts_with(pl.col("expected")) & (pl.col(address) != "")
        )
        cells = unsure.select("row", postal, address).iter_rows()
        found = [row for row, text, place in cells if self.town(place) not in self.of_code[codes[text]]]
        return pl.Series(found, dtype=pl.UInt32)

    def town(self, address: str) -> str:
        """Return the town of an address, the longest that fits; "" where it is none of the municipality's."""
        plain = _one_ke("".join(unicodedata.normalize("NFKC", address).split()))
        prefecture = _PREFECTURE.match(plain)
        rest = plain[prefecture.end() if prefecture else 0 :].removeprefix(self.municipality)
        return next((rest[:end] for end in range(self._longest, 0, -1) if rest[:end] in self.names), "")

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.names), default=0)

    def _usual_lead(self, addresses: pl.Series) -> str:
        """Return what stands before the town, such as 東京都新宿区, as the first address that names it writes it."""
        for address in addresses.head(_TRIED):
            if self.municipality in address:
                return address.partition(self.municipality)[0] + self.municipality
        return ""

    def _beginning(self, lead: str, code: str) -> str:
        """Return how an address of the code begins; one that could begin another town's as well is no proof."""
        (town, *more) = self.of_code[code]
        is_sure = not more and not any(name != town and name.startswith(town) for name in self.names)
        return lead + town if is_sure else _NO_BEGINNING


def _one_ke(text: str) -> str:
    return text.replace("ヶ", "ケ")
