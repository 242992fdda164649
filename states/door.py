"""The one door (Law 2). Every act goes through `Door.perform` or, for the second pair of eyes, `Door.confirm`.

In ONE transaction: the row of the table, the actor and every guard are checked, the state moves, the effects are
carried out, the ledger grows. A repeated key is a no-op. A refusal lists every unmet guard and is a ledger entry too.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update
from sqlmodel import col

from models import tables
from models.clock import Clock, day_of, stamp, utc
from models.database import reading as reading_of
from models.database import writing
from models.errors import Refused, Unknown, Unmet
from models.measures import Measure
from models.notes import Signer
from models.people import UNREGISTERED, Person, Role, Side
from models.programme import Programme
from models.words import N_, _, in_words
from states import ledger, machine, reading, signatures, texts
from states.acts import CLOCK_WENT_ON, NOT_COMPARED, ActRequest, Outcome, Proposed, row_of
from states.apply import apply
from states.calendar import Calendar
from states.effects import deviation
from states.facts import Evidence, Facts, Guard
from states.schedule import reschedule
from states.signatures import Keyring, NobodyHere
from states.table import BY_TRIGGER, STATES, Row

Measures = Callable[[Programme], Mapping[str, Measure]]
# Takes texts by place, and the register of people; returns the places that name a resident, and whether it could look.
NamedIn = Callable[[Mapping[str, str], Mapping[str, Person]], tuple[frozenset[str], bool]]
# Does what follows an act that is recorded; returns what of it failed and is left to do, in words.
Follow = Callable[[ActRequest, Outcome], tuple[str, ...]]
_NAMED = N_("The words name a resident of an open year; the ledger forgets nothing. Say it by serial.")
_PAIR, _LAPSED = 2, timedelta(days=366)

# Every act needs these. Built once: building a statement costs as much as running it.
_CYCLE = select(tables.Cycle).where(col(tables.Cycle.id) == bindparam("cycle_id"))
_KNOWN = select(tables.Record).where(col(tables.Record.key) == bindparam("key"))
_KEEP = insert(tables.Record)
_SUPERSEDE = (
    update(tables.Record)
    .where(
        col(tables.Record.cycle_id) == bindparam("of_cycle"),
        col(tables.Record.act) == bindparam("of_act"),
        col(tables.Record.status) == "done",
    )
    .values(status="superseded")
)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One ask with everything the door knows about it."""

    ask: ActRequest
    row: Row
    facts: Facts
    at: datetime
    confirmed_by: str = ""
    proposal: "Proposed | None" = None
    typist: str = ""
    compared: bool = True  # own words with the residents of every vault; where a key is elsewhere they were not

    @property
    def actor(self) -> str:
        """Return who does it now: who confirms, or who asks."""
        return self.confirmed_by or self.ask.by

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
        movable = "already_happened" in self.row.record.model_fields
        return movable and (self.ask.record.happened_anyway or self.is_entered_afterwards)


