"""The morning watch: flags and reminders by the sweep, and the outbox carried by mail and webhook.

A reminder is claimed before it is sent. What surely did not go waits for the next watch; of a letter that may have gone
nobody claims to know: it is shown as 送達不明 and not sent again by itself. A webhook is repeated under its message id
until its receiver says that it has it. What a later rung has overtaken is dropped, so that no outage ends in a burst.
"""

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import formataddr

import structlog
from sqlalchemy import Connection, Row, select, update
from sqlmodel import col

from adapters import disk
from adapters.carrier import Carrier, Message, NotSent
from models import tables
from models.clock import day_of, stamp, utc, wareki
from models.database import reading, writing
from models.errors import BadInput, BadSetting
from models.people import SYSTEM, Person, Side
from models.plain import mail_address, visible
from models.words import _
from states import deadlines, ledger
from states.acts import Outcome
from states.facts import Facts
from states.look import Look
from states.reading import aware
from states.sweep import (
    MAIL,
    MORNING,
    NOTICES,
    STOPPED,
    Swept,
    calls,
    clock_is_doubted,
    may_remind,
    owners,
    sweep,
    tell_of_the_morning,
    tell_of_the_stop,
)
from states.table import BY_TRIGGER
from steps import acting, asking
from steps.office import Office
from views.commitments import passed
from views.reminders import Reminder
from views.standing import late

_log = structlog.get_logger()

