"""Slips (確認記録票): one page for each movement, made from what is on record alone, so that a kill loses none."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, select
from sqlmodel import col

from adapters.codes import qr
from models import choices, tables
from models.clock import day_of, wareki
from models.letter import Moment
from models.records.mailing import Posted
from models.records.media_return import ItemsReturned
from models.records.transfer import Carried, MediumHandedOver, Movement, SlipReprinted
from papers import sheet
from papers.sheet import Sheet
from states.facts import Facts
from states.look import Look
from states.reading import aware
from states.rows import Row
from states.table import BY_TRIGGER, TABLE

# What changes hands: between people of the register, and from the poster to the post office.
MOVEMENTS = tuple(row.trigger for row in TABLE if issubclass(row.record, (Carried, Posted)))
_UNITS = {
    "medium": "媒体{n}枚",
    "extract_original": "電磁的記録{n}件",
    "letters_file": "電磁的記録{n}件",
    "password_notice": "{n}通",
    "electronic_copy": "{n}点",
}
_LOCKED, _IN_PERSON, _SOUND = "鍵付きカバン等で運搬した", "手渡しで受け渡した", "外観及び封に異状がない"
_LONGEST_NAME = 40
_NOT_A_NAME = re.compile(r"[^\w.-]+")


class Check(TypedDict):
    """A box to tick."""

    label: str
    done: bool


class Moved(TypedDict):
    """What was moved, by whom, and how it was carried."""

    giver: sheet.Party
    receiver: sheet.Party
    content: str
    quantity: str
    occasion: str
    bag: str
    carrier: str
    condition: str
    checks: Sequence[Check]


class SlipPaper(sheet.Document, Moved):
    """`slip` 確認記録票: one movement. `entered_at` where it was entered afterwards; `code` is an SVG picture or ""."""

    marks: Sequence[str]
    movement: str
    moved_at: Moment | None
    entered_at: Moment | None
    checkpoint: Sequence[str]
    code: str


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A movement on record, with everything that stands on its slip."""

    row: Row
    record: Carried | Posted
    by: str
    seq: int
    occurred_at: datetime
    entered_at: datetime
    is_afterwards: bool
    checkpoint: str
    shares_its_number: bool

    @property
    def paper(self) -> str:
        """Return what the ledger calls this slip: its number and the entry of its movement."""
        return f"slip {self.record.slip} ({self.seq})"

    @property
    def file(self) -> str:
        """Return the name of the file: the slip's number as far as it is a plain name, and no other slip's."""
        name = _plain(self.record.slip)
        return f"slip-{name}-{self.seq}" if self.shares_its_number else f"slip-{name}"


def slips_again(here: Look, number: str) -> tuple[Sheet, ...]:
    """Return the slips of a number once more, marked as printed again; asked for after the act that says so."""
    again = here.facts.every(SlipReprinted, "reprint_slip")
    mark = f"再発行（{sum(reprint.slip == number for _at, reprint in again)}回目）"
    named = (slip for slip in slips_of(here.connection, here.cycle_id) if slip.record.slip == number)
    return tuple(slip_sheet(here, slip, mark=mark) for slip in named)


def slips_of(connection: Connection, cycle_id: str) -> tuple[Slip, ...]:
    """Return the movements of a cycle in the order in which they were recorded."""
    record, entry = tables.Record, tables.Ledger
    query = (
        select(record, col(entry.entry))
        .join(entry, col(entry.seq) == col(record.ledger_seq))
        .where(
            col(record.cycle_id) == cycle_id,
            col(record.act).in_(MOVEMENTS),
            col(record.status).in_(("done", "superseded")),
        )
        .order_by(col(record.id))
    )
    seen, slips = set[str](), list[Slip]()
    for done in connection.execute(query):
        row = BY_TRIGGER[done.act]
        carried = row.record.model_validate_json(done.data)
        assert isinstance(carried, (Carried, Posted)), row.trigger
        slips.append(Slip(
            row=row, record=carried, by=done.by, seq=done.ledger_seq, occurred_at=aware(done.occurred_at),
            entered_at=aware(done.entered_at), is_afterwards="entered_afterwards" in json.loads(done.entry)["data"],
            checkpoint=_checkpoint(connection, row, done.ledger_seq), shares_its_number=_plain(carried.slip) in seen,
        ))  # fmt: skip
        seen.add(_plain(carried.slip))
    return tuple(slips)


def _plain(slip: str) -> str:
    return _NOT_A_NAME.sub("_", slip.lower())[:_LONGEST_NAME]