class Door:
    """The only way to change a cycle."""

    def __init__(
        self,
        engine: Engine,
        *,
        signer: Signer,
        clock: Clock,
        calendar: Calendar,
        measures: Measures,
        keyring: Keyring | None = None,
        named_in: NamedIn | None = None,
        follow: Follow | None = None,
    ) -> None:
        """Take the database, the ledger's signer, clock, calendar, the measures of programmes, and who is logged in.

        `named_in` compares somebody's own words with the residents of every open vault; `follow` is called after the
        commit of every act that is done, or was done under the same key, and of nothing that is proposed or refused.
        """
        self.engine = engine
        self.signer = signer
        self.clock = clock
        self.calendar = calendar
        self.measures = measures
        self.keyring = keyring or NobodyHere()
        self.named_in = named_in
        self.follow = follow

    def perform(self, ask: ActRequest) -> Outcome:
        """Do an act, or propose it where a second person must confirm.

        Raises:
            Refused: one or more guards are not met; nothing changed but the ledger, which tells the refusal.
            Unknown: there is no such cycle or act.

        """
        row = row_of(ask.trigger)
        self._ready(ask.by, ask.via)
        with writing(self.engine) as connection:
            result = self._perform(connection, row, ask)
        return self._followed(ask, _or_refuse(result))

    def confirm(self, ask: ActRequest) -> Outcome:
        """Confirm a proposed act as the second person; `ask.record` is ignored, the proposal's stands.

        Raises:
            Refused: no proposal waits, the person is the same or of another role, or a guard is no longer met.

        """
        row = row_of(ask.trigger)
        if not ask.evidence.decision_number:
            self._ready(ask.by, ask.via)
        with writing(self.engine) as connection:
            result = self._confirm(connection, row, ask)
        return self._followed(ask, _or_refuse(result))

    def _followed(self, ask: ActRequest, outcome: Outcome) -> Outcome:
        if self.follow is None or outcome.waits_for:
            return outcome
        return replace(outcome, left=self.follow(ask, outcome))

    def ask_first(self, cycle_id: str, trigger: str, *, by: str, via: str) -> None:
        """Refuse an act of the machine before its work is begun: actor, state and the guards that need no record.

        Raises:
            Refused: the act could not be recorded now; the refusal is a ledger entry.

        """
        row = row_of(trigger)
        self._ready(by, via)
        with writing(self.engine) as connection:
            facts = self.facts(connection, cycle_id)
            ask = replace(_nobody(facts, row), by=by, via=via, evidence=Evidence(by_machine=True))
            case = _Case(ask=ask, row=row, facts=facts, at=facts.now, typist=self.keyring.typist)
            guards = tuple(guard for guard in row.guards if not guard.asks_record)
            unmet = (
                *_standing(case, row.who_under(facts.programme)), *self._signature_gap(case), *_gaps(case, guards)
            )  # fmt: skip
            result = self._refuse(connection, case, unmet) if unmet else None
        _or_refuse(result)

    def note(self, cycle_id: str, event: str, *, by: str, via: str, data: Mapping[str, object]) -> int:
        """Append an entry about something that is no act of the table, such as an extract that was refused."""
        entry = ledger.Entry(at=self.clock.now(), event=event, by=by, via=via, cycle_id=cycle_id, data=data)
        with writing(self.engine) as connection:
            if self._named(data, reading.people(connection))[0]:
                raise Refused(_(_NAMED))
            return ledger.append(connection, entry)

    def _named(self, said: Mapping[str, object], people: Mapping[str, Person]) -> tuple[frozenset[str], bool]:
        """Return where somebody's own words name a resident, and whether every open vault could be looked into."""
        words = texts.words_of(said)
        return self.named_in(words, people) if words and self.named_in else (frozenset(), True)

    def missing(self, cycle_id: str, trigger: str) -> tuple[Unmet, ...]:
        """Return what is missing for an act as far as the facts alone can tell."""
        with reading_of(self.engine) as connection:
            return missing(self.facts(connection, cycle_id), row_of(trigger))

    def facts(self, connection: Connection, cycle_id: str) -> Facts:
        """Load the facts of a cycle in the caller's transaction."""
        cycle = cycle_of(connection, cycle_id)
        measures = self.measures(reading.programme_of(cycle.programme_text))
        facts = reading.load(connection, cycle, now=self.clock.now(), measures=measures)
        return replace(facts, is_open=self.calendar.is_open)

    def facts_of(self, connection: Connection, cycle_ids: Sequence[str]) -> dict[str, Facts]:
        """Load the facts of many cycles at once, by id, in the caller's transaction."""
        found = reading.load_many(connection, cycle_ids, now=self.clock.now(), measures=self.measures)
        return {cycle: replace(facts, is_open=self.calendar.is_open) for cycle, facts in found.items()}

    def _perform(self, connection: Connection, row: Row, ask: ActRequest) -> Outcome | Refused:
        facts = self.facts(connection, ask.cycle_id)
        if known := _known(connection, ask.key):
            return _repetition(known, row, ask, facts)
        said = {} if ask.record.names_our_people else ask.record.said()
        named, compared = self._named(said, facts.people)
        case = _Case(
            ask=ask, row=row, facts=facts, at=self._at(ask), typist=self.keyring.typist, compared=compared
        )  # fmt: skip
        unmet = (
            *_standing(case, row.who_under(facts.programme)),
            *self._signature_gap(case),
            *_approval(connection, case),
            *_guards(case),
            *_residents_gap(case, named),
        )
        if unmet:
            return self._refuse(connection, case, unmet)
        if row.second:
            return self._propose(connection, case)
        return self._complete(connection, case)

    def _confirm(self, connection: Connection, row: Row, ask: ActRequest) -> Outcome | Refused:
        facts = self.facts(connection, ask.cycle_id)
        waiting = proposals_of(connection, ask.cycle_id, ask.trigger)
        asked = _Case(ask=ask, row=row, facts=facts, at=self._at(ask), typist=self.keyring.typist)
        done = facts.done.get(ask.trigger)
        if not waiting and done and done.confirmed_by == ask.by:
            return Outcome(trigger=ask.trigger, state=facts.state, seq=done.seq, repeated=True)
        proposal = _meant(waiting, ask, facts)
        if isinstance(proposal, str):
            return self._refuse(connection, asked, (_case_unmet("proposal_waits", proposal, row),))
        original = replace(ask, by=proposal.by, key=proposal.key, record=proposal.record)
        case = replace(asked, ask=original, confirmed_by=ask.by, proposal=proposal)
        unmet = (
            *_standing(asked, row.second), *self._signature_gap(case), *_second(case),
            *_approval(connection, case), *_guards(case),
        )  # fmt: skip
        if unmet:
            return self._refuse(connection, case, unmet)
        return self._complete(connection, case, record_id=proposal.id)

    def _ready(self, person: str, via: str) -> None:
        """Let the person be asked for the passphrase at the desk, before anybody waits for the database."""
        if via == "desk":
            self.keyring.ready(person)

    def _signature_gap(self, case: _Case) -> tuple[Unmet, ...]:
        """From the first key on: what needs a second person, and what people do at the desk, is signed."""
        if not case.facts.is_keyed or not (case.row.second or case.ask.via == "desk"):
            return ()
        words = self._not_signed_because(case)
        return (_case_unmet("it_is_signed", words, case.row),) if words else ()

    def _not_signed_because(self, case: _Case) -> str:
        who = case.facts.people.get(case.signs)
        if not case.signs:
            return _("Nobody is logged in who signs what is typed: tsudoi login PERSON")
        if who is None or (not who.is_valid_on(case.facts.today) and not _may_when_lapsed(case, who)):
            return _("The id typed is not on the register of people today.")
        if not who.public_key:
            return _("{person} has no key to sign with; two people give one: tsudoi people key {person}").format(
                person=who.id
            )
        signer = self.keyring.signer_of(who.id)
        if signer is None:
            return _("{person} has not signed it: tsudoi login {person}").format(person=who.id)
        if signer.public_key != who.public_key:
            return _("{person} has another key by now; log in again: tsudoi login {person}").format(person=who.id)
        return ""

    def _at(self, ask: ActRequest) -> datetime:
        now = self.clock.now()
        return min(ask.occurred_at, now) if ask.occurred_at else now

    def _refuse(self, connection: Connection, case: _Case, unmet: tuple[Unmet, ...]) -> Refused:
        self._append(
            connection, case, "act_refused", {"act": case.row.trigger, "unmet": sorted({gap.guard for gap in unmet})}
        )
        title = in_words(ja=case.row.ja, en=case.row.en)
        return Refused(
            _("“{act}” is not possible yet ({year}).").format(act=title, year=case.facts.fiscal_year),
            unmet,
            _("Settle what is listed, then do it again."),
        )

    def _propose(self, connection: Connection, case: _Case) -> Outcome:
        warnings = self._warnings(connection, case)
        older = [
            it
            for it in proposals_of(connection, case.facts.cycle_id, case.row.trigger)
            if it.record.matter == case.ask.record.matter
        ]
        seq = self._append(connection, case, f"{case.row.event}_proposed", _data(case, warnings))
        for it in older:
            _drop(connection, it)
        _insert_record(connection, case, status="pending", seq=seq, now=self.clock.now())
        for it in older:
            data = {"act": case.row.trigger, "proposal": it.seq, "replaced_by": seq}
            self._append(connection, case, "proposal_replaced", data)
        return Outcome(
            trigger=case.row.trigger, state=case.facts.state, seq=seq, waits_for=case.row.second, warnings=warnings
        )

    def _complete(self, connection: Connection, case: _Case, *, record_id: int | None = None) -> Outcome:
        row, facts = case.row, case.facts
        deviations = tuple(gap.guard for gap in _gaps(case, row.deviations))
        warnings = (*(gap.guard for gap in _gaps(case, row.warnings)), *self._warnings(connection, case))
        seq = self._append(connection, case, row.event, _data(case, warnings))
        self._keep_record(connection, case, record_id, seq)
        state = machine.go(facts.state, row.trigger, guards_are_met=True)
        if state != facts.state:
            connection.execute(update(tables.Cycle).where(col(tables.Cycle.id) == facts.cycle_id).values(state=state))
        # Marked as done first: an effect may owe the same act once more, such as the next finding.
        reschedule(connection, facts, row.trigger, case.at, seq=seq, calendar=self.calendar)
        effects = row.then(facts, case.ask.record)
        apply(connection, case.facts, effects, by=case.ask.by, seq=seq, calendar=self.calendar)
        if deviations:
            self._deviate(connection, case, deviations)
        note = self._checkpoint(connection, row) if row.handover else ""
        return Outcome(
            trigger=row.trigger, state=state, seq=seq, deviations=deviations, warnings=warnings, checkpoint=note
        )

    def _warnings(self, connection: Connection, case: _Case) -> tuple[str, ...]:
        """Return what does not hold of this machine rather than of the act: told, and never refused."""
        backwards = ledger.runs_backwards(connection, self.clock.now())
        return (*(() if case.compared else (NOT_COMPARED,)), *((CLOCK_WENT_ON,) if backwards else ()))

    def _keep_record(self, connection: Connection, case: _Case, record_id: int | None, seq: int) -> None:
        connection.execute(_SUPERSEDE, {"of_cycle": case.facts.cycle_id, "of_act": case.row.trigger})
        if record_id is None:
            _insert_record(connection, case, status="done", seq=seq, now=self.clock.now())
            return
        record = tables.Record
        connection.execute(
            update(record)
            .where(col(record.id) == record_id)
            .values(status="done", confirmed_by=case.confirmed_by, occurred_at=utc(case.at), ledger_seq=seq)
        )

    def _deviate(self, connection: Connection, case: _Case, deviations: tuple[str, ...]) -> None:
        seq = self._append(
            connection, case, "deviation_recorded", {"act": case.row.trigger, "broken": sorted(deviations)}
        )
        effects = deviation(case.row.deviations, deviations, case.facts.today)
        apply(connection, case.facts, effects, by=case.ask.by, seq=seq, calendar=self.calendar)

    def _checkpoint(self, connection: Connection, row: Row) -> str:
        return ledger.checkpoint(connection, signer=self.signer, at=self.clock.now(), reason=row.event)

    def _append(self, connection: Connection, case: _Case, event: str, data: Mapping[str, object]) -> int:
        by = case.actor
        typed = {"entered_by": case.typist} if case.signs == case.typist not in {"", by} else {}
        entry = ledger.Entry(
            at=case.facts.now,  # the moment by which guards and effects judged: a replay judges by it again
            event=event,
            by=by if by in case.facts.people else UNREGISTERED,  # what was typed as an id may be anything (Law 4)
            via=case.ask.via,
            cycle_id=case.facts.cycle_id,
            data={**data, **typed},
        )
        return ledger.append(connection, self._signed(case, ledger.committed(entry)))

    def _signed(self, case: _Case, entry: ledger.Entry) -> ledger.Entry:
        """Sign whatever whoever must sign can sign; what had to be signed was refused before."""
        who, signer = case.facts.people.get(case.signs), self.keyring.signer_of(case.signs)
        if who is None or signer is None or signer.public_key != who.public_key:
            return entry
        return signatures.signed(entry, signer, who.public_key)