_SLOW = 5  # seconds; whoever takes longer for one message gets no more in this watch
_AT_MOST = 20  # seconds for one receiver in one watch
_A_UNIT = re.compile(r"[A-Za-z0-9@:._-]{1,80}")
_PATIENCE = timedelta(hours=25)  # who is to be left alone for longer than this was told so by a clock that was wrong


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What became of the outbox."""

    sent: int = 0
    unknown: int = 0
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class Watched(Carried):
    """What a watch did."""

    swept: Swept


def watch(office: Office, *, morning: bool = False, stopped: str = "") -> Watched:
    """Flag what has come to its day and carry what is in the outbox.

    Args:
        office: the office.
        morning: the machine begins its day: it tells the coordinators how it finds everything.
        stopped: the service that has stopped for good, as the coordinators are to be told; "" where none has.

    Raises:
        BadInput: this is no name of a service.
        BadSetting: nobody can carry a letter as the setting `mail` stands; the letters wait, the webhooks went.

    """
    if stopped and not _A_UNIT.fullmatch(stopped):
        raise BadInput(_("This is no name of a service."), _("Name its unit, such as tsudoi.service."))
    swept = sweep(office.door, webhooks=frozenset(office.settings.webhooks))
    if morning:
        tell_of_the_morning(office.door)
    elif swept.flagged:
        asking.for_all(office, asking.ALL_YEARS, office.clock.now().isoformat())
    if stopped:
        tell_of_the_stop(office.door, stopped)
    carried = carry(office)
    _log.info("watched", looked_at=swept.looked_at, flagged=swept.flagged, reminders=swept.reminders, sent=carried.sent)
    return Watched(swept=swept, **vars(carried))


def carry(office: Office) -> Carried:
    """Carry what is in the outbox, each receiver for himself: one that is dead or slow holds up no other.

    On a closed day, and while the clock is doubted, everything waits. May be called as often as one likes.

    Raises:
        BadSetting: nobody can carry a letter as the setting `mail` stands; the letters wait, the webhooks went.

    """
    now = office.clock.now()
    with disk.alone(office.home / "outbox.lock") as mine:
        with reading(office.engine) as connection:
            may_write = office.calendar.is_open(now.date()) and not clock_is_doubted(connection, now)
        if not mine or not may_write:
            return Carried(waiting=len(_waiting(office)))
        _settle_the_interrupted(office)
        queues = _queues(office)
        trouble, carriers = _carriers(office, list(queues))
        work = [(carriers[name], queue) for name, queue in queues.items() if name in carriers]
        with ThreadPoolExecutor(max_workers=max(1, len(work))) as pool:
            carried = [pool.submit(_carry_queue, office, carrier, queue) for carrier, queue in work]
        results = [state for queue in carried for state in queue.result()]
    if trouble:
        raise trouble
    waiting = len(_waiting(office))
    return Carried(sent=results.count("sent"), unknown=results.count("unknown"), waiting=waiting)


def _carriers(office: Office, names: Sequence[str]) -> tuple[BadSetting | None, dict[str, Carrier]]:
    """Open a carrier for each queue before anything is claimed: a wrong setting loses nothing."""
    carriers: dict[str, Carrier] = {}
    trouble = None
    for name in names:
        try:
            if (carrier := office.webhook(name) if name else office.carrier) is not None:
                carriers[name] = carrier
        except BadSetting as error:
            trouble = error
    return trouble, carriers


# The outbox


def _waiting(office: Office) -> Sequence[Reminder]:
    reminder = tables.Reminder
    with reading(office.engine) as connection:
        return connection.execute(
            select(reminder).where(col(reminder.state) == "waiting").order_by(col(reminder.id))
        ).all()


def _settle_the_interrupted(office: Office) -> None:
    """Settle what an earlier watch claimed and never settled: it was killed in between."""
    reminder = tables.Reminder
    with writing(office.engine) as connection:
        for row in connection.execute(select(reminder).where(col(reminder.state) == "claimed")).all():
            _settle(office, connection, row, "unknown" if row.channel == MAIL else "waiting", trouble="interrupted")


def _queues(office: Office) -> dict[str, list[Reminder]]:
    """Return what may go now, by receiver ("" is the mail server); what is not needed any more is dropped."""
    now = office.clock.now()
    queues: dict[str, list[Reminder]] = {}
    waiting = _waiting(office)
    with writing(office.engine) as connection:
        facts = office.door.facts_of(connection, list(dict.fromkeys(row.cycle_id for row in waiting)))
        for row in waiting:
            if reason := _not_needed(office, connection, row, facts[row.cycle_id], now.date()):
                _settle(office, connection, row, "dropped", trouble=reason)
            elif _may_go(facts[row.cycle_id], row) and not _is_to_be_left_alone(row, now):
                queues.setdefault("" if row.channel == MAIL else row.to_person, []).append(row)
    return queues


def _not_needed(office: Office, connection: Connection, row: Reminder, facts: Facts, today: date) -> str:
    """Say why a reminder is not needed any more: its act is done, or another day or rung has come."""
    act = _owed(connection, row)
    if act is None:
        return "overtaken" if row.act == MORNING and row.due_on != today else ""
    if act.done_on is not None:
        return "done"
    ladder = facts.programme.reminders.ladder
    present = (act.due_on, deadlines.latest_rung(act.due_on, today, office.calendar, rungs=ladder))
    return "" if present == (row.due_on, row.rung) else "overtaken"


def _may_go(facts: Facts, row: Reminder) -> bool:
    return row.act in NOTICES or may_remind(facts, row.act)


def _owed(connection: Connection, row: Reminder) -> Row[tables.Act] | None:
    """Return the act that a reminder is about; None of a notice, which is about none."""
    if row.act in NOTICES:
        return None
    act = tables.Act
    return connection.execute(select(act).where(col(act.cycle_id) == row.cycle_id, col(act.act) == row.act)).one()


def _is_to_be_left_alone(row: Reminder, now: datetime) -> bool:
    return row.not_before is not None and now < aware(row.not_before) <= now + _PATIENCE


def _carry_queue(office: Office, carrier: Carrier, queue: Sequence[Reminder]) -> list[str]:
    """Carry what goes to one receiver, until it is done, the receiver is in trouble, or its time is over."""
    results: list[str] = []
    until = time.monotonic() + _AT_MOST
    with closing(carrier):
        for number, row in enumerate(queue):
            began = time.monotonic()
            state, trouble, stop = _carry(office, carrier, row)
            results.append(state)
            if stop or time.monotonic() > until or time.monotonic() - began > _SLOW:
                if left := queue[number + 1 :]:
                    with writing(office.engine) as connection:
                        _tell(connection, left, trouble)
                break
    return results


def _carry(office: Office, carrier: Carrier, row: Reminder) -> tuple[str, str, bool]:
    """Claim, send, settle: each in a transaction of its own, so that a kill in between is seen afterwards."""
    told = _what_it_tells(office, row)
    with writing(office.engine) as connection:
        facts = office.door.facts(connection, row.cycle_id)
        if (act := _owed(connection, row)) and act.done_on is not None:
            _settle(office, connection, row, "dropped", trouble="done")
            return "dropped", "", False
        message = written(office, facts, row, told)
        if isinstance(message, str):  # surely nothing went: it waits until the register is mended
            _tell(connection, [row], message)
            return "waiting", "", False
        if not _claim(connection, row):
            return "waiting", "", False
    wait = None
    try:
        carrier.send(message)
        state, trouble, stop = "sent", "", False
    except NotSent as error:
        state, trouble, wait, stop = "waiting", error.trouble, error.wait, error.stop
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows whether a letter went
        state, trouble, stop = "unknown" if row.channel == MAIL else "waiting", type(error).__name__, False
    with writing(office.engine) as connection:
        _settle(office, connection, row, state, trouble=trouble, wait=wait)
    return state, trouble, stop


def _what_it_tells(office: Office, row: Reminder) -> tuple[str, ...]:
    """Return what is passed because the act is late; to the ward's people, whatever nobody has decided on besides.

    Of the morning it is what is not well. A webhook is the same however often, and says nothing of it.
    """
    if row.act == MORNING:
        return _what_is_not_well(office)
    if row.channel != MAIL or row.act == STOPPED:
        return ()

    def told(here: Look) -> tuple[str, ...]:
        person = here.facts.people.get(row.to_person)
        decides = person is not None and person.side is Side.WARD
        return tuple(it.words for it in passed(here) if it.is_through(row.act) or (decides and not it.is_accepted))

    return office.see(row.cycle_id, told)


def written(office: Office, facts: Facts, row: Reminder, told: Sequence[str] = ()) -> Message | str:
    """Write a letter, or say in a word why it cannot be written: that is this letter's trouble alone."""
    try:
        return message_of(office, facts, row, told) or "no_address"
    except BadInput:
        return "bad_address"
    except Exception as error:  # noqa: BLE001 - whatever stands on the register, the others' letters go
        return type(error).__name__


