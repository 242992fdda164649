"""`tsudoi watch` and `tsudoi reminders`: the morning's sweep by hand, and what was and will be sent."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from typer import Option, Typer

from desk.commands.acts import tell_what_is_left
from desk.commands.logins import office_and_cycle
from desk.console import say, say_aside, say_json, say_table
from desk.options import AsJson, At, By, Programme, Year, day
from models import choices
from models.errors import BadInput
from models.words import _
from states.sweep import MAIL, upcoming
from steps import letters, reminding
from steps.office import Office
from views.reminders import (
    Acknowledged,
    Coming,
    Reminder,
    acknowledged_of,
    coming,
    reminders_of,
    title_of,
    trouble_words,
)
from views.standing import act_title

app = Typer()

_COMING_SHOWN = 12


@app.command(help=_("One sweep: overdue flags and reminders. With --at: a dry run."))
def watch(
    at: At = None,
    stopped: Annotated[
        str,
        Option(
            "--stopped", metavar="UNIT", help=_("Also tell the coordinators that this service has stopped for good.")
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    office = Office.open()
    if at is not None:
        _show_upcoming(office, at.date(), as_json=as_json)
        return
    done = reminding.watch(office, stopped=stopped)
    numbers: dict[str, Any] = {
        "looked_at": done.swept.looked_at, "flagged": done.swept.flagged, "reminders": done.swept.reminders,
        "sent": done.sent, "unknown": done.unknown, "waiting": done.waiting, "doubted": done.swept.doubted,
    }  # fmt: skip
    if as_json:
        say_json(numbers)
        return
    say(_("Flagged {flagged}, reminders {reminders}, sent {sent}, waiting {waiting}, unknown {unknown}."), **numbers)
    if done.swept.doubted:
        words = _(
            "The clock is more than half a year ahead of the last watch. If it is right, the reminders go tomorrow."
        )
        say_aside(words, style="bold red")
    if done.waiting or done.unknown:
        say_aside(_("`tsudoi reminders YEAR` tells what waits and why."))


@app.command(help=_("What went, what will go, what failed."))
def reminders(
    year: Year,
    dry_run: Annotated[
        bool, Option("--dry-run", help=_("Show the words of what waits and of what comes next."))
    ] = False,
    acknowledge: Annotated[
        int | None,
        Option("--acknowledge", min=1, help=_("Record that the reminder of this number was seen, or the call made.")),
    ] = None,
    by: By = "",
    promised: Annotated[datetime | None, day("--promised-on", _("The day that was promised."))] = None,
    programme: Programme = "",
    as_json: AsJson = False,
) -> None:
    office, cycle_id = office_and_cycle(year, programme)
    if acknowledge is not None:
        if not by:
            raise BadInput(_("Nobody is named who acknowledges."), _("Add --by PERSON."))
        outcome = reminding.acknowledge(office, cycle_id, acknowledge, by=by, promised_on=promised and promised.date())
        say(_("Reminder No. {number} is acknowledged (ledger entry {seq})."), number=acknowledge, seq=outcome.seq)
        tell_what_is_left(outcome, year)
        return
    with office.look(cycle_id) as here:
        rows, seen, next_ones = reminders_of(here), acknowledged_of(here), coming(here)
    if as_json:
        ahead = map(_coming, next_ones) if dry_run else ()
        say_json([*(_as_json(row, seen.get(row.id)) for row in rows), *ahead])
        return
    _show_what_went(rows, seen)
    _show_what_comes(next_ones)
    if dry_run:
        _show_the_words(office, cycle_id, next_ones)


def _as_json(row: Reminder, seen: Acknowledged | None) -> dict[str, object]:
    promised = seen.record.promised_on if seen else None
    return {
        "id": row.id, "act": row.act, "rung": row.rung, "to": row.to_person, "channel": row.channel,
        "state": row.state, "due_on": str(row.due_on), "attempts": row.attempts, "trouble": row.trouble,
        "message_id": row.message_id, "acknowledged_by": seen.by if seen else None,
        "promised_on": str(promised) if promised else None,
    }  # fmt: skip


def _coming(one: Coming) -> dict[str, object]:
    return {
        "id": None, "act": one.act, "rung": one.rung, "to": " ".join(one.to),
        "state": "silent" if one.silent else "coming", "due_on": str(one.due_on), "on": str(one.on),
    }  # fmt: skip


def _show_what_went(rows: Sequence[Reminder], seen: dict[int, Acknowledged]) -> None:
    say_table(
        [_("No."), _("Act"), _("Due"), _("Rung"), _("To"), _("State"), _("Acknowledged")],
        [
            [str(r.id), title_of(r), str(r.due_on), f"{r.rung:+d}", _to(r), _state(r), _seen(seen.get(r.id))]
            for r in rows
        ],
    )


def _to(row: Reminder) -> str:
    return row.to_person if row.channel == MAIL else _("{to} (webhook)").format(to=row.to_person)


def _state(row: Reminder) -> str:
    state = choices.said(choices.REMINDERS, row.state)
    return f"{state}: {trouble_words(row.trouble)}" if row.trouble and row.state != "sent" else state


def _seen(seen: Acknowledged | None) -> str:
    if seen is None:
        return ""
    promised = seen.record.promised_on
    return f"{seen.by} {_('until {day}').format(day=promised)}" if promised else seen.by


def _show_what_comes(next_ones: tuple[Coming, ...]) -> None:
    if not next_ones:
        return
    say(_("What will go next, if it is not done before"), style="bold")
    shown = [one for one in next_ones if not one.silent][:_COMING_SHOWN]
    say_table(
        [_("On"), _("Act"), _("Due"), _("Rung"), _("To")],
        [[str(one.on), act_title(one.act), str(one.due_on), f"{one.rung:+d}", " ".join(one.to)] for one in shown],
    )
    if len(next_ones) > len(shown):
        say(_("… and {count} later ones, or such as wait on another's act."), count=len(next_ones) - len(shown))


def _show_the_words(office: Office, cycle_id: str, next_ones: Sequence[Coming]) -> None:
    """Show what waits as it would go today, and what comes next as it would go on its day."""
    facts = office.see(cycle_id, lambda here: here.facts)
    for message in reminding.waiting_letters(office, cycle_id):
        if not isinstance(message, str):
            say(f"\n{message.subject}\n{message.body}")
    for one in next_ones:
        for to in () if one.silent else one.to:
            subject, body = letters.words_of(facts, one, to=facts.people[to], today=one.on)
            say(f"\n{one.on}\n{subject}\n{body}")


def _show_upcoming(office: Office, on: date, *, as_json: bool) -> None:
    rows = upcoming(office.door, on)
    if as_json:
        say_json([{"cycle": row.cycle_id, "act": row.act, "due_on": str(row.due_on), "flag": row.flag} for row in rows])
        return
    say(_("Dry run for {day}: nothing is flagged or sent."), day=on)
    say_table(
        [_("Cycle"), _("Act"), _("Due"), _("Flag")],
        [[row.cycle_id, act_title(row.act), str(row.due_on), choices.said(choices.FLAGS, row.flag)] for row in rows],
    )
