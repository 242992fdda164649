"""Facts without a database: what a guard would see, said in a line, so that each claim is tried by itself.

What is not said of a year is empty. A record is the one that `scenes` enters, but for what the caller changes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from scenes import CYCLE, YEAR, fields

from adapters.programmes import programme_files
from models.clock import TOKYO
from models.measures import Measure, MeasureClaim
from models.people import Person, Role, Side
from models.programme import Programme
from models.records.base import ActRecord
from models.serials import compact, expand
from states.facts import Deputised, Done, Facts, ItemFact, Shortfall, Told, Verdict
from states.machines import PIECE
from states.table import BY_TRIGGER

NOW = datetime(YEAR, 11, 10, 10, tzinfo=TOKYO)
TODAY = NOW.date()
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
PROGRAMME = Programme.parse(programme_files(None)[0].read_text(encoding="utf-8"), name="hatachi")


def person(name: str, side: Side, role: Role, until: date = date(2027, 3, 31)) -> Person:
    return Person(id=name, name=name, side=side, roles=frozenset({role}), valid_from=date(2026, 4, 1), valid_to=until)


PEOPLE = {
    it.id: it
    for it in (
        person("sato", Side.WARD, Role.COORDINATOR),
        person("suzuki", Side.WARD, Role.COORDINATOR),
        person("takahashi", Side.WARD, Role.APPROVER),
        person("ito", Side.WARD, Role.DEPUTY),
        person("okada", Side.WARD, Role.INSPECTOR),
        person("watanabe", Side.REGISTER, Role.REGISTRAR),
        person("abe", Side.REGISTER, Role.REGISTRAR),
        person("asahi", Side.CONTRACTOR, Role.HANDLING_MANAGER),
        person("kobayashi", Side.CONTRACTOR, Role.HANDLER),
        person("gone", Side.CONTRACTOR, Role.HANDLING_MANAGER, until=YESTERDAY),
        person("left", Side.WARD, Role.COORDINATOR, until=YESTERDAY),
        person("moved", Side.REGISTER, Role.REGISTRAR, until=YESTERDAY),
    )
}


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """Pieces by state, as serials of the extract and of the additions."""

    extract: dict[str, str]
    added: dict[str, str]

    def serials(self, *states: str, origin: str = "") -> frozenset[int]:
        named = {"extract": (self.extract,), "addition": (self.added,)}.get(origin, (self.extract, self.added))
        return frozenset(
            serial for by in named for state, text in by.items() if not states or state in states
            for serial in expand(text)
        )  # fmt: skip

    def count(self, *states: str, origin: str = "") -> int:
        return len(self.serials(*states, origin=origin))

    def by_state(self) -> dict[str, int]:
        return {state: self.count(state) for state in PIECE.states}

    def named(self, *states: str, origin: str = "") -> str:
        return compact(self.serials(*states, origin=origin))

    def within(self, serials: str, *states: str) -> int:
        return len(self.serials(*states) & set(expand(serials)))


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """Every record in the order in which it was told, and what deputies decided."""

    told: tuple[Told, ...]
    decided: tuple[Deputised, ...] = ()

    def of(self, *acts: str) -> tuple[Told, ...]:
        return tuple(it for it in self.told if it.act in acts)

    def has_entry(self, seq: int) -> bool:
        return any(it.seq == seq for it in self.told)

    def has_text(self, seq: int, place: str) -> bool:
        return any(it.seq == seq and json.loads(it.data).get(place.removeprefix("record.")) for it in self.told)

    def deputised(self) -> tuple[Deputised, ...]:
        return self.decided


def record(act: str, **changes: Any) -> ActRecord:
    """Return the record that an act brings."""
    return BY_TRIGGER[act].record.model_validate(fields(NOW)[act] | changes)


def did(act: str, at: datetime = NOW, **changes: Any) -> Told:
    """Tell that an act was done; `facts` numbers what it is told in order."""
    return Told(act=act, seq=0, by="sato", occurred_at=at, data=record(act, **changes).model_dump_json())


def items(**by_number: str) -> tuple[ItemFact, ...]:
    """Return items as `M_2026_01="medium with_ward"` says them."""
    said = {number.replace("_", "-"): words.split() for number, words in by_number.items()}
    return tuple(ItemFact(number=number, kind=kind, state=state) for number, (kind, state) in said.items())


def claim(measure: str, file: str = "", valid_until: date | None = None, *, seq: int = 1) -> MeasureClaim:
    return MeasureClaim(
        measure=measure, evidence="点検表", evidence_file=file, by="sato", happened_on=None, received_on=TODAY,
        valid_until=valid_until, not_applicable=False, ledger_seq=seq,
    )  # fmt: skip


def measure(name: str, *, guards: tuple[str, ...] = (), proof: str = "guarded", **told: Any) -> Measure:
    told = {"may_not_apply": False, **told}
    return Measure(
        id=name, side="ward", category="op", order=1, text="", guards=guards, proof=proof, evidence=(), **told
    )  # fmt: skip


def facts(
    *told: Told, extract: dict[str, str] | None = None, added: dict[str, str] | None = None, reminded: str = "",
    decided: tuple[Deputised, ...] = (), **said: Any,
) -> Facts:  # fmt: skip
    """Return the facts of a year of which only this is known."""
    numbered = tuple(replace(it, seq=seq) for seq, it in enumerate(told, start=1))
    done = {it.act: Done(occurred_at=it.occurred_at, by="sato", data=it.data, seq=it.seq) for it in numbered}
    nothing: dict[str, Any] = {
        "cycle_id": CYCLE, "fiscal_year": YEAR, "state": "planned", "on_hold": False, "now": NOW,
        "programme": PROGRAMME, "people": PEOPLE, "due": {}, "items": (), "undecided": 0, "newly_protected": "",
        "to_pull": "", "incidents": frozenset[int](), "claimed": {},
    }  # fmt: skip
    return Facts(
        done=done, history=Remembered(told=numbered, decided=decided),
        reminded=lambda number: reminded if number == 1 else "",
        pieces=Assumed(extract=extract or {}, added=added or {}), **(nothing | said),
    )  # fmt: skip


def consigning(**changes: Any) -> Programme:
    """Return the programme with another consignment."""
    return PROGRAMME.model_copy(update={"consignment": PROGRAMME.consignment.model_copy(update=changes)})


Said = str | bool


def said(verdict: Verdict) -> Said:
    """Return what a guard said: yes, no, or the names of what differs."""
    return verdict.names if isinstance(verdict, Shortfall) else verdict


def all_of(cases: Sequence[tuple[Any, ...]]) -> list[str]:
    """Name cases by their guard and their place."""
    return [f"{guard.name}-{place}" for place, (guard, *_rest) in enumerate(cases)]
