"""`tsudoi cycle` and `tsudoi next`: where a year stands, what is next, who owes it, by when, what blocks it."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from typer import Option, Typer

from desk.commands.acts import due_words
from desk.commands.logins import at_the_desk, office_and_cycle, seen
from desk.console import say, say_json, say_table, screen, typed
from desk.options import AsJson, At, Programme, Year
from models.clock import stamp, wareki
from models.database import reading
from models.people import SYSTEM
from models.words import _, in_words
from papers.slips import slips_of
from steps import auditing, identity, papers, preparation
from views import commitments, counting, standing
from views.commitments import Passed
from views.reminders import calls_to_make
from views.standing import Owed, Standing

app = Typer()
cycle = Typer(name="cycle", help=_("Fiscal years: open, show, list, count."), no_args_is_help=True)
app.add_typer(cycle)

_LATER_SHOWN = 5
_STYLES = {"escalated": "bold red", "overdue": "red", "due_today": "yellow", "due_soon": ""}


@cycle.command("open", help=_("Open a fiscal year; opening it twice changes nothing."))
def open_(year: Year, programme: Programme = "") -> None:
    office = at_the_desk()
    cycle_id, new = preparation.open_year(office, year, programme=programme)
    say(_("{cycle} is open.") if new else _("{cycle} was open already."), cycle=cycle_id)
    if new:
        say(_("Keep this checkpoint on paper, away from the machine: the ledger up to here is proved by it."))
        say(auditing.latest_checkpoint(office))
    carried = preparation.carried_over(office, cycle_id)
    for was, now in carried.changed:
        say(_("Changed since last year: {was} → {now}"), was=was, now=now, style="yellow")
    if carried.differs:
        words = _("It differs from the matter the board approved ({what}) and is on hold.")
        say(words, what="、".join(carried.differs), style="bold red")
        say("→ " + _("Record the new referral: tsudoi act {year} record_referral"), year=year)
    if carried.to_confirm:
        say(_("People to be confirmed for this year: {people}"), people="、".join(carried.to_confirm))
    _say_what_is_passed(office.see(cycle_id, commitments.passed))


@cycle.command(help=_("Show where a fiscal year stands."))
def show(year: Year, programme: Programme = "", as_json: AsJson = False, at: At = None) -> None:
    office, cycle_id = office_and_cycle(year, programme)
    stands = office.see(cycle_id, standing.standing, today=at.date() if at else None)
    if as_json:
        say_json(stands.as_json())
        return
    _headline(stands, at.date() if at else office.clock.now().date())
    _owed_table(stands.next, title=_("Next"))
    if stands.later:
        title = _("Later ({count})").format(count=len(stands.later))
        _owed_table(stands.later[:_LATER_SHOWN], title=title, explained=False)
    say("")
    say(_("Counts: ") + "　".join(f"{line.label} {line.count:,}" for line in stands.counts.lines if line.count))
    for difference in stands.counts.differences:
        say(difference, style="bold red")


@cycle.command(help=_("List the slips of all movements, and print those that are missing."))
def slips(
    year: Year,
    by: Annotated[str, Option("--by", help=_("Who prints."))] = "system",
    programme: Programme = "",
    as_json: AsJson = False,
) -> None:
    office, cycle_id = office_and_cycle(year, programme)
    if by != SYSTEM:
        identity.person_of(office, by)
    made = papers.print_missing_slips(office, cycle_id, by=by, via="desk")
    listed: list[dict[str, Any]] = [
        {"slip": slip.record.slip, "act": slip.row.trigger, "seq": slip.seq, "occurred_at": stamp(slip.occurred_at),
         "entered_afterwards": slip.is_afterwards, "file": f"{slip.file}.pdf"}
        for slip in office.see(cycle_id, lambda here: slips_of(here.connection, cycle_id))
    ]  # fmt: skip
    if as_json:
        say_json({"printed": [path.name for path in made], "slips": listed})
        return
    say_table(
        [_("Slip"), _("Act"), _("No."), _("When"), _("File")],
        [
            [row["slip"], standing.act_title(row["act"]), str(row["seq"]), row["occurred_at"], row["file"]]
            for row in listed
        ],
    )
    say(_("{count} slips were missing and are printed in {folder}."), count=len(made), folder=office.papers)


@cycle.command("list", help=_("List the fiscal years."))
def list_(as_json: AsJson = False) -> None:
    office = at_the_desk()
    with reading(office.engine) as connection:
        cycles = standing.all_cycles(connection)
    if as_json:
        say_json([
            {"year": c.fiscal_year, "programme": c.programme, "state": c.state, "on_hold": c.on_hold} for c in cycles
        ])  # fmt: skip
        return
    if not cycles:
        say(_("No fiscal year is open. Open one: tsudoi cycle open YEAR"))
        return
    say_table(
        [_("Year"), _("Programme"), _("State"), ""],
        [
            [str(c.fiscal_year), c.programme, standing.state_title(c.state), _("on hold") if c.on_hold else ""]
            for c in cycles
        ],
    )


@cycle.command(help=_("Show the conservation table."))
def counts(year: Year, programme: Programme = "", as_json: AsJson = False) -> None:
    table = seen(year, programme, counting.counts)
    if as_json:
        say_json(table.as_json())
        return
    say_table(
        [_("Item"), _("Count"), _("Differs by"), _("Serials"), _("Source")],
        [
            [f"{'  ' if line.part_of else ''}{line.label}", f"{line.count:,}",
             f"{line.differs_by:+,}" if line.differs_by else "", line.serials, line.source]
            for line in table.lines
        ],
        styles=["bold red" if line.differs_by else "" for line in table.lines],
    )  # fmt: skip
    for note in table.notes:
        say(note)
    for difference in table.differences:
        say(difference, style="bold red")
    if not table.differences:
        say(_("No count contradicts another."))


@app.command("next", help=_("Today's work over all years, most urgent first."))
def next_(as_json: AsJson = False, at: At = None) -> None:
    office = at_the_desk()
    with office.look_around(today=at.date() if at else None) as looks:
        work, calls = standing.todays_work(looks), calls_to_make(looks)
        passed = [commitment for look in looks for commitment in commitments.passed(look)]
    if as_json:
        say_json([
            act.as_json() | {
                "calls": [call.as_json() for call in calls if call.is_about(act)],
                "passes": [one.as_json() for one in passed if one.year == act.year and one.is_through(act.act)],
            }
            for act in work
        ])  # fmt: skip
        return
    _say_what_is_passed(passed, with_year=True)
    words = _(
        "To call: {title} ({year}), due {due}: {whom} — then: tsudoi reminders {year} --acknowledge {number} --by {by}"
    )
    for call in calls:
        say(words, title=call.title, year=call.year, due=call.due_on, whom="、".join(call.whom), number=call.reminder,
            by=call.caller, style="bold red")  # fmt: skip
    if not work:
        say(_("Nothing is owed now."))
        return
    _owed_table(work, title=_("Today's work"), with_year=len({act.year for act in work}) > 1)


def _say_what_is_passed(passed: Iterable[Passed], *, with_year: bool = False) -> None:
    """Say in red which days that no lateness moves are passed, and how somebody decides on it by name."""
    for commitment in passed:
        year = f"{commitment.year}　" if with_year else ""
        say(f"{year}{commitment.words} {commitment.outlook}".rstrip(), style="bold red")
        if not commitment.is_accepted:
            words = _(
                "→ Decide on it by name: tsudoi act {year} decide_late_plan --by PERSON --set commitment={key}"
                " --set until={until} --set reason=… --set decision_number=…"
            )
            say(words, year=commitment.year, key=commitment.key, until=commitment.expected)


def _headline(stands: Standing, today: date) -> None:
    year = in_words(ja=f"{stands.year_title}（{stands.year}）　", en=f"{stands.year_title} ")
    say(year + stands.state_title, style="bold")
    say(_("Today is {wareki} ({iso})."), wareki=wareki(today), iso=today)
    if stands.on_hold:
        say(_("ON HOLD"), style="bold red")
    for number in stands.incidents:
        say(_("Incident No. {number} is open."), number=number, style="bold red")
    _say_what_is_passed(stands.passed)
    if first := next((act for act in stands.next if not act.blocked_by), None):
        words = _("Next: {title} — {owner}, due {due} ({left}).")
        say(words, title=first.title, owner=first.owner_title, due=first.due_on, left=first.left)
    if stands.overdue:
        say(_("{count} overdue."), count=len(stands.overdue), style="bold red")
    say("")


def _owed_table(acts: tuple[Owed, ...], *, title: str, with_year: bool = False, explained: bool = True) -> None:
    say(title, style="bold")
    say_table(
        [*([_("Year")] if with_year else []), _("Due"), "", _("Act"), _("Owed by"), _("Name of the act")],
        [
            [*([str(act.year)] if with_year else []), due_words(act), act.left, act.title, act.owner_title, act.act]
            for act in acts
        ],
        styles=["dim" if act.blocked_by else "" if act.follows else _STYLES.get(act.flag, "") for act in acts],
    )
    waits = _("  {title}: waits for a second person: tsudoi confirm {year} {act} --by PERSON")
    for act in acts:
        if act.waits_for_confirmation:
            say(waits, title=act.title, year=act.year, act=act.act, style="yellow")
        blocked_by = [f"{gap}{typed(gap.act, act.year)}" for gap in act.unmet]
        for words in (*blocked_by, act.shows_words) if explained else ():
            if words:
                screen.print(f"  [dim]{act.title}[/dim]: ", end="")
                say(words)
        for gap in act.warned_of if explained else ():
            say("  " + _("{title}, if done now, warns for good: {gap}"), title=act.title, gap=gap, style="yellow")
