"""The measures as they stand: claimed, proved, contradicted or open, honest about what a proof can be.

A measure is *proved* by the ledger entries of acts whose guards serve it, *claimed* by a named person's evidence, and
*contradicted* by a deviation that broke one of these guards. What the software enforces needs no claim.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models import choices, tables
from models.measures import Measure, MeasureClaim
from models.words import _
from states.facts import Facts, Guard
from states.look import Look
from states.table import BY_TRIGGER, TABLE


@dataclass(frozen=True, kw_only=True)
class MeasureStanding:
    """Where one measure stands: how, by which ledger entries, and what was claimed."""

    measure: Measure
    standing: str
    proved_by: tuple[int, ...]
    contradicted_by: tuple[int, ...]
    claim: MeasureClaim | None

    @property
    def is_kept(self) -> bool:
        """Tell whether nothing is to be done about it."""
        return self.standing in {"proved", "claimed", "not_applicable", "no_occasion"}

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts and for the bundle."""
        claim = self.claim
        return {
            "id": self.measure.id, "side": self.measure.side, "proof": self.measure.proof, "standing": self.standing,
            "proved_by": self.proved_by, "contradicted_by": self.contradicted_by,
            "claim": {
                "evidence": claim.evidence, "file": claim.evidence_file, "by": claim.by,
                "happened_on": str(claim.happened_on or ""), "received_on": str(claim.received_on or ""),
                "valid_until": str(claim.valid_until or ""), "ledger": claim.ledger_seq,
            } if claim else {},
        }  # fmt: skip


def standings(here: Look) -> tuple[MeasureStanding, ...]:
    """Return where each measure of the programme stands, in the order of the checklists."""
    facts, proved, broken = here.facts, _by_measure(_proofs(here)), _by_measure(_deviations(here))

    def standing(measure: Measure) -> MeasureStanding:
        proofs, breaches = proved.get(measure.id, ()), broken.get(measure.id, ())
        claim = facts.claimed.get(measure.id)
        how = _how(facts, measure, claim, proofs, breaches)
        return MeasureStanding(measure=measure, standing=how, proved_by=proofs, contradicted_by=breaches, claim=claim)

    return tuple(map(standing, facts.measures.values()))


def _how(
    facts: Facts, measure: Measure, claim: MeasureClaim | None, proofs: tuple[int, ...], breaches: tuple[int, ...]
) -> str:
    if breaches:
        return "contradicted"
    if claim and not claim.is_valid_on(judged_on(facts)):
        return "expired"
    if claim and claim.not_applicable:
        return "not_applicable"
    if measure.proof == "enforced" or (measure.proof == "guard" and proofs):
        return "proved"
    if claim:
        return "claimed"
    # What guards the end of a hold alone has no occasion in a year without one.
    return "no_occasion" if measure.guards == ("release_hold",) and "hold" not in facts.done else "open"


def judged_on(facts: Facts) -> date:
    """Return the day as of which measures are judged: evidence that ends after the year was closed has served it."""
    return facts.done["close"].on if "close" in facts.done else facts.today


def _by_measure(guard_entries: Iterable[tuple[Guard, int]]) -> dict[str, tuple[int, ...]]:
    """Return for each measure the ledger entries that are told of the guards serving it."""
    found = defaultdict[str, set[int]](set)
    for guard, number in guard_entries:
        for measure in guard.proves:
            found[measure].add(number)
    return {measure: tuple(sorted(numbers)) for measure, numbers in found.items()}


def _proofs(here: Look) -> Iterator[tuple[Guard, int]]:
    """Yield every guard of the acts in force, with the entry of the act."""
    record = tables.Record
    query = select(col(record.act), col(record.ledger_seq)).where(
        col(record.cycle_id) == here.cycle_id, col(record.status) == "done"
    )
    for act, number in dict(here.connection.execute(query).tuples().all()).items():
        row = BY_TRIGGER[act]
        yield from ((guard, number) for guard in (*row.guards, *row.deviations))


def _deviations(here: Look) -> Iterator[tuple[Guard, int]]:
    """Yield every guard that a deviation broke, with the entry of the deviation."""
    guards = {guard.name: guard for row in TABLE for guard in (*row.guards, *row.deviations)}
    entry = tables.Ledger
    query = select(col(entry.seq), col(entry.entry)).where(
        col(entry.cycle_id) == here.cycle_id, col(entry.event) == "deviation_recorded"
    )
    for number, text in here.connection.execute(query).tuples():
        broken = json.loads(text)["data"].get("broken", ())
        yield from ((guards[name], number) for name in broken if name in guards)


def counts(found: tuple[MeasureStanding, ...]) -> dict[str, int]:
    """Return how many measures stand how, in the order of the words."""
    return {
        _(words): sum(measure_standing.standing == key for measure_standing in found)
        for key, words in choices.MEASURES.items()
    }
