"""`tsudoi rehearse`: a whole year on a virtual clock."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from typer import Option, Typer

from desk.console import aside, say, say_aside, say_table
from desk.options import Year, day
from models.clock import wareki
from models.errors import BadInput
from models.words import _
from rehearsal.plan import Plan, late_acts, set_the_stage
from states.facts import Facts
from states.table import TABLE
from steps import preparation
from views import counting, standing

if TYPE_CHECKING:
    from rehearsal.year import Rehearsal

app = Typer()
_TSUDOI = (sys.executable, "-P", "-c", "from desk.main import main; main()")


@app.command(help=_("Rehearse a whole year on a virtual clock; touches nothing but DIR."))
def rehearse(
    year: Year,
    out: Annotated[Path, Option("--out", help=_("Folder for home, contractor, papers and summary.json."))],
    persons: Annotated[int, Option("--persons", min=50, max=1_100_000, help=_("Fictional residents."))] = 4000,
    extract: Annotated[Path | None, Option("--extract", help=_("Your own extract instead of a fictional one."))] = None,
    late: Annotated[list[str], Option("--late", help=_("ACT=DAYS: that act comes so many open days late."))] = [],
    seed: Annotated[int, Option("--seed", help=_("Seed of the fictional residents."))] = 1,
    until: Annotated[datetime | None, day("--until", _("Play to the morning of this day only."))] = None,
    serve: Annotated[
        bool, Option("--serve", help=_("With --until: leave it served on its clock, dashboard open, until Ctrl-C."))
    ] = False,
    keep: Annotated[bool, Option("--keep", help=_("Leave the contractor's opened data and letters."))] = False,
    level: Annotated[
        int,
        Option(
            "--faults",
            min=0,
            max=3,
            help=_("Mix in faults, drawn from the seed: 1 everyday slips, 2 incidents and holds too, 3 kill -9 too."),
        ),
    ] = 0,
    watched: Annotated[bool, Option("--watched", hidden=True)] = False,
) -> None:
    from rehearsal import faults
    from rehearsal.year import play

    if keep and extract:
        raise BadInput(
            _("--keep is for fictional residents only."), _("Leave out --keep, or rehearse without --extract.")
        )
    if serve and until is None:
        raise BadInput(
            _("--serve shows a year in its middle."), _("Name the day with --until, such as --until 2026-11-16.")
        )
    plan = Plan(
        year=year, out=out.absolute(), persons=persons, extract=extract.absolute() if extract else None,
        late=late_acts(late), seed=seed, keep=keep, faults=level, until=until.date() if until else None,
    )  # fmt: skip
    if level == faults.HIGHEST and not watched:
        _watch_over_it()
    again = _("The same year again: {command}").format(command=plan.command())
    try:
        if set_the_stage(plan):
            say(_("The interrupted rehearsal goes on."))
        say(_("Rehearsing the fiscal year {year} …"), year=year)
        with _progress() as tell:
            played, summary = play(plan, tell)
        if not summary:
            _end_in_the_middle(played, serve=serve)
            return
        _show(played, summary, {kind: _(fault.words) for kind, fault in faults.KINDS.items()}, again=again)
    except Exception:  # a year with faults that failed can be seen failing again
        if plan.faults:
            say_aside(again)
        raise


def _end_in_the_middle(rehearsal: "Rehearsal", *, serve: bool) -> None:
    """Say where the year stands and how it is served; or serve it, in the place of this process."""
    state = standing.state_title(rehearsal.facts().state)
    say(_("State on {day}: {state}"), day=rehearsal.people.today, state=state)
    say(_("At the desk everybody of the ward has this passphrase: {words}"), words=preparation.SAMPLE_PASSPHRASE)
    if serve:
        surroundings = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        os.execve(sys.executable, [*_TSUDOI, "serve"], surroundings)  # noqa: S606 - our own command, without a shell
    say(_("To see it: {command}"), command=f"TSUDOI_HOME={rehearsal.plan.home} tsudoi serve")


def _watch_over_it() -> NoReturn:
    """Rehearse in a process of its own, and start it again whenever it was killed; end as it ends."""
    begun = [*_TSUDOI, *sys.argv[1:], "--watched"]
    while (status := subprocess.run(begun, check=False).returncode) == -signal.SIGKILL:  # noqa: S603 - our own command
        say(_("The rehearsal was killed; it is started again."))
    raise typer.Exit(status)


@contextmanager
def _progress() -> Generator[Callable[[date, Facts], None]]:
    """Show where the year is while it is lived through, counted in dated acts."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=aside) as progress:
        task = progress.add_task("", total=sum(1 for row in TABLE if row.due))

        def tell(today: date, facts: Facts) -> None:
            done = sum(act in facts.done for act in facts.due)
            progress.update(task, completed=done, description=f"{today}　{standing.state_title(facts.state)}")

        yield tell


def _show(rehearsal: "Rehearsal", summary: dict[str, Any], kinds: dict[str, str], *, again: str) -> None:
    facts = rehearsal.facts()
    steps = [row.trigger for row in TABLE if row.to and row.trigger in facts.done]
    say("")
    say_table(
        [_("Step"), _("Date"), ""],
        [[standing.act_title(act), str(facts.done[act].on), wareki(facts.done[act].on)] for act in steps],
        title=_("The year"),
    )
    say("")
    lines = rehearsal.office.see(rehearsal.cycle_id, counting.counts).lines
    say_table([_("Item"), _("Count")], [[line.label, f"{line.count:,}"] for line in lines if line.count])
    say("")
    if summary["faults"]:
        rows = [
            [kinds[fault["kind"]], standing.act_title(fault["act"]), fault["on"], _end_of(fault)]
            for fault in summary["faults"]
        ]
        words = _("{days} open days after its day")
        rows += [
            [_("late step"), standing.act_title(act), str(facts.done[act].on), words.format(days=days)]
            for act, days in summary["late"].items()
            if act in facts.done
        ]
        rows.sort(key=lambda row: row[2])
        say_table([_("Fault"), _("Act"), _("Date"), _("How it ended")], rows, title=_("Faults"))
        say(again)
        say("")
    say(_("State: {state}"), state=standing.state_title(summary["state"]))
    say(_("Overdue acts: {count}"), count=summary["overdue"])
    say(_("Entered by people: {count} forms"), count=summary["entered_by_people"])
    say(_("Reminders sent: {count}"), count=summary["reminders_sent"])
    say(_("Ledger verified: {count} entries"), count=summary["ledger_entries"])
    say(_("Residents' data found in what is left: {count}"), count=summary["personal_data_found"])
    say(_("Seconds: {seconds}"), seconds=summary["seconds"])
    say(_("Papers to open: {folder}"), folder=rehearsal.plan.out / "papers")


def _end_of(fault: dict[str, Any]) -> str:
    """Say how a fault ended; what its act never came to, or what has not ended, is said too."""
    if not fault["on"]:
        return _("did not come to pass")
    if not (words := fault["ended"]):
        return _("has not ended")
    return _(words) + (f" ({fault['ended_on']})" if fault["ended_on"] != fault["on"] else "")
