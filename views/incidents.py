"""Incidents as they stand: what happened, what the law asks by when, and what is still to be done about each."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Row, select
from sqlmodel import col

from models import tables
from models.people import Person, Role, Side
from models.records.oversight import IncidentReported
from models.words import _, in_words, listed
from states import statute
from states.acts import Outcome
from states.facts import Case, Facts
from states.look import Look
from states.reading import cases
from states.rules.oversight import ASSESSMENT, FINAL, NOTICE, PROMPT, PUBLICATION, open_duties
from states.statute import Clock
from states.table import BY_TRIGGER, TABLE
from views.standing import act_title

# By which act a duty is done, and what is known of its fields besides the number of the incident.
_DONE_BY: Mapping[str, tuple[str, Mapping[str, str]]] = {
    ASSESSMENT: ("assess_incident", {}),
    PROMPT: ("report_to_commission", {"report": "prompt"}),
    FINAL: ("report_to_commission", {"report": "final"}),
    NOTICE: ("notify_persons", {}),
    PUBLICATION: ("publish_incident", {}),
}


@dataclass(frozen=True, kw_only=True)
class ToDo:
    """What is to be done about an incident: in words, the act that does it, who may do that, and from when to when.

    `fields` is what is known of the act's fields. Without days it is due at once.
    """

    words: str
    act: str
    fields: Mapping[str, str]
    who: tuple[Role, ...]
    begins_on: date | None = None
    ends_on: date | None = None

    @property
    def title(self) -> str:
        """Return the act as people call it."""
        return act_title(self.act)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One incident as people need to see it; a deviation has neither report nor heads nor a clock.

    `contractor_notified_at` is when the contractor notified the ward, as it was told last; None where nobody told it.
    """

    number: int
    kind: str
    state: str
    known_on: date
    ledger_seq: int
    report: IncidentReported | None
    heads: tuple[int, ...] = ()
    clock: Clock | None = None
    duties: tuple[str, ...] = ()
    to_do: tuple[ToDo, ...] = ()
    perhaps_exempt: bool = False
    contractor_notified_at: datetime | None = None

    @property
    def known_at(self) -> datetime | None:
        """Return the moment from which it was known; None where the time is not recorded."""
        return self.report.known_at if self.report else None

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        names = (
            "number", "kind", "state", "known_on", "known_at", "contractor_notified_at", "heads", "perhaps_exempt",
            "duties",
        )  # fmt: skip
        days = ("prompt_from", "prompt_by", "final_by") if self.clock else ()
        said = {name: to_jsonable_python(getattr(self, name)) for name in names}
        return said | {name: str(getattr(self.clock, name)) for name in days}


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Somebody to call at once."""

    name: str
    place: str
    mail: str
    phone: str = ""
    phone_out_of_hours: str = ""
    substitute: str = ""

    @property
    def called(self) -> str:
        """Return the name, and who is called where nobody answers."""
        words = _("{name} (in his place: {substitute})")
        return words.format(name=self.name, substitute=self.substitute) if self.substitute else self.name


def incidents_of(here: Look) -> tuple[Incident, ...]:
    """Return every incident of a cycle, in the order in which they came."""
    table = tables.Incident
    query = select(table).where(col(table.cycle_id) == here.cycle_id).order_by(col(table.id))
    known = {case.number: case for case in cases(here.connection, here.cycle_id)}
    return tuple(_incident(here, row, known[row.id]) for row in here.connection.execute(query) if row.id in known)


def beginning_of(here: Look, incident: Incident) -> tuple[str, tuple[str, ...]]:
    """Return by which act an incident began, and the claims that did not hold where it was recorded otherwise."""
    entry = select(col(tables.Ledger.entry)).where(col(tables.Ledger.seq) == incident.ledger_seq)
    told = json.loads(here.connection.execute(entry).scalar_one())
    broken = told["data"].get("broken", ())
    row = BY_TRIGGER[told["data"]["act"]] if broken else next(row for row in TABLE if row.event == told["event"])
    return row.title, tuple(_(claim.claim) for claim in row.deviations if claim.name in broken)


def opened_by(here: Look, outcomes: Iterable[Outcome]) -> tuple[Incident, ...]:
    """Return the incidents that acts opened: of what did not hold the deviation is the entry behind the act's own."""
    entries = {it.seq + behind for it in outcomes for behind in range(2 if it.deviations else 1)}
    return tuple(one for one in incidents_of(here) if one.ledger_seq in entries)


def contacts_of(facts: Facts) -> tuple[Contact, ...]:
    """Return who is called at once and is on the register today: those who decide, the sections, the contractor."""
    called = (Role.APPROVER, Role.DEPUTY, Role.COORDINATOR, Role.REGISTRAR, Role.HANDLING_MANAGER)
    people = [person for person in facts.people.values() if person.is_valid_on(facts.today)]
    return tuple(_contact(facts, person) for role in called for person in people if role in person.roles)


def _incident(here: Look, row: Row[tables.Incident], case: Case) -> Incident:
    report, settings = case.report, here.programme.statute
    clock = statute.clock_of(report, here.calendar) if report else None
    duties = open_duties(case, settings) if row.state == "open" else ()
    return Incident(
        number=case.number,
        kind=row.kind,
        state=row.state,
        known_on=row.known_on,
        ledger_seq=row.ledger_seq,
        report=report,
        heads=statute.heads_of(report) if report else (),
        clock=clock,
        duties=tuple(map(_, duties)),
        to_do=_to_do(case.number, duties, clock) if row.state == "open" else (),
        perhaps_exempt=report is not None and statute.may_be_exempt(report, settings),
        contractor_notified_at=case.contractor_notified_at,
    )


def _to_do(number: int, duties: tuple[str, ...], clock: Clock | None) -> tuple[ToDo, ...]:
    """Return what is to be done about an open incident; once the law asks nothing more, it is settled."""
    known = {"incident": str(number)}
    if not duties:
        return (_by_act(act_title("settle_incident"), "settle_incident", known),)
    spans = {PROMPT: (clock.prompt_from, clock.prompt_by), FINAL: (None, clock.final_by)} if clock else {}
    return tuple(
        _by_act(_(duty), act, {**known, **fields}, *spans.get(duty, ()))
        for duty in duties for act, fields in (_DONE_BY[duty],)
    )  # fmt: skip


def _by_act(
    words: str, act: str, fields: Mapping[str, str], begins_on: date | None = None, ends_on: date | None = None
) -> ToDo:
    return ToDo(
        words=words, act=act, fields=fields, who=BY_TRIGGER[act].who, begins_on=begins_on, ends_on=ends_on
    )  # fmt: skip


def _contact(facts: Facts, person: Person) -> Contact:
    sections, role = facts.programme.sections, listed((role.label for role in sorted(person.roles)), "・")
    places = {Side.CONTRACTOR: facts.programme.contractor.name, Side.REGISTER: sections.extraction}
    place = places.get(person.side, sections.owner)
    substitute = facts.people.get(person.substitute)
    return Contact(
        name=person.name, place=in_words(ja="　", en=", ").join((place, role)), mail=person.mail, phone=person.phone,
        phone_out_of_hours=person.phone_out_of_hours, substitute=substitute.name if substitute else person.substitute,
    )  # fmt: skip
