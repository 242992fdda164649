"""`tsudoi rehearse`: a whole year on a virtual clock, through the flows that a live system runs.

The time stands in a file, what is done is read from the database, and every act may be asked for again. So a rehearsal
that was killed goes on where it was.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.clock import VirtualClock
from adapters.vault import shred
from desk import cast
from desk.cast import Scene
from desk.console import aside, say, say_table
from desk.cycles import YEAR
from desk.own_server import free_port, own_server
from desk.printer import Printer
from models.clock import TOKYO, wareki
from models.errors import BadInput, Refused, TsudoiError, Unknown
from models.records.base import Nothing
from models.words import _, in_words
from states.facts import Facts
from states.guards.transfer import package_was_read_back_today, protection_is_freshly_rechecked
from states.table import BY_TRIGGER, FINAL, TABLE
from steps import auditing, control_ledger, counting, erasure, papers, preparation, reporting, standing
from steps.office import Office

if TYPE_CHECKING:
    import polars as pl

MARK = "rehearsal.json"
_BY_MACHINE = ("take_extract", "seal_package", "take_additions", "erase_ward_data")
_ADDITIONS_SHARE = 330  # about twelve late move-ins in four thousand
_MEASURES_BY = {"W": cast.COORDINATOR, "C": cast.MANAGER}
_ANY_NUMBER = (1, 10_000_000)
_LONGEST = 400  # days after which a rehearsal that does not end is called stuck


def furnish(app: typer.Typer) -> None:
    """Put the command on the desk."""
    app.command("rehearse", help=_("Rehearse a whole year on a virtual clock; touches nothing but DIR."))(rehearse)


def rehearse(
    year: int = YEAR,
    out: Path = typer.Option(..., "--out", help=_("Folder for home, contractor, papers and summary.json.")),
    persons: int = typer.Option(4000, "--persons", min=50, max=1_100_000, help=_("Fictional residents.")),
    extract: Path | None = typer.Option(None, "--extract", help=_("Your own extract instead of a fictional one.")),
    late: list[str] = typer.Option([], "--late", help=_("ACT=DAYS: that act comes so many open days late.")),
    seed: int = typer.Option(1, "--seed", help=_("Seed of the fictional residents.")),
    keep: bool = typer.Option(False, "--keep", help=_("Leave the contractor's opened data and letters.")),
) -> None:
    if keep and extract:
        raise BadInput(
            _("--keep is for fictional residents only."), _("Leave out --keep, or rehearse without --extract.")
        )
    plan = Plan(
        year=year, out=out.absolute(), persons=persons, extract=extract.absolute() if extract else None,
        late=_late(late), seed=seed, keep=keep,
    )  # fmt: skip
    began = time.monotonic()
    _set_the_stage(plan)
    rehearsal = Rehearsal(plan)
    say(_("Rehearsing the fiscal year {year} …").format(year=year))
    with own_server(plan.home, free_port(0), dashboard=False) as api, _progress() as tell:
        os.environ["PREFECT_API_URL"] = api
        rehearsal.run(tell)
    rehearsal.print_papers()
    summary = rehearsal.summary(seconds=round(time.monotonic() - began, 1))
    (plan.out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _show(rehearsal, summary)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is rehearsed, and where."""

    year: int
    out: Path
    persons: int
    extract: Path | None
    late: dict[str, int]
    seed: int
    keep: bool

    @property
    def home(self) -> Path:
        """Return the data directory of the rehearsal."""
        return self.out / "home"

    @property
    def inbox(self) -> Path:
        """Return where the register section puts its extracts."""
        return self.out / "inbox"

    def as_json(self) -> dict[str, Any]:
        """Return the plan as it is kept, so that a rehearsal goes on only under the same one."""
        extract = str(self.extract) if self.extract else ""
        return {
            "year": self.year, "persons": self.persons, "extract": extract, "late": self.late, "seed": self.seed,
            "keep": self.keep,
        }  # fmt: skip


def _set_the_stage(plan: Plan) -> None:
    """Make the folders, or take up a rehearsal that was interrupted; never touch a folder that is not one."""
    mark = plan.out / MARK
    if plan.extract and not plan.extract.is_file():
        raise Unknown(_("The extract to rehearse with is not there."), _("Give the path of a CSV file."))
    if plan.out.exists() and any(plan.out.iterdir()):
        if not mark.exists():
            raise BadInput(
                _("{folder} is not empty and is no rehearsal.").format(folder=plan.out),
                _("Name a new folder with --out."),
            )
        if (plan.out / "summary.json").exists():
            shutil.rmtree(plan.out)
        elif json.loads(mark.read_text(encoding="utf-8")) != plan.as_json():
            raise BadInput(
                _("In {folder} another rehearsal was interrupted.").format(folder=plan.out),
                _("Go on with the same options, or name another folder with --out."),
            )
        else:
            say(_("The interrupted rehearsal goes on."))
    plan.home.mkdir(parents=True, exist_ok=True)
    waiting = mark.with_suffix(".new")
    waiting.write_text(json.dumps(plan.as_json(), ensure_ascii=False), encoding="utf-8")
    waiting.replace(mark)
    clock = VirtualClock(plan.home / "clock")
    if not clock.path.exists():
        clock.set(datetime(plan.year, 9, 1, 8, 30, tzinfo=TOKYO))
    _surround(plan)