def _claim(connection: Connection, row: Reminder) -> bool:
    table = tables.Reminder
    claimed = connection.execute(
        update(table)
        .where(col(table.id) == row.id, col(table.state) == "waiting")
        .values(state="claimed", attempts=row.attempts + 1)
    )
    return claimed.rowcount == 1


def _settle(
    office: Office,
    connection: Connection,
    row: Reminder,
    state: str,
    *,
    trouble: str = "",
    wait: timedelta | None = None,
) -> None:
    table, now = tables.Reminder, office.clock.now()
    values: dict[str, object] = {
        "state": state, "trouble": trouble[:80], "settled_at": utc(now), "not_before": utc(now + wait) if wait else None
    }  # fmt: skip
    if state == "dropped":
        values["key"] = f"{row.key}/{row.id}"  # the same rung may be needed again: a deadline moved and moved back
    event = {"sent": "reminder_sent", "unknown": "reminder_lost"}.get(state)
    if event:
        data = {
            "act": row.act, "rung": row.rung, "due_on": str(row.due_on), "to": row.to_person, "number": row.id,
            "channel": row.channel,
        }  # fmt: skip
        entry = ledger.Entry(at=now, event=event, by=SYSTEM, via="watch", cycle_id=row.cycle_id, data=data)
        ledger.append(connection, entry)
    connection.execute(update(table).where(col(table.id) == row.id).values(**values))


def _tell(connection: Connection, rows: Sequence[Reminder], trouble: str) -> None:
    """Say beside what waits why it does."""
    table = tables.Reminder
    ids = [row.id for row in rows]
    connection.execute(
        update(table).where(col(table.id).in_(ids), col(table.state) == "waiting").values(trouble=trouble[:80])
    )


# The words


def message_of(office: Office, facts: Facts, row: Reminder, told: Sequence[str] = ()) -> Message | None:
    """Write a reminder: what is due, since when, what it passes, what to do, whom to call; no serial, no resident.

    None where it goes by mail and the person has no address.
    """
    to = facts.people.get(row.to_person)
    if row.channel == MAIL and (to is None or not to.mail):
        return None
    if row.act in NOTICES and to is not None:
        subject, body = _notice(row, to, told)
        return Message(message_id=row.message_id, to=_addressed(to), subject=subject, body=body)
    # A webhook is the same, byte for byte, however often it is repeated; a letter speaks of the day it goes.
    written_at = aware(row.created_at)
    today = office.clock.now().date() if row.channel == MAIL else day_of(written_at)
    subject, body = words_of(
        facts, act=row.act, due_on=row.due_on, rung=row.rung, to=to or Side(row.to_person), number=row.id, today=today,
        passes=told,
    )  # fmt: skip
    return Message(
        message_id=row.message_id,
        to=_addressed(to) if to and row.channel == MAIL else "",
        subject=subject,
        body=body,
        data={
            "type": "reminder",
            "timestamp": stamp(written_at),
            "data": {
                "number": row.id, "fiscal_year": facts.fiscal_year, "act": row.act, "due_on": str(row.due_on),
                "flag": deadlines.ladder(row.due_on, today, office.calendar), "rung": row.rung, "to": row.to_person,
                "owner": BY_TRIGGER[row.act].owner_under(facts.programme).value,
                "contact": facts.programme.sections.contact,
                "subject": subject, "text": body,
            },
        },
    )  # fmt: skip


def _addressed(to: Person) -> str:
    return formataddr((visible(to.name), mail_address(to.mail)))