def cycle_of(connection: Connection, cycle_id: str) -> tables.Cycle:
    """Return a cycle, locked against other writers where the database can.

    Raises:
        Unknown: there is no such cycle.

    """
    row = connection.execute(_CYCLE, {"cycle_id": cycle_id}).one_or_none()
    if row is None:
        raise Unknown(_("The cycle {cycle} is not open.").format(cycle=cycle_id), _("Open it: tsudoi cycle open YEAR"))
    return row  # type: ignore[return-value]  # a Core row has the same attributes


def missing(facts: Facts, row: Row) -> tuple[Unmet, ...]:
    """Return what is missing for an act as far as the facts alone can tell: what `next` and the board show."""
    case = _Case(ask=_nobody(facts, row), row=row, facts=facts, at=facts.now)
    # What could still be refused of a planned act is told beforehand too.
    planned = row.deviations if "already_happened" in row.record.model_fields else ()
    guards = tuple(guard for guard in (*row.guards, *planned) if not guard.asks_record)
    return (*_state_gap(case), *_hold_gap(case), *_gaps(case, guards))


def _nobody(facts: Facts, row: Row) -> ActRequest:
    return ActRequest(cycle_id=facts.cycle_id, trigger=row.trigger, by="", record=row.record.model_construct(), key="")


