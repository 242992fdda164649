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
from models.records.enclosing import DeliveryInspected
from models.records.erasure import ItemsDestroyed
from models.records.mailing import MailReturned, Posted
from models.records.printing import ImprintSampleSubmitted
from models.records.transfer import Handed, MediumHandedOver, SlipReprinted
from models.serials import minus, union
from papers import movements, sheet
from papers.movements import BY_POST, NOT_CARRIED, UNKNOWN, content, contents, destroyed_by, items_of, quantity
from papers.sheet import Sheet
from states.facts import Facts
from states.look import Look
from states.reading import aware
from states.rows import Row
from states.table import BY_TRIGGER, TABLE

# What changes hands between people of the register, what goes to the post office and comes back from it, and what ends.
Movement = Handed | Posted | MailReturned | ItemsDestroyed
MOVEMENTS = tuple(row.trigger for row in TABLE if issubclass(row.record, Movement))
_LOCKED, _IN_PERSON, _SOUND = "鍵付きカバン等で運搬した", "手渡しで受け渡した", "外観及び封に異状がない"
_LONGEST_NAME = 40
_NOT_A_NAME = re.compile(r"[^\w.-]+")


class Check(TypedDict):
    """A box to tick."""

    label: str
    done: bool


class What(TypedDict):
    """What was moved, and how many of what unit."""

    content: str
    quantity: str


class Moved(What):
    """What was moved, by whom, and how it was carried; who stamps it."""

    giver: sheet.Party
    receiver: sheet.Party
    occasion: str
    bag: str
    carrier: str
    condition: str
    checks: Sequence[Check]
    stamps: Sequence[sheet.Labelled]


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
    record: Movement
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
        return f"slip {self.record.slip or UNKNOWN} ({self.seq})"

    @property
    def file(self) -> str:
        """Return the name of the file: the slip's number as far as it is a plain name, and no other slip's."""
        name = _plain(self.record.slip or UNKNOWN)
        return f"slip-{name}-{self.seq}" if self.shares_its_number else f"slip-{name}"


def slips_again(here: Look, number: str) -> tuple[Sheet, ...]:
    """Return the slips of a number once more, marked as printed again; asked for after the act that says so."""
    again = here.facts.past("reprint_slip", SlipReprinted)
    mark = f"再発行（{sum(past.record.slip == number for past in again)}回目）"
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
    seen, slips, delivered, back = set[str](), list[Slip](), False, ""
    for done in connection.execute(query):
        row = BY_TRIGGER[done.act]
        carried = row.record.model_validate_json(done.data)
        assert isinstance(carried, Movement), row.trigger
        second_look = isinstance(carried, DeliveryInspected) and delivered and not carried.tells_hands
        delivered |= isinstance(carried, DeliveryInspected) and carried.tells_hands
        if isinstance(carried, MailReturned):
            known, back = back, minus(back, carried.serials)
            back = union(back, carried.serials) if carried.outcome == "kept" else back
            second_look = not minus(carried.serials, known)
        if second_look or not _moves(carried):
            continue
        number = carried.slip or UNKNOWN
        slips.append(Slip(
            row=row, record=carried, by=done.by, seq=done.ledger_seq, occurred_at=aware(done.occurred_at),
            entered_at=aware(done.entered_at), is_afterwards="entered_afterwards" in json.loads(done.entry)["data"],
            checkpoint=_checkpoint(connection, row, done.ledger_seq), shares_its_number=_plain(number) in seen,
        ))  # fmt: skip
        seen.add(_plain(number))
    return tuple(slips)


def _moves(record: Movement) -> bool:
    """Tell what is a movement with hands: an older version asked for none, and a sample of dummies moves nothing."""
    if isinstance(record, MailReturned):
        return record.holds("receiver")
    if isinstance(record, ItemsDestroyed):
        return record.holds("slip")
    if isinstance(record, ImprintSampleSubmitted) and not (record.sample_stack or record.shows_residents):
        return False
    return isinstance(record, Posted) or record.holds("giver")


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
    match record:
        case Posted():
            moved = _to_the_post(facts, slip, record)
        case MailReturned():
            moved = _from_the_post(facts, slip, record)
        case ItemsDestroyed():
            moved = _destroyed(facts, slip, record)
        case _:
            moved = _between_people(facts, slip, record)
    data: SlipPaper = {
        "head": sheet.head(facts, record.slip or UNKNOWN, on=day_of(slip.entered_at)),
        "marks": [words for words in (mark, "事後入力" if slip.is_afterwards else "") if words],
        "movement": slip.row.ja,
        "moved_at": sheet.moment(slip.occurred_at),
        "entered_at": sheet.moment(slip.entered_at) if slip.is_afterwards else None,
        **moved,
        "checkpoint": sheet.lines_of(slip.checkpoint),
        "code": qr(slip.checkpoint) if slip.checkpoint else "",
    }
    return Sheet(programme=here.programme, name=slip.file, template="slip", data=data)


