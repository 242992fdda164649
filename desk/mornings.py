"""`tsudoi watch` and `tsudoi reminders`: the morning's sweep by hand, and what was and will be sent."""

from datetime import datetime

import typer

from desk.console import say, say_json, say_table
from desk.cycles import AT, JSON, PROGRAMME, YEAR
from models.clock import TOKYO
from models.words import _, in_words
from states.sweep import upcoming
from states.table import BY_TRIGGER
from steps import preparation, reminding
from steps.office import Office


def furnish(app: typer.Typer) -> None:
    """Put the commands on the desk."""
    app.command("watch", help=_("One sweep: overdue flags and reminders. With --at: a dry run."))(watch)
    app.command("reminders", help=_("What went, what will go, what failed."))(reminders)


def watch(at: datetime | None = AT, as_json: bool = JSON) -> None:
    office = Office.open()
    if at is not None:
        _show_upcoming(office, at.replace(tzinfo=TOKYO), as_json=as_json)
        return
    done = reminding.watch(office)
    numbers = {
        "looked_at": done.swept.looked_at, "flagged": done.swept.flagged, "reminders": done.swept.reminders,
        "sent": done.sent, "unknown": done.unknown, "waiting": done.waiting,
    }  # fmt: skip
    if as_json:
        say_json(numbers)
        return
    say(_("Flagged {flagged}, reminders {reminders}, sent {sent}, waiting {waiting}, unknown {unknown}.").format(
        **numbers
    ))  # fmt: skip


def reminders(
    year: int = YEAR,
    dry_run: bool = typer.Option(False, "--dry-run", help=_("Show the words of what waits.")),
    programme: str = PROGRAMME,
    as_json: bool = JSON,
) -> None:
    office = Office.open()
    rows = reminding.reminders_of(office, office.cycle_id(year, programme))
    if as_json:
        say_json([
            {"id": r.id, "act": r.act, "rung": r.rung, "to": r.to_person, "state": r.state, "due_on": str(r.due_on)}
            for r in rows
        ])  # fmt: skip
        return
    say_table(
        [_("No."), _("Act"), _("Due"), _("Rung"), _("To"), _("State")],
        [[str(r.id), _title(r.act), str(r.due_on), f"{r.rung:+d}", r.to_person, _states()[r.state]] for r in rows],
    )
    if dry_run:
        people = {person.id: person for person in preparation.everybody(office)}
        contact = office.programme(programme)[0].sections.contact
        for row in rows:
            if row.state == "waiting":
                message = reminding.message_of(row, people[row.to_person], contact, office.clock.now().date())
                say(f"\n{message.subject}\n{message.body}")


def _show_upcoming(office: Office, at: datetime, *, as_json: bool) -> None:
    rows = upcoming(office.door, at.date())
    if as_json:
        say_json([{"cycle": it.cycle_id, "act": it.act, "due_on": str(it.due_on), "flag": it.flag} for it in rows])
        return
    say(_("Dry run for {day}: nothing is flagged or sent.").format(day=at.date()))
    say_table(
        [_("Cycle"), _("Act"), _("Due"), _("Flag")],
        [[it.cycle_id, _title(it.act), str(it.due_on), _flags()[it.flag]] for it in rows],
    )


def _title(act: str) -> str:
    row = BY_TRIGGER[act]
    return in_words(ja=row.ja, en=row.en)


def _flags() -> dict[str, str]:
    return {
        "due_soon": _("due soon"), "due_today": _("due today"), "overdue": _("overdue"), "escalated": _("escalated"),
    }  # fmt: skip


def _states() -> dict[str, str]:
    return {
        "waiting": _("waiting"), "claimed": _("being sent"), "sent": _("sent"), "dropped": _("not needed any more"),
        "unknown": _("delivery unknown"),
    }  # fmt: skip
