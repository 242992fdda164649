"""What an act changes beside the state: a closed list of effects, which the pages of the rules name.

The door carries effects out in the transaction of the act. An effect is plain data: nothing here touches a database.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple

from models.records import extraction, oversight, people
from models.records.base import ActRecord
from states.facts import Facts, Guard


class AddPieces(NamedTuple):
    """Serials come into being."""

    serials: str
    origin: str


class MovePieces(NamedTuple):
    """Serials go on to a state; None means every piece of `origin` that is in one of `froms`, "" means no piece."""

    to: str
    froms: tuple[str, ...]
    serials: str | None = None
    origin: str = ""


class MakeItem(NamedTuple):
    """A custody item comes into being with somebody."""

    number: str
    kind: str
    state: str
    content: str


class MoveItem(NamedTuple):
    """A custody item changes hands or ends; where the rules know no such change, only the ledger tells it (Law 8)."""

    number: str
    to: str


class HoldRows(NamedTuple):
    """The held rows of an extract replace those of the one before; decisions stay where it is the same extract."""

    rows: tuple[extraction.RowHeld, ...]
    same_extract: bool


class DecideRow(NamedTuple):
    """A held row is decided by the actor."""

    decision: extraction.RowDecided


class SetHold(NamedTuple):
    """The cycle is held, or goes on."""

    on: bool


class OpenIncident(NamedTuple):
    """An incident opens."""

    kind: str
    known_on: date


class SettleIncident(NamedTuple):
    """An incident is settled."""

    incident: int


class ClaimMeasures(NamedTuple):
    """Measures are claimed with evidence."""

    claim: oversight.MeasuresClaimed
    received_on: date


class RedactText(NamedTuple):
    """A text beside the ledger, and every copy of it in the tables, is taken out."""

    entry: int
    place: str


class MoveDeadline(NamedTuple):
    """An act is owed on another day."""

    act: str
    to: date
    reason: str


class OweAct(NamedTuple):
    """An act that the schedule does not hold by itself is owed by a day that was set when it was found necessary."""

    act: str
    due_on: date


class OweAgain(NamedTuple):
    """An act of the schedule that was done counts no more: it is owed again by its day, where it may still be done."""

    act: str


class DropActs(NamedTuple):
    """What the schedule still holds for a cycle that is cancelled or closed is owed no more, but for these acts."""

    keep: tuple[str, ...]


class EnterPeople(NamedTuple):
    """People stand on the register as their entries say; a key that they have stays."""

    people: tuple[people.PersonEntered, ...]


class GiveKey(NamedTuple):
    """From now on this is a person's public key."""

    person: str
    public_key: str


Effect = (
    AddPieces | MovePieces | MakeItem | MoveItem | HoldRows | DecideRow | SetHold | OpenIncident | SettleIncident
    | ClaimMeasures | RedactText | MoveDeadline | OweAct | OweAgain | DropActs | EnterPeople | GiveKey
)  # fmt: skip
Effects = Callable[[Facts, Any], tuple[Effect, ...]]
"""The effects of an act, of the facts and the record that it brings, which is of the kind that its row names."""


def nothing_more(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """An act that changes no more than itself."""
    return ()


def deviation(guards: Iterable[Guard], broken: Iterable[str], today: date) -> tuple[Effect, ...]:
    """What broke a rule and happened all the same opens an incident of its kind and holds the cycle (Law 8)."""
    kinds = {guard.incident for guard in guards if guard.name in broken}
    return (OpenIncident(kind=min(kinds - {"deviation"}, default="deviation"), known_on=today), SetHold(on=True))
