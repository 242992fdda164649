"""What guards read: the facts of one cycle as the door found them in its transaction, and the evidence of the step.

Everything is frozen. The counts of pieces are asked from the database only by the guards that need them, through the
connection of the same transaction, so a guard stays a pure reading of one moment.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

from models.clock import day_of
from models.measures import Measure, MeasureClaim
from models.people import Person
from models.programme import Programme
from models.records.base import ActRecord
from models.records.oversight import IncidentReported

R = TypeVar("R", bound=ActRecord)
R_co = TypeVar("R_co", bound=ActRecord, covariant=True)

ELECTRONIC = "electronic_copy"
# The acts that bring a list of the register: one that is withdrawn was never done, and no guard sees it.
RECHECKS = (
    "recheck_before_sealing", "recheck_before_enclosing", "recheck_before_final_list", "recheck_before_posting",
)  # fmt: skip
LISTS = (*RECHECKS, "take_changes")
WITHDRAWAL = "withdraw_list"


@dataclass(frozen=True, kw_only=True)
class Done:
    """An act that is done: when, by whom, confirmed by whom, its record as stored (JSON), its number in the ledger."""

    occurred_at: datetime
    by: str
    data: str
    confirmed_by: str = ""
    seq: int = 0

    @property
    def on(self) -> date:
        """Return the day in Tokyo on which it happened."""
        return day_of(self.occurred_at)


@dataclass(frozen=True, kw_only=True)
class ItemFact:
    """A custody item and who has it."""

    number: str
    kind: str
    state: str

    @property
    def is_thing(self) -> bool:
        """Tell what can be carried and comes back from an electronic copy, which is erased where it lies (Law 7)."""
        return self.kind != ELECTRONIC


@dataclass(frozen=True, kw_only=True)
class Told:
    """An act as it was once recorded, whether or not a later one took its place."""

    act: str
    seq: int
    by: str
    occurred_at: datetime
    data: str


@dataclass(frozen=True, kw_only=True)
class Deputised:
    """A decision that a deputy took in an absent person's place (代決), and by when that person is to see it (後閲)."""

    seq: int
    act: str
    by: str
    in_place_of: str
    see_by: date

    @classmethod
    def told(cls, act: str, entry: Mapping[str, Any]) -> "Deputised | None":
        """Return it as an entry of the ledger tells it, None where nobody's place was taken."""
        data = entry["data"]
        if "in_place_of" not in data:
            return None
        see_by = date.fromisoformat(data["see_by"])
        return cls(seq=entry["seq"], act=act, by=entry["by"], in_place_of=data["in_place_of"], see_by=see_by)


