"""A fictional register extract: towns that exist, people who do not, and every defect a real extract has shown.

`sample_extract` draws the file of the register section, `additional_extract` the late move-ins, `write_sample` puts
either on disk as the core system would. The same seed gives the same bytes on every machine: only `Random.random` is
used, the one method whose sequence Python promises to keep. Names, towns and weights stand in deploy/sample.
"""

import csv
import tomllib
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from io import TextIOWrapper
from itertools import accumulate, cycle, groupby, islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TypeVar

import polars as pl

from adapters import disk
from models.errors import BadInput
from models.serials import compact
from models.words import _

COLUMNS = ("宛名番号", "氏名", "郵便番号", "住所", "方書", "生年月日", "支援措置", "異動事由", "異動日")
ENCODINGS: Mapping[str, tuple[str, str]] = {  # codec, and the mark the file begins with
    "utf-8": ("utf-8", ""),
    "utf-8-sig": ("utf-8", "\ufeff"),
    "cp932": ("cp932", ""),
    "utf-16": ("utf-16-le", "\ufeff"),
}

_PER_4000 = {
    "protected": 40, "dead": 12, "moved_out": 60, "moved_later": 4, "duplicate": 8, "out_of_window": 6,
    "unknown_selector": 5, "private_use": 2,
}  # fmt: skip
_NONE_BELOW, _ALL_FROM = 50, 200
_YEARS = range(1950, 9000)
_NUMBERS = 10**10
_ROWS_NAMED = 20
_CHOME = "一二三四五六七八九"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

_T = TypeVar("_T")


