"""The measures as they stand: claimed, proved, contradicted or open, honest about what a proof can be.

A measure is *proved* by the ledger entries of acts whose guards serve it, *claimed* by a named person's evidence, and
*contradicted* by a deviation that broke one of these guards. What the software enforces needs no claim.
"""

import json
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
from states.table import TABLE


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
        evidence: dict[str, object] = (
            {
                "evidence": claim.evidence, "file": claim.evidence_file, "by": claim.by,
                "happened_on": _iso(claim.happened_on), "received_on": _iso(claim.received_on),
                "valid_until": _iso(claim.valid_until), "ledger": claim.ledger_seq,
            }
            if claim
            else {}
        )  # fmt: skip
        return {
            "id": self.measure.id, "side": self.measure.side, "proof": self.measure.proof, "standing": self.standing,
            "proved_by": list(self.proved_by), "contradicted_by": list(self.contradicted_by), "claim": evidence,
        }  # fmt: skip


def standings(here: Look) -> tuple[MeasureStanding, ...]:
    """Return where each measure of the programme stands, in the order of the checklists."""
    facts, proved, broken = here.facts, _proofs(here), _deviations(here)

    def standing(measure: Measure) -> MeasureStanding:
        proofs, breaches = tuple(proved.get(measure.id, ())), tuple(broken.get(measure.id, ()))
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


def _proofs(here: Look) -> dict[str, list[int]]:
    """Return for each measure the ledger entries of the acts in force whose guards serve it."""
    record = tables.Record
    query = select(col(record.act), col(record.ledger_seq)).where(
        col(record.cycle_id) == here.cycle_id, col(record.status) == "done"
    )
    entries = dict(here.connection.execute(query).tuples().all())
    found: dict[str, list[int]] = {}
    for row in TABLE:
        if row.trigger in entries:
            for guard in (*row.guards, *row.deviations):
                _note(found, guard, entries[row.trigger])
    return {name: sorted(numbers) for name, numbers in found.items()}


def _deviations(here: Look) -> dict[str, list[int]]:
    """Return for each measure the deviations that broke a guard serving it."""
    guards = {guard.name: guard for row in TABLE for guard in (*row.guards, *row.deviations)}
    entry = tables.Ledger
    query = (
        select(col(entry.seq), col(entry.entry))
        .where(col(entry.cycle_id) == here.cycle_id, col(entry.event) == "deviation_recorded")
        .order_by(col(entry.seq))
    )
    found: dict[str, list[int]] = {}
    for number, text in here.connection.execute(query):
        for name in json.loads(text)["data"].get("broken", ()):
            if name in guards:
                _note(found, guards[name], number)
    return found


def _note(found: dict[str, list[int]], guard: Guard, number: int) -> None:
    for measure in guard.proves:
        numbers = found.setdefault(measure, [])
        if number not in numbers:
            numbers.append(number)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def counts(found: tuple[MeasureStanding, ...]) -> dict[str, int]:
    """Return how many measures stand how, in the order of the words."""
    return {_(words): sum(it.standing == key for it in found) for key, words in choices.MEASURES.items()}
