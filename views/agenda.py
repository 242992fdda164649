"""What is due from one person over all open years: what to do, what to confirm, what to enter for the contractor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.clock import TOKYO
from models.people import Person, Role
from models.words import year_in_words
from states.look import Look
from states.reading import aware
from states.table import BY_TRIGGER
from views.standing import Owed, act_title, next_and_later

_CONTRACTORS = frozenset({Role.HANDLING_MANAGER, Role.HANDLER})


@dataclass(frozen=True, kw_only=True)
class ToConfirm:
    """A proposal that waits for a second person: the year, the act, the number of its entry, by whom and when."""

    cycle_id: str
    act: str
    title: str
    seq: int
    by: str
    proposed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Item:
    """One act that is owed, of which year."""

    cycle_id: str
    year_title: str
    owed: Owed


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """What is next for a person: own acts, proposals to confirm, the contractor's acts to enter, what waits for others.

    `coming` are own acts that may not be done yet. Each list has what is most urgent first.
    """

    mine: tuple[Item, ...]
    to_confirm: tuple[ToConfirm, ...]
    for_contractor: tuple[Item, ...]
    others: tuple[Item, ...]
    coming: tuple[Item, ...]


def agenda(looks: Iterable[Look], person: Person) -> Agenda:
    """Return what is due from a person, as the table says who may do what."""
    found: dict[str, list[Item]] = {"mine": [], "for_contractor": [], "others": [], "coming": []}
    to_confirm = list[ToConfirm]()
    for here in looks:
        (near, later), title = next_and_later(here), year_in_words(here.facts.fiscal_year)
        for owed in near:
            item = Item(cycle_id=here.cycle_id, year_title=title, owed=owed)
            found[_list_of(here, person, owed)].append(item)
        found["coming"] += [
            Item(cycle_id=here.cycle_id, year_title=title, owed=owed) for owed in later if _is_own(here, person, owed)
        ]
        to_confirm += confirmable(here, person)
    return Agenda(**{name: _by_urgency(items) for name, items in found.items()}, to_confirm=tuple(to_confirm))


def _list_of(here: Look, person: Person, owed: Owed) -> str:
    if owed.waits_for_confirmation or not may_enter(here, person, owed.act):
        return "others"
    return "mine" if _is_own(here, person, owed) else "for_contractor"


def _is_own(here: Look, person: Person, owed: Owed) -> bool:
    return bool(person.roles & set(BY_TRIGGER[owed.act].who_under(here.programme)))


def may_enter(here: Look, person: Person, act: str) -> bool:
    """Tell whether a person may enter an act: an own one, or as a coordinator one of the contractor's people."""
    who = set(BY_TRIGGER[act].who_under(here.programme))
    return bool(person.roles & who) or (Role.COORDINATOR in person.roles and bool(who & _CONTRACTORS))


def may_enter_of(here: Look, person: Person) -> frozenset[str]:
    """Return the acts that a person may enter."""
    return frozenset(act for act in BY_TRIGGER if may_enter(here, person, act))


def confirmable(here: Look, person: Person) -> list[ToConfirm]:
    """Return the proposals of a year that a person may confirm: of the second person's role, and not his own."""
    record = tables.Record
    query = select(record).where(col(record.cycle_id) == here.cycle_id, col(record.status) == "pending")
    return [
        ToConfirm(
            cycle_id=here.cycle_id, act=row.act, title=act_title(row.act), seq=row.ledger_seq, by=row.by,
            proposed_at=aware(row.occurred_at).astimezone(TOKYO),
        )
        for row in here.connection.execute(query.order_by(col(record.ledger_seq)))
        if row.by != person.id and person.roles & set(BY_TRIGGER[row.act].second_under(here.programme))
    ]  # fmt: skip


def _by_urgency(items: Sequence[Item]) -> tuple[Item, ...]:
    """Put what can be done before what is blocked, and the earlier day before the later."""
    return tuple(sorted(items, key=lambda item: (bool(item.owed.blocked_by), item.owed.due_on, item.owed.act)))
