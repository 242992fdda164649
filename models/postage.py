"""Postage: the discounts of Japan Post with their conditions, and what a posting costs by the tariff of the programme.

After Japan Post's pages on バーコード付郵便物 (post.japanpost.jp/business/discount/barcode.html) and on 郵便区内特別.
A discount that is not in the table is the free text of an older programme: it is printed, and counts for nothing
unless the tariff has yen under its name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from models.errors import BadSetting
from models.programme import Mailing, Programme
from models.words import _

LETTER, LARGE_LETTER, CARD = "第一種定形郵便物", "第一種定形外郵便物", "通常はがき"
BARCODE, WITHIN_AREA = "バーコード付郵便物割引", "郵便区内特別"


@dataclass(frozen=True, kw_only=True)
class Discount:
    """A discount: how many pieces it takes at once, of which kinds, and what else, in words for the paper.

    It is so many per cent off, or has a tariff of its own under its name (`per_cent` 0).
    """

    minimum: int
    kinds: tuple[str, ...]
    conditions: str
    per_cent: int = 0
    needs_barcode: bool = False
    not_with: tuple[str, ...] = ()


DISCOUNTS: Mapping[str, Discount] = {
    BARCODE: Discount(
        minimum=1_000, kinds=(LETTER, CARD), per_cent=3, needs_barcode=True, not_with=(WITHIN_AREA,),
        conditions="同時に1,000通以上、形状及び重量が同一、厚さ6mm以下、カスタマバーコードの印字",
    ),
    WITHIN_AREA: Discount(
        minimum=100, kinds=(LETTER, LARGE_LETTER), not_with=(BARCODE,),
        conditions="同時に100通以上、形状及び重量が同一、引受けと配達が同じ郵便区内（郵便区ごとに分けて数える）",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a posting costs in yen: a piece and all by the plain tariff, and with what its number earns.

    `due` is None where it cannot be worked out: a discount without a known tariff.
    """

    piece: int
    plain: int
    due: int | None

    @property
    def saved(self) -> int:
        """Return the difference against the plain tariff, 0 where it is not known."""
        return 0 if self.due is None else self.plain - self.due


class Missed(NamedTuple):
    """A discount whose minimum is not reached, in one area where it is counted by area."""

    name: str
    letters: int
    minimum: int


def area_counts(mailing: Mailing, postal_codes: Iterable[str]) -> dict[str, int]:
    """Count letters by the ward's own areas; what lies elsewhere is counted in none."""
    found = dict.fromkeys(mailing.areas, 0)
    areas = {code: area for area, codes in mailing.areas.items() for code in codes}
    for postal_code in postal_codes:
        digits = "".join(filter(str.isdigit, postal_code))
        area = next((area for code, area in areas.items() if digits.startswith(code)), "")
        if area:
            found[area] += 1
    return found


def too_few(mailing: Mailing, letters: int, areas: Mapping[str, int] | None = None) -> tuple[Missed, ...]:
    """Return the discounts whose minimum is not reached; 郵便区内特別 by area, where the letters are counted so."""
    return tuple(
        Missed(label, number, minimum)
        for name in mailing.discounts
        if name in DISCOUNTS
        for label, number, minimum in _counted(name, letters, areas)
        if number < minimum
    )


def _counted(name: str, letters: int, areas: Mapping[str, int] | None) -> Iterator[tuple[str, int, int]]:
    """Yield what a discount is counted over, how many letters that are, and how many it takes."""
    minimum = DISCOUNTS[name].minimum
    if name == WITHIN_AREA and areas is not None:
        yield from ((f"{name} {area}", number, minimum) for area, number in areas.items())
    else:
        yield name, letters, minimum


def cost_of(mailing: Mailing, letters: int, areas: Mapping[str, int] | None = None) -> Cost | None:
    """Return what it costs; None where the tariff does not know the kind and weight. Parts of a yen are not saved."""
    piece = mailing.tariff.of(mailing.kind, mailing.weight_g)
    if piece is None:
        return None
    plain = piece * letters
    due = plain
    for name in mailing.discounts:
        counted = _counted(name, letters, areas) if name in DISCOUNTS else [("", letters, 0)]
        earns = sum(number for _label, number, minimum in counted if number >= minimum)
        if not earns:
            continue
        if name in DISCOUNTS and (per_cent := DISCOUNTS[name].per_cent):
            due -= due * per_cent // 100
        elif own := mailing.tariff.of(name, mailing.weight_g):
            due = own * earns + piece * (letters - earns)
        else:
            return Cost(piece=piece, plain=plain, due=None)
    return Cost(piece=piece, plain=plain, due=due)


def judge(programme: Programme) -> None:
    """Judge the discounts of a programme with which a year is to be opened; what a cycle stored is never judged.

    Raises:
        BadSetting: a discount is not known, is not given on this kind, lacks the barcode, or two exclude each other.

    """
    if wrong := [*_troubles(programme)]:
        raise BadSetting(
            _("The programme {name} has wrong keys: {wrong}").format(name=programme.key, wrong="; ".join(wrong)),
            _("Mend these keys in the programme file."),
        )


def _troubles(programme: Programme) -> Iterator[str]:
    mailing = programme.mailing
    for name in mailing.discounts:
        discount = DISCOUNTS.get(name)
        if discount is None:
            known = "、".join(DISCOUNTS)
            yield _("mailing.discounts: {name} is not known; known are {known}").format(name=name, known=known)
            continue
        if mailing.kind not in discount.kinds:
            kinds = "、".join(discount.kinds)
            yield _("mailing.discounts: {name} is given on {kinds} only").format(name=name, kinds=kinds)
        if name == WITHIN_AREA and not mailing.areas:
            yield _("mailing.discounts: {name} needs the postal codes of the ward's own areas in mailing.areas").format(
                name=name
            )
        if discount.needs_barcode and not programme.paper.customer_barcode:
            yield _("mailing.discounts: {name} needs paper.customer_barcode = true").format(name=name)
        for other in discount.not_with:
            if other in mailing.discounts and name < other:
                yield _("mailing.discounts: {name} and {other} are not given together").format(name=name, other=other)
