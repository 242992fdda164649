"""What is missing for an act: every gap in plain words, who owes it, by when, and the act that meets it. Pure.

The door asks for all of it before anything moves; who only shows a year asks how much of it the facts alone can tell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from models.clock import day_of
from models.errors import Unmet
from models.people import SYSTEM, Person, Role, Side
from models.records.approvals import AbsenceRecorded
from models.words import N_, _, in_words, listed
from states import ledger
from states.acts import ActRequest, Proposed
from states.facts import Evidence, Facts, Guard
from states.rows import KEEPERS, STATES, Row
from states.rules.approvals import absence_for, decides_only_for_another
from states.table import BY_TRIGGER

NAMES_A_RESIDENT = N_("The words name a resident of an open year; the ledger forgets nothing. Say it by serial.")
_PAIR, _LAPSED = 2, timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt at an act: what was asked, and everything the door knows about it."""

    ask: ActRequest
    row: Row
    facts: Facts
    at: datetime
    confirmed_by: str = ""
    proposal: Proposed | None = None
    typist: str = ""
    has_record: bool = True
    unsigned_because: str = ""
    approved_before: int | None = None  # the entry that names the same approval already
    compared: bool = True  # own words with the residents of every vault; where a key is elsewhere they were not
    naming: frozenset[str] = frozenset()  # the fields whose words name a resident
    on_form: frozenset[str] = frozenset()  # in whose names the acts of its form are
    entered_with: int = 0  # the entry of the first act of the form; 0 for that act itself

    @property
    def actor(self) -> str:
        """Return who does it now: who confirms, or who asks."""
        return self.confirmed_by or self.ask.by

    @property
    def is_the_systems(self) -> bool:
        """Tell what the system does in its own name, where the row lets it."""
        return self.row.by_system and self.ask.evidence.by_machine and self.actor == SYSTEM

    @property
    def signs(self) -> str:
        """Return who signs: the actor; of a contractor's act, and of a decision in the approval system, the typist."""
        person = self.facts.people.get(self.actor)
        by_typist = self.decided or (person is not None and person.side is Side.CONTRACTOR)
        return self.typist if by_typist else self.actor

    @property
    def decided(self) -> bool:
        """Tell whether the second person confirmed in the approval system."""
        return bool(self.confirmed_by and self.ask.evidence.decision_number)

    @property
    def is_entered_afterwards(self) -> bool:
        """Tell what is entered from paper after it happened: its own moment was given and is past."""
        return self.ask.occurred_at is not None and self.at < self.facts.now

    @property
    def happened_anyway(self) -> bool:
        """Tell a movement that neither hold nor state can stop any more; it is recorded as it was (Law 8)."""
        return self.row.is_movement and (self.ask.record.happened_anyway or self.is_entered_afterwards)

    @property
    def approval(self) -> str:
        """Return the number of the approval that confirms, or that the record names; "" where there is none.

        What the record of a proposal names was judged when it was proposed.
        """
        said = "" if self.proposal else getattr(self.ask.record, "decision_number", "")
        return self.ask.evidence.decision_number if self.decided else said

    @property
    def decides_only_for_another(self) -> bool:
        """Tell whether the actor may do it only in an absent person's place (代決)."""
        person = self.facts.people.get(self.actor)
        return person is not None and decides_only_for_another(person, self.roles)

    @property
    def deputises(self) -> AbsenceRecorded | None:
        """Return the absence of whoever's place the actor takes on the day of the decision; None for his own."""
        day = (self.decided and self.ask.evidence.decided_on) or day_of(self.at)
        return absence_for(self.facts, self.actor, day) if self.decides_only_for_another else None

    @property
    def roles(self) -> tuple[Role, ...]:
        """Return who may do it now: the second person, or the first."""
        programme = self.facts.programme
        return self.row.second_under(programme) if self.confirmed_by else self.row.who_under(programme)

    def gap(self, guard: str, words: str) -> Unmet:
        """Return what is missing that no guard of the row tells."""
        return Unmet(guard=guard, missing=words, owner=self.row.owner.label)

    @property
    def claims(self) -> tuple[Guard, ...]:
        """Return what must hold. What has happened is not refused for a deviation, and none is before its record."""
        has_happened = self.ask.record.has_happened or self.is_entered_afterwards
        claims = self.row.guards if has_happened else (*self.row.guards, *self.row.deviations)
        return claims if self.has_record else tuple(claim for claim in claims if not claim.asks_record)