def _what_is_not_well(office: Office) -> tuple[str, ...]:
    """Return what is overdue, what the machine left undone, which years are on hold, what passes a commitment."""
    from steps import driving

    said = _("“{act}” ({year}) is owed by {owner} since {day}: {left}.")
    undone = _("The machine has left “{act}” ({year}) undone, though nothing is missing for it.")
    held = _("The year {year} is on hold.")
    with office.look_around() as looks:
        return (
            *(
                said.format(act=act.title, year=act.year, owner=act.owner_title, day=wareki(act.due_on), left=act.left)
                for here in looks
                for act in late(here)
            ),
            *(undone.format(act=it.title, year=it.year) for it in driving.work_of(office, looks) if it.may_be_done),
            *(held.format(year=here.facts.fiscal_year) for here in looks if here.facts.on_hold),
            *(it.words for here in looks for it in passed(here) if not it.is_accepted),
        )


def _notice(row: Reminder, to: Person, told: Sequence[str]) -> tuple[str, str]:
    """Return subject and body of a letter that is about no act: of the morning, or of a service that has stopped."""
    if row.act == STOPPED:
        subject = _("[tsudoi] A service has stopped")
        said = _(
            "The service {unit} has ended again and again, and is not started any more. Until somebody starts it,"
            " what the machine does by itself may stand still.\nCall whoever looks after the machine (runbook, 12)."
        ).format(unit=row.key.split("/")[1])
    else:
        well = _("[tsudoi] This morning: all is well")
        subject = _("[tsudoi] This morning: {count} to see to").format(count=len(told)) if told else well
        said = _(
            "{lines}\n\nThis letter comes every open morning while a year is open. On a morning without it the machine"
            " may be dead: call whoever looks after it (runbook, 12)."
        ).format(
            lines="\n".join(f"・{line}" for line in told)
            or _("No act is overdue, nothing is left undone by the machine, and no year is on hold.")
        )
    body = _("To {name}\n\n{day}\n{said}\n\nThis letter holds no personal data of residents. Number {id}.")
    return subject, body.format(name=visible(to.name), day=wareki(row.due_on), said=said, id=row.id)


def words_of(
    facts: Facts, *, act: str, due_on: date, rung: int, to: Person | Side, number: int | None, today: date,
    passes: Sequence[str] = (),
) -> tuple[str, str]:  # fmt: skip
    """Return subject and body of a rung as it goes to a person or a side on a day; `number` is None before it waits.

    `passes` says which days that no lateness moves are passed because of the act.
    """
    row = BY_TRIGGER[act]
    title, when, owner = row.title, _when(due_on, today), row.owner_under(facts.programme)
    call = isinstance(to, Person) and calls(to, owner, rung)
    what = "\n".join([*passes, _what_to_do(facts, act, to, number, call=call)])
    subject = _("[tsudoi] To call: {act}: {when}") if call else _("[tsudoi] {act}: {when}")
    body = _(
        "To {name}\n\n“{act}” ({year}) is due on {wareki} ({iso}): {when}.\nIt is owed by: {owner}.\n"
        "{what}\nCall: {contact}\n\n"
        "This letter holds no personal data of residents. Number {id}."
    ).format(
        name=visible(to.name) if isinstance(to, Person) else to.label, act=title, year=facts.fiscal_year,
        wareki=wareki(due_on), iso=due_on, when=when, owner=owner.label,
        what=what, contact=facts.programme.sections.contact, id=number or "–",
    )  # fmt: skip
    return subject.format(act=title, when=when), body


def _what_to_do(facts: Facts, act: str, to: Person | Side, number: int | None, *, call: bool) -> str:
    owing = owners(facts, act)
    if call:
        names = "、".join(person.to_call for person in owing) or BY_TRIGGER[act].owner_under(facts.programme).label
        return _(
            "Please call {names} and ask what it waits for;"
            " then: tsudoi reminders {year} --acknowledge {id} --by PERSON"
        ).format(names=names, year=facts.fiscal_year, id=number or "N")
    if isinstance(to, Side) or to in owing:
        return _("Please do it and record it, or tell the coordinator what it waits for.")
    return _("It has not been done; whoever owes it has been reminded.")


def _when(due_on: date, today: date) -> str:
    late = (today - due_on).days
    if late > 0:
        return _("{days} days overdue").format(days=late)
    return _("today") if late == 0 else _("in {days} days").format(days=-late)


# What people ask


def acknowledge(
    office: Office, cycle_id: str, number: int, *, by: str, promised_on: date | None = None, via: str = "desk"
) -> Outcome:
    """Record that a reminder was seen, or that the call it asks for was made; the same person twice is one act.

    Raises:
        Refused: no such reminder went out, or it went to somebody else and `by` is no coordinator.

    """
    fields = {"reminder": number} | ({"promised_on": str(promised_on)} if promised_on else {})
    key = f"{cycle_id}/acknowledge_reminder/{number}/{by}/{promised_on or ''}"
    return acting.perform(office, cycle_id, "acknowledge_reminder", by=by, fields=fields, key=key, via=via)
