"""The morning watch: flags and reminders by the sweep, and the outbox carried by mail.

A reminder is claimed before it is sent. What surely did not go waits for the next watch; of what may have gone nobody
claims to know: it is shown as 送達不明 and not sent again by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import formataddr

import stamina
import structlog
from sqlalchemy import Connection, Row, select, update
from sqlmodel import col

from adapters.carrier import Carrier, Message, NotSent
from models import tables
from models.clock import utc, wareki
from models.database import reading, writing
from models.people import SYSTEM, Person, Side
from models.words import _, in_words
from states import ledger
from states.reading import people, programme_of
from states.sweep import Swept, sweep
from states.table import BY_TRIGGER
from steps.office import Office

_TRIES = 3
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a watch did."""

    swept: Swept
    sent: int
    unknown: int
    waiting: int


def watch(office: Office) -> Watched:
    """Flag what has come to its day and carry what is in the outbox.

    Raises:
        BadSetting: nobody can carry a letter as the setting `mail` stands; the letters wait.

    """
    swept = sweep(office.door)
    _lose_sight_of_the_claimed(office)
    carrier = office.carrier  # before anything is claimed: a wrong setting loses no letter
    results = [_carry(office, carrier, reminder) for reminder in _waiting(office)]
    watched = Watched(
        swept=swept, sent=results.count("sent"), unknown=results.count("unknown"), waiting=results.count("waiting")
    )
    _log.info("watched", looked_at=swept.looked_at, flagged=swept.flagged, reminders=swept.reminders, sent=watched.sent)
    return watched


def message_of(reminder: Row[tuple[tables.Reminder]], to: Person, contact: str, today: date) -> Message:
    """Write a reminder: what is due, since when, what to do, whom to call. Never a serial or a resident."""
    row = BY_TRIGGER[reminder.act]
    title = in_words(ja=row.ja, en=row.en)
    subject = _("[tsudoi] {act}: {when}").format(act=title, when=_when(reminder.due_on, today))
    body = _(
        "To {name}\n\n“{act}” is due on {wareki} ({iso}): {when}.\nIt is owed by: {owner}.\n"
        "Please do it, or tell the coordinator what it waits for.\nCall: {contact}\n\n"
        "This letter holds no personal data of residents. Number {id}."
    ).format(
        name=to.name, act=title, wareki=wareki(reminder.due_on), iso=reminder.due_on,
        when=_when(reminder.due_on, today), owner=Side(row.owner).label, contact=contact, id=reminder.id,
    )  # fmt: skip
    return Message(message_id=reminder.message_id, to=formataddr((to.name, to.mail)), subject=subject, body=body)


def reminders_of(office: Office, cycle_id: str) -> Sequence[Row[tuple[tables.Reminder]]]:
    """Return every reminder of a cycle, the oldest first."""
    reminder = tables.Reminder
    query = select(reminder).where(col(reminder.cycle_id) == cycle_id).order_by(col(reminder.id))
    with reading(office.engine) as connection:
        return connection.execute(query).all()


def _when(due_on: date, today: date) -> str:
    late = (today - due_on).days
    if late > 0:
        return _("{days} days overdue").format(days=late)
    return _("today") if late == 0 else _("in {days} days").format(days=-late)


def _waiting(office: Office) -> Sequence[Row[tuple[tables.Reminder]]]:
    reminder = tables.Reminder
    with reading(office.engine) as connection:
        return connection.execute(
            select(reminder).where(col(reminder.state) == "waiting").order_by(col(reminder.id))
        ).all()


def _carry(office: Office, carrier: Carrier, reminder: Row[tuple[tables.Reminder]]) -> str:
    """Claim, send, settle: each in a transaction of its own, so that a kill in between is seen afterwards."""
    with writing(office.engine) as connection:
        if _done_meanwhile(connection, reminder):
            _settle(office, connection, reminder, "dropped")
            return "dropped"
        to = people(connection).get(reminder.to_person)
        if to is None or not to.mail or not _claim(connection, reminder):
            return "waiting"
        contact = _contact(connection, reminder.cycle_id)
    try:
        _send(carrier, message_of(reminder, to, contact, office.clock.now().date()))
        state, trouble = "sent", ""
    except NotSent as error:
        state, trouble = "waiting", str(error)[:80]
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows whether the mail went
        state, trouble = "unknown", type(error).__name__
    with writing(office.engine) as connection:
        _settle(office, connection, reminder, state, trouble)
    return state


@stamina.retry(on=NotSent, attempts=_TRIES, timeout=10)
def _send(carrier: Carrier, message: Message) -> None:
    carrier.send(message)


def _done_meanwhile(connection: Connection, reminder: Row[tuple[tables.Reminder]]) -> bool:
    act = tables.Act
    query = select(col(act.done_on)).where(col(act.cycle_id) == reminder.cycle_id, col(act.act) == reminder.act)
    return connection.execute(query).scalar() is not None


def _claim(connection: Connection, reminder: Row[tuple[tables.Reminder]]) -> bool:
    table = tables.Reminder
    claimed = connection.execute(
        update(table)
        .where(col(table.id) == reminder.id, col(table.state) == "waiting")
        .values(state="claimed", attempts=reminder.attempts + 1)
    )
    return claimed.rowcount == 1


def _settle(
    office: Office, connection: Connection, reminder: Row[tuple[tables.Reminder]], state: str, trouble: str = ""
) -> None:
    table, now = tables.Reminder, office.clock.now()
    connection.execute(
        update(table).where(col(table.id) == reminder.id).values(state=state, trouble=trouble, settled_at=utc(now))
    )
    event = {"sent": "reminder_sent", "unknown": "reminder_lost"}.get(state)
    if event:
        data = {"act": reminder.act, "rung": reminder.rung, "due_on": str(reminder.due_on), "to": reminder.to_person}
        entry = ledger.Entry(at=now, event=event, by=SYSTEM, via="watch", cycle_id=reminder.cycle_id, data=data)
        ledger.append(connection, entry)


def _lose_sight_of_the_claimed(office: Office) -> None:
    """Settle what an earlier watch claimed and never settled: it was killed in between."""
    reminder = tables.Reminder
    with writing(office.engine) as connection:
        rows = connection.execute(select(reminder).where(col(reminder.state) == "claimed")).all()
        for row in rows:
            _settle(office, connection, row, "unknown", "interrupted")


def _contact(connection: Connection, cycle_id: str) -> str:
    cycle = tables.Cycle
    text = connection.execute(select(col(cycle.programme_text)).where(col(cycle.id) == cycle_id)).scalar_one()
    return programme_of(text).sections.contact