def _guards(case: _Case) -> tuple[Unmet, ...]:
    has_happened = case.ask.record.has_happened or case.is_entered_afterwards
    return (*_gaps(case, case.row.guards), *(() if has_happened else _gaps(case, case.row.deviations)))


def _gaps(case: _Case, guards: tuple[Guard, ...]) -> tuple[Unmet, ...]:
    """Judge an act by the moment at which it happens or happened, not by the one at which it is entered."""
    facts = replace(case.facts, now=case.at, asked_by=case.ask.by, confirmed_by=case.confirmed_by)
    gaps: list[Unmet] = []
    for guard in guards:
        verdict = guard.check(facts, case.ask.record)
        if not verdict:
            gaps.append(_gap(guard, getattr(verdict, "names", ""), case))
    return tuple(gaps)


def _gap(guard: Guard, names: str, case: _Case) -> Unmet:
    owed = BY_TRIGGER.get(guard.owes, case.row)
    due = case.facts.due.get(owed.trigger)
    said = _("Not met: {claim}").format(claim=_(guard.claim))
    return Unmet(
        guard=guard.name,
        missing=f"{said} [{names}]" if names else said,
        owner=owed.owner_under(case.facts.programme).label,
        due_on=due.isoformat() if due else "",
        act=guard.owes,
    )


