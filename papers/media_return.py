"""The contractor's return note (返却書): what it holds, to be filled in by hand, or what it has returned."""

from collections.abc import Sequence
from typing import TypedDict

from models import choices
from models.letter import Moment
from models.records.media_return import ItemsReturned
from papers.movements import contents
from papers.sheet import Document, Sheet, head, manager_of, moment, party
from states.facts import Facts
from states.look import Look
from states.rules.custody import media_out, notices_out

ELSEWHERE = ("with_contractor", "with_subcontractor")
_PRINTED_THERE = frozenset({"spoiled_sheets", "proof_sheets", "pulled_pieces"})


class Returned(TypedDict):
    """An item that went out and comes back; "" in `returned` is filled in by hand."""

    item: str
    number: str
    received: str
    returned: str


class ReturnNote(Document):
    """`return_note` 返却書: the contractor's, with the items pre-filled from what it holds."""

    contractor: str
    manager: str
    returned_at: Moment | None
    bag: str
    items: Sequence[Returned]
    giver: str
    receiver: str


def return_note(here: Look) -> Sheet:
    """Return the contractor's return note."""
    facts = here.facts
    inside = contents(facts)
    record, done = facts.record("return_items", ItemsReturned), facts.done.get("return_items")
    back = {number for past in facts.past("return_items", ItemsReturned) for number in past.record.items}
    lost = _lost_there(facts)
    listed = [item for item in facts.items if item.is_thing and (item.number in back | lost or item.state in ELSEWHERE)]
    data: ReturnNote = {
        "head": head(facts, f"N-{facts.fiscal_year}-01", on=done.on if done else None),
        "contractor": facts.programme.contractor.name,
        "manager": manager_of(facts),
        "returned_at": moment(done.occurred_at) if done else None,
        "bag": "鍵付きカバン等" if record and record.locked_bag else "",
        "items": [
            {"item": "\n".join(filter(None, (
                choices.on_paper(choices.ITEMS, item.kind), inside.serials_in([item.number])))), "number": item.number,
             "received": (held := inside.numbered([item.number])),
             "returned": held if item.number in back else "紛失" if item.number in lost else ""}
            for item in listed
        ],
        "giver": party(facts, record.giver)["name"] if record else "",
        "receiver": party(facts, record.receiver)["name"] if record else "",
    }  # fmt: skip
    return Sheet(programme=here.programme, name="return-note", template="return_note", data=data)


def _lost_there(facts: Facts) -> frozenset[str]:
    """Return the numbers of what is lost after the contractor had it: handed over to him, or printed by him."""
    handed = {past.record.item for past in (*media_out(facts), *notices_out(facts))}
    lost = facts.things_in("lost")
    return frozenset(item.number for item in lost if item.number in handed or item.kind in _PRINTED_THERE)
