"""A fictional register extract: towns that exist, people who do not, and every defect a real extract has shown.

`sample_extract` draws the file of the register section, `additional_extract` the late move-ins, `write_sample` puts
either on disk as the core system would. The same seed gives the same bytes on every machine: only `Random.random` is
used, the one method whose sequence Python promises to keep. Names, towns and weights stand in deploy/sample.
"""

import csv
import tomllib
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from io import TextIOWrapper
from itertools import accumulate, cycle, groupby, islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict

from adapters import disk
from models.errors import BadInput
from models.serials import compact
from models.words import _

COLUMNS: tuple[str, ...] = (
    "宛名番号",
    "氏名",
    "郵便番号",
    "住所",
    "方書",
    "生年月日",
    "支援措置",
    "異動事由",
    "異動日",
)
ENCODINGS: Mapping[str, tuple[str, str]] = {  # codec, and the mark the file begins with
    "utf-8": ("utf-8", ""),
    "utf-8-sig": ("utf-8", "\ufeff"),
    "cp932": ("cp932", ""),
    "utf-16": ("utf-16-le", "\ufeff"),
}

_PER_4000 = {
    "protected": 40,
    "dead": 12,
    "moved_out": 60,
    "moved_later": 4,
    "duplicate": 8,
    "out_of_window": 6,
    "unknown_selector": 5,
    "private_use": 2,
}
_NONE_BELOW, _ALL_FROM = 50, 200
_YEARS = range(1950, 9000)
_NUMBERS = 10**10
_ROWS_AT_ONCE = 100_000
_ROWS_NAMED = 20
_CHOME = "一二三四五六七八九"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

_T = TypeVar("_T")
_Draw = Callable[[], float]
_Marks = tuple[str, str, str]


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
        _write_whole(frame, path, *ENCODINGS[encoding])
    except OSError:
        raise BadInput(
            _("The sample cannot be written there."), _("Name a file in a folder that you may write to.")
        ) from None


class _Part(BaseModel):
    """A table of the files in deploy/sample."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Town(_Part):
    chome: int
    weight: int


class _TownPart(_Part):
    """A part of a town with a postal code of its own; houses are 丁目, 番, first and last 号."""

    town: str
    postal_code: str
    weight: int
    houses: tuple[tuple[int, int, int, int], ...]

    def spots(self) -> tuple[tuple[int, int, int], ...]:
        return tuple((c, block, house) for c, block, low, high in self.houses for house in range(low, high + 1))


class _Building(_Part):
    share: float
    care_of: float
    lettered: float
    floors: int
    rooms: int
    letters: str
    plain_room: tuple[str, ...]
    lettered_room: tuple[str, ...]
    kinds: tuple[str, ...]
    words: tuple[str, ...]


class _Addresses(_Part):
    ward: str
    weight: int
    blocks: int
    houses: int
    never: frozenset[str]
    towns: Mapping[str, _Town]
    parts: tuple[_TownPart, ...]
    building: _Building


class _Group(_Part):
    of: str
    share: int
    parts: tuple[tuple[str, ...], ...]


class _Names(_Part):
    japanese: float
    rare_share: float
    kanji_beside: float
    alias: float
    family: tuple[str, ...]
    given: tuple[str, ...]
    rare: tuple[str, ...]
    unknown_selector: tuple[str, ...]
    private_use: tuple[str, ...]
    alias_given: tuple[str, ...]
    groups: tuple[_Group, ...]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One row of towns.csv: a town or a part of one. `spots` are its only houses; none means any house of the town."""

    postal_code: str
    town: str
    weight: int
    chome: int
    spots: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What stands in which row by intention; every other cell is drawn. `repeats` are rows that repeat another one."""

    names: Mapping[int, str]
    births: Mapping[int, str]
    marks: Mapping[int, _Marks]
    repeats: Mapping[int, int]


class _People:
    """Draws names."""

    def __init__(self, draw: _Draw) -> None:
        self._draw = draw
        self._names = names = _names()
        self._rare = cycle(names.rare)
        self._groups = [[[_latin_and_kanji(name) for name in part] for part in group.parts] for group in names.groups]
        self._bounds = list(accumulate(group.share for group in names.groups))

    def name(self) -> str:
        """Return the name of somebody: a Japanese national, or a foreign resident."""
        if self._draw() < self._names.japanese:
            rare = self._draw() < self._names.rare_share
            return self.filled(next(self._rare) if rare else "{family}　{given}")
        if self._draw() < self._names.alias:
            return f"{_one(self._draw, self._names.family)}　{_one(self._draw, self._names.alias_given)}"
        return self._latin()

    def filled(self, template: str) -> str:
        """Return the template with a family and a given name in its places."""
        names = self._names
        return template.format(family=_one(self._draw, names.family), given=_one(self._draw, names.given))

    def _latin(self) -> str:
        group = self._groups[bisect(self._bounds, self._draw() * self._bounds[-1])]
        chosen = [_one(self._draw, part) for part in group]
        latin = " ".join(name for name, _kanji in chosen if name)
        kanji = "".join(kanji for _name, kanji in chosen)
        return f"{latin}　{kanji}" if kanji and self._draw() < self._names.kanji_beside else latin


class _Homes:
    """Draws addresses and the buildings that stand there."""

    def __init__(self, draw: _Draw) -> None:
        self._draw = draw
        self._addresses = addresses = _addresses()
        self._places = _places()
        self._bounds = list(accumulate(place.weight for place in self._places))
        self._codes = {(part.town, *spot): part.postal_code for part in addresses.parts for spot in part.spots()}
        building = addresses.building
        self._buildings = [kind.format(word=word) for kind in building.kinds for word in building.words]

    def address(self) -> tuple[str, str]:
        """Return a postal code and an address that belong together."""
        place = self._places[bisect(self._bounds, self._draw() * self._bounds[-1])]
        chome, block, house = _one(self._draw, place.spots) if place.spots else self._spot(place.chome)
        quarter = f"{_CHOME[chome - 1]}丁目" if chome else ""
        number = f"{block}番{house}号".translate(_FULL_WIDTH)
        address = f"{self._addresses.ward}{place.town}{quarter}{number}"
        if address in self._addresses.never:
            return self.address()
        return self._codes.get((place.town, chome, block, house), place.postal_code), address

    def building(self) -> str:
        """Return a 方書: a building and a room, somebody's household, or nothing."""
        of, draw = self._addresses.building, self._draw
        if draw() >= of.share:
            return ""
        kind = draw()
        if kind < of.care_of:
            return f"{_one(draw, _names().family)}様方"
        form = _one(draw, of.lettered_room if kind < of.care_of + of.lettered else of.plain_room)
        room = f"{_up_to(draw, of.floors)}{_up_to(draw, of.rooms):02d}".translate(_FULL_WIDTH)
        return form.format(building=_one(draw, self._buildings), room=room, letter=_one(draw, of.letters))

    def _spot(self, chome: int) -> tuple[int, int, int]:
        quarter = _up_to(self._draw, chome) if chome else 0
        return quarter, _up_to(self._draw, self._addresses.blocks), _up_to(self._draw, self._addresses.houses)