def _surround(plan: Plan) -> None:
    """Point this process, and the flows it runs, at the rehearsal and nowhere else."""
    for key in [key for key in os.environ if key.startswith(("TSUDOI_", "PREFECT_")) and key != "TSUDOI_LANG"]:
        del os.environ[key]
    os.environ["TSUDOI_HOME"] = str(plan.home)
    os.environ["TSUDOI_INBOX"] = str(plan.inbox)
    os.environ["TSUDOI_PAPERS"] = str(plan.out / "papers")
    from flows.engine import prepare  # noqa: PLC0415 - Prefect reads its environment when it is imported

    prepare(plan.home, quiet=True)


@dataclass
class Rehearsal:
    """A year being rehearsed."""

    plan: Plan
    minutes: int = 0
    needles: set[str] = field(default_factory=set[str])

    @cached_property
    def office(self) -> Office:
        """The rehearsal's own installation, with fictional people on both sides."""
        office = preparation.install()
        preparation.register_sample_people(office, self.plan.year, with_passphrases=False)
        return office

    @cached_property
    def printer(self) -> Printer:
        """The contractor at the other end."""
        return Printer(folder=self.plan.out / "contractor", keep=self.plan.keep)

    @property
    def clock(self) -> VirtualClock:
        """The virtual clock."""
        clock = self.office.clock
        assert isinstance(clock, VirtualClock)
        return clock

    @property
    def cycle_id(self) -> str:
        """The cycle being rehearsed."""
        return f"{self.office.settings.programme}-{self.plan.year}"

    def run(self, tell: "Teller") -> None:
        """Live through the year, an open day at a time, until it is closed."""
        from flows import engine_context, reminding  # noqa: PLC0415 - Prefect is imported once its environment is set
        from flows import preparation as opening  # noqa: PLC0415

        first = self.clock.now().date()
        with engine_context.quick():
            opening.open_year(self.plan.year)
            self._end_what_a_kill_broke_off()
            while self.facts().state not in FINAL:
                today = self.clock.now().date()
                if (today - first).days > _LONGEST:
                    raise Refused(_("The rehearsed year does not come to its end."), self._stuck())
                tell(today, self.facts())
                reminding.watch()
                self._live_through(today)
                self._go_to_the_morning_after(today)
            tell(self.clock.now().date(), self.facts())

    def _end_what_a_kill_broke_off(self) -> None:
        """Do what follows an act at once and is not done by it: empty the inbox, decide, print the package's papers."""
        for path in self.plan.inbox.iterdir():
            shred(path)
        done = self.facts().done
        if "take_extract" in done and "extract" not in done:
            self._decide_the_held_rows()
        if "seal_package" in done and "hand_over_password" not in done:
            self._seal_package()

    def facts(self) -> Facts:
        """Return the facts as they stand."""
        return papers.facts_of(self.office, self.cycle_id)

    def _live_through(self, today: date) -> None:
        """Let everybody do what has come to its day, until nothing more can be done today."""
        self.minutes, refused = 0, set[str]()
        while act := self._next_act(today, refused):
            self.minutes += 7
            opening = datetime(today.year, today.month, today.day, 10, tzinfo=TOKYO)
            self.clock.set(max(self.clock.now(), opening) + timedelta(minutes=7))
            try:
                self._do(act, today)
            except Refused:
                refused.add(act)

    def _next_act(self, today: date, refused: set[str]) -> str | None:
        facts = self.facts()
        for row in TABLE:
            act = row.trigger
            if act in facts.due and act not in facts.done and act not in refused and self._day_of(act, facts) <= today:
                self._claim_measures(act, facts)
                self._look_again(act, facts)
                if not self.office.door.missing(self.cycle_id, act):
                    return act
        return None

    def _day_of(self, act: str, facts: Facts) -> date:
        """Return the day on which somebody does an act: its due date or the open day before, later if it is late."""
        day = self.office.calendar.last_open(facts.due[act])
        return self.office.calendar.add_open_days(day, self.plan.late.get(act, 0))

    def _do(self, act: str, today: date) -> None:
        from flows import record  # noqa: PLC0415 - Prefect is imported once its environment is set

        if act in _BY_MACHINE:
            getattr(self, f"_{act}")()
            return
        if act == "enclose_additions":
            from flows import printing  # noqa: PLC0415

            printing.print_additions(self.plan.year)
        by, fields = cast.PLAYS[act]
        form = record.ActForm(year=self.plan.year, act=act, by=by, fields=_plain(fields(self._scene(today))))
        record.record_act(form, via="rehearsal")
        if act in cast.SECONDS:
            record.confirm_act(
                record.ConfirmForm(
                    year=self.plan.year, act=act, by=cast.SECONDS[act], decided_on=today,
                    decision_number=f"{self.plan.year}-総総-{today:%m%d}",
                ),
                via="rehearsal",
            )  # fmt: skip

    def _scene(self, today: date) -> Scene:
        return Scene(office=self.office, facts=self.facts(), printer=self.printer, today=today)

    def _claim_measures(self, act: str, facts: Facts) -> None:
        """Claim what the step needs and is not claimed yet, each side its own."""
        from flows import record  # noqa: PLC0415

        open_measures = sorted(set(facts.measures_for(act)) - facts.claims)
        if not open_measures or facts.state not in BY_TRIGGER[act].froms:
            return
        for side, by in _MEASURES_BY.items():
            if mine := [measure for measure in open_measures if measure.startswith(side)]:
                fields = {"measures": mine, "evidence": f"実施記録 {act}"}
                form = record.ActForm(year=self.plan.year, act="claim_measures", by=by, fields=fields)
                record.record_act(form, via="rehearsal")

    def _look_again(self, act: str, facts: Facts) -> None:
        """Before a medium leaves later than it was sealed, re-check who is protected and read the package back."""
        if act != "hand_over_medium" or "seal_package" not in facts.done or facts.on_hold:
            return
        if not protection_is_freshly_rechecked.check(facts, Nothing()):
            self._do("recheck_before_sealing", facts.today)
        if not package_was_read_back_today.check(facts, Nothing()):
            from flows import transfer  # noqa: PLC0415

            transfer.read_back_package(self.plan.year, cast.REGISTRAR, via="rehearsal")

    def _take_extract(self) -> None:
        from flows import extraction  # noqa: PLC0415

        self._put_into_the_inbox()
        try:
            verdict = extraction.take_extract(self.plan.year, cast.REGISTRAR, expect=self._expected(), via="rehearsal")
        except TsudoiError:
            shred(self.plan.inbox / "extract.csv")  # a copy of your own extract is not left lying
            raise
        if verdict == "held":
            self._decide_the_held_rows()

    def _put_into_the_inbox(self) -> None:
        from steps.sample import sample_extract, write_sample  # noqa: PLC0415

        path = self.plan.inbox / "extract.csv"
        if self.plan.extract:
            shutil.copyfile(self.plan.extract, path)
        else:
            write_sample(
                sample_extract(fiscal_year=self.plan.year, persons=self.plan.persons, seed=self.plan.seed), path
            )

    def _expected(self) -> tuple[int, int]:
        """Return the band of persons: of your own extract any number may be rehearsed."""
        return _ANY_NUMBER if self.plan.extract else (self.plan.persons * 4 // 5, self.plan.persons)

    def _decide_the_held_rows(self) -> None:
        """Decide as the register section would: leave out the sign that the font ignores, else leave out the person."""
        from steps import extraction  # noqa: PLC0415

        for row, how, substitute in extraction.proposals(self.office, self.cycle_id):
            extraction.decide(
                self.office, self.cycle_id, row=row, how=how, substitute=substitute,
                reason="font" if substitute else "unclear", by=cast.REGISTRAR, via="rehearsal",
            )  # fmt: skip

    def _seal_package(self) -> None:
        from flows import transfer  # noqa: PLC0415

        transfer.seal_package(self.plan.year, cast.REGISTRAR, via="rehearsal")

    def _take_additions(self) -> None:
        from flows import extraction  # noqa: PLC0415
        from steps.sample import write_sample  # noqa: PLC0415

        if self.plan.extract:
            extraction.take_additions(self.plan.year, cast.REGISTRAR, none_came=True, via="rehearsal")
            return
        _first, late = self._fictional()
        write_sample(late, self.plan.inbox / "additions.csv")
        extraction.take_additions(self.plan.year, cast.REGISTRAR, via="rehearsal")

    def _fictional(self) -> "tuple[pl.DataFrame, pl.DataFrame]":
        """Draw the fictional extract and its late move-ins."""
        from steps.sample import additional_extract, sample_extract  # noqa: PLC0415

        year, persons, seed = self.plan.year, self.plan.persons, self.plan.seed
        first = sample_extract(fiscal_year=year, persons=persons, seed=seed)
        few = max(1, persons // _ADDITIONS_SHARE)
        return first, additional_extract(fiscal_year=year, persons=few, seed=seed + 1, after=first)

    def _erase_ward_data(self) -> None:
        """Erase through the flow; what was searched for is kept in memory, for the last look over the whole folder.

        A rehearsal that was killed between destruction and record has no vault any more, and goes on all the same.
        """
        from flows import erasure as erasing  # noqa: PLC0415
        from steps.extraction import needles_of  # noqa: PLC0415

        with suppress(Unknown):
            self.needles = needles_of(self.office.vault(self.cycle_id), self.facts())
        erasing.erase_ward_data(self.plan.year, cast.COORDINATOR, via="rehearsal")

    def _go_to_the_morning_after(self, today: date) -> None:
        morning = self.office.calendar.first_open(today + timedelta(days=1))
        self.clock.set(datetime(morning.year, morning.month, morning.day, 9, tzinfo=TOKYO))

    def _stuck(self) -> tuple[Any, ...]:
        facts = self.facts()
        open_acts = [row.trigger for row in TABLE if row.trigger in facts.due and row.trigger not in facts.done]
        return self.office.door.missing(self.cycle_id, open_acts[0]) if open_acts else ()

    def print_papers(self) -> None:
        """Print what a person may open at the end: the specimen, the ledger, the report."""
        papers.print_specimen(self.office, self.cycle_id)
        control_ledger.print_ledger(self.office, self.cycle_id)
        reporting.print_report(self.office, self.cycle_id)

    def summary(self, *, seconds: float) -> dict[str, Any]:
        """Return what a script would ask: counts, ledger, and a last search over everything that is left."""
        table = counting.counts(self.office, self.cycle_id).as_json()
        verified = auditing.verify(self.office)
        stands = standing.standing(self.office, self.cycle_id)
        late, sent = standing.lateness(self.office, self.cycle_id)
        return {
            "year": self.plan.year,
            "state": stands.state,
            "home": str(self.plan.home),
            "persons": table["raw_hits"],
            **{key: table[key] for key in ("excluded", "exported", "added", "pulled", "posted", "received", "spoiled")},
            "counts_hold": table["holds"],
            "ledger_entries": verified.entries,
            "ledger_checkpoints": verified.checkpoints,
            "ledger_verified": True,
            "personal_data_found": self._last_look(),
            "overdue": len(late),
            "overdue_acts": late,
            "reminders_sent": sent,
            "seconds": seconds,
        }

    def _last_look(self) -> int:
        """Search everything that is left of the rehearsal; what --keep leaves is left out, being meant to stay."""
        needles = self.needles or self._needles_again()
        kept = (self.printer.folder,) if self.plan.keep else ()
        return erasure.search(self.office, needles, roots=(self.plan.out,), exclude=kept).found

    def _needles_again(self) -> set[str]:
        """Make the needles anew where the rehearsal went on after the vault was gone."""
        from adapters.register import read_register  # noqa: PLC0415
        from steps.extraction import needles_in  # noqa: PLC0415

        programme, _text = self.office.programme()
        if self.plan.extract:
            return needles_in(read_register(self.plan.extract, programme=programme).frame)
        return set[str]().union(*map(needles_in, self._fictional()))


def _plain(fields: Any) -> dict[str, Any]:
    """Return the fields as Prefect stores parameters: plain JSON."""
    return json.loads(json.dumps(dict(fields), default=str))


def _late(options: list[str]) -> dict[str, int]:
    late: dict[str, int] = {}
    for option in options:
        act, _sign, days = option.partition("=")
        if act not in cast.PLAYS and act not in _BY_MACHINE:
            raise Unknown(
                _("There is no dated act called “{act}”.").format(act=act[:40]), _("docs/states.md lists the acts.")
            )
        if not days.isdigit() or not 1 <= int(days) <= 60:  # noqa: PLR2004 - more than a season is no lateness
            raise BadInput(_("--late is written ACT=DAYS, with 1 to 60 open days."), _("Mend the option."))
        late[act] = int(days)
    return late


class Teller:
    """Shows where the year is while it is lived through."""

    def __init__(self, progress: Progress, total: int) -> None:
        """Take the progress bar, counted in dated acts."""
        self.progress = progress
        self.task = progress.add_task("", total=total)

    def __call__(self, today: date, facts: Facts) -> None:
        """Tell the day and the state."""
        done = sum(act in facts.done for act in facts.due)
        words = f"{today}　{standing.state_title(facts.state)}"
        self.progress.update(self.task, completed=done, description=words)


@contextmanager
def _progress() -> Iterator[Teller]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    total = sum(1 for row in TABLE if row.due)
    with Progress(*columns, TimeElapsedColumn(), console=aside) as progress:
        yield Teller(progress, total)


def _show(rehearsal: Rehearsal, summary: dict[str, Any]) -> None:
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
    lines = counting.counts(rehearsal.office, rehearsal.cycle_id).lines
    say_table([_("Item"), _("Count")], [[line.label, f"{line.count:,}"] for line in lines if line.count])
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
