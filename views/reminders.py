"""Reminders as they stand: what went, who acknowledged it, which calls are to be made, and what comes next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from sqlalchemy import ColumnElement, Row, select
from sqlmodel import col

from models import tables
from models.people import Person, Role, Side
from models.records.oversight import ReminderAcknowledged
from models.words import N_, _
from states import deadlines
from states.facts import Past
from states.look import Look
from states.sweep import ABOUT_AN_ACT, CALL_FROM, MAIL, MORNING, STOPPED, calls, may_remind, owners, recipients
from states.table import BY_TRIGGER
from views.standing import Owed, act_title

Reminder: TypeAlias = Row[tables.Reminder]
Acknowledged: TypeAlias = Past[ReminderAcknowledged]

_NOTICES = {MORNING: N_("Report of the morning"), STOPPED: N_("A service has stopped")}


def reminders_of(here: Look) -> Sequence[Reminder]:
    """Return every reminder of a cycle, the oldest first, and of the notices those that did not go."""
    reminder = tables.Reminder
    shown = ABOUT_AN_ACT | col(reminder.state).in_(("waiting", "claimed", "unknown"))
    query = select(reminder).where(col(reminder.cycle_id) == here.cycle_id, shown).order_by(col(reminder.id))
    return here.connection.execute(query).all()


def title_of(row: Reminder) -> str:
    """Return what a letter is about."""
    return _(_NOTICES[row.act]) if row.act in _NOTICES else act_title(row.act)


def acknowledged_of(here: Look) -> dict[int, Acknowledged]:
    """Return the acknowledgements of a cycle by the number of the reminder, the latest of each."""
    return {past.record.reminder: past for past in here.facts.past("acknowledge_reminder", ReminderAcknowledged)}


def promises_of(here: Look) -> dict[str, date]:
    """Return for which day each act was promised, where whoever acknowledged a reminder of it said one."""
    acts = {row.id: row.act for row in reminders_of(here)}
    seen = sorted(acknowledged_of(here).items(), key=lambda one: one[1].seq)
    return {acts[number]: past.record.promised_on for number, past in seen if past.record.promised_on}


@dataclass(frozen=True, kw_only=True)
class ToAcknowledge:
    """An act that somebody was reminded of and that is still owed: by which reminder, and what was promised for it.

    `whom` are the people to call about it, with their telephones.
    """

    act: str
    title: str
    due_on: date
    owner: Side
    reminder: int
    whom: tuple[str, ...]
    promised_on: date | None


def to_acknowledge(here: Look, person: Person) -> tuple[ToAcknowledge, ...]:
    """Return what a person may acknowledge: the own reminders, a coordinator also those of whoever owes the act."""
    facts, promised = here.facts, promises_of(here)
    found: dict[str, ToAcknowledge] = {}
    for row in _of_open_acts(here, col(tables.Reminder.state).in_(("sent", "unknown"))):
        owing = owners(facts, row.act)
        asked = {person.id, *(it.id for it in owing if Role.COORDINATOR in person.roles)}
        if row.to_person in asked:
            found[row.act] = ToAcknowledge(
                act=row.act, title=act_title(row.act), due_on=row.due_on, reminder=row.id,
                owner=BY_TRIGGER[row.act].owner_under(facts.programme), promised_on=promised.get(row.act),
                whom=tuple(it.to_call for it in owing) if Role.COORDINATOR in person.roles else (),
            )  # fmt: skip
    return tuple(sorted(found.values(), key=lambda one: (one.due_on, one.act)))


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that the ladder asks for and nobody has made yet."""

    year: int
    programme: str
    act: str
    title: str
    due_on: date
    caller: str
    whom: tuple[str, ...]
    reminder: int

    def is_about(self, due_act: Owed) -> bool:
        """Tell whether it is about this act that is owed."""
        return (self.programme, self.year, self.act) == (due_act.programme, due_act.year, due_act.act)

    def as_json(self) -> dict[str, object]:
        """Return who calls whom about the act, and the reminder that is acknowledged once the call was made."""
        return {"caller": self.caller, "whom": self.whom, "reminder": self.reminder}


def calls_to_make(looks: Iterable[Look]) -> tuple[Call, ...]:
    """Return the calls to make over many cycles: their act is still owed, and nobody has acknowledged the reminder."""
    return tuple(call for here in looks for call in _calls(here))