def _standing(case: _Case, roles: tuple[Role, ...]) -> tuple[Unmet, ...]:
    gaps = (*_state_gap(case), *_hold_gap(case), *_person_gap(case, roles), *_machine_gap(case), *_time_gap(case))
    done = case.row.trigger in case.facts.done and not case.row.repeats
    words = _("It is done already.")
    if case.happened_anyway:
        words = _("It is done already; a further movement is entered as record_movement.")
    return (*gaps, _case_unmet("not_done_yet", words, case.row)) if done else gaps


def _state_gap(case: _Case) -> tuple[Unmet, ...]:
    if machine.allows(case.facts.state, case.row.trigger) or case.happened_anyway:
        return ()
    titles = {state.key: in_words(ja=state.ja, en=state.en) for state in STATES}
    return (
        _case_unmet(
            "state_allows_it",
            _("The cycle stands at “{state}”; this act belongs to {froms}.").format(
                state=titles[case.facts.state], froms="、".join(f"「{titles[key]}」" for key in case.row.froms)
            ),
            case.row,
        ),
    )


def _hold_gap(case: _Case) -> tuple[Unmet, ...]:
    if not case.facts.on_hold or case.row.under_hold or case.happened_anyway:
        return ()
    return (_case_unmet("not_on_hold", _("The cycle is on hold; release the hold first."), BY_TRIGGER["release_hold"]),)


def _person_gap(case: _Case, roles: tuple[Role, ...]) -> tuple[Unmet, ...]:
    person = case.facts.people.get(case.ask.by)
    if person is None or not (person.is_valid_on(case.facts.today) or _may_when_lapsed(case, person)):
        # Without the id: what was typed as one may be anything, and a refusal is shown by Prefect for good (Law 4).
        words = _("The id typed is not on the register of people today.")
        return (_case_unmet("person_is_registered", words, case.row),)
    if person.roles & set(roles):
        return ()
    allowed = "・".join(role.label for role in roles)
    words = _("Only {roles} may do this; {person} may not.").format(roles=allowed, person=person.id)
    return (_case_unmet("role_may_do_it", words, case.row),)