def planted(persons: int) -> dict[str, int]:
    """Return how many rows of each kind a sample of so many rows carries, scaled from 4,000.

    Below 50 rows there are none, from 200 at least one of each. `moved_later` left after the cut-off and stays
    eligible; `unknown_selector` and `private_use` are names to be held; the other kinds are to be excluded.
    """
    least = 1 if persons >= _ALL_FROM else 0
    scaled = {kind: max(least, (persons * count + 2000) // 4000) for kind, count in _PER_4000.items()}
    return scaled if persons >= _NONE_BELOW else dict.fromkeys(_PER_4000, 0)


def sample_extract(*, fiscal_year: int, persons: int = 4000, seed: int = 1) -> pl.DataFrame:
    """Draw a fictional extract of `persons` rows, all columns text, with the defects that `planted` counts.

    The birth dates hold both edge days of the window from 12 rows on and every month from 13 rows on.

    Raises:
        BadInput: fewer than one row, or not a fiscal year.

    """
    return _drawn(fiscal_year=fiscal_year, persons=persons, seed=seed, counts=planted(persons), taken=set())


def additional_extract(*, fiscal_year: int, persons: int = 12, seed: int = 2, after: pl.DataFrame) -> pl.DataFrame:
    """Draw late move-ins: no defects, and no 宛名番号 that `after`, the first extract, has already.

    Raises:
        BadInput: fewer than one row, or not a fiscal year.

    """
    taken = set(after["宛名番号"].cast(pl.Int64, strict=False).drop_nulls())
    counts = dict.fromkeys(_PER_4000, 0)
    return _drawn(fiscal_year=fiscal_year, persons=persons, seed=seed, counts=counts, taken=taken)


def write_sample(frame: pl.DataFrame, path: Path, *, encoding: str = "utf-8-sig") -> None:
    """Write the extract as the core system would: CSV, CRLF, quotes only where needed, readable by its owner only.

    The file appears whole or not at all, and replaces one that is there. UTF-16 is little-endian with its mark, as
    Excel saves it.

    Raises:
        BadInput: an encoding that is not in `ENCODINGS`, a place that cannot be written, or rows that CP932 cannot
            hold (counted from 1, the header not among them).

    """
    if encoding not in ENCODINGS:
        raise BadInput(
            _("The encoding {encoding} is not known.").format(encoding=encoding),
            _("Choose one of {encodings}.").format(encodings=", ".join(ENCODINGS)),
        )
    if encoding == "cp932":
        _check_cp932(frame)
    try:
        codec, mark = ENCODINGS[encoding]
        with disk.replacing(path) as file, TextIOWrapper(file, encoding=codec, newline="") as out:
            out.write(mark)
            rows = csv.writer(out, lineterminator="\r\n")
            rows.writerow(frame.columns)
            rows.writerows(frame.iter_rows())
    except OSError:
        raise BadInput(
            _("The sample cannot be written there."), _("Name a file in a folder that you may write to.")
        ) from None


def _drawn(*, fiscal_year: int, persons: int, seed: int, counts: Mapping[str, int], taken: set[int]) -> pl.DataFrame:
    if persons < 1 or fiscal_year not in _YEARS:
        raise BadInput(
            _("A sample needs a fiscal year and at least one person."), _("Enter the year as four digits and a count.")
        )
    draw, window = _Drawing(seed), _window(fiscal_year)
    # What stands in which row by intention is drawn first, then every other cell.
    planned = [*_one_of_each_month(draw, window)[:persons], *_outside(draw, fiscal_year, counts["out_of_window"])]
    held = [name for kind in ("unknown_selector", "private_use") for name in draw.held(kind, counts[kind])]
    rows = draw.distinct(persons, set())
    births, names = _scattered(planned, rows), _scattered(held, rows)
    marks = _scattered(_marks(draw, fiscal_year, counts), rows)
    repeats = _scattered([next(rows) for _copy in range(counts["duplicate"])], rows)
    numbers = draw.distinct(_NUMBERS, taken)
    cells = (
        (
            f"{next(numbers):010d}",
            names.get(row) or draw.name(),
            *draw.address(),
            draw.building(),
            births.get(row) or draw.one(window),
            *marks.get(row, ("", "", "")),
        )
        for row in range(persons)
    )
    frame = pl.DataFrame(cells, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return frame[[repeats.get(row, row) for row in range(persons)]] if repeats else frame


class _Place(NamedTuple):
    """One row of towns.csv: a town or a part of one. `spots` are its only houses; none means any house of the town."""

    postal_code: str
    town: str
    weight: int
    chome: int
    spots: Sequence[tuple[int, int, int]]


class _Drawing:
    """Draws names, addresses and all else in one sequence."""

    def __init__(self, seed: int) -> None:
        self._next = Random(seed).random  # noqa: S311 - fictional people; a seed must give the same ones again
        self._names, self._addresses, self._places = _toml("names.toml"), _toml("addresses.toml"), _places()
        self._rare = cycle(self._names["rare"])
        self._groups = list(accumulate(group["share"] for group in self._names["groups"]))
        self._weights = list(accumulate(place.weight for place in self._places))
        self._codes = {(place.town, *spot): place.postal_code for place in self._places for spot in place.spots}
        building = self._addresses["building"]
        self._buildings = [kind.format(word=word) for kind in building["kinds"] for word in building["words"]]

    def one(self, of: Sequence[_T]) -> _T:
        return of[int(self._next() * len(of))]

    def distinct(self, below: int, taken: set[int]) -> Iterator[int]:
        """Draw numbers from 0 to `below` without end, none twice and none that is taken."""
        while True:
            number = int(self._next() * below)
            if number not in taken:
                taken.add(number)
                yield number

    def name(self) -> str:
        """Return the name of somebody: a Japanese national, or a foreign resident."""
        names = self._names
        if self._next() < names["japanese"]:
            rare = self._next() < names["rare_share"]
            return self.filled(next(self._rare) if rare else "{family}　{given}")
        if self._next() < names["alias"]:
            return f"{self.one(names['family'])}　{self.one(names['alias_given'])}"
        parts = [self.one(part).partition("/") for part in names["groups"][self._weighted(self._groups)]["parts"]]
        latin = " ".join(name for name, _slash, _kanji in parts if name)
        kanji = "".join(kanji for _name, _slash, kanji in parts)
        return f"{latin}　{kanji}" if kanji and self._next() < names["kanji_beside"] else latin

    def filled(self, template: str) -> str:
        """Return the template with a family and a given name in its places."""
        return template.format(family=self.one(self._names["family"]), given=self.one(self._names["given"]))

    def held(self, kind: str, count: int) -> list[str]:
        """Return so many names with a character for which a row is held."""
        forms: Sequence[str] = self._names[kind]
        return [self.filled(form) for form in islice(cycle(forms), count)]

    def address(self) -> tuple[str, str]:
        """Return a postal code and an address that belong together."""
        addresses, place = self._addresses, self._places[self._weighted(self._weights)]
        if place.spots:
            chome, block, house = self.one(place.spots)
        else:
            chome = self._up_to(place.chome) if place.chome else 0
            block, house = self._up_to(addresses["blocks"]), self._up_to(addresses["houses"])
        quarter = f"{_CHOME[chome - 1]}丁目" if chome else ""
        number = f"{block}番{house}号".translate(_FULL_WIDTH)
        address = f"{addresses['ward']}{place.town}{quarter}{number}"
        if address in addresses["never"]:
            return self.address()
        return self._codes.get((place.town, chome, block, house), place.postal_code), address

    def building(self) -> str:
        """Return a 方書: a building and a room, somebody's household, or nothing."""
        of = self._addresses["building"]
        if self._next() >= of["share"]:
            return ""
        kind = self._next()
        if kind < of["care_of"]:
            return f"{self.one(self._names['family'])}様方"
        form = self.one(of["lettered_room" if kind < of["care_of"] + of["lettered"] else "plain_room"])
        room = f"{self._up_to(of['floors'])}{self._up_to(of['rooms']):02d}".translate(_FULL_WIDTH)
        return form.format(building=self.one(self._buildings), room=room, letter=self.one(of["letters"]))

    def _weighted(self, bounds: Sequence[int]) -> int:
        return bisect(bounds, self._next() * bounds[-1])

    def _up_to(self, last: int) -> int:
        return 1 + int(self._next() * last)


def _one_of_each_month(draw: _Drawing, window: Sequence[str]) -> list[str]:
    """Return the first and the last day of the window, and a day of each month between them."""
    months = [list(month) for _month, month in groupby(window, key=lambda day: day[:7])]
    return [window[0], window[-1], *map(draw.one, months[1:-1])]


def _outside(draw: _Drawing, fiscal_year: int, count: int) -> list[str]:
    """Return birth dates a day too early, a day too late, and the rest two years too early (小山市 2024)."""
    edges = [f"{fiscal_year - 20}-04-01", f"{fiscal_year - 19}-04-02"]
    shifted = _window(fiscal_year - 2)
    return [*edges, *(draw.one(shifted) for _row in range(count - len(edges)))][:count]


def _marks(draw: _Drawing, fiscal_year: int, counts: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """Return 支援措置, 異動事由 and 異動日 of those who carry any. The cut-off is 1 November."""
    before = _days(date(fiscal_year, 4, 1), date(fiscal_year, 10, 31))
    later = _days(date(fiscal_year, 11, 2), date(fiscal_year, 11, 20))
    moved = (("dead", "死亡", before), ("moved_out", "転出", before), ("moved_later", "転出", later))
    return [("1", "", "")] * counts["protected"] + [
        ("", reason, draw.one(days)) for kind, reason, days in moved for _row in range(counts[kind])
    ]


def _scattered(values: Iterable[_T], rows: Iterator[int]) -> dict[int, _T]:
    return {next(rows): value for value in values}


def _window(fiscal_year: int) -> list[str]:
    return _days(date(fiscal_year - 20, 4, 2), date(fiscal_year - 19, 4, 1))


def _days(first: date, last: date) -> list[str]:
    return [str(first + timedelta(days=after)) for after in range((last - first).days + 1)]


@cache
def _places() -> tuple[_Place, ...]:
    towns = (files("deploy") / "programmes/hatachi/towns.csv").read_text(encoding="utf-8")
    return tuple(_place(row["postal_code"], row["town"]) for row in csv.DictReader(towns.splitlines()) if row["town"])


def _place(postal_code: str, town: str) -> _Place:
    addresses = _toml("addresses.toml")
    known = addresses["towns"].get(town, {"chome": 0, "weight": addresses["weight"]})
    part = next((part for part in addresses["parts"] if part["postal_code"] == postal_code), known)
    spots = [
        (chome, block, house) for chome, block, low, high in part.get("houses", ()) for house in range(low, high + 1)
    ]
    return _Place(postal_code=postal_code, town=town, weight=part["weight"], chome=known["chome"], spots=spots)


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((files("deploy") / "sample" / name).read_text(encoding="utf-8"))


def _check_cp932(frame: pl.DataFrame) -> None:
    rows = [row for row, cells in enumerate(frame.iter_rows(), start=1) if not _fits_cp932("".join(cells))]
    if rows:
        named = compact(rows[:_ROWS_NAMED]) + (", …" if len(rows) > _ROWS_NAMED else "")
        raise BadInput(
            _("CP932 cannot hold the characters of {count} rows: {rows}.").format(count=len(rows), rows=named),
            _("Write the sample as UTF-8."),
        )


def _fits_cp932(text: str) -> bool:
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