def _drawn(*, fiscal_year: int, persons: int, seed: int, counts: Mapping[str, int], taken: set[int]) -> pl.DataFrame:
    if persons < 1 or fiscal_year not in _YEARS:
        raise BadInput(
            _("A sample needs a fiscal year and at least one person."), _("Enter the year as four digits and a count.")
        )
    draw = Random(seed).random  # noqa: S311 - fictional people; a seed must give the same ones again
    people = _People(draw)
    plan = _plan(draw, people, fiscal_year=fiscal_year, persons=persons, counts=counts)
    rows = _rows(draw, people, plan, births=_days(*_window(fiscal_year)), persons=persons, taken=taken)
    frame = _framed(rows)
    return frame[[plan.repeats.get(row, row) for row in range(persons)]] if plan.repeats else frame


def _rows(
    draw: _Draw, people: _People, plan: _Plan, *, births: Sequence[str], persons: int, taken: set[int]
) -> Iterator[tuple[str, ...]]:
    homes = _Homes(draw)
    numbers = _distinct(draw, _NUMBERS, taken)
    for row in range(persons):
        yield (
            f"{next(numbers):010d}",
            plan.names.get(row) or people.name(),
            *homes.address(),
            homes.building(),
            plan.births.get(row) or _one(draw, births),
            *plan.marks.get(row, ("", "", "")),
        )


def _framed(rows: Iterator[tuple[str, ...]]) -> pl.DataFrame:
    """Gather the rows in blocks, so that a million of them never stand in memory as Python text."""
    schema = dict.fromkeys(COLUMNS, pl.String)
    blocks: list[pl.DataFrame] = []
    while block := list(islice(rows, _ROWS_AT_ONCE)):
        blocks.append(pl.DataFrame(block, schema=schema, orient="row"))
    return pl.concat(blocks)


