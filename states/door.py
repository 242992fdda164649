"""The one door (Law 2). Every act goes through `Door.perform` or, for the second pair of eyes, `Door.confirm`.

In ONE transaction: the row of the table, the actor and every guard are checked, the state moves, the effects are
carried out, the ledger grows. A repeated key is a no-op. A refusal lists every unmet guard and is a ledger entry too.
What one form carries is one transaction as well (`Door.perform_all`, decision 0030): all of its acts, or none.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, Update, bindparam, func, insert, select, update
from sqlalchemy import Row as SqlRow
from sqlmodel import col

from models import tables
from models.clock import Clock, stamp, utc
from models.database import reading as reading_of
from models.database import writing
from models.errors import BadInput, Refused, Unknown, Unmet
from models.measures import Measure
from models.notes import Signer
from models.people import UNREGISTERED, Person
from models.programme import Programme
from models.records.base import FreeText
from models.words import _, in_words
from states import gaps, ledger, reading, signatures, texts
from states.acts import CLOCK_WENT_ON, NOT_COMPARED, ActRequest, Outcome, Proposed, Recorded, form_of, row_of
from states.apply import apply
from states.calendar import Calendar
from states.effects import deviation
from states.engine import CYCLE, Position, starts
from states.facts import Facts
from states.gaps import Attempt
from states.machines import RECORD
from states.rows import Row
from states.rules.approvals import back_on, decisions_are_owed
from states.schedule import reschedule
from states.signatures import Keyring, NobodyHere

Measures = Callable[[Programme], Mapping[str, Measure]]
# Takes texts by place, and the register of people; returns the places that name a resident, and whether it could look.
NamedIn = Callable[[Mapping[str, str], Mapping[str, Person]], tuple[frozenset[str], bool]]
# Does what follows an act that is recorded; returns what of it failed and is left to do, in words.
Follow = Callable[[Recorded], tuple[str, ...]]

# Every act needs these. Built once: building a statement costs as much as running it.
_CYCLE = select(tables.Cycle).where(col(tables.Cycle.id) == bindparam("cycle_id"))
_KNOWN = select(tables.Record).where(col(tables.Record.key) == bindparam("key"))
_KEEP = insert(tables.Record)


def _lead(to: str) -> Update:
    """Let records go on to a status, from where their machine leads there."""
    return update(tables.Record).where(col(tables.Record.status).in_(starts(RECORD, to))).values(status=to)


_THIS = col(tables.Record.id) == bindparam("record_id")
_DROP, _CONFIRM = _lead("dropped").where(_THIS), _lead("done").where(_THIS)
_SUPERSEDE = _lead("superseded").where(
    col(tables.Record.cycle_id) == bindparam("of_cycle"), col(tables.Record.act) == bindparam("of_act")
)


@dataclass(frozen=True, kw_only=True)
class _No:
    """An act that cannot be done, before the ledger is told of it: a form is taken back first."""

    attempt: Attempt
    unmet: tuple[Unmet, ...]


@dataclass(eq=False)
class Door:
    """The only way to change a cycle.

    It takes the database, the ledger's signer, clock, calendar, the measures of programmes, and who is logged in.
    `named_in` compares somebody's own words with the residents of every open vault; `follow` is called after the
    commit of every act that is done, or was done under the same key, and of nothing that is proposed or refused.
    """

    engine: Engine
    signer: Signer
    clock: Clock
    calendar: Calendar
    measures: Measures
    keyring: Keyring = field(default_factory=NobodyHere)
    named_in: NamedIn | None = None
    follow: Follow | None = None

    def perform(self, ask: ActRequest) -> Outcome:
        """Do an act, or propose it where a second person must confirm.

        Raises:
            Refused: one or more guards are not met; nothing changed but the ledger, which tells the refusal.
            Unknown: there is no such cycle or act.

        """
        return self.perform_all((ask,))[0]

    def perform_all(self, asks: Sequence[ActRequest]) -> tuple[Outcome, ...]:
        """Do the acts that one form carries, in their order and each as `perform` does: all of them, or none.

        Each has an entry of its own; those after the first say with which they were entered.

        Raises:
            Refused: one of them is; nothing changed but the ledger, which tells this refusal alone.
            BadInput: the form of the last act does not carry one of them, or not there; or they are of several cycles.
            Unknown: there is no such cycle or act.

        """
        rows = form_of([ask.trigger for ask in asks])
        if len({ask.cycle_id for ask in asks}) > 1:
            raise BadInput(
                _("One form is of one year and one programme; nothing of it is recorded."),
                _("Send a form of its own for each year and programme."),
            )
        for person, via in dict.fromkeys((ask.by, ask.via) for ask in asks):
            self._ready(person, via)
        with writing(self.engine) as connection:
            outcomes, refused = self._perform_all(connection, rows, asks)
        if refused:  # only now: the ledger has kept the refusal
            raise refused
        return tuple(self._followed(ask, outcome) for ask, outcome in zip(asks, outcomes, strict=True))

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
            refused = self._told(connection, result)
        if refused:
            raise refused
        assert isinstance(result, Outcome)
        return self._followed(ask, result)

    def _followed(self, ask: ActRequest, outcome: Outcome) -> Outcome:
        if self.follow is None or outcome.waits_for:
            return outcome
        act = Recorded(cycle_id=ask.cycle_id, trigger=ask.trigger, seq=outcome.seq, by=ask.by, via=ask.via)
        return replace(outcome, left=self.follow(act))

    def ask_first(self, cycle_id: str, trigger: str, *, by: str, via: str) -> None:
        """Refuse an act of the machine before its work is begun: actor, state and the guards that need no record.

        Raises:
            Refused: the act could not be recorded now; the refusal is a ledger entry.

        """
        row = row_of(trigger)
        self._ready(by, via)
        with writing(self.engine) as connection:
            facts = self.facts(connection, cycle_id)
            attempt = gaps.planned(facts, row, by=by, via=via, typist=self.keyring.typist)
            position = self._position(connection, attempt)
            no = None if CYCLE.may(position, trigger) else _No(attempt=attempt, unmet=position.unmet)
            refused = self._told(connection, no)
        if refused:
            raise refused

    def note(self, cycle_id: str, event: str, *, by: str, via: str, data: Mapping[str, object]) -> int:
        """Append an entry about something that is no act of the table, such as an extract that was refused."""
        entry = ledger.Entry(at=self.clock.now(), event=event, by=by, via=via, cycle_id=cycle_id, data=data)
        with writing(self.engine) as connection:
            if self._named(data, reading.people(connection))[0]:
                raise Refused(_(gaps.NAMES_A_RESIDENT))
            return ledger.append(connection, entry)

    def _named(self, said: Mapping[str, object], people: Mapping[str, Person]) -> tuple[frozenset[str], bool]:
        """Return where somebody's own words name a resident, and whether every open vault could be looked into."""
        words = texts.words_of(said)
        return self.named_in(words, people) if words and self.named_in else (frozenset(), True)

    def missing(self, cycle_id: str, trigger: str) -> tuple[Unmet, ...]:
        """Return what is missing for an act as far as the facts alone can tell."""
        with reading_of(self.engine) as connection:
            return gaps.missing(self.facts(connection, cycle_id), row_of(trigger))

    def facts(self, connection: Connection, cycle_id: str) -> Facts:
        """Load the facts of a cycle in the caller's transaction."""
        cycle = cycle_of(connection, cycle_id)
        measures = self.measures(reading.programme_of(cycle.programme_text))
        return reading.load(connection, cycle, now=self.clock.now(), calendar=self.calendar, measures=measures)

    def facts_of(self, connection: Connection, cycle_ids: Sequence[str]) -> dict[str, Facts]:
        """Load the facts of many cycles at once, by id, in the caller's transaction."""
        now, calendar = self.clock.now(), self.calendar
        return reading.load_many(connection, cycle_ids, now=now, calendar=calendar, measures=self.measures)

    def _perform_all(
        self, connection: Connection, rows: Sequence[Row], asks: Sequence[ActRequest]
    ) -> tuple[list[Outcome], Refused | None]:
        """Do all of it or, once one is refused, take back what was done before and tell that refusal."""
        trial = connection.begin_nested() if len(asks) > 1 else None  # one act has changed nothing when it is refused
        on_form = frozenset(ask.by for ask in asks)
        outcomes = list[Outcome]()
        for row, ask in zip(rows, asks, strict=True):
            entered_with = outcomes[0].seq if outcomes else 0
            result = self._perform(connection, row, ask, on_form=on_form, entered_with=entered_with)
            if isinstance(result, Outcome):
                outcomes.append(result)
                continue
            if trial:
                trial.rollback()
            return [], self._told(connection, result, in_form=trial is not None)
        if trial:
            trial.commit()
        return outcomes, None

    def _perform(
        self,
        connection: Connection,
        row: Row,
        ask: ActRequest,
        *,
        on_form: frozenset[str] = frozenset(),
        entered_with: int = 0,
    ) -> Outcome | _No | Refused:
        facts = self.facts(connection, ask.cycle_id)
        if known := connection.execute(_KNOWN, {"key": ask.key}).one_or_none():
            return _repetition(known, row, ask, facts)
        said = {} if ask.record.names_our_people else ask.record.said()
        naming, compared = self._named(said, facts.people)
        attempt = Attempt(
            ask=ask, row=row, facts=facts, at=self._at(ask), typist=self.keyring.typist, naming=naming,
            compared=compared, on_form=on_form, entered_with=entered_with,
        )  # fmt: skip
        position = self._position(connection, attempt)
        if row.second_under(facts.programme):
            may = CYCLE.may(position, row.trigger)
            return self._propose(connection, attempt) if may else _No(attempt=attempt, unmet=position.unmet)
        return self._move(connection, attempt, position)

    def _confirm(self, connection: Connection, row: Row, ask: ActRequest) -> Outcome | _No:
        facts = self.facts(connection, ask.cycle_id)
        waiting = proposals_of(connection, ask.cycle_id, ask.trigger)
        asked = Attempt(ask=ask, row=row, facts=facts, at=self._at(ask), typist=self.keyring.typist)
        done = facts.done.get(ask.trigger)
        if not waiting and done and done.confirmed_by == ask.by:
            return Outcome(trigger=ask.trigger, state=facts.state, seq=done.seq, repeated=True)
        proposal = _meant(waiting, ask, facts)
        if isinstance(proposal, str):
            return _No(attempt=asked, unmet=(asked.gap("proposal_waits", proposal),))
        original = replace(ask, by=proposal.by, key=proposal.key, record=proposal.record)
        attempt = replace(asked, ask=original, confirmed_by=ask.by, proposal=proposal)
        return self._move(connection, attempt, self._position(connection, attempt), record_id=proposal.id)

    def _position(self, connection: Connection, attempt: Attempt) -> Position:
        """Return where the cycle stands, for the engine, which asks there what is missing."""
        attempt = replace(
            attempt,
            unsigned_because=self._not_signed_because(attempt),
            approved_before=_approved_before(connection, attempt.approval),
        )
        return Position(state=attempt.facts.state, judge=lambda: gaps.every_gap(attempt))

    def _move(
        self, connection: Connection, attempt: Attempt, position: Position, *, record_id: int | None = None
    ) -> Outcome | _No:
        """Let the engine decide, and record what it did."""
        if not CYCLE.go(position, attempt.row.trigger):
            return _No(attempt=attempt, unmet=position.unmet)
        return self._complete(connection, attempt, position.state, record_id)

    def _ready(self, person: str, via: str) -> None:
        """Let the person be asked for the passphrase at the desk, before anybody waits for the database."""
        if via == "desk":
            self.keyring.ready(person)

    def _not_signed_because(self, attempt: Attempt) -> str:
        who = attempt.facts.people.get(attempt.signs)
        if not attempt.signs:
            return _("Nobody is logged in who signs what is typed.")
        if who is None or (not who.is_valid_on(attempt.facts.today) and not gaps.may_when_lapsed(attempt, who)):
            return _("The id typed is not on the register of people today.")
        if not who.public_key:
            return _("{person} has no key to sign with; two people give one.").format(person=who.id)
        signer = self.keyring.signer_of(who.id)
        if signer is None:
            return _("{person} has not signed it and has to log in.").format(person=who.id)
        if signer.public_key != who.public_key:
            return _("{person} has another key by now and has to log in again.").format(person=who.id)
        return ""

    def _at(self, ask: ActRequest) -> datetime:
        now = self.clock.now()
        return min(ask.occurred_at, now) if ask.occurred_at else now

    def _told(
        self, connection: Connection, result: Outcome | _No | Refused | None, *, in_form: bool = False
    ) -> Refused | None:
        """Tell the ledger of a refusal, and return it."""
        if not isinstance(result, _No):
            return result if isinstance(result, Refused) else None
        attempt, unmet = result.attempt, result.unmet
        data = {"act": attempt.row.trigger, "unmet": sorted({gap.guard for gap in unmet})}
        self._append(connection, attempt, "act_refused", data)
        title = in_words(ja=attempt.row.ja, en=attempt.row.en)
        again = _("Settle what is listed, then do it again.")
        whole = _("Nothing of the form is recorded: settle what is listed, then send it again.")
        return Refused(
            _("“{act}” is not possible yet ({year}).").format(act=title, year=attempt.facts.fiscal_year),
            unmet,
            whole if in_form else again,
        )

    def _propose(self, connection: Connection, attempt: Attempt) -> Outcome:
        row, warnings = attempt.row, self._warnings(connection, attempt)
        waiting = proposals_of(connection, attempt.facts.cycle_id, row.trigger)
        older = [proposal for proposal in waiting if proposal.record.matter == attempt.ask.record.matter]
        seq = self._append(connection, attempt, f"{row.event}_proposed", _data(attempt, warnings))
        for proposal in older:
            connection.execute(_DROP, {"record_id": proposal.id})
        self._insert_record(connection, attempt, status="pending", seq=seq)
        for proposal in older:
            data = {"act": row.trigger, "proposal": proposal.seq, "replaced_by": seq}
            self._append(connection, attempt, "proposal_replaced", data)
        return Outcome(
            trigger=row.trigger, state=attempt.facts.state, seq=seq,
            waits_for=row.second_under(attempt.facts.programme), warnings=warnings,
        )  # fmt: skip

    def _complete(self, connection: Connection, attempt: Attempt, state: str, record_id: int | None) -> Outcome:
        row, facts = attempt.row, attempt.facts
        broken = gaps.broken(attempt, row.deviations)
        warnings = (*(gap.guard for gap in gaps.broken(attempt, row.warnings)), *self._warnings(connection, attempt))
        seq = self._append(connection, attempt, row.event, _data(attempt, warnings))
        self._keep_record(connection, attempt, record_id, seq)
        if state != facts.state:
            connection.execute(update(tables.Cycle).where(col(tables.Cycle.id) == facts.cycle_id).values(state=state))
        # Marked as done first: an effect may owe the same act once more, such as the next finding.
        reschedule(connection, facts, row.trigger, attempt.at, seq=seq, calendar=self.calendar)
        effects = row.then(facts, attempt.ask.record)
        apply(connection, attempt.facts, effects, by=attempt.ask.by, seq=seq, calendar=self.calendar)
        if attempt.deputises:
            apply(connection, facts, decisions_are_owed(facts), by=attempt.actor, seq=seq, calendar=self.calendar)
        if broken:
            self._deviate(connection, attempt, broken)
        note = ""
        if row.handover:
            note = ledger.checkpoint(connection, signer=self.signer, at=self.clock.now(), reason=row.event)
        return Outcome(
            trigger=row.trigger,
            state=state,
            seq=seq,
            deviations=tuple(gap.guard for gap in broken),
            warnings=warnings,
            checkpoint=note,
        )

    def _warnings(self, connection: Connection, attempt: Attempt) -> tuple[str, ...]:
        """Return what does not hold of this machine rather than of the act: told, and never refused."""
        backwards = ledger.runs_backwards(connection, self.clock.now())
        return (*(() if attempt.compared else (NOT_COMPARED,)), *((CLOCK_WENT_ON,) if backwards else ()))

    def _keep_record(self, connection: Connection, attempt: Attempt, record_id: int | None, seq: int) -> None:
        connection.execute(_SUPERSEDE, {"of_cycle": attempt.facts.cycle_id, "of_act": attempt.row.trigger})
        if record_id is None:
            self._insert_record(connection, attempt, status="done", seq=seq)
            return
        confirmation = {"confirmed_by": attempt.confirmed_by, "occurred_at": utc(attempt.at), "ledger_seq": seq}
        connection.execute(_CONFIRM.values(confirmation), {"record_id": record_id})

    def _insert_record(self, connection: Connection, attempt: Attempt, *, status: str, seq: int) -> None:
        ask = attempt.ask
        values = {
            "cycle_id": attempt.facts.cycle_id, "act": attempt.row.trigger, "key": ask.key, "status": status,
            "by": ask.by, "via": ask.via, "occurred_at": utc(attempt.at), "entered_at": utc(self.clock.now()),
            "confirmed_by": attempt.confirmed_by, "data": ask.record.model_dump_json(), "ledger_seq": seq,
        }  # fmt: skip
        connection.execute(_KEEP, values)

    def _deviate(self, connection: Connection, attempt: Attempt, broken: tuple[Unmet, ...]) -> None:
        """Enter what did not hold, and what differed in the words of somebody's record, which can be redacted."""
        deviations = tuple(gap.guard for gap in broken)
        told = {gap.guard: FreeText(gap.names) for gap in broken if gap.names}
        data = {"act": attempt.row.trigger, "broken": sorted(deviations), **({"told": told} if told else {})}
        seq = self._append(connection, attempt, "deviation_recorded", data)
        effects = deviation(attempt.row.deviations, deviations, attempt.facts.today)
        apply(connection, attempt.facts, effects, by=attempt.ask.by, seq=seq, calendar=self.calendar)

    def _append(self, connection: Connection, attempt: Attempt, event: str, data: Mapping[str, object]) -> int:
        by = attempt.actor
        typed = {"entered_by": attempt.typist} if attempt.signs == attempt.typist not in {"", by} else {}
        entry = ledger.Entry(
            at=attempt.facts.now,  # the moment by which guards and effects judged: a replay judges by it again
            event=event,
            # What was typed as an id may be anything (Law 4).
            by=by if by in attempt.facts.people or attempt.is_the_systems else UNREGISTERED,
            via=attempt.ask.via,
            cycle_id=attempt.facts.cycle_id,
            data={**data, **typed},
        )
        return ledger.append(connection, self._signed(attempt, ledger.committed(entry)))

    def _signed(self, attempt: Attempt, entry: ledger.Entry) -> ledger.Entry:
        """Sign whatever whoever must sign can sign; what had to be signed was refused before."""
        who, signer = attempt.facts.people.get(attempt.signs), self.keyring.signer_of(attempt.signs)
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
        raise Unknown(_("The cycle {cycle} is not open.").format(cycle=cycle_id), _("Open the year first."))
    return row  # type: ignore[return-value]  # a Core row has the same attributes


