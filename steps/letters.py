"""What a reminder says: to a person one letter of a day with all that is due, to a webhook a message about one act.

With a letter go the contractor's forms in Excel, filled in with what is known, and the days as a calendar takes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import formataddr
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from sqlalchemy import func, select
from sqlmodel import col

from adapters import ics
from adapters.carrier import Attachment, Message
from adapters.ics import WholeDay
from models import tables
from models.clock import day_of, stamp, wareki
from models.errors import BadInput
from models.people import Person, Side
from models.plain import mail_address, visible
from models.words import _
from papers.entry_forms import contract_lines, is_reported
from states import deadlines
from states.facts import Facts
from states.look import Look
from states.reading import aware
from states.sweep import MAIL, MORNING, NOTICES, STOPPED, calls, owners
from states.table import BY_TRIGGER
from steps import entry_forms
from steps.office import Office
from views.arrivals import came
from views.commitments import passed
from views.reminders import Coming, Reminder
from views.standing import late

Letter: TypeAlias = Sequence[Reminder]  # what goes to one receiver as one message
Morning: TypeAlias = tuple[Sequence[str], Sequence[str]]  # what is not well, and what came from the contractor
_A_WEEK = timedelta(days=7)
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CALENDAR = "text/calendar"


def written(office: Office, letter: Letter) -> Message | str:
    """Write a letter, or say in a word why it cannot be written: that is this letter's trouble alone."""
    try:
        return _message(office, letter) or "no_address"
    except BadInput:
        return "bad_address"
    except Exception as error:  # noqa: BLE001 - whatever stands on the register, the others' letters go
        return type(error).__name__


def _message(office: Office, letter: Letter) -> Message | None:
    """Return the message; None where it goes by mail and the person has no address."""
    first, *_more = letter
    if first.channel != MAIL:
        return office.see(first.cycle_id, lambda here: _for_a_webhook(here, first))
    to = office.see(first.cycle_id, lambda here: here.facts.people.get(first.to_person))
    if to is None or not to.mail:
        return None
    notice = next((row for row in letter if row.act in NOTICES), None)
    acts = sorted((row for row in letter if row.act not in NOTICES), key=attrgetter("cycle_id", "due_on"))
    told, news = _of_the_morning(office, notice) if notice and notice.act == MORNING else ((), ())
    parts = [
        office.see(cycle_id, partial(_part, rows=[*rows], to=to, told=told, origin=office.settings.origin))
        for cycle_id, rows in groupby(acts, attrgetter("cycle_id"))
    ]
    calendar = _calendar(office, to, parts)
    subject, body = _in_words(letter, notice, to, parts, (told, news), today=office.clock.now().date())
    return Message(
        message_id=(notice or first).message_id,
        to=formataddr((visible(to.name), mail_address(to.mail))),
        subject=subject,
        body=body,
        attached=(*(form for part in parts for form in part.forms), *calendar),
    )


