"""The measures as they stand: claimed, proved, contradicted or open, honest about what a proof can be.

A measure is *proved* by the ledger entries of acts whose guards serve it, or by a claim whose evidence was judged: a
document, an act or a check. What stands on a document is shown by it alone, once it is on file: until then the act was
only typed. A claim of words alone is *claimed* and no more. A deviation that broke one of these guards
*contradicts*. What never arose in the year has *no occasion*, whoever claims it (Law 10).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models import choices, tables
from models.documents import DOCUMENTS
from models.measures import Measure, MeasureClaim
from models.records.oversight import MeasuresClaimed
from models.records.preparation import HandlersRegistered
from models.records.transfer import Handed
from models.words import _
from states.facts import Facts
from states.look import Look
from states.reading import aware
from states.rows import Row
from states.rules.documents import is_on_file, papers_of
from states.rules.measures import shown_measures
from states.rules.oversight import no_incident_is_open
from states.rules.supervision import every_subcontractor_has_consent, subcontractors
from states.table import BY_TRIGGER, TABLE

_Act = tuple[Row, int, Facts, str]  # of what is in force: its row and entry, the facts of its moment, its record


@dataclass(frozen=True, kw_only=True)
class MeasureStanding:
    """Where one measure stands: how, by which ledger entries, and what was claimed, with which kind of evidence."""

    measure: Measure
    standing: str
    proved_by: tuple[int, ...]
    contradicted_by: tuple[int, ...]
    claim: MeasureClaim | None
    kind: str = ""

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
                "evidence": claim.evidence, "kind": self.kind, "file": claim.evidence_file, "by": claim.by,
                "happened_on": str(claim.happened_on or ""), "received_on": str(claim.received_on or ""),
                "valid_until": str(claim.valid_until or ""), "ledger": claim.ledger_seq,
            } if claim else {},
        }  # fmt: skip


def standings(here: Look) -> tuple[MeasureStanding, ...]:
    """Return where each measure of the programme stands, in the order of the checklists."""
    facts, acts = here.facts, _acts_in_force(here)
    proved, broken = _by_measure(_proofs(facts, acts)), _by_measure(_deviations(here))
    kinds = {past.seq: _kind_of(facts, past.record) for past in facts.past("claim_measures", MeasuresClaimed)}
    movements, opened = _movements(facts), _opened_by_claims(facts, acts)

    def standing(measure: Measure) -> MeasureStanding:
        claim = facts.claimed.get(measure.id)
        found = MeasureStanding(
            measure=measure, standing="", contradicted_by=broken.get(measure.id, ()), claim=claim,
            proved_by=movements if measure.proof == "enforced" else proved.get(measure.id, ()),
            kind=kinds.get(claim.ledger_seq, "") if claim else "",
        )  # fmt: skip
        return replace(found, standing=_how(facts, found, by_claim=measure.id in opened))

    return tuple(map(standing, facts.measures.values()))


def _kind_of(facts: Facts, claim: MeasuresClaimed) -> str:
    """Return by which kind of evidence measures are claimed, "" for words alone: an act is one that serves them all."""
    if claim.kind != "act":
        return claim.kind
    act = next(told.act for told in facts.history.of(*BY_TRIGGER) if told.seq == claim.entry)
    serves = {measure for guard in BY_TRIGGER[act].claims for measure in guard.proves}
    return "act" if serves.issuperset(claim.measures) else ""


def _how(facts: Facts, found: MeasureStanding, *, by_claim: bool) -> str:
    claim, day = found.claim, judged_on(facts)
    judged: dict[str, object] = {
        "contradicted": found.contradicted_by,
        "expired": claim and not claim.is_valid_on(day),
        "not_applicable": claim and claim.not_applicable,
        "no_occasion": not _arose(facts, found),
        "proved": found.kind
        or (found.proved_by and not (claim and by_claim)),  # words alone stay words, whatever shows a part
        "claimed": claim,
    }
    return next((standing for standing, holds in judged.items() if holds), "open")


def _arose(facts: Facts, found: MeasureStanding) -> bool:
    """Tell whether what a measure is about has happened, where it is about something that may never happen."""
    measure = found.measure
    if measure.proof == "enforced":
        return bool(found.proved_by)
    if measure.id in no_incident_is_open.proves:
        return facts.on_hold or bool(facts.incidents) or not facts.done.keys().isdisjoint(_AFTER_A_HOLD)
    if measure.id in every_subcontractor_has_consent.proves:
        notice = facts.record("register_handlers", HandlersRegistered)
        return notice is None or notice.subcontracting != "none" or bool(subcontractors(facts))
    return bool(found.proved_by or found.claim) or facts.went_out() or "cancel" not in facts.done


_AFTER_A_HOLD = ("release_hold", "settle_incident", "discuss_measures", "report_change")
# Of a year of which nothing went out these acts ask for nothing, and show nothing.
_ENDS = ("return_media", "confirm_erasure", "close")


def _movements(facts: Facts) -> tuple[int, ...]:
    """Return the entries of the movements in force, which is what the control ledger is about."""
    moved = (done.seq for act, done in facts.done.items() if issubclass(BY_TRIGGER[act].record, Handed))
    return tuple(sorted(moved))


def judged_on(facts: Facts) -> date:
    """Return the day as of which measures are judged: evidence that ends after the year was closed has served it."""
    return facts.done["close"].on if "close" in facts.done else facts.today


def _by_measure(told: Iterable[tuple[tuple[str, ...], int]]) -> dict[str, tuple[int, ...]]:
    """Return for each measure the ledger entries that are told of it."""
    found = defaultdict[str, set[int]](set)
    for measures, number in told:
        for measure in measures:
            found[measure].add(number)
    return {measure: tuple(sorted(numbers)) for measure, numbers in found.items()}


def _acts_in_force(here: Look) -> list[_Act]:
    record = tables.Record
    query = select(col(record.act), col(record.ledger_seq), col(record.occurred_at), col(record.data)).where(
        col(record.cycle_id) == here.cycle_id, col(record.status) == "done"
    )
    return [
        (BY_TRIGGER[act], seq, replace(here.facts, now=aware(at)), data)
        for act, seq, at, data in here.connection.execute(query)
    ]


def _proofs(facts: Facts, acts: Iterable[_Act]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield what every guard of the acts in force serves, with the entry of the act; hands not told prove nothing.

    The papers on file serve their documents' measures; an act that tells of a document which is not on file, none.
    """
    on_file = {document.number for document in DOCUMENTS if is_on_file(facts, document)}
    for document in DOCUMENTS:
        if document.number in on_file:
            yield from ((document.measures, seq) for seq, _paper in papers_of(facts, document))
    for row, number, then, data in acts:
        if row.trigger in _ENDS and not facts.went_out():
            continue
        told = json.loads(data)
        tells_hands = "giver" not in row.record.model_fields or told.get("giver")
        guards = (*row.guards, *(row.deviations if tells_hands else ()))
        yield from (
            (guard.proves, number)
            for guard in guards
            if (not guard.paper or guard.paper in on_file) and (not guard.tells or told.get(guard.tells))
        )
        shown = tuple(claim for guard in guards for claim in guard.shown if not claim.paper or claim.paper in on_file)
        if shown:
            yield tuple(shown_measures(shown, then, row.record.model_validate_json(data))), number