def planned(facts: Facts, row: Row, *, by: str = "", via: str = "desk", typist: str = "") -> Attempt:
    """Return an act that is still to come and has no record yet, as the machine itself would do it."""
    ask = ActRequest(
        cycle_id=facts.cycle_id, trigger=row.trigger, by=by, via=via, record=row.record.model_construct(), key="",
        evidence=Evidence(by_machine=True),
    )  # fmt: skip
    return Attempt(ask=ask, row=row, facts=facts, at=facts.now, typist=typist, has_record=False)


def missing(facts: Facts, row: Row) -> tuple[Unmet, ...]:
    """Return what is missing for an act as far as the facts alone can tell: what `next` and the board show."""
    attempt = planned(facts, row)
    return (*_state_gap(attempt), *_hold_gap(attempt), *broken(attempt, attempt.claims))


def warned(facts: Facts, row: Row) -> tuple[Unmet, ...]:
    """Return of what an act would be warned if it were done now: its entry would say so for good."""
    return broken(planned(facts, row), tuple(claim for claim in row.warnings if not claim.asks_record))


def doubts(facts: Facts, ask: ActRequest) -> tuple[Unmet, ...]:
    """Return what would be recorded as a deviation if this were entered now: a person is asked once before (Law 8)."""
    row = BY_TRIGGER[ask.trigger]
    attempt = Attempt(ask=ask, row=row, facts=facts, at=min(ask.occurred_at or facts.now, facts.now))
    return broken(attempt, row.deviations) if ask.record.has_happened or attempt.is_entered_afterwards else ()


def every_gap(attempt: Attempt) -> tuple[Unmet, ...]:
    """Return everything that is missing for an act: of the year, of the person, of the approval, of its own guards."""
    return (
        *_state_gap(attempt), *_hold_gap(attempt), *_person_gap(attempt), *_deputy_gap(attempt), *_machine_gap(attempt),
        *_time_gap(attempt), *_done_gap(attempt), *_sender_gap(attempt), *_signature_gap(attempt),
        *_second_gap(attempt),
        *_approval_gap(attempt), *broken(attempt, attempt.claims), *_residents_gap(attempt),
    )  # fmt: skip


def broken(attempt: Attempt, claims: tuple[Guard, ...]) -> tuple[Unmet, ...]:
    """Return which claims do not hold at the moment at which the act happens, not at the one at which it is entered."""
    facts = replace(attempt.facts, now=attempt.at, asked_by=attempt.ask.by, confirmed_by=attempt.confirmed_by)
    judged = ((claim, claim.check(facts, attempt.ask.record)) for claim in claims)
    return tuple(_broken(claim, getattr(verdict, "names", ""), attempt) for claim, verdict in judged if not verdict)


def _broken(guard: Guard, names: str, attempt: Attempt) -> Unmet:
    row = BY_TRIGGER.get(guard.owes, attempt.row)
    due = attempt.facts.due.get(row.trigger)
    said = _("Not met: {claim}").format(claim=_(guard.claim))
    return Unmet(
        guard=guard.name,
        missing=f"{said} [{names}]" if names else said,
        owner=row.owner_under(attempt.facts.programme).label,
        due_on=due.isoformat() if due else "",
        act=guard.owes,
        names=names,
    )


