"""Supervision of the contractor as it stands: subcontractors, cloud services, inspections and what they found."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from models.records.supervision import CloudUseDeclared, ContractorInspected, InspectionPlanned
from models.words import _
from states.facts import Past
from states.look import Look
from states.rules.supervision import FoundAt, Subcontractor, findings, subcontractors


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """Everything on record about whom the contractor lets work, on what, and what the ward saw of it."""

    subcontractors: tuple[Subcontractor, ...]
    clouds: tuple[Past[CloudUseDeclared], ...]
    plans: tuple[Past[InspectionPlanned], ...]
    results: tuple[Past[ContractorInspected], ...]
    findings: tuple[FoundAt, ...]
    today: date

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts and for the bundle, each with its ledger entries."""
        return {
            "subcontractors": [
                {
                    **it.declared.model_dump(mode="json"), "standing": standing_of(it),
                    "consent": it.consent.model_dump(mode="json", exclude={"name"}) if it.consent else {},
                    "ledger": sorted(filter(None, (it.declared_seq, it.consent_seq))),
                }
                for it in self.subcontractors
            ],
            "cloud_services": [_told(it) for it in self.clouds],
            "inspections_planned": [_told(it) for it in self.plans],
            "inspections": [_told(it) for it in self.results],
            "findings": [
                {
                    "number": it.number, "what": it.finding.what, "due_on": str(it.finding.due_on),
                    "subcontractor": it.found_at, "settled": it.settled is not None,
                    "settled_on": str(it.settled.settled_on) if it.settled else "",
                    "how": it.settled.how if it.settled else "", "overdue": self.is_overdue(it), "ledger": it.seq,
                }
                for it in self.findings
            ],
        }  # fmt: skip

    def is_overdue(self, it: FoundAt) -> bool:
        """Tell whether a finding is past its day."""
        return it.settled is None and it.finding.due_on < self.today


def supervision(here: Look) -> Supervision:
    """Return what is on record about the supervision of a year; of cloud services what each side declared last."""
    facts = here.facts
    clouds = {(it.record.side, it.record.service): it for it in facts.past("declare_cloud_use", CloudUseDeclared)}
    return Supervision(
        subcontractors=subcontractors(facts),
        clouds=tuple(clouds.values()),
        plans=facts.past("plan_inspection", InspectionPlanned),
        results=facts.past("inspect_contractor", ContractorInspected),
        findings=findings(facts),
        today=here.today,
    )


def standing_of(it: Subcontractor) -> str:
    """Return how a subcontractor stands: a key of choices.SUBCONTRACTORS."""
    if it.declared.withdrawn:
        return "withdrawn"
    return "consented" if it.consent else "waiting"


def _told(it: Past[Any]) -> dict[str, Any]:
    return {**it.record.model_dump(mode="json"), "ledger": it.seq}


def words_of_finding(it: FoundAt) -> str:
    """Return how a finding stands, in the reader's language."""
    if it.settled:
        return _("put right on {day}: {how}").format(day=it.settled.settled_on, how=it.settled.how)
    return _("to be put right")
