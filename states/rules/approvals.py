"""Who decides: approvals by their number, the inspector apart from whoever supervised, and deciding for the absent."""

from collections.abc import Container, Iterable
from datetime import date, timedelta

from models.people import Person, Role, Side
from models.records.approvals import AbsenceRecorded, Approved, DecisionsSeen
from models.words import _
from states.effects import Effect, OweAct
from states.facts import Deputised, Facts, Shortfall, Verdict
from states.rows import KEEPERS, LIVE, Row
from states.rules.base import claims, claims_of, none_of

# By which acts a coordinator supervises the contractor's work and confirms it.
_SUPERVISING = (
    "confirm_readiness", "hand_over", "inspect_contractor", "complete_printing", "complete_enclosing",
    "inspect_delivery", "return_media", "confirm_erasure",
)  # fmt: skip
_ONE_DAY = timedelta(days=1)


@claims_of(Approved)
def approval_is_told(facts: Facts, record: Approved) -> Verdict:
    """The number and the date of the approval are told, where the programme asks for them."""
    asked = ("decision_number", "approved_on") if facts.programme.approval.decisions == "number" else ()
    return none_of((_(Approved.model_fields[name].title or name) for name in asked if not getattr(record, name)), "、")


@claims_of(Approved)
def approval_is_dated_in_order(facts: Facts, record: Approved) -> Verdict:
    """The date of the approval is an open day of the ward's office and does not lie in the future."""
    day = record.approved_on
    return day is None or (day <= facts.today and facts.is_open(day)) or Shortfall(names=str(day))


# What the office decides: by a number that its record tells, if not by the approver's own confirmation.
APPROVED = (approval_is_told, approval_is_dated_in_order)


@claims()
def inspector_did_not_supervise(facts: Facts) -> Verdict:
    """The inspector is no coordinator and has confirmed nothing of the work that is inspected."""
    person = facts.people.get(facts.asked_by)
    if person is None or facts.programme.approval.inspector == "coordinator":
        return True
    supervised = any(facts.done[act].by == person.id for act in _SUPERVISING if act in facts.done)
    return not (supervised or Role.COORDINATOR in person.roles) or Shortfall(names=person.id)


# Absence, and what is decided in it


def absences(facts: Facts) -> tuple[AbsenceRecorded, ...]:
    """Return the absences as they stand: one that was recorded again under its beginning is corrected."""
    told = (past.record for past in facts.past("record_absence", AbsenceRecorded))
    return tuple({(absence.person, absence.begins_on): absence for absence in told}.values())


def decides_only_for_another(person: Person, roles: Iterable[Role]) -> bool:
    """Tell who may do it only in another's place (代決): a deputy, what no coordinator may do by himself."""
    return Role.COORDINATOR not in roles and person.roles.intersection(roles) == frozenset({Role.DEPUTY})


def absence_for(facts: Facts, deputy: str, day: date) -> AbsenceRecorded | None:
    """Return the absence of an approver in which a deputy decides on a day."""
    approvers = {person.id for person in facts.people.values() if Role.APPROVER in person.roles}
    return next(
        (
            absence
            for absence in absences(facts)
            if absence.deputy == deputy and absence.person in approvers and _covers(absence, day, day)
        ),
        None,
    )


def back_on(facts: Facts, absence: AbsenceRecorded) -> date:
    """Return the open day on which whoever was absent is back."""
    day = absence.ends_on + _ONE_DAY
    while not facts.is_open(day):
        day += _ONE_DAY
    return day


def unseen(facts: Facts) -> tuple[Deputised, ...]:
    """Return what was decided in somebody's place and not seen yet by whoever was absent."""
    if "record_absence" not in facts.done:
        return ()
    seen = {entry for past in facts.past("see_decisions", DecisionsSeen) for entry in past.record.entries}
    return tuple(decided for decided in facts.history.deputised() if decided.seq not in seen)


def decisions_are_owed(facts: Facts, but: Container[int] = ()) -> tuple[Effect, ...]:
    """What was decided in somebody's place is to be seen by the earliest day on which one of the absent is back."""
    due_on = min((decided.see_by for decided in unseen(facts) if decided.seq not in but), default=None)
    return (OweAct(act="see_decisions", due_on=due_on),) if due_on else ()


def _covers(absence: AbsenceRecorded, begins_on: date, ends_on: date) -> bool:
    return absence.begins_on <= ends_on and begins_on <= absence.ends_on