def _checkpoint(connection: Connection, row: Row, seq: int) -> str:
    """Return the checkpoint that was signed with the movement."""
    point = tables.Checkpoint
    query = (
        select(col(point.note))
        .where(col(point.size) >= seq, col(point.reason) == row.event)
        .order_by(col(point.size))
        .limit(1)
    )
    return connection.execute(query).scalar() or ""


def slip_sheet(here: Look, slip: Slip, *, mark: str = "") -> Sheet:
    """Return the sheet of a movement, marked where it was entered afterwards or is printed again."""
    facts, record = here.facts, slip.record
    moved = _to_the_post(facts, slip.by, record) if isinstance(record, Posted) else _between_people(facts, record)
    data: SlipPaper = {
        "head": sheet.head(facts, record.slip, on=day_of(slip.entered_at)),
        "marks": [words for words in (mark, "事後入力" if slip.is_afterwards else "") if words],
        "movement": slip.row.ja,
        "moved_at": sheet.moment(slip.occurred_at),
        "entered_at": sheet.moment(slip.entered_at) if slip.is_afterwards else None,
        **moved,
        "checkpoint": sheet.lines_of(slip.checkpoint),
        "code": qr(slip.checkpoint) if slip.checkpoint else "",
    }
    return Sheet(programme=here.programme, name=slip.file, template="slip", data=data)


def _between_people(facts: Facts, record: Carried) -> Moved:
    giver, receiver, carrier = (
        sheet.party(facts, person) for person in (record.giver, record.receiver, record.carried_by)
    )
    return {
        "giver": giver,
        "receiver": receiver,
        "content": "\n".join(_content(facts, record)),
        "quantity": _quantity(facts, record),
        "occasion": record.occasion,
        "bag": _bag(record),
        "carrier": f"{carrier['affiliation']}　{carrier['name']}",
        "condition": choices.on_paper(choices.CONDITIONS, record.condition),
        "checks": [{"label": label, "done": done} for label, done in _checks(record)],
    }


def _to_the_post(facts: Facts, by: str, record: Posted) -> Moved:
    """Return the slip of the posting: the letters are counted by the post office, whose clerk is on no register.

    How they were carried there is written and ticked by hand.
    """
    giver = sheet.party(facts, by)
    return {
        "giver": giver,
        "receiver": {"affiliation": record.office, "name": ""},
        "content": f"案内状（封緘済）（{'、'.join(facts.programme.consignment.items)}）",
        "quantity": f"{record.accepted:,}通",
        "occasion": f"差出　{wareki(record.posted_on)}",
        "bag": "",
        "carrier": f"{giver['affiliation']}　{giver['name']}",
        "condition": "",
        "checks": [
            {"label": "引受通数が差出票と一致した", "done": True},
            *({"label": label, "done": False} for label in (_LOCKED, _IN_PERSON, _SOUND)),
        ],
    }


def _content(facts: Facts, record: Carried) -> Iterator[str]:
    """Yield what is moved, a line a kind: its numbers, and which items of personal data they hold."""
    numbers = record.items if isinstance(record, ItemsReturned) else (getattr(record, "item", ""),)
    holds = "、".join(facts.programme.consignment.items)
    by_kind: dict[str, list[str]] = {}
    for number in numbers:
        by_kind.setdefault(facts.kind_of(number) or getattr(record, "kind", ""), []).append(number)
    for kind, named in by_kind.items():
        data = "" if kind == "password_notice" else f"（{holds}）"
        yield f"{choices.on_paper(choices.ITEMS, kind)}　{'、'.join(named)}{data}"


def _quantity(facts: Facts, record: Carried) -> str:
    """Return how many pieces of what; never how many persons they hold."""
    if isinstance(record, ItemsReturned):
        return f"{len(record.items)}点"
    if not isinstance(record, Movement):
        return ""
    return _UNITS.get(facts.kind_of(record.item), "{n}枚").format(n=record.quantity)


def _bag(record: Carried) -> str:
    if not record.locked_bag:
        return "施錠なし"
    return f"{choices.on_paper(choices.BAGS, record.bag)}　{record.bag_number}".strip()


def _checks(record: Carried) -> Iterator[tuple[str, bool]]:
    """Yield what is ticked as far as it was recorded; the rest is ticked by hand."""
    yield _LOCKED, record.locked_bag
    yield _IN_PERSON, bool(getattr(record, "in_person", False))
    if isinstance(record, MediumHandedOver):
        yield "当日のウイルス検査で異状がなかった", record.scan_clean
    yield _SOUND, record.condition == "good"
