"""`tsudoi rehearse`: a whole year on a virtual clock."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from typer import Option, Typer

from desk.console import aside, say, say_table
from desk.options import Year
from models.clock import wareki
from models.errors import BadInput
from models.words import _, in_words
from rehearsal.plan import Plan, late_acts, set_the_stage
from states.facts import Facts
from states.table import TABLE
from views import counting, standing

if TYPE_CHECKING:
    from rehearsal.year import Rehearsal

app = Typer()


@app.command(help=_("Rehearse a whole year on a virtual clock; touches nothing but DIR."))
def rehearse(
    year: Year,
    out: Annotated[Path, Option("--out", help=_("Folder for home, contractor, papers and summary.json."))],
    persons: Annotated[int, Option("--persons", min=50, max=1_100_000, help=_("Fictional residents."))] = 4000,
    extract: Annotated[Path | None, Option("--extract", help=_("Your own extract instead of a fictional one."))] = None,
    late: Annotated[list[str], Option("--late", help=_("ACT=DAYS: that act comes so many open days late."))] = [],
    seed: Annotated[int, Option("--seed", help=_("Seed of the fictional residents."))] = 1,
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
    plan = Plan(
        year=year, out=out.absolute(), persons=persons, extract=extract.absolute() if extract else None,
        late=late_acts(late), seed=seed, keep=keep, faults=level,
    )  # fmt: skip
    if level == faults.HIGHEST and not watched:
        _watch_over_it()
    with _naming_the_replay(plan):
        if set_the_stage(plan):
            say(_("The interrupted rehearsal goes on."))
        say(_("Rehearsing the fiscal year {year} …"), year=year)
        with _progress() as tell:
            played, summary = play(plan, tell)
        _show(played, summary, {kind: _(it.words) for kind, it in faults.KINDS.items()})


def _watch_over_it() -> NoReturn:
    """Rehearse in a process of its own, and start it again whenever it was killed; end as it ends.

    Raises:
        Exit: with the status of the rehearsal.

    """
    begun = [sys.executable, "-P", "-c", "from desk.main import main; main()", *sys.argv[1:], "--watched"]
    while (status := subprocess.run(begun, check=False).returncode) == -signal.SIGKILL:  # noqa: S603 - our own command
        say(_("The rehearsal was killed; it is started again."))
    raise typer.Exit(status)


@contextmanager
def _naming_the_replay(plan: Plan) -> Iterator[None]:
    """Say by which command a rehearsal with faults that failed can be seen failing again."""
    try:
        yield
    except Exception:
        if plan.faults:
            aside.print(_("The same year again: {command}").format(command=plan.command()), soft_wrap=True)
        raise


@contextmanager
def _progress() -> Iterator[Callable[[date, Facts], None]]:
    """Show where the year is while it is lived through, counted in dated acts."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=aside) as progress:
        task = progress.add_task("", total=sum(1 for row in TABLE if row.due))

        def tell(today: date, facts: Facts) -> None:
            done = sum(act in facts.done for act in facts.due)
            progress.update(task, completed=done, description=f"{today}　{standing.state_title(facts.state)}")

        yield tell


def _show(rehearsal: "Rehearsal", summary: dict[str, Any], kinds: dict[str, str]) -> None:
    plan, facts = rehearsal.plan, rehearsal.facts()
    steps = [row for row in TABLE if row.to and row.trigger in facts.done]
    say("")
    say_table(
        [_("Step"), _("Date"), ""],
        [[in_words(ja=row.ja, en=row.en), str(facts.done[row.trigger].on), wareki(facts.done[row.trigger].on)]
         for row in steps],
        title=_("The year"),
    )  # fmt: skip
    say("")
    lines = rehearsal.office.see(rehearsal.cycle_id, counting.counts).lines
    say_table([_("Item"), _("Count")], [[line.label, f"{line.count:,}"] for line in lines if line.count])
    say("")
    if summary["faults"]:
        rows = [[kinds[it["kind"]], standing.act_title(it["act"]), it["on"], _end_of(it)] for it in summary["faults"]]
        rows += _came_late(summary["late"], facts)
        rows.sort(key=lambda row: row[2])
        say_table([_("Fault"), _("Act"), _("Date"), _("How it ended")], rows, title=_("Faults"))
        say(_("The same year again: {command}"), command=plan.command())
        say("")
    for text in (
        _("State: {state}").format(state=standing.state_title(summary["state"])),
        _("Overdue acts: {count}").format(count=summary["overdue"]),
        _("Reminders sent: {count}").format(count=summary["reminders_sent"]),
        _("Ledger verified: {count} entries").format(count=summary["ledger_entries"]),
        _("Residents' data found in what is left: {count}").format(count=summary["personal_data_found"]),
        _("Seconds: {seconds}").format(seconds=summary["seconds"]),
        _("Papers to open: {folder}").format(folder=plan.out / "papers"),
    ):
        say(text)


def _end_of(fault: dict[str, Any]) -> str:
    """Say how a fault ended; what its act never came to, or what has not ended, is said too."""
    words, later = fault["ended"], fault["ended_on"] != fault["on"]
    if not fault["on"]:
        return _("did not come to pass")
    if not words:
        return _("has not ended")
    return _(words) + (f" ({fault['ended_on']})" if later else "")


def _came_late(late: dict[str, int], facts: Facts) -> list[list[str]]:
    """Return the acts that came late, with the day on which they came."""
    words = _("{days} open days after its day")
    return [
        [_("late step"), standing.act_title(act), str(facts.done[act].on), words.format(days=days)]
        for act, days in late.items()
        if act in facts.done
    ]
