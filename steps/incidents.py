"""Incidents: one is reported, and what became of the report."""

from typing import Any

from states.acts import Outcome
from steps.acting import perform
from steps.office import Office
from views.incidents import Incident, incidents_of


def report(
    office: Office, cycle_id: str, *, by: str, fields: dict[str, Any], via: str = "desk"
) -> tuple[Outcome, Incident]:
    """Report an incident: the cycle is held, the clock starts, the papers are put where paper is printed from.

    Raises:
        BadInput: a field is missing or wrong.
        Refused: it is not for this person to report.

    """
    outcome = perform(office, cycle_id, "report_incident", by=by, fields=fields, via=via)
    return outcome, next(
        incident for incident in office.see(cycle_id, incidents_of) if incident.ledger_seq == outcome.seq
    )
