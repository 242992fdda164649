"""The invitation's own words, which its press takes and the package carries to the contractor: nobody's data."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict


class Moment(TypedDict):
    """A date as paper shows it: {"iso": "2026-11-09", "wareki": "令和8年11月9日（月）", "time": "10:30"}."""

    iso: str
    wareki: str
    time: NotRequired[str]


class Box(TypedDict):
    """The address block: the [paper] table of the programme, in millimetres and points."""

    name_width_mm: float
    name_size_pt: float
    address_width_mm: float
    address_size_pt: float
    barcode_size_pt: float


class InsertLine(TypedDict):
    """What goes into every envelope beside the letter (封入物): {"name": "案内リーフレット", "count": "1部"}."""

    name: str
    count: str


class Words(TypedDict):
    """The invitation's own data: `letter_form` (本文), and with addressees `letter` (案内状) and `specimen` (見本).

    `fiscal_year` is part of every piece code; `customer_barcode` says whether one stands under the name; `tray` is how
    many letters lie between two separators.
    """

    fiscal_year: int
    tray: int
    municipality: str
    sender: str
    contact: str
    date: Moment
    ceremony: str
    ceremony_on: Moment
    ceremony_at: str
    place: str
    inserts: Sequence[InsertLine]
    customer_barcode: bool
    box: Box
