"""`tsudoi incident`: report one in one command, from any step; see what the law asks and what is still to be done."""

from datetime import datetime
from typing import Annotated, Literal

from typer import Option, Typer

from desk.commands.acts import tell_what_is_left
from desk.commands.logins import office_and_cycle, seen
from desk.console import say, say_json, say_table
from desk.options import AsJson, Programme, Year, day, minute
from models import choices
from models.clock import TOKYO, stamp, wareki
from models.words import _
from states import statute
from steps import incidents
from views.incidents import Incident, contacts_of, incidents_of

app = Typer(
    name="incident", help=_("Incidents: report one, see its clock and what is to be done."), no_args_is_help=True
)

Kind = Literal["loss", "leak", "count", "misdelivery", "deviation", "other"]


@app.command(help=_("Report an incident: the cycle is held, the clock of the law starts."))
def report(
    year: Year,
    kind: Annotated[Kind, Option("--kind", help=_("What happened."))],
    by: Annotated[str, Option("--by", help=_("Who reports it: an id of the register."))],
    known_on: Annotated[
        datetime | None, day("--known-on", _("The day anybody of the section knew; today if left out."))
    ] = None,
    known_at: Annotated[
        datetime | None, minute("--known-at", _("The moment it was known, as far as it was noted; gives the day too."))
    ] = None,
    contractor_notified_at: Annotated[
        datetime | None, minute("--contractor-notified-at", _("The moment the contractor notified the ward of it."))
    ] = None,
    persons: Annotated[int, Option("--persons", min=0, help=_("Persons concerned, as far as known."))] = 0,
    sensitive: Annotated[bool, Option("--sensitive", help=_("Sensitive personal information is concerned."))] = False,
    property_risk: Annotated[bool, Option("--property-risk", help=_("Damage to property is to be feared."))] = False,
    wrongful: Annotated[bool, Option("--wrongful", help=_("A wrongful purpose is suspected."))] = False,
    encrypted: Annotated[bool, Option("--encrypted", help=_("Strongly encrypted, the key kept apart."))] = False,
    programme: Programme = "",
    as_json: AsJson = False,
) -> None:
    office, cycle_id = office_and_cycle(year, programme)
    day_known = known_on or known_at or office.clock.now()
    times = {"known_at": known_at, "contractor_notified_at": contractor_notified_at}
    fields = {
        "kind": kind, "known_on": day_known.date(), "persons": persons,
        "sensitive": sensitive, "property_risk": property_risk, "wrongful": wrongful, "encrypted": encrypted,
        **{name: at.replace(tzinfo=TOKYO) for name, at in times.items() if at},
    }  # fmt: skip
    outcome, found = incidents.report(office, cycle_id, by=by, fields=fields)
    tell_what_is_left(outcome, year)
    if as_json:
        say_json(found.as_json())
        return
    say(_("Incident No. {number} is recorded and the cycle is on hold."), number=found.number, style="bold red")
    _show(found)
    with office.look(cycle_id) as here:
        contacts, procedure = contacts_of(here.facts), here.programme.emergency.procedure
    say(_("Call at once"), style="bold")
    say_table(
        [_("Name"), _("Where"), _("Telephone (by day)"), _("Telephone (nights and holidays)"), _("Mail")],
        [[one.called, one.place, one.phone or "–", one.phone_out_of_hours or "–", one.mail] for one in contacts],
    )
    say(_("What to do"), style="bold")
    for number, line in enumerate(procedure, start=1):
        say(f"  {number}. {line}")
    say(_("Drafts of the report, the notice and the publication lie in {folder}."), folder=office.papers)


@app.command(help=_("Show the incidents of a year, their days and what is still to be done."))
def show(year: Year, programme: Programme = "", as_json: AsJson = False) -> None:
    found = seen(year, programme, incidents_of)
    if as_json:
        say_json([incident.as_json() for incident in found])
        return
    if not found:
        say(_("There is no incident in this year."))
    for incident in found:
        kind = choices.said(choices.INCIDENTS, incident.kind)
        state = _("open") if incident.state == "open" else _("settled")
        say(_("Incident No. {number}: {kind}, {state}"), number=incident.number, kind=kind, state=state, style="bold")
        _show(incident)


def _show(incident: Incident) -> None:
    """Show what the law asks, by when, and what is still to be done."""
    for number in incident.heads:
        say("  " + _("Head {number}: {words}"), number=number, words=_(statute.HEADS[number][1]))
    if clock := incident.clock:
        days = (
            (_("Known since"), clock.known_on),
            (_("Prompt report, third to fifth day"), clock.prompt_by),
            (_("Final report, day {day}").format(day=clock.days), clock.final_by),
        )
        rows = [[label, f"{wareki(day)} ({day})"] for label, day in days]
        unknown = _("not recorded")
        notified, known = incident.contractor_notified_at, incident.known_at
        rows.insert(1, [_("Time of knowing"), stamp(known)[11:16] if known else unknown])
        rows.append([_("Notified by the contractor"), stamp(notified)[:16] if notified else unknown])
        say_table(["", ""], rows)
    if incident.perhaps_exempt:
        say("  " + _("Perhaps it need not be reported, because the data were encrypted: people decide."))
    if incident.duties:
        say("  " + _("Still to be done: {duties}").format(duties="、".join(incident.duties)), style="yellow")
    if incident.heads:
        say(f"  {_(statute.CONTRACTORS_DUTY)}")
        words = _("Rule: {version}. Some points were not verified in its text; the draft names them.")
        say(f"  {words}", version=statute.VERSION)