def _plan(draw: _Draw, people: _People, *, fiscal_year: int, persons: int, counts: Mapping[str, int]) -> _Plan:
    rows = _distinct(draw, persons, set())
    births = [*_one_of_each_month(draw, fiscal_year)[:persons], *_outside(draw, fiscal_year, counts["out_of_window"])]
    held = [
        people.filled(template)
        for kind, templates in (
            ("unknown_selector", _names().unknown_selector),
            ("private_use", _names().private_use),
        )
        for template in islice(cycle(templates), counts[kind])
    ]
    return _Plan(
        births=_scattered(births, rows),
        names=_scattered(held, rows),
        marks=_scattered(_marks(draw, fiscal_year, counts), rows),
        repeats=_scattered([next(rows) for _copy in range(counts["duplicate"])], rows),
    )


def _one_of_each_month(draw: _Draw, fiscal_year: int) -> list[str]:
    """Return the first and the last day of the window, and a day of each month between them."""
    days = _days(*_window(fiscal_year))
    months = [list(month) for _month, month in groupby(days, key=lambda day: day[:7])]
    return [days[0], days[-1], *(_one(draw, month) for month in months[1:-1])]


def _outside(draw: _Draw, fiscal_year: int, count: int) -> list[str]:
    """Return birth dates a day too early, a day too late, and the rest two years too early (小山市 2024)."""
    first, last = _window(fiscal_year)
    edges = [str(first - timedelta(days=1)), str(last + timedelta(days=1))]
    shifted = _days(*_window(fiscal_year - 2))
    return [*edges, *(_one(draw, shifted) for _row in range(count - len(edges)))][:count]


def _marks(draw: _Draw, fiscal_year: int, counts: Mapping[str, int]) -> list[_Marks]:
    """Return 支援措置, 異動事由 and 異動日 of those who carry any. The cut-off is 1 November."""
    before = _days(date(fiscal_year, 4, 1), date(fiscal_year, 10, 31))
    later = _days(date(fiscal_year, 11, 2), date(fiscal_year, 11, 20))
    marks: list[_Marks] = [("1", "", "")] * counts["protected"]
    for kind, reason, days in (
        ("dead", "死亡", before),
        ("moved_out", "転出", before),
        ("moved_later", "転出", later),
    ):
        marks += [("", reason, _one(draw, days)) for _row in range(counts[kind])]
    return marks


def _scattered(values: Iterable[_T], rows: Iterator[int]) -> dict[int, _T]:
    return {next(rows): value for value in values}


def _distinct(draw: _Draw, below: int, taken: set[int]) -> Iterator[int]:
    """Draw numbers from 0 to `below` without end, none twice and none that is taken."""
    while True:
        number = int(draw() * below)
        if number not in taken:
            taken.add(number)
            yield number


def _one(draw: _Draw, of: Sequence[_T]) -> _T:
    return of[int(draw() * len(of))]


def _up_to(draw: _Draw, last: int) -> int:
    return 1 + int(draw() * last)


def _window(fiscal_year: int) -> tuple[date, date]:
    return date(fiscal_year - 20, 4, 2), date(fiscal_year - 19, 4, 1)


def _days(first: date, last: date) -> list[str]:
    return [str(first + timedelta(days=after)) for after in range((last - first).days + 1)]


def _latin_and_kanji(name: str) -> tuple[str, str]:
    latin, _slash, kanji = name.partition("/")
    return latin, kanji


@cache
def _names() -> _Names:
    return _Names.model_validate(_toml("names.toml"))


@cache
def _addresses() -> _Addresses:
    return _Addresses.model_validate(_toml("addresses.toml"))


@cache
def _places() -> tuple[_Place, ...]:
    towns = (files("deploy") / "programmes/hatachi/towns.csv").read_text(encoding="utf-8")
    return tuple(_place(row) for row in csv.DictReader(towns.splitlines()) if row["town"])


def _place(row: Mapping[str, str]) -> _Place:
    addresses, code, name = _addresses(), row["postal_code"], row["town"]
    town = addresses.towns.get(name) or _Town(chome=0, weight=addresses.weight)
    part = next((part for part in addresses.parts if part.postal_code == code), None)
    return _Place(
        postal_code=code,
        town=name,
        weight=part.weight if part else town.weight,
        chome=town.chome,
        spots=part.spots() if part else (),
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_text(name))


def _text(name: str) -> str:
    return (files("deploy") / "sample" / name).read_text(encoding="utf-8")


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


def _write_whole(frame: pl.DataFrame, path: Path, codec: str, mark: str) -> None:
    with disk.replacing(path) as file, TextIOWrapper(file, encoding=codec, newline="") as out:
        out.write(mark)
        rows = csv.writer(out, lineterminator="\r\n")
        rows.writerow(frame.columns)
        rows.writerows(frame.iter_rows())