def _calls(here: Look) -> Iterable[Call]:
    rows, facts = _asking_for_calls(here), here.facts
    seen = acknowledged_of(here) if rows else {}
    promised = promises_of(here) if rows else {}
    done = {row.act for row in rows if row.id in seen or promised.get(row.act, here.today) > here.today}
    open_calls: dict[str, Call] = {}
    for row in rows:
        person, owner = facts.people.get(row.to_person), BY_TRIGGER[row.act].owner_under(facts.programme)
        if person and calls(person, owner, row.rung) and row.act not in done:
            call = Call(
                year=facts.fiscal_year, programme=facts.programme.key, act=row.act, title=act_title(row.act),
                due_on=row.due_on, caller=person.id, whom=tuple(callee.to_call for callee in owners(facts, row.act)),
                reminder=row.id,
            )  # fmt: skip
            open_calls.setdefault(row.act, call)
    return open_calls.values()


def _asking_for_calls(here: Look) -> Sequence[Reminder]:
    reminder = tables.Reminder
    return _of_open_acts(
        here, col(reminder.rung) >= CALL_FROM, col(reminder.rung) == col(tables.Act.rung),
        col(reminder.state) != "dropped",
    )  # fmt: skip


def _of_open_acts(here: Look, *that: ColumnElement[bool]) -> Sequence[Reminder]:
    """Return the letters about acts that are still owed on the day that the letter told, the oldest first."""
    reminder, act = tables.Reminder, tables.Act
    return here.connection.execute(
        select(reminder)
        .join(act, (col(act.cycle_id) == col(reminder.cycle_id)) & (col(act.act) == col(reminder.act)))
        .where(
            col(reminder.cycle_id) == here.cycle_id, col(reminder.channel) == MAIL, col(act.done_on).is_(None),
            col(act.due_on) == col(reminder.due_on), *that,
        )
        .order_by(col(reminder.id))
    ).all()  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Coming:
    """The next rung of an act that is owed: when, to whom, and whether it is silent as things stand."""

    on: date
    act: str
    rung: int
    due_on: date
    to: tuple[str, ...]
    silent: bool
    id: None = None  # it has no number before it waits


def coming(here: Look) -> tuple[Coming, ...]:
    """Return what the ladder will say next about each open act, the soonest first."""
    act = tables.Act
    query = select(act).where(col(act.cycle_id) == here.cycle_id, col(act.done_on).is_(None))
    announced = _announced(here)
    found = [_next_rung(here, row, announced) for row in here.connection.execute(query)]
    return tuple(
        sorted((next_rung for next_rung in found if next_rung), key=lambda next_rung: (next_rung.on, next_rung.act))
    )


def _announced(here: Look) -> frozenset[tuple[str, date, str]]:
    """Return to whom which day of an act was announced: on the day itself he is not written to again."""
    sent = (row for row in reminders_of(here) if row.rung < 0 and row.channel == MAIL and row.state == "sent")
    return frozenset((row.act, row.due_on, row.to_person) for row in sent)


def _next_rung(here: Look, row: Row[tables.Act], announced: frozenset[tuple[str, date, str]]) -> Coming | None:
    facts, today, ladder = here.facts, here.today, here.programme.reminders.ladder
    days = deadlines.rung_days(row.due_on, ladder, here.calendar)
    if row.rung is not None and row.rung >= max(0, *ladder):
        weekly = row.rung + deadlines.WEEK
        days = [(here.calendar.add_open_days(row.due_on, weekly), weekly)]
    for day, rung in sorted(days):
        people = [person.id for person in recipients(facts, row.act, rung)]
        to = tuple(it for it in people if rung != 0 or (row.act, row.due_on, it) not in announced)
        if to and day >= today and (row.rung is None or rung > row.rung):
            silent = not may_remind(facts, row.act)
            return Coming(on=day, act=row.act, rung=rung, due_on=row.due_on, to=to, silent=silent)
    return None


_TROUBLES = {
    "done": N_("the act was done"),
    "overtaken": N_("a later reminder or another day took its place"),
    "interrupted": N_("interrupted while it was being sent"),
    "no_address": N_("the person has no address on the register"),
    "bad_address": N_("the person's address on the register is none that a mail server takes"),
    "not_https": N_("the address of the webhook does not begin with https://"),
    "host_not_allowed": N_("the host is not on the setting allowed_hosts"),
    "address_not_allowed": N_("the name stands for an address inside; allow it by address, or mend the name"),
    "host_unknown": N_("nobody knows the host"),
    "secret_unusable": N_("the secret of the webhook cannot be used"),
    "timeout": N_("no answer in time"),
    "TimeoutError": N_("no answer in time"),
    "SSLCertVerificationError": N_("its certificate cannot be trusted; see the setting ca_file"),
    "ConnectionRefusedError": N_("nobody answers there"),
    "ConnectError": N_("nobody answers there"),
    "SMTPServerDisconnected": N_("the mail server broke off"),
    "gaierror": N_("nobody knows the host"),
}


def trouble_words(trouble: str) -> str:
    """Return what was wrong with a reminder as people understand it; an unknown code stands for itself."""
    return _(_TROUBLES[trouble]) if trouble in _TROUBLES else trouble
