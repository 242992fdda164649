"""The morning watch: flags and reminders by the sweep, and the outbox carried by mail and webhook.

A reminder is claimed before it is sent. What surely did not go waits for the next watch; of a letter that may have gone
nobody claims to know: it is shown as 送達不明 and not sent again by itself. A webhook is repeated under its message id
until its receiver says that it has it. What a later rung has overtaken is dropped, so that no outage ends in a burst.
A person gets one letter a day, with all that is due (steps/letters.py writes it); what comes later waits for the next.
"""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from time import monotonic

import structlog
from sqlalchemy import Connection, Row, func, select, update
from sqlmodel import col

from adapters import disk
from adapters.carrier import Carrier, Message, NotSent
from models import tables
from models.clock import utc
from models.database import reading, writing
from models.errors import BadInput, BadSetting
from models.people import SYSTEM
from models.words import _
from states import deadlines, ledger
from states.acts import Outcome
from states.facts import Facts
from states.reading import aware
from states.sweep import (
    MAIL,
    MORNING,
    NOTICES,
    STOPPED,
    Swept,
    clock_is_doubted,
    may_remind,
    sweep,
    tell_of_the_morning,
    tell_of_the_stop,
)
from steps import acting, asking, letters
from steps.letters import Letter
from steps.office import Office
from views.reminders import Reminder

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


def _queues(office: Office) -> dict[str, list[Letter]]:
    """Return what may go now, by receiver ("" is the mail server); what is not needed any more is dropped."""
    now = office.clock.now()
    queues: dict[str, list[Letter]] = {}
    mail: dict[str, list[Reminder]] = {}
    waiting = _waiting(office)
    with writing(office.engine) as connection:
        facts = office.door.facts_of(connection, list(dict.fromkeys(row.cycle_id for row in waiting)))
        for row in waiting:
            if reason := _not_needed(office, connection, row, facts[row.cycle_id], now.date()):
                _settle(office, connection, row, "dropped", trouble=reason)
            elif _may_go(facts[row.cycle_id], row) and not _is_to_be_left_alone(row, now):
                if row.channel == MAIL:
                    mail.setdefault(row.key if row.act == STOPPED else row.to_person, []).append(row)
                else:
                    queues.setdefault(row.to_person, []).append([row])
        written_to = _written_to_today(connection, now)
    if going := [letter for letter in mail.values() if _is_news(letter) or letter[0].to_person not in written_to]:
        queues[""] = [*going]
    return queues


def _is_news(letter: Letter) -> bool:
    """Tell a letter that goes on a day that had one already: a notice never waits."""
    return any(row.act in NOTICES for row in letter)


def _written_to_today(connection: Connection, now: datetime) -> set[str]:
    reminder, began = tables.Reminder, datetime.combine(now.date(), time.min, now.tzinfo)
    return set(
        connection.execute(
            select(col(reminder.to_person)).where(
                col(reminder.channel) == MAIL, col(reminder.state).in_(("sent", "unknown")),
                col(reminder.settled_at) >= utc(began), col(reminder.act) != STOPPED,
            )
        ).scalars()
    )  # fmt: skip


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


def _carry_queue(office: Office, carrier: Carrier, queue: Sequence[Letter]) -> list[str]:
    """Carry what goes to one receiver, until it is done, the receiver is in trouble, or its time is over."""
    results: list[str] = []
    until = monotonic() + _AT_MOST
    with closing(carrier):
        for number, letter in enumerate(queue):
            began = monotonic()
            state, trouble, stop = _carry(office, carrier, letter)
            results.append(state)
            if stop or monotonic() > until or monotonic() - began > _SLOW:
                if left := [row for letter in queue[number + 1 :] for row in letter]:
                    with writing(office.engine) as connection:
                        _tell(connection, left, trouble)
                break
    return results


def _carry(office: Office, carrier: Carrier, letter: Letter) -> tuple[str, str, bool]:
    """Claim, send, settle: each in a transaction of its own, so that a kill in between is seen afterwards."""
    message = letters.written(office, letter)
    with writing(office.engine) as connection:
        left = [row for row in letter if (act := _owed(connection, row)) is None or act.done_on is None]
        for row in letter:
            if row not in left:
                _settle(office, connection, row, "dropped", trouble="done")
        if left == letter:
            if isinstance(message, str):  # surely nothing went: it waits until the register is mended
                _tell(connection, letter, message)
                return "waiting", "", False
            if not _claim(connection, letter):
                return "waiting", "", False
    if left != letter:  # something was done meanwhile
        return _carry(office, carrier, left) if left else ("dropped", "", False)
    assert not isinstance(message, str)
    wait = None
    try:
        carrier.send(message)
        state, trouble, stop = "sent", "", False
    except NotSent as error:
        state, trouble, wait, stop = "waiting", error.trouble, error.wait, error.stop
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows whether a letter went
        state, trouble, stop = "unknown" if letter[0].channel == MAIL else "waiting", type(error).__name__, False
    now = office.clock.now()  # of one letter one moment
    with writing(office.engine) as connection:
        for row in letter:
            _settle(office, connection, row, state, trouble=trouble, wait=wait, now=now)
    return state, trouble, stop


def _claim(connection: Connection, letter: Letter) -> bool:
    """Claim what stands in a letter, all of it or none."""
    table = tables.Reminder
    these = col(table.id).in_([row.id for row in letter]), col(table.state) == "waiting"
    if connection.execute(select(func.count()).where(*these)).scalar_one() != len(letter):
        return False
    connection.execute(update(table).where(*these).values(state="claimed", attempts=col(table.attempts) + 1))
    return True


def _settle(
    office: Office,
    connection: Connection,
    row: Reminder,
    state: str,
    *,
    trouble: str = "",
    wait: timedelta | None = None,
    now: datetime | None = None,
) -> None:
    table, now = tables.Reminder, now or office.clock.now()
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


# What people ask


def waiting_letters(office: Office, cycle_id: str) -> list[Message | str]:
    """Return what waits about the acts of a year as it would go today, or in a word why it cannot be written."""
    mail: dict[str, list[Reminder]] = {}
    for row in _waiting(office):
        if row.cycle_id == cycle_id and row.act not in NOTICES:
            mail.setdefault(row.to_person if row.channel == MAIL else row.key, []).append(row)
    return [letters.written(office, letter) for letter in mail.values()]


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


def acknowledge_all(
    office: Office, cycle_id: str, numbers: Iterable[int], *, by: str, promised_on: date | None = None
) -> tuple[Outcome, ...]:
    """Record that several reminders were seen, or settled by one call, with the one day that was promised for all.

    Raises:
        Refused: one of them went to somebody else and `by` is no coordinator; those before it are recorded.

    """
    return tuple(acknowledge(office, cycle_id, number, by=by, promised_on=promised_on) for number in numbers)