def _may_when_lapsed(case: _Case, person: Person) -> bool:
    """Tell whether a former entry still counts: for the register alone, while nobody else could fill it."""
    today, row = case.facts.today, case.row
    keepers = [it for it in case.facts.people.values() if it.is_valid_on(today) and it.roles & set(row.who)]
    return row.by_lapsed and len(keepers) < _PAIR and person.valid_from <= today <= person.valid_to + _LAPSED


def _machine_gap(case: _Case) -> tuple[Unmet, ...]:
    if not case.row.by_machine or case.ask.evidence.by_machine:
        return ()
    return (
        _case_unmet(
            "machine_did_it",
            _("The machine itself brings the figures of this act: tsudoi {command} --by PERSON").format(
                command=case.row.command or f"act YEAR {case.row.trigger}"
            ),
            case.row,
        ),
    )


def _time_gap(case: _Case) -> tuple[Unmet, ...]:
    asked = case.ask.occurred_at
    if asked is None or asked <= case.facts.now + ledger.CLOCKS_DIFFER:
        return ()
    return (_case_unmet("not_in_the_future", _("The time given is in the future."), case.row),)


def _residents_gap(case: _Case, named: frozenset[str]) -> tuple[Unmet, ...]:
    """Name the fields whose words name a resident; the words are nowhere repeated."""
    if not named:
        return ()
    fields = case.row.record.model_fields
    titles = {place.partition(".")[0]: fields[place.partition(".")[0]].title or "" for place in sorted(named)}
    shown = "、".join(f"{name} ({_(title)})" for name, title in titles.items())
    return (_case_unmet("no_resident_is_named", f"{_(_NAMED)} [{shown}]", case.row),)


def _second(case: _Case) -> tuple[Unmet, ...]:
    """Four eyes compare people, not accounts, and who typed as well; and want to know how the second confirmed."""
    gaps: list[Unmet] = []
    if case.confirmed_by == case.ask.by:
        words = _("The second person must be another person than the first.")
        gaps.append(_case_unmet("four_eyes", words, case.row))
    elif case.proposal and case.signs in {case.ask.by, case.proposal.typed_by} - {""}:
        words = _("Whoever typed the proposal cannot type its confirmation as well.")
        gaps.append(_case_unmet("four_eyes", words, case.row))
    if not case.facts.is_keyed and not case.decided:
        words = _("The number and date of the electronic approval are needed: nobody has a key yet.")
        gaps.append(_case_unmet("confirmation_is_personal", words, case.row))
    return tuple(gaps)


def _approval(connection: Connection, case: _Case) -> tuple[Unmet, ...]:
    """Judge the approval that confirms, or that a record names: of the programme's form, and for one act alone.

    One that confirms is dated between the proposal and today; the date in a record is its guards' matter.
    """
    on, form = case.ask.evidence.decided_on, case.facts.programme.approval
    number = case.ask.evidence.decision_number if case.decided else getattr(case.ask.record, "decision_number", "")
    words = ""
    if not number:
        return ()
    if not re.fullmatch(form.pattern, number):
        words = _("The approval number has not the form of this office, such as {example}.").format(
            example=form.example
        )
    elif case.decided and (on is None or not _proposed_on(case) <= on <= case.facts.today):
        words = _("The date of the approval must lie between the proposal and today.")
    elif seq := _decided_before(connection, number):
        words = _("This approval number was used already, in entry {seq} of the ledger.").format(seq=seq)
    return (_case_unmet("approval_is_the_offices", words, case.row),) if words else ()


def _proposed_on(case: _Case) -> date:
    return day_of(case.proposal.occurred_at if case.proposal else case.at)


def _decided_before(connection: Connection, number: str) -> int | None:
    """Return the first entry that names this approval."""
    entry = tables.Ledger
    hit = col(entry.entry).contains(f'"decision_number":"{number}"', autoescape=True)
    return connection.execute(select(func.min(col(entry.seq))).where(hit)).scalar()