class History(Protocol):
    """What the acts brought each time they were done, not the last time alone."""

    def of(self, *acts: str) -> tuple[Told, ...]:
        """Return the records of these acts, the oldest first."""
        ...

    def has_entry(self, seq: int) -> bool:
        """Tell whether the ledger's entry of this number is one of the cycle's."""
        ...

    def has_text(self, seq: int, place: str) -> bool:
        """Tell whether a text stands there that was not redacted, in an entry of the cycle or of no cycle."""
        ...

    def deputised(self) -> tuple[Deputised, ...]:
        """Return what deputies decided, the oldest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class Case:
    """An open incident: the report that opened it (none for a deviation) and what was done about it since."""

    number: int
    report: IncidentReported | None
    reportable: bool | None = None
    reported: frozenset[str] = frozenset()
    persons_notified: bool = False
    publication_decided: bool = False
    contractor_notified_at: datetime | None = None


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
class Past(Generic[R_co]):
    """One time that an act was done: its number in the ledger, by whom, when, and what it brought."""

    seq: int
    by: str
    at: datetime
    record: R_co


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
    to_pull: str
    incidents: frozenset[int]
    claimed: Mapping[str, MeasureClaim]
    pieces: Pieces
    history: History
    reminded: Callable[[int], str]
    measures: Mapping[str, Measure] = field(default_factory=dict[str, Measure])
    cases: tuple[Case, ...] = ()
    commitments: Mapping[str, date] = field(default_factory=dict[str, date])
    differs: tuple[str, ...] = ()
    asked_by: str = ""
    confirmed_by: str = ""
    is_open: Callable[[date], bool] = lambda _day: True

    @property
    def today(self) -> date:
        """Return the day in Tokyo."""
        return day_of(self.now)

    @property
    def claims(self) -> frozenset[str]:
        """Return the measures claimed with evidence that is valid today."""
        return frozenset(name for name, claim in self.claimed.items() if claim.is_valid_on(self.today))

    @cached_property
    def serving(self) -> frozenset[str]:
        """Return the measures whose claim serves what is to come: valid today, made since the gate where each asks."""
        passed = {name: self.gate_passed(name) for name in self.claims}
        return frozenset(
            name for name, gate in passed.items() if gate is None or self.claimed[name].ledger_seq > gate.seq
        )

    def gate_passed(self, measure: str) -> Done | None:
        """Return the last gate of a measure that was passed, if each of its gates asks for a claim of its own."""
        known = self.measures.get(measure)
        gates = known.guards if known and known.each_gate else ()
        passed = (self.done[gate] for gate in gates if gate in self.done)
        return max(passed, key=lambda done: done.seq, default=None)

    @property
    def is_keyed(self) -> bool:
        """Tell whether anybody has a key: from the first one on, four eyes sign."""
        return any(person.public_key for person in self.people.values())

    def measures_for(self, step: str) -> tuple[str, ...]:
        """Return the measures that block a step until claimed; what the software enforces needs no claim."""
        return tuple(
            measure.id for measure in self.measures.values() if step in measure.guards and measure.proof != "enforced"
        )

    def record(self, act: str, kind: type[R]) -> R | None:
        """Return the latest record of an act, or None while it is not done."""
        done = self.done.get(act)
        return kind.model_validate_json(done.data) if done else None

    def kind_of(self, number: str) -> str:
        """Return the kind of a custody item, "" if it is not registered."""
        return next((item.kind for item in self.items if item.number == number), "")

    def free_number(self, letter: str) -> str:
        """Return the first number of a kind of custody item that none of them has: M-2026-01."""
        used = {item.number for item in self.items}
        return next(number for n in count(1) if (number := f"{letter}-{self.fiscal_year}-{n:02}") not in used)

    def things_in(self, *states: str) -> tuple[ItemFact, ...]:
        """Return the custody items in these states that can be carried."""
        return tuple(item for item in self.items if item.state in states and item.is_thing)

    def copies_in(self, *states: str) -> tuple[ItemFact, ...]:
        """Return the electronic copies in these states."""
        return tuple(item for item in self.items if item.state in states and not item.is_thing)

    def past(self, act: str | Collection[str], kind: type[R]) -> tuple[Past[R], ...]:
        """Return every record of an act, or of several, the first one first; a repetition hides nothing before it."""
        acts = {act} if isinstance(act, str) else {*act}
        if not self.done.keys() & {*acts, WITHDRAWAL}:
            return ()
        return tuple(
            Past(seq=it.seq, by=it.by, at=it.occurred_at, record=kind.model_validate_json(it.data))
            for it in self.history.of(*acts)
        )

    def items_in(self, state: str, *kinds: str) -> tuple[ItemFact, ...]:
        """Return the custody items in a state, of the named kinds or of any."""
        return tuple(item for item in self.items if item.state == state and (not kinds or item.kind in kinds))

    def went_out(self) -> bool:
        """Tell whether anything of this cycle has ever left the ward."""
        return any(act in self.done for act in ("hand_over_medium", "hand_over_password", "record_movement"))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a step brings beside the record: that the machine itself did it, and the approval system's decision."""

    by_machine: bool = False
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
    """A claim that must hold before an act. The claim is the condition in words, an entry of the catalogue.

    `tells` is the field without which a record says nothing of the claim, and shows none of the measures. `shown` are
    the claims by which the year's record may show a measure, so that nobody is asked for evidence of it besides.
    """

    name: str
    claim: str
    check: Callable[[Facts, Any], Verdict]
    owes: str = ""
    proves: tuple[str, ...] = ()
    asks_record: bool = False
    incident: str = "deviation"
    paper: int = 0
    tells: str = ""
    shown: tuple["Guard", ...] = ()

    def shows(self, facts: Facts, record: ActRecord) -> bool:
        """Tell whether it holds, and of a record that says so."""
        return (not self.tells or bool(getattr(record, self.tells))) and bool(self.check(facts, record))
