"""What guards read: the facts of one cycle as the door found them in its transaction, and the evidence of the step.

Everything is frozen. The counts of pieces are asked from the database only by the guards that need them, through the
connection of the same transaction, so a guard stays a pure reading of one moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeVar

from models.clock import TOKYO
from models.people import Person
from models.programme import Programme
from models.records.base import ActRecord

R = TypeVar("R", bound=ActRecord)


@dataclass(frozen=True, kw_only=True)
class Done:
    """An act that is done: when, by whom, confirmed by whom, and its record as stored (JSON)."""

    occurred_at: datetime
    by: str
    data: str
    confirmed_by: str = ""

    @property
    def on(self) -> date:
        """Return the day in Tokyo on which it happened."""
        return self.occurred_at.astimezone(TOKYO).date()


@dataclass(frozen=True, kw_only=True)
class ItemFact:
    """A custody item and who has it."""

    number: str
    kind: str
    state: str


class Pieces(Protocol):
    """The mail pieces of the cycle, counted and named by serial."""

    def count(self, *states: str, origin: str = "") -> int:
        """Return how many pieces are in these states (all states when none is named)."""
        ...

    def by_state(self) -> dict[str, int]:
        """Return how many pieces are in each state of the machine."""
        ...

    def named(self, *states: str, origin: str = "") -> str:
        """Return the serials in these states as text, the first few only."""
        ...

    def serials(self, *states: str, origin: str = "") -> frozenset[int]:
        """Return every serial in these states."""
        ...

    def within(self, serials: str, *states: str) -> int:
        """Return how many of the named serials are in these states (all states when none is named)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One cycle at one moment. `reminded` tells whom a reminder of that number went to; "" where none of it went."""

    cycle_id: str
    fiscal_year: int
    state: str
    on_hold: bool
    now: datetime
    programme: Programme
    people: Mapping[str, Person]
    done: Mapping[str, Done]
    due: Mapping[str, date]
    items: tuple[ItemFact, ...]
    undecided: int
    newly_protected: str
    incidents: frozenset[int]
    claims: frozenset[str]
    pieces: Pieces
    reminded: Callable[[int], str]
    measures: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    asked_by: str = ""

    @property
    def today(self) -> date:
        """Return the day in Tokyo."""
        return self.now.astimezone(TOKYO).date()

    def record(self, act: str, kind: type[R]) -> R | None:
        """Return the latest record of an act, or None while it is not done."""
        done = self.done.get(act)
        return kind.model_validate_json(done.data) if done else None

    def items_in(self, state: str, *kinds: str) -> tuple[ItemFact, ...]:
        """Return the custody items in a state, of the named kinds or of any."""
        return tuple(item for item in self.items if item.state == state and (not kinds or item.kind in kinds))

    def went_out(self) -> bool:
        """Tell whether anything of this cycle has ever left the ward."""
        return any(act in self.done for act in ("hand_over_medium", "hand_over_password"))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a step brings beside the record: that the machine itself did it, and how a second person confirmed."""

    by_machine: bool = False
    confirmed_how: str = ""
    decision_number: str = ""
    decided_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """A guard's "no" that names what differs: serials, items, measures or two counts. Never a resident."""

    names: str

    def __bool__(self) -> bool:
        """Be false, as every unmet guard is."""
        return False


Verdict = bool | Shortfall


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A claim that must hold before an act. The claim is the condition in words, an entry of the catalogue."""

    name: str
    claim: str
    check: Callable[[Facts, ActRecord], Verdict]
    owes: str = ""
    proves: tuple[str, ...] = ()
    asks_record: bool = False
