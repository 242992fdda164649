"""Guards over all stages: measures, incidents, four eyes."""

from dataclasses import replace

from models.people import Role
from models.records.base import ActRecord
from models.records.oversight import CycleHeld, DeadlineMoved, IncidentSettled, ReminderAcknowledged
from states.facts import Facts, Guard, Shortfall, Verdict
from states.guards.base import claims, claims_of


def measures_of(trigger: str) -> Guard:
    """Make the guard that every measure naming this step is claimed with evidence (checklists.yaml, `guards`)."""

    def check(facts: Facts, _record: ActRecord) -> Verdict:
        missing = sorted(set(facts.measures.get(trigger, ())) - facts.claims)
        return Shortfall(names=" ".join(missing)) if missing else True

    return Guard(
        name="measures_are_claimed",
        claim="Every measure of the checklists that this step needs is claimed with its evidence.",
        check=check,
        owes="claim_measures",
    )


def measures_unless_nothing_went_out(trigger: str) -> Guard:
    """Make the same guard for return, erasure and close: it asks for nothing where nothing went out."""
    strict = measures_of(trigger)

    def check(facts: Facts, record: ActRecord) -> Verdict:
        return not facts.went_out() or strict.check(facts, record)

    return replace(strict, check=check)


@claims(owes="settle_incident", proves=("W-OP-13", "C-OP-13"))
def no_incident_is_open(facts: Facts) -> Verdict:
    """Every incident is settled."""
    return not facts.incidents or Shortfall(names=" ".join(f"No. {n}" for n in sorted(facts.incidents)))


@claims()
def cycle_is_on_hold(facts: Facts) -> Verdict:
    """The cycle is on hold."""
    return facts.on_hold


@claims_of(CycleHeld)
def cycle_is_not_on_hold(facts: Facts, _record: CycleHeld) -> Verdict:
    """The cycle is not on hold already."""
    return not facts.on_hold


@claims_of(IncidentSettled)
def incident_is_open(facts: Facts, record: IncidentSettled) -> Verdict:
    """The incident of that number is open."""
    return record.incident in facts.incidents


@claims_of(DeadlineMoved)
def act_is_still_owed(facts: Facts, record: DeadlineMoved) -> Verdict:
    """The act is on the schedule and not yet done."""
    return record.act in facts.due and record.act not in facts.done


@claims_of(ReminderAcknowledged)
def reminder_reached_the_person(facts: Facts, record: ReminderAcknowledged) -> Verdict:
    """The reminder went out in this year, to whoever acknowledges it; a coordinator may do it on behalf."""
    to, person = facts.reminded(record.reminder), facts.people.get(facts.asked_by)
    return person is not None and bool(to) and (to in {person.id, person.side} or Role.COORDINATOR in person.roles)


def four_eyes_are_feasible(roles: tuple[Role, ...], second: tuple[Role, ...], facts: Facts) -> bool:
    """Tell whether two different people of the right roles are on the register today."""
    today = facts.today
    first = {p.id for p in facts.people.values() if p.is_valid_on(today) and p.roles & set(roles)}
    other = {p.id for p in facts.people.values() if p.is_valid_on(today) and p.roles & set(second)}
    return any(a != b for a in first for b in other)
