"""Incidents: what happened, what the law asks by when, what is still to be done, and papers filled in from the ledger.

The words on paper are Japanese. Whether an incident is to be reported is for people to decide; here the heads of the
rule and the days are worked out, and every point that was not read in the rules' text is said so on the paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import col

from models import choices, tables
from models.clock import wareki
from models.database import reading
from models.people import Person, Role, Side
from models.records.oversight import IncidentReported
from models.records.transfer import PackageSealed
from models.words import _, speaking
from states import statute
from states.acts import Outcome
from states.facts import Case, Facts
from states.reading import aware, cases
from states.rows import STATES
from states.rules.oversight import open_duties
from states.statute import Clock
from states.table import BY_TRIGGER
from steps import papers
from steps.acting import perform
from steps.office import Office

_HEADS = {
    1: "要配慮個人情報が含まれる（規則43条1号）",
    2: "不正利用により財産的被害が生じるおそれ（規則43条2号）",
    3: "不正の目的をもって行われたおそれ（規則43条3号）",
    4: "本人の数が100人を超える（規則43条4号）",
    5: "条例要配慮個人情報が含まれる（規則43条5号）",
}
_STATES = {state.key: state.ja for state in STATES}


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One incident as people need to see it; a deviation has neither heads nor a clock."""

    number: int
    kind: str
    state: str
    known_on: date
    ledger_seq: int
    case: Case
    heads: tuple[int, ...] = ()
    clock: Clock | None = None
    duties: tuple[str, ...] = ()

    @property
    def report(self) -> IncidentReported | None:
        """Return the report that opened it."""
        return self.case.report

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        clock = self.clock
        days = ("prompt_from", "prompt_by", "final_by") if clock else ()
        return {
            "number": self.number,
            "kind": self.kind,
            "state": self.state,
            "known_on": str(self.known_on),
            "heads": list(self.heads),
            "perhaps_exempt": bool(self.report and self.report.encrypted),
            "duties": list(self.duties),
            **{name: str(getattr(clock, name)) for name in days},
        }


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Somebody to call at once."""

    name: str
    place: str
    mail: str


def report(
    office: Office, cycle_id: str, *, by: str, fields: dict[str, Any], via: str = "desk"
) -> tuple[Outcome, Incident]:
    """Report an incident: the cycle is held, the clock starts, the papers are put where paper is printed from.

    Raises:
        BadInput: a field is missing or wrong.
        Refused: it is not for this person to report.

    """
    outcome = perform(office, cycle_id, "report_incident", by=by, fields=fields, via=via)
    found = next(it for it in incidents_of(office, cycle_id) if it.ledger_seq == outcome.seq)
    return outcome, found


def incidents_of(office: Office, cycle_id: str) -> tuple[Incident, ...]:
    """Return every incident of a cycle, in the order in which they came."""
    table = tables.Incident
    query = select(table).where(col(table.cycle_id) == cycle_id).order_by(col(table.id))
    with reading(office.engine) as connection:
        rows, known = connection.execute(query).all(), {it.number: it for it in cases(connection, cycle_id)}
    return tuple(_incident(office, row, known[row.id]) for row in rows if row.id in known)


def contacts_of(facts: Facts) -> tuple[Contact, ...]:
    """Return who is called at once: approvers, coordinators and handling managers who are on the register today."""
    called = (Role.APPROVER, Role.DEPUTY, Role.COORDINATOR, Role.HANDLING_MANAGER)
    people = [person for person in facts.people.values() if person.is_valid_on(facts.today)]
    return tuple(_contact(facts, person) for role in called for person in people if role in person.roles)


@speaking("ja")
def print_papers(office: Office, cycle_id: str, seq: int) -> tuple[Path, ...]:
    """Print what an incident calls for: report to the Commission, notice to the persons, publication; all drafts."""
    facts = papers.facts_of(office, cycle_id)
    found = next(it for it in incidents_of(office, cycle_id) if it.ledger_seq == seq)
    press, data = office.press(facts.programme), _paper_of(office, facts, found)
    return tuple(
        papers.put(office, f"incident-{found.number}-{name.removeprefix('incident_')}", press.make(name, data))
        for name in ("incident_report", "incident_notice", "incident_publication")
    )


def _incident(office: Office, row: Row[tuple[tables.Incident]], case: Case) -> Incident:
    told = case.report
    return Incident(
        number=case.number,
        kind=row.kind,
        state=row.state,
        known_on=row.known_on,
        ledger_seq=row.ledger_seq,
        case=case,
        heads=statute.heads_of(told) if told else (),
        clock=statute.clock_of(told, office.calendar) if told else None,
        duties=tuple(_(duty) for duty in open_duties(case)) if row.state == "open" else (),
    )


def _contact(facts: Facts, person: Person) -> Contact:
    sections, role = facts.programme.sections, "・".join(role.label for role in sorted(person.roles))
    place = facts.programme.contractor.name if person.side is Side.CONTRACTOR else sections.owner
    return Contact(name=person.name, place=f"{place}　{role}", mail=person.mail)


def _paper_of(office: Office, facts: Facts, incident: Incident) -> dict[str, Any]:
    """Return what the three papers say; what nobody can know yet stays free for writing."""
    sealed = facts.record("seal_package", PackageSealed)
    clock, told, today = incident.clock, incident.report, wareki(facts.today)
    return {
        "head": papers.head(facts, f"A-{facts.fiscal_year}-{incident.number:02}"),
        "kind": choices.on_paper(choices.INCIDENTS, incident.kind),
        "known_on": papers.moment(incident.known_on),
        "state": _STATES[facts.state],
        "items": "、".join(facts.programme.consignment.items),
        "persons": f"{told.persons:,} 人（{today} 現在）" if told and told.persons else "",
        "heads": [_HEADS[number] for number in incident.heads],
        "encryption": choices.on_paper(choices.ENCRYPTIONS, sealed.algorithm) if sealed else "",
        "perhaps_exempt": bool(told and told.encrypted),
        "clock": [] if clock is None else _days(clock),
        "out": [
            f"{choices.on_paper(choices.ITEMS, item.kind)}　{item.number}" for item in facts.items_in("with_contractor")
        ],
        "before": [_line(row) for row in _last_entries(office, facts.cycle_id, incident.ledger_seq)],
        "ledger_seq": incident.ledger_seq,
        "contact": facts.programme.sections.contact,
        "sender": facts.programme.sections.sender,
        "contractor": facts.programme.contractor.name,
        "version": statute.VERSION,
        "unverified": list(statute.UNVERIFIED),
    }


def _days(clock: Clock) -> list[dict[str, Any]]:
    return [
        {"label": "知った日（1日目）", "day": papers.moment(clock.known_on)},
        {"label": "速報（3日目）", "day": papers.moment(clock.prompt_from)},
        {"label": "速報（5日目まで）", "day": papers.moment(clock.prompt_by)},
        {"label": f"確報（{clock.days}日目）", "day": papers.moment(clock.final_by)},
    ]


def _last_entries(office: Office, cycle_id: str, seq: int) -> Sequence[Row[tuple[tables.Record]]]:
    """Return the last acts before the incident: where it happened is usually among them."""
    record = tables.Record
    query = (
        select(record)
        .where(col(record.cycle_id) == cycle_id, col(record.ledger_seq) < seq, col(record.status) == "done")
        .order_by(col(record.ledger_seq).desc())
        .limit(5)
    )
    with reading(office.engine) as connection:
        return connection.execute(query).all()[::-1]


def _line(row: Row[tuple[tables.Record]]) -> dict[str, Any]:
    at: datetime = aware(row.occurred_at)
    return {"number": row.ledger_seq, "at": papers.moment(at), "title": BY_TRIGGER[row.act].ja}