def _opened_by_claims(facts: Facts, acts: Iterable[_Act]) -> frozenset[str]:
    """Return what a step that is done asked for and its record does not show whole: if it was claimed, by its claim."""
    opened: set[str] = set()
    for row, _number, then, data in acts:
        if asked := set(facts.measures_for(row.trigger)):
            shown = tuple(claim for guard in row.guards for claim in guard.shown)
            opened |= asked - shown_measures(shown, then, row.record.model_validate_json(data))
    return frozenset(opened)


def _deviations(here: Look) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield what every guard serves that a deviation broke, with the entry of the deviation."""
    guards = {guard.name: guard for row in TABLE for guard in (*row.guards, *row.deviations)}
    entry = tables.Ledger
    query = select(col(entry.seq), col(entry.entry)).where(
        col(entry.cycle_id) == here.cycle_id, col(entry.event) == "deviation_recorded"
    )
    for number, text in here.connection.execute(query):
        broken = json.loads(text)["data"].get("broken", ())
        yield from ((guards[name].proves, number) for name in broken if name in guards)


def counts(found: tuple[MeasureStanding, ...]) -> dict[str, int]:
    """Return how many measures stand how, in the order of the words."""
    return {
        _(words): sum(measure_standing.standing == key for measure_standing in found)
        for key, words in choices.MEASURES.items()
    }
