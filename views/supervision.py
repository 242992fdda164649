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
                    **subcontractor.declared.model_dump(mode="json"), "standing": standing_of(subcontractor),
                    "consent": subcontractor.consent.model_dump(mode="json", exclude={"name"})
                    if subcontractor.consent else {},
                    "ledger": sorted(filter(None, (subcontractor.declared_seq, subcontractor.consent_seq))),
                }
                for subcontractor in self.subcontractors
            ],
            "cloud_services": [_told(cloud) for cloud in self.clouds],
            "inspections_planned": [_told(plan) for plan in self.plans],
            "inspections": [_told(result) for result in self.results],
            "findings": [
                {
                    "number": finding.number, "what": finding.finding.what, "due_on": str(finding.finding.due_on),
                    "subcontractor": finding.found_at, "settled": finding.settled is not None,
                    "settled_on": str(finding.settled.settled_on) if finding.settled else "",
                    "how": finding.settled.how if finding.settled else "", "overdue": self.is_overdue(finding),
                    "ledger": finding.seq,
                }
                for finding in self.findings
            ],
        }  # fmt: skip

    def is_overdue(self, finding: FoundAt) -> bool:
        """Tell whether a finding is past its day."""
        return finding.settled is None and finding.finding.due_on < self.today


def supervision(here: Look) -> Supervision:
    """Return what is on record about the supervision of a year; of cloud services what each side declared last."""
    facts = here.facts
    clouds = {
        (cloud.record.side, cloud.record.service): cloud for cloud in facts.past("declare_cloud_use", CloudUseDeclared)
    }
    return Supervision(
        subcontractors=subcontractors(facts),
        clouds=tuple(clouds.values()),
        plans=facts.past("plan_inspection", InspectionPlanned),
        results=facts.past("inspect_contractor", ContractorInspected),
        findings=findings(facts),
        today=here.today,
    )


def standing_of(subcontractor: Subcontractor) -> str:
    """Return how a subcontractor stands: a key of choices.SUBCONTRACTORS."""
    if subcontractor.declared.withdrawn:
        return "withdrawn"
    return "consented" if subcontractor.consent else "waiting"


def _told(entry: Past[Any]) -> dict[str, Any]:
    return {**entry.record.model_dump(mode="json"), "ledger": entry.seq}


def words_of_finding(finding: FoundAt) -> str:
    """Return how a finding stands, in the reader's language."""
    if finding.settled:
        return _("put right on {day}: {how}").format(day=finding.settled.settled_on, how=finding.settled.how)
    return _("to be put right")