def _case_unmet(guard: str, words: str, row: Row) -> Unmet:
    return Unmet(guard=guard, missing=words, owner=row.owner.label)


def _data(case: _Case, warnings: tuple[str, ...] = ()) -> dict[str, object]:
    data: dict[str, object] = {"record": case.ask.record.said(), "occurred_at": stamp(case.at)}
    if case.is_entered_afterwards:
        data |= {"entered_afterwards": True}
    if warnings:
        data |= {"warnings": sorted(warnings)}
    if case.confirmed_by:
        evidence = case.ask.evidence
        data |= {"proposed_by": case.ask.by, "confirmed_how": "decision" if case.decided else "signature"}
        if case.proposal:
            data |= {"proposal": case.proposal.seq}
        if case.decided:
            data |= {"decision_number": evidence.decision_number, "decided_on": str(evidence.decided_on)}
    return data


def _known(connection: Connection, key: str) -> tables.Record | None:
    return connection.execute(_KNOWN, {"key": key}).one_or_none()  # type: ignore[return-value]  # a Core row has the same attributes


def proposals_of(connection: Connection, cycle_id: str, trigger: str) -> list[Proposed]:
    """Return what waits for a second person of an act, the oldest first."""
    record, entry = tables.Record, tables.Ledger
    query = (
        select(record, col(entry.entry))
        .join(entry, col(entry.seq) == col(record.ledger_seq))
        .where(col(record.cycle_id) == cycle_id, col(record.act) == trigger, col(record.status) == "pending")
        .order_by(col(record.ledger_seq))
    )
    kind = row_of(trigger).record
    return [
        Proposed(
            id=it.id, seq=it.ledger_seq, key=it.key, by=it.by, occurred_at=reading.aware(it.occurred_at),
            typed_by=json.loads(it.entry)["data"].get("entered_by", ""),
            record=kind.model_validate_json(it.data),
        )
        for it in connection.execute(query)
    ]  # fmt: skip


def _meant(waiting: list[Proposed], ask: ActRequest, facts: Facts) -> Proposed | str:
    """Return the proposal that is confirmed, or why it cannot be told: whoever signs names what was seen."""
    if not waiting:
        return _("No proposal of this act waits for a confirmation.")
    if named := next((it for it in waiting if it.seq == ask.proposal), None):
        return named
    entries = "、".join(str(it.seq) for it in waiting)
    if ask.proposal is not None:
        return _("Entry {seq} is not a proposal that waits; what waits is entry {entries}.").format(
            seq=ask.proposal, entries=entries
        )
    if facts.is_keyed or len(waiting) > 1:
        return _(
            "The confirmation must name the entry of the proposal that was seen; what waits is entry {entries}."
        ).format(entries=entries)
    return waiting[0]


def _drop(connection: Connection, proposal: Proposed) -> None:
    record = tables.Record
    connection.execute(update(record).where(col(record.id) == proposal.id).values(status="dropped"))


def _insert_record(connection: Connection, case: _Case, *, status: str, seq: int, now: datetime) -> None:
    connection.execute(
        _KEEP,
        {
            "cycle_id": case.facts.cycle_id, "act": case.row.trigger, "key": case.ask.key, "status": status,
            "by": case.ask.by, "via": case.ask.via, "occurred_at": utc(case.at), "entered_at": utc(now),
            "confirmed_by": case.confirmed_by, "data": case.ask.record.model_dump_json(), "ledger_seq": seq,
        },
    )  # fmt: skip


def _repetition(known: tables.Record, row: Row, ask: ActRequest, facts: Facts) -> Outcome | Refused:
    if (known.act, known.cycle_id) != (ask.trigger, ask.cycle_id):
        return Refused(_("The key was used for another act."), (), _("Give this act a key of its own."))
    waits = row.second if known.status == "pending" else ()
    return Outcome(trigger=ask.trigger, state=facts.state, seq=known.ledger_seq, repeated=True, waits_for=waits)


R = TypeVar("R")


def _or_refuse(result: R | Refused) -> R:
    if isinstance(result, Refused):
        raise result
    return result