def _state_gap(attempt: Attempt) -> Iterator[Unmet]:
    if attempt.facts.state not in attempt.row.froms and not attempt.happened_anyway:
        titles = {state.key: in_words(ja=state.ja, en=state.en) for state in STATES}
        words = _("The cycle stands at “{state}”; this act belongs to {froms}.")
        froms = listed(_("“{act}”").format(act=titles[key]) for key in attempt.row.froms)
        yield attempt.gap("state_allows_it", words.format(state=titles[attempt.facts.state], froms=froms))


def _hold_gap(attempt: Attempt) -> Iterator[Unmet]:
    if attempt.facts.on_hold and not attempt.row.under_hold and not attempt.happened_anyway:
        owner = BY_TRIGGER["release_hold"].owner.label
        yield Unmet(guard="not_on_hold", missing=_("The cycle is on hold; release the hold first."), owner=owner)


def _person_gap(attempt: Attempt) -> Iterator[Unmet]:
    person, roles = attempt.facts.people.get(attempt.actor), attempt.roles
    if attempt.is_the_systems:
        return
    if person is None or not (person.is_valid_on(attempt.facts.today) or may_when_lapsed(attempt, person)):
        # Without the id: what was typed as one may be anything, and a refusal is shown by Prefect for good (Law 4).
        yield attempt.gap("person_is_registered", _("The id typed is not on the register of people today."))
    elif not person.roles & set(roles):
        words = _("Only {roles} may do this; {person} may not.")
        allowed = listed((role.label for role in roles), "・")
        yield attempt.gap("role_may_do_it", words.format(roles=allowed, person=person.id))


def _deputy_gap(attempt: Attempt) -> Iterator[Unmet]:
    """Let a deputy decide only within a recorded absence, and for that person."""
    if attempt.decides_only_for_another and attempt.deputises is None:
        words = _(
            "A deputy decides only while an approver is absent who is recorded as such and named this deputy;"
            " record the absence first, or let the approver do it."
        )
        yield replace(attempt.gap("deputy_stands_in", words), act="record_absence")


def _sender_gap(attempt: Attempt) -> Iterator[Unmet]:
    """Let one person send a form; what the contractor's people told stands on it in their names."""
    people = attempt.facts.people
    senders = {by for by in attempt.on_form if by not in people or people[by].side is not Side.CONTRACTOR}
    if attempt.ask.by in senders and len(senders) > 1:
        words = _("One person sends a form: on it stand that person's acts, and what the contractor reported.")
        yield attempt.gap("one_person_sends_it", words)


def may_when_lapsed(attempt: Attempt, person: Person) -> bool:
    """Tell whether a former entry still counts: for the register alone, while nobody else could fill it."""
    facts, row = attempt.facts, attempt.row
    return row.by_lapsed and _counts_when_lapsed(facts.people, person, facts.today, row.who)


def may_come(everybody: Mapping[str, Person], person: Person, today: date) -> bool:
    """Tell who may use the desk: whose entry is valid, or a former keeper who may still have to fill the register."""
    lapsed = bool(person.roles & set(KEEPERS)) and _counts_when_lapsed(everybody, person, today, KEEPERS)
    return person.is_valid_on(today) or lapsed


def _counts_when_lapsed(everybody: Mapping[str, Person], person: Person, today: date, who: Iterable[Role]) -> bool:
    valid = [keeper for keeper in everybody.values() if keeper.is_valid_on(today) and keeper.roles & set(who)]
    return len(valid) < _PAIR and person.valid_from <= today <= person.valid_to + _LAPSED


def _machine_gap(attempt: Attempt) -> Iterator[Unmet]:
    if attempt.row.by_machine and not attempt.ask.evidence.by_machine:
        words = _("The machine itself brings the figures of this act.")
        yield replace(attempt.gap("machine_did_it", words), act=attempt.row.trigger)