def _between_people(facts: Facts, slip: Slip, record: Handed) -> Moved:
    giver, receiver, carrier = (_party(facts, person) for person in (record.giver, record.receiver, record.carried_by))
    return {
        "giver": giver,
        "receiver": receiver,
        **_what(facts, slip),
        "occasion": record.occasion,
        "bag": movements.container(locked=record.locked_bag, kind=record.bag, number=record.bag_number),
        "carrier": f"{carrier['affiliation']}　{carrier['name']}".strip(),
        "condition": choices.on_paper(choices.CONDITIONS, record.condition),
        "checks": [{"label": label, "done": done} for label, done in _checks(record)],
        "stamps": [
            {"label": "渡した人", "value": giver["name"]}, {"label": "受け取った人", "value": receiver["name"]}
        ],
    }  # fmt: skip


def _to_the_post(facts: Facts, slip: Slip, record: Posted) -> Moved:
    """Return the slip of the posting: the post office counts the letters, is on no register and stamps nothing of ours.

    So nothing is left to be ticked or stamped there. A posting of an older version was brought by whoever entered it.
    """
    giver = _party(facts, record.giver if record.holds("giver") else slip.by)
    bag = movements.container(locked=record.locked_bag, kind=record.bag, number=record.bag_number)
    carrier = _party(facts, record.carrier) if record.carrier else giver
    ticked = {"引受通数が差出票と一致した": True, _LOCKED: bool(record.locked_bag)}
    return {
        "giver": giver,
        "receiver": {"affiliation": record.office, "name": ""},
        **_what(facts, slip),
        "occasion": f"差出　{wareki(record.posted_on)}",
        "bag": bag if record.holds("locked_bag") else movements.UNTOLD,
        "carrier": f"{carrier['affiliation']}　{carrier['name']}".strip(),
        "condition": "",
        "checks": [{"label": label, "done": done} for label, done in ticked.items() if done],
        "stamps": [{"label": "差し出した人", "value": giver["name"]}],
    }


def _from_the_post(facts: Facts, slip: Slip, record: MailReturned) -> Moved:
    """Return the slip of returned mail: the post office brings it as it was posted, and stamps nothing."""
    receiver = _party(facts, record.receiver)
    return {
        "giver": {"affiliation": record.office or UNKNOWN, "name": ""},
        "receiver": receiver,
        **_what(facts, slip),
        "occasion": f"返戻（{choices.on_paper(choices.RETURN_REASONS, record.reason)}）",
        "bag": BY_POST,
        "carrier": record.office or UNKNOWN,
        "condition": "",
        "checks": [],
        "stamps": [{"label": "受け取った人", "value": receiver["name"]}],
    }


def _destroyed(facts: Facts, slip: Slip, record: ItemsDestroyed) -> Moved:
    """Return the slip of a destruction: whoever destroyed it has it no more, and nobody has it after."""
    giver, witness = _party(facts, slip.by), _party(facts, record.witness)
    return {
        "giver": giver,
        "receiver": {"affiliation": destroyed_by(record.method), "name": ""},
        **_what(facts, slip),
        "occasion": f"廃棄　{wareki(record.destroyed_on)}",
        "bag": NOT_CARRIED,
        "carrier": f"{giver['affiliation']}　{giver['name']}".strip(),
        "condition": "",
        "checks": [],
        "stamps": [{"label": "廃棄した人", "value": giver["name"]}, {"label": "立会人", "value": witness["name"]}],
    }


def _party(facts: Facts, person: str) -> sheet.Party:
    return sheet.party(facts, person) if person else {"affiliation": "", "name": UNKNOWN}


def _what(facts: Facts, slip: Slip) -> What:
    """Return what was moved and how much of it, as it lay in its stacks at that time."""
    act, record = slip.row.trigger, slip.record.model_dump(mode="json")
    inside = contents(facts, before=slip.seq)
    said = content(act, record, inside.kinds, facts.programme.consignment.items)
    if named := inside.serials_in(items_of(record)):
        said.append(f"通し番号　{named}")
    if act == "record_returned_mail":
        said.append(f"通し番号　{minus(record['serials'], inside.back)}")
    return {"content": "\n".join(said), "quantity": quantity(act, record, inside)}


def _checks(record: Handed) -> Iterator[tuple[str, bool]]:
    """Yield what is ticked as far as it was recorded; the rest is ticked by hand."""
    yield _LOCKED, bool(record.locked_bag)
    if hasattr(record, "in_person"):
        yield _IN_PERSON, bool(getattr(record, "in_person", False))
    if isinstance(record, MediumHandedOver):
        yield "当日のウイルス検査で異状がなかった", record.scan_clean
    yield _SOUND, record.condition == "good"