def _others(facts: Facts, record: AbsenceRecorded) -> list[AbsenceRecorded]:
    """Return the absences at the same time but for the one that the record corrects."""
    here = (record.person, record.begins_on)
    return [
        absence
        for absence in absences(facts)
        if (absence.person, absence.begins_on) != here and _covers(absence, record.begins_on, record.ends_on)
    ]


def _named(absence: AbsenceRecorded) -> str:
    return f"{absence.person}: {absence.begins_on} – {absence.ends_on}"


@claims_of(AbsenceRecorded)
def absence_ends_after_it_begins(_facts: Facts, record: AbsenceRecorded) -> Verdict:
    """The absence does not end before it begins."""
    return record.begins_on <= record.ends_on or Shortfall(names=f"{record.begins_on} – {record.ends_on}")


@claims_of(AbsenceRecorded)
def absent_person_decides(facts: Facts, record: AbsenceRecorded) -> Verdict:
    """Whoever is absent is an approver, a deputy approver or a coordinator on the register of people today."""
    person = facts.people.get(record.person)
    return person is not None and person.is_valid_on(facts.today) and bool(person.roles & {*KEEPERS})


@claims_of(AbsenceRecorded)
def deputy_may_stand_in(facts: Facts, record: AbsenceRecorded) -> Verdict:
    """For an approver another person decides who is a deputy approver, for a coordinator another coordinator."""
    absent, deputy = facts.people.get(record.person), facts.people.get(record.deputy)
    if not record.deputy or absent is None:
        return True
    role = Role.DEPUTY if absent.roles & {Role.APPROVER, Role.DEPUTY} else Role.COORDINATOR
    fits = deputy is not None and deputy.is_valid_on(facts.today) and role in deputy.roles and deputy.id != absent.id
    return fits or Shortfall(names=record.deputy if deputy else "")


@claims_of(AbsenceRecorded)
def another_records_the_absence(facts: Facts, record: AbsenceRecorded) -> Verdict:
    """Whoever decides in the absent person's place is not the one who records the absence."""
    return facts.asked_by != record.deputy or not record.deputy


@claims_of(AbsenceRecorded)
def absence_is_recorded_once(facts: Facts, record: AbsenceRecorded) -> Verdict:
    """No other absence of the person covers these days: one that is recorded is corrected under its own beginning."""
    return none_of(_named(other) for other in _others(facts, record) if other.person == record.person)


@claims_of(AbsenceRecorded)
def deputy_is_there(facts: Facts, record: AbsenceRecorded) -> Verdict:
    """Nobody who decides in another's place is absent himself on these days: name another deputy, or none."""
    return none_of(
        _named(other)
        for other in _others(facts, record)
        if (record.deputy and other.person == record.deputy) or other.deputy == record.person
    )


@claims_of(DecisionsSeen)
def decisions_were_taken_in_his_place(facts: Facts, record: DecisionsSeen) -> Verdict:
    """Each entry is a decision not seen yet, taken in the place of whoever sees it, or of one who has left."""
    gone = {decided.in_place_of for decided in unseen(facts)} - {
        person.id for person in facts.people.values() if person.is_valid_on(facts.today)
    }
    his = {decided.seq for decided in unseen(facts) if decided.in_place_of in {facts.asked_by, *gone}}
    return none_of(f"No. {entry}" for entry in record.entries if entry not in his)


@claims(owes="see_decisions")
def every_decision_is_seen(facts: Facts) -> Verdict:
    """Whoever was absent has seen every decision that was taken in his place."""
    return none_of(f"No. {decided.seq}" for decided in unseen(facts))


def other_decisions_stay_owed(facts: Facts, record: DecisionsSeen) -> tuple[Effect, ...]:
    """What is left is to be seen by the earliest of its days."""
    return decisions_are_owed(facts, record.entries)


ROWS = (
    Row(
        trigger="record_absence", event="absence_recorded", ja="不在の記録", en="Record an absence", froms=LIVE,
        who=KEEPERS, owner=Side.WARD, repeats=True, under_hold=True, record=AbsenceRecorded,
        guards=(
            absence_ends_after_it_begins, absent_person_decides, deputy_may_stand_in, another_records_the_absence,
            absence_is_recorded_once, deputy_is_there,
        ),
        source="代決者",
    ),
    Row(
        trigger="see_decisions", event="decisions_seen", ja="後閲", en="See what was decided in one's place",
        froms=LIVE, who=(Role.APPROVER,), owner=Side.WARD, repeats=True, under_hold=True, record=DecisionsSeen,
        guards=(decisions_were_taken_in_his_place,), then=other_decisions_stay_owed, source="後閲",
    ),
)  # fmt: skip