def _time_gap(attempt: Attempt) -> Iterator[Unmet]:
    if attempt.ask.occurred_at and attempt.ask.occurred_at > attempt.facts.now + ledger.CLOCKS_DIFFER:
        yield attempt.gap("not_in_the_future", _("The time given is in the future."))


def _done_gap(attempt: Attempt) -> Iterator[Unmet]:
    if not attempt.row.repeats and attempt.row.trigger in attempt.facts.done:
        further = _("It is done already; a further movement is entered as record_movement.")
        yield attempt.gap("not_done_yet", further if attempt.happened_anyway else _("It is done already."))


def _signature_gap(attempt: Attempt) -> Iterator[Unmet]:
    """From the first key on: what needs a second person, and what people do at the desk, is signed."""
    by_two = attempt.row.second_under(attempt.facts.programme)
    asked = attempt.facts.is_keyed and (by_two or attempt.ask.via == "desk")
    if asked and attempt.unsigned_because:
        yield attempt.gap("it_is_signed", attempt.unsigned_because)


def _second_gap(attempt: Attempt) -> Iterator[Unmet]:
    """Four eyes compare people, not accounts, and who typed as well; and want to know how the second confirmed."""
    if not attempt.confirmed_by:
        return
    if attempt.confirmed_by == attempt.ask.by:
        yield attempt.gap("four_eyes", _("The second person must be another person than the first."))
    elif same := _hands(attempt.ask.by, attempt.proposal) & {attempt.confirmed_by, _place_of(attempt)}:
        words = _("Through the delegation the same person would propose and confirm: {persons}.")
        yield attempt.gap("four_eyes", words.format(persons=" ".join(sorted(same))))
    elif attempt.proposal and attempt.signs in {attempt.ask.by, attempt.proposal.typed_by} - {""}:
        yield attempt.gap("four_eyes", _("Whoever typed the proposal cannot type its confirmation as well."))
    if not attempt.facts.is_keyed and not attempt.decided:
        words = _("The number and date of the electronic approval are needed: nobody has a key yet.")
        yield attempt.gap("confirmation_is_personal", words)


def _hands(proposer: str, proposal: Proposed | None) -> set[str]:
    """Return whose hands a proposal comes from: who made it, and in whose place."""
    return {proposer, proposal.in_place_of if proposal else ""} - {""}


def _place_of(attempt: Attempt) -> str:
    return attempt.deputises.person if attempt.deputises else ""


def _approval_gap(attempt: Attempt) -> Iterator[Unmet]:
    """Judge the approval that confirms, or that a record names: of the programme's form, and for one act alone."""
    if not attempt.approval:
        return
    on, form = attempt.ask.evidence.decided_on, attempt.facts.programme.approval
    proposed_on = day_of(attempt.proposal.occurred_at if attempt.proposal else attempt.at)
    words = ""
    if not re.fullmatch(form.pattern, attempt.approval):
        words = _("The approval number has not the form of this office, such as {example}.")
    # The date in a record is its guards' matter.
    elif attempt.decided and (on is None or not proposed_on <= on <= attempt.facts.today):
        words = _("The date of the approval must lie between the proposal and today.")
    elif attempt.decided and on and not attempt.facts.is_open(on):
        words = _("The date of the approval must be an open day of the ward's office.")
    elif attempt.approved_before:
        words = _("This approval number was used already, in entry {seq} of the ledger.")
    if words:
        words = words.format(example=form.example, seq=attempt.approved_before)
        yield attempt.gap("approval_is_the_offices", words)


def _residents_gap(attempt: Attempt) -> Iterator[Unmet]:
    """Name the fields whose words name a resident; the words are nowhere repeated."""
    if attempt.naming:
        fields = attempt.row.record.model_fields
        names = dict.fromkeys(place.partition(".")[0] for place in sorted(attempt.naming))
        shown = listed(f"{name} ({_(fields[name].title or '')})" for name in names)
        yield attempt.gap("no_resident_is_named", f"{_(NAMES_A_RESIDENT)} [{shown}]")
