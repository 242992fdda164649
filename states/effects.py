"""What an act changes beside the state: a closed list of effects, which the pages of the rules name.

The door carries effects out in the transaction of the act. An effect is plain data: nothing here touches a database.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar, cast

from models.records import extraction, oversight, people
from models.records.base import ActRecord
from states.facts import Facts, Guard

R = TypeVar("R", bound=ActRecord)


@dataclass(frozen=True, kw_only=True)
class AddPieces:
    """Serials come into being."""

    serials: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class MovePieces:
    """Serials go on to a state; None means every piece of `origin` that is in one of `froms`, "" means no piece."""

    to: str
    froms: tuple[str, ...]
    serials: str | None = None
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class MakeItem:
    """A custody item comes into being with somebody."""

    number: str
    kind: str
    state: str
    content: str


@dataclass(frozen=True, kw_only=True)
class MoveItem:
    """A custody item changes hands or ends; where the rules know no such change, only the ledger tells it (Law 8)."""

    number: str
    to: str


@dataclass(frozen=True, kw_only=True)
class HoldRows:
    """The held rows of an extract replace those of the one before; decisions stay where it is the same extract."""

    rows: tuple[extraction.RowHeld, ...]
    same_extract: bool


@dataclass(frozen=True, kw_only=True)
class DecideRow:
    """A held row is decided by the actor."""

    decision: extraction.RowDecided


@dataclass(frozen=True, kw_only=True)
class SetHold:
    """The cycle is held, or goes on."""

    on: bool


@dataclass(frozen=True, kw_only=True)
class OpenIncident:
    """An incident opens."""

    kind: str
    known_on: date


@dataclass(frozen=True, kw_only=True)
class SettleIncident:
    """An incident is settled."""

    incident: int


@dataclass(frozen=True, kw_only=True)
class ClaimMeasures:
    """Measures are claimed with evidence."""

    claim: oversight.MeasuresClaimed
    received_on: date


@dataclass(frozen=True, kw_only=True)
class RedactText:
    """A text beside the ledger, and every copy of it in the tables, is taken out."""

    entry: int
    place: str


@dataclass(frozen=True, kw_only=True)
class MoveDeadline:
    """An act is owed on another day."""

    act: str
    to: date
    reason: str


@dataclass(frozen=True, kw_only=True)
class OweAct:
    """An act that the schedule does not hold by itself is owed by a day that was set when it was found necessary."""

    act: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class OweAgain:
    """An act of the schedule that was done counts no more: it is owed again by its day, where it may still be done."""

    act: str


@dataclass(frozen=True, kw_only=True)
class DropActs:
    """What the schedule still holds for a cycle that is cancelled or closed is owed no more, but for these acts."""

    keep: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EnterPeople:
    """People stand on the register as their entries say; a key that they have stays."""

    people: tuple[people.PersonEntered, ...]


@dataclass(frozen=True, kw_only=True)
class GiveKey:
    """From now on this is a person's public key."""

    person: str
    public_key: str


Effect = (
    AddPieces
    | MovePieces
    | MakeItem
    | MoveItem
    | HoldRows
    | DecideRow
    | SetHold
    | OpenIncident
    | SettleIncident
    | ClaimMeasures
    | MoveDeadline
    | RedactText
    | OweAct
    | OweAgain
    | DropActs
    | EnterPeople
    | GiveKey
)
Effects = Callable[[Facts, ActRecord], tuple[Effect, ...]]


def effects_of(_kind: type[R]) -> Callable[[Callable[[Facts, R], tuple[Effect, ...]]], Effects]:
    """Mark a function as the effects of an act that brings this kind of record."""

    def mark(function: Callable[[Facts, R], tuple[Effect, ...]]) -> Effects:
        def effects(facts: Facts, record: ActRecord) -> tuple[Effect, ...]:
            return function(facts, cast("R", record))

        return effects

    return mark


def nothing_more(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """An act that changes no more than itself."""
    return ()


def deviation(guards: Iterable[Guard], broken: Iterable[str], today: date) -> tuple[Effect, ...]:
    """What broke a rule and happened all the same opens an incident of its kind and holds the cycle (Law 8)."""
    kinds = {guard.incident for guard in guards if guard.name in broken}
    return (OpenIncident(kind=min(kinds - {"deviation"}, default="deviation"), known_on=today), SetHold(on=True))