# A letter


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What a letter says of one year: each act in words, forms to fill in, days, and whom to call."""

    subjects: Sequence[str]
    titles: Sequence[str]
    calls: bool
    words: str
    forms: Sequence[Attachment]
    days: Sequence[WholeDay]


def _part(here: Look, rows: Letter, to: Person, told: Sequence[str], origin: str) -> _Part:
    """Write of one year what a letter has not told yet.

    Which days are passed the ward's people read once, whatever act it is through; others beside their own that it is.
    """
    facts, today, beyond = here.facts, here.today, passed(here)
    own = [row for row in rows if to in owners(facts, row.act)]
    through = {row.act: [it.words for it in beyond if it.is_through(row.act)] for row in rows}
    once = list[str]()
    if to.side is Side.WARD:
        news = {it.words for it in beyond if not it.is_accepted}.union(*through.values()).difference(told)
        once, through = [it.words for it in beyond if it.words in news], {}
    said = [_said(facts, row, to=to, today=today, passes=through.get(row.act, ())) for row in rows]
    if once:
        said.append("\n・".join((_("Days that do not move and are passed:"), *once)))
    contract, call = contract_lines(here)
    return _Part(
        subjects=[_subject(facts, row, to, today) for row in rows],
        titles=[BY_TRIGGER[row.act].title for row in rows],
        calls=any(_calls(facts, row, to) for row in rows),
        words="\n\n".join((contract, *said, call)),
        forms=[_form(here, row.act) for row in own if is_reported(here, BY_TRIGGER[row.act])],
        days=[
            WholeDay(
                uid=f"{row.cycle_id}/{row.act}@{origin}", on=row.due_on, title=BY_TRIGGER[row.act].title, alarm=True
            )
            for row in own if row.due_on >= today
        ],
    )  # fmt: skip


def _form(here: Look, act: str) -> Attachment:
    name, content = entry_forms.made(here, act, mailed=True)
    return Attachment(name=name, kind=_EXCEL, content=content)


def _calendar(office: Office, to: Person, parts: Sequence[_Part]) -> tuple[Attachment, ...]:
    days, now = [day for part in parts for day in part.days], office.clock.now()
    if not days:
        return ()
    content = ics.written(_("Days due"), days, uid=f"{to.id}/{stamp(now)}@{office.settings.origin}", made_at=now)
    return (Attachment(name=f"{_('Days due')}.ics", kind=_CALENDAR, content=content),)


def _in_words(
    letter: Letter, notice: Reminder | None, to: Person, parts: Sequence[_Part], morning: Morning, *, today: date
) -> tuple[str, str]:
    """Return subject and body of a letter."""
    subjects = [subject for part in parts for subject in part.subjects]
    titles = [title for part in parts for title in part.titles]
    if notice is not None:
        subject, first = _notice(notice, morning, titles)
    elif len(subjects) == 1:
        subject, first = subjects[0], ""
    else:
        many = _("[tsudoi] {count} acts: {act} and others")
        call = _("[tsudoi] To call: {count} acts: {act} and others")
        subject = (call if any(part.calls for part in parts) else many).format(count=len(titles), act=titles[0])
        first = wareki(today)
    forms = _("Attached: the forms to fill in in Excel.") if any(part.forms for part in parts) else ""
    days = _("Attached: the days due, for your calendar.") if any(part.days for part in parts) else ""
    said = [first, *(part.words for part in parts), f"{forms}\n{days}".strip()]
    numbers = ", ".join(str(row.id) for row in letter)
    body = _("To {name}\n\n{said}\n\nThis letter holds no personal data of residents. Number {id}.")
    return subject, body.format(name=visible(to.name), said="\n\n".join(filter(None, said)), id=numbers)


def _subject(facts: Facts, row: Reminder | Coming, to: Person | Side, today: date) -> str:
    subject = _("[tsudoi] To call: {act}: {when}") if _calls(facts, row, to) else _("[tsudoi] {act}: {when}")
    return subject.format(act=BY_TRIGGER[row.act].title, when=_when(row.due_on, today))


def _calls(facts: Facts, row: Reminder | Coming, to: Person | Side) -> bool:
    return isinstance(to, Person) and calls(to, BY_TRIGGER[row.act].owner_under(facts.programme), row.rung)


def _said(facts: Facts, row: Reminder | Coming, *, to: Person | Side, today: date, passes: Sequence[str] = ()) -> str:
    """Say of one act when it is due, who owes it, which days that no lateness moves are passed, and what to do."""
    table = BY_TRIGGER[row.act]
    return _("“{act}” ({year}) is due on {wareki} ({iso}): {when}.\nIt is owed by: {owner}.\n{what}").format(
        act=table.title, year=facts.fiscal_year, wareki=wareki(row.due_on), iso=row.due_on,
        when=_when(row.due_on, today), owner=table.owner_under(facts.programme).label,
        what="\n".join([*passes, _what_to_do(facts, row, to)]),
    )  # fmt: skip


def _what_to_do(facts: Facts, row: Reminder | Coming, to: Person | Side) -> str:
    owing = owners(facts, row.act)
    if _calls(facts, row, to):
        names = "、".join(person.to_call for person in owing)
        return _("Please call {names}, ask what it waits for, and record the day that was promised.").format(
            names=names or BY_TRIGGER[row.act].owner_under(facts.programme).label
        )
    if isinstance(to, Side) or to in owing:
        return _("Please do it and record it, or tell the coordinator what it waits for.")
    return _("It has not been done; whoever owes it has been reminded.")


def _when(due_on: date, today: date) -> str:
    late = (today - due_on).days
    if late > 0:
        return _("{days} days overdue").format(days=late)
    return _("today") if late == 0 else _("in {days} days").format(days=-late)


# A notice


def _of_the_morning(office: Office, row: Reminder) -> Morning:
    """Return what is not well this morning, and what came from the contractor since the morning before."""
    reminder = tables.Reminder
    before = select(func.max(col(reminder.created_at))).where(
        col(reminder.act) == MORNING, col(reminder.created_at) < row.created_at
    )
    with office.look_around() as looks:
        since = looks[0].connection.execute(before).scalar() if looks else None
        since = aware(since) if since else aware(row.created_at) - _A_WEEK
        news = tuple(words for here in looks for words in came(here, since, aware(row.created_at)))
    return _what_is_not_well(office), news


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


def _notice(row: Reminder, morning: Morning, due: Sequence[str]) -> tuple[str, str]:
    """Return subject and beginning of a letter that is a notice: of the morning, or of a service that has stopped."""
    if row.act == STOPPED:
        said = _(
            "The service {unit} has ended again and again, and is not started any more. Until somebody starts it,"
            " what the machine does by itself may stand still.\nCall whoever looks after the machine (runbook, 12)."
        ).format(unit=row.key.split("/")[1])
        return _("[tsudoi] A service has stopped"), f"{wareki(row.due_on)}\n{said}"
    told, news = morning
    well = _("[tsudoi] This morning: all is well")
    subject = _("[tsudoi] This morning: {count} to see to").format(count=len(told)) if told else well
    if due:
        subject = _("{subject}; due: {count}").format(subject=subject, count=len(due))
    said = _(
        "{lines}\n\nThis letter comes every open morning while a year is open. On a morning without it the machine"
        " may be dead: call whoever looks after it (runbook, 12)."
    ).format(
        lines="\n".join(f"・{line}" for line in told)
        or _("No act is overdue, nothing is left undone by the machine, and no year is on hold.")
    )
    if news:
        said += "\n\n" + _("From the contractor came:") + "".join(f"\n・{line}" for line in news)
    return subject, f"{wareki(row.due_on)}\n{said}"


# A message to a webhook, and what is only shown


def _for_a_webhook(here: Look, row: Reminder) -> Message:
    """Return the message, the same byte for byte, however often it is repeated: it speaks of the day it was written."""
    facts, written_at = here.facts, aware(row.created_at)
    to: Person | Side = facts.people.get(row.to_person) or Side(row.to_person)
    today = day_of(written_at)
    subject, body = words_of(facts, row, to=to, today=today)
    return Message(
        message_id=row.message_id,
        to="",
        subject=subject,
        body=body,
        data={
            "type": "reminder",
            "timestamp": stamp(written_at),
            "data": {
                "number": row.id, "fiscal_year": facts.fiscal_year, "act": row.act, "due_on": str(row.due_on),
                "flag": deadlines.ladder(row.due_on, today, here.calendar), "rung": row.rung, "to": row.to_person,
                "owner": BY_TRIGGER[row.act].owner_under(facts.programme).value,
                "contact": facts.programme.sections.contact,
                "subject": subject, "text": body,
            },
        },
    )  # fmt: skip


def words_of(facts: Facts, row: Reminder | Coming, *, to: Person | Side, today: date) -> tuple[str, str]:
    """Return subject and body about one act, as they go to a person or a side on a day."""
    body = _(
        "To {name}\n\n{said}\nCall: {contact}\n\nThis letter holds no personal data of residents. Number {id}."
    ).format(
        name=visible(to.name) if isinstance(to, Person) else to.label, said=_said(facts, row, to=to, today=today),
        contact=facts.programme.sections.contact, id=row.id or "–",
    )  # fmt: skip
    return _subject(facts, row, to, today), body