def _approved_before(connection: Connection, number: str) -> int | None:
    """Return the first entry that names this approval."""
    if not number:
        return None
    entry = tables.Ledger
    hit = col(entry.entry).contains(f'"decision_number":"{number}"', autoescape=True)
    return connection.execute(select(func.min(col(entry.seq))).where(hit)).scalar()


def _data(attempt: Attempt, warnings: tuple[str, ...] = ()) -> dict[str, object]:
    data: dict[str, object] = {"record": attempt.ask.record.said(), "occurred_at": stamp(attempt.at)}
    if attempt.is_entered_afterwards:
        data |= {"entered_afterwards": True}
    if attempt.entered_with:
        data |= {"entered_with": attempt.entered_with}
    if warnings:
        data |= {"warnings": sorted(warnings)}
    if absence := attempt.deputises:
        data |= {"in_place_of": absence.person, "see_by": str(back_on(attempt.facts, absence))}
    if attempt.confirmed_by:
        evidence = attempt.ask.evidence
        data |= {"proposed_by": attempt.ask.by, "confirmed_how": "decision" if attempt.decided else "signature"}
        if attempt.proposal:
            data |= {"proposal": attempt.proposal.seq}
        if attempt.decided:
            data |= {"decision_number": evidence.decision_number, "decided_on": str(evidence.decided_on)}
    return data


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
            id=row.id, seq=row.ledger_seq, key=row.key, by=row.by, occurred_at=reading.aware(row.occurred_at),
            typed_by=json.loads(row.entry)["data"].get("entered_by", ""),
            in_place_of=json.loads(row.entry)["data"].get("in_place_of", ""), record=kind.model_validate_json(row.data),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def _meant(waiting: list[Proposed], ask: ActRequest, facts: Facts) -> Proposed | str:
    """Return the proposal that is confirmed, or why it cannot be told: whoever signs names what was seen."""
    if not waiting:
        return _("No proposal of this act waits for a confirmation.")
    if named := next((proposal for proposal in waiting if proposal.seq == ask.proposal), None):
        return named
    entries = "、".join(str(proposal.seq) for proposal in waiting)
    if ask.proposal is not None:
        return _("Entry {seq} is not a proposal that waits; what waits is entry {entries}.").format(
            seq=ask.proposal, entries=entries
        )
    if facts.is_keyed or len(waiting) > 1:
        return _(
            "The confirmation must name the entry of the proposal that was seen; what waits is entry {entries}."
        ).format(entries=entries)
    return waiting[0]


def _repetition(known: SqlRow[tables.Record], row: Row, ask: ActRequest, facts: Facts) -> Outcome | Refused:
    if (known.act, known.cycle_id) != (ask.trigger, ask.cycle_id):
        return Refused(_("The key was used for another act."), (), _("Give this act a key of its own."))
    waits = row.second_under(facts.programme) if known.status == "pending" else ()
    return Outcome(trigger=ask.trigger, state=facts.state, seq=known.ledger_seq, repeated=True, waits_for=waits)
