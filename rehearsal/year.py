"""What `tsudoi rehearse` does: a whole year on a virtual clock, through the flows that a live system runs.

The time stands in a file, what is done is read from the database, and every act may be asked for again. So a rehearsal
that was killed goes on where it was.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from adapters import disk
from adapters.clock import CLOCK, VirtualClock
from adapters.finder import Finder
from adapters.people_keys import FICTIONAL
from adapters.register import read_register
from adapters.sample import additional_extract, sample_extract, write_sample
from adapters.vault import shred
from flows.engine import prepare
from flows.own_server import free_port, own_server
from models.clock import TOKYO
from models.database import reading
from models.errors import BadInput, Refused, TsudoiError, Unknown, Unmet
from models.records.base import Nothing
from models.words import _
from papers import control_ledger, reporting
from rehearsal import cast, faults, laws
from rehearsal.cast import Scene
from rehearsal.faults import Fault, Mixed, Year
from rehearsal.printer import Printer
from states import ledger
from states.facts import RECHECKS, Facts
from states.rows import FINAL
from states.rules.custody import package_was_read_back_today
from states.rules.oversight import open_duties
from states.rules.transfer import protection_is_freshly_rechecked
from states.table import BY_TRIGGER, TABLE
from steps import acting, auditing, erasure, extraction, papers, preparation, transfer
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE
from steps.residents import needles_in, needles_of
from steps.work import WORK
from views import counting, standing
from views.incidents import incidents_of

if TYPE_CHECKING:
    import polars as pl

MARK = "rehearsal.json"
_ADDITIONS_SHARE = 330  # about twelve late move-ins in four thousand
_MEASURES_BY = {"W": cast.COORDINATOR, "C": cast.MANAGER}
_ANY_NUMBER = (1, 10_000_000)
_LONGEST = 400  # days after which a rehearsal that does not end is called stuck
_MANY = 100  # persons from whom on an incident is always to be reported


def play(plan: "Plan", tell: Callable[[date, Facts], None]) -> tuple["Rehearsal", dict[str, Any]]:
    """Live through the year on the stage that is set, telling each day; return the rehearsal and its summary."""
    began = time.monotonic()
    rehearsal = Rehearsal(plan, ThroughFlows(plan.year))
    with own_server(plan.home, free_port(0), dashboard=False):
        rehearsal.run(tell)
    rehearsal.print_papers()
    summary = rehearsal.summary(seconds=round(time.monotonic() - began, 1))
    (plan.out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return rehearsal, summary


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
    faults: int = 0

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
            "keep": self.keep, "faults": self.faults,
        }  # fmt: skip

    def command(self) -> str:
        """Return the command line that rehearses the same year again, faults and all."""
        extract = f" --extract {self.extract}" if self.extract else ""
        late = "".join(f" --late {act}={days}" for act, days in sorted(self.late.items()))
        return (
            f"tsudoi rehearse {self.year} --out DIR --persons {self.persons} --seed {self.seed}"
            f" --faults {self.faults}{late}{extract}"
        )


class Hands(Protocol):
    """How acts are done in a rehearsal: through the flows of a live system, or by the steps alone."""

    def at_work(self) -> AbstractContextManager[None]:
        """Work as long as this lasts."""
        ...

    def open_year(self) -> None:
        """Open the fiscal year."""
        ...

    def watch(self) -> None:
        """Begin a morning: flags and reminders."""
        ...

    def record(self, act: str, *, by: str, fields: Mapping[str, Any]) -> None:
        """Enter an act."""
        ...

    def confirm(self, act: str, *, by: str) -> None:
        """Confirm what was proposed last of an act."""
        ...

    def take_extract(self, *, by: str, expect: tuple[int, int]) -> None:
        """Take the extract of the inbox."""
        ...

    def take_additions(self, *, by: str, none_came: bool) -> None:
        """Take the additional extract of the inbox, or record that none came."""
        ...

    def seal_package(self, *, by: str) -> None:
        """Seal the package."""
        ...

    def read_back_package(self, *, by: str) -> None:
        """Read the package back."""
        ...

    def print_additions(self) -> None:
        """Print the additional letters."""
        ...

    def erase_ward_data(self, *, by: str) -> None:
        """Erase the ward's own data."""
        ...

    def dies(self, act: str, doing: Callable[[], None], place: str, when: str) -> None:
        """Do an act and be killed at a function; come back only if somebody else was killed."""
        ...


class ThroughFlows:
    """Every act as it is done in life: by the ward's people at the desk, signed; all else as a flow run.

    Prefect is imported once its environment is set.
    """

    def __init__(self, year: int) -> None:
        """Take the fiscal year."""
        self.year = year

    def at_work(self) -> AbstractContextManager[None]:
        """Keep one client of Prefect open."""
        from flows import engine_context

        return engine_context.quick()

    def open_year(self) -> None:
        """Open the fiscal year."""
        from flows import preparation

        preparation.open_year(self.year)

    def watch(self) -> None:
        """Begin a morning."""
        from flows import reminding

        reminding.watch()

    @cached_property
    def office(self) -> Office:
        """The office with the ward's people at their desks."""
        return cast.at_their_desks(Office.open())

    def record(self, act: str, *, by: str, fields: Mapping[str, Any]) -> None:
        """Enter an act."""
        from flows import record

        if act in RECHECKS:
            cast.recheck(self.office, self.office.cycle_id(self.year), **fields)
            return
        cast.recheck_first(self.office, self.office.cycle_id(self.year), act)
        if self.office.keyring.signer_of(by):
            acting.perform(
                self.office, self.office.cycle_id(self.year), act, by=by, fields=_plain(fields), via="rehearsal"
            )
            return
        record.record_act(record.ActForm(year=self.year, act=act, by=by, fields=_plain(fields)), via="rehearsal")

    def confirm(self, act: str, *, by: str) -> None:
        """Confirm what was proposed last of an act."""
        cycle_id = self.office.cycle_id(self.year)
        if waiting := acting.waiting(self.office, cycle_id, act):
            acting.confirm(self.office, cycle_id, act, by=by, proposal=waiting[-1].seq, via="rehearsal")

    def take_extract(self, *, by: str, expect: tuple[int, int]) -> None:
        """Take the extract."""
        from flows import extraction

        extraction.take_extract(self.year, by, via="rehearsal", typed={"expect": expect})

    def take_additions(self, *, by: str, none_came: bool) -> None:
        """Take the additional extract."""
        from flows import extraction

        extraction.take_additions(self.year, by, via="rehearsal", typed={"none_came": none_came})

    def seal_package(self, *, by: str) -> None:
        """Seal the package."""
        from flows import transfer

        transfer.seal_package(self.year, by, via="rehearsal")

    def read_back_package(self, *, by: str) -> None:
        """Read the package back."""
        from flows import transfer

        transfer.read_back_package(self.year, by, via="rehearsal")

    def print_additions(self) -> None:
        """Print the additional letters."""
        from flows import printing

        printing.print_additions(self.year)

    def erase_ward_data(self, *, by: str) -> None:
        """Erase the ward's own data."""
        from flows import erasure as erasing

        erasing.erase_ward_data(self.year, by, via="rehearsal")

    def dies(self, act: str, doing: Callable[[], None], place: str, when: str) -> None:  # noqa: ARG002 - it is `doing`
        """Be killed, the whole rehearsal; it is started again by whoever watches over it."""
        faults.die_at(place, when)
        doing()


def set_the_stage(plan: Plan) -> bool:
    """Make the folders, or take up a rehearsal that was interrupted, and tell which; never touch another folder.

    Raises:
        Unknown: the extract to rehearse with is not there.
        BadInput: the folder is no rehearsal, or one of another plan.

    """
    mark, goes_on = plan.out / MARK, False
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
            goes_on = True
    plan.home.mkdir(parents=True, exist_ok=True)
    disk.put(mark, json.dumps(plan.as_json(), ensure_ascii=False).encode())
    clock = VirtualClock(plan.home / CLOCK)
    if not clock.path.exists():
        clock.set(datetime(plan.year, 9, 1, 8, 30, tzinfo=TOKYO))
    _surround(plan)
    return goes_on


def _surround(plan: Plan) -> None:
    """Point this process, and the flows it runs, at the rehearsal and nowhere else."""
    for key in [key for key in os.environ if key.startswith("TSUDOI_") and key != "TSUDOI_LANG"]:
        del os.environ[key]
    os.environ["TSUDOI_HOME"] = str(plan.home)
    os.environ["TSUDOI_INBOX"] = str(plan.inbox)
    os.environ["TSUDOI_PAPERS"] = str(plan.out / "papers")
    prepare(plan.home, alone=True)


@dataclass
class Rehearsal:
    """A year being rehearsed."""

    plan: Plan
    hands: Hands
    minutes: int = 0
    needles: set[str] = field(default_factory=set[str])
    seen: laws.Seen = field(default_factory=laws.Seen)
    refusals: dict[str, Refused] = field(default_factory=dict[str, Refused])

    @cached_property
    def office(self) -> Office:
        """The rehearsal's own installation, with fictional people on both sides."""
        office = preparation.install(rehearsal=True)
        preparation.register_sample_people(office, self.plan.year, passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
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

    def run(self, tell: Callable[[date, Facts], None]) -> None:
        """Live through the year, an open day at a time, until it is closed."""
        first = self.clock.now().date()
        with self.hands.at_work():
            self.hands.open_year()
            self.end_what_a_kill_broke_off()
            while self.facts().state not in FINAL:
                today = self.clock.now().date()
                if (today - first).days > _LONGEST:
                    raise Refused(_("The rehearsed year does not come to its end."), self._stuck())
                tell(today, self.facts())
                self.hands.watch()
                self._look_at_the_laws("watch", after_the_watch=True)
                self._live_through(today)
                self._go_to_the_morning_after(today)
            tell(self.clock.now().date(), self.facts())

    @cached_property
    def faults(self) -> Mixed:
        """The faults of this year."""
        level = self.plan.faults
        drawn = faults.drawn(self.plan.seed, level) if level else ()
        return Mixed(path=self.plan.out / "faults.json", faults=drawn)

    @cached_property
    def late(self) -> dict[str, int]:
        """Which acts come late: those that were named, and those that were drawn."""
        return faults.late_acts(self.plan.seed, self.plan.faults) | self.plan.late

    @cached_property
    def _finder(self) -> Finder:
        return Finder(erasure.sought(self.facts(), self._needles_again()))

    def _look_at_the_laws(self, step: str, *, after_the_watch: bool = False) -> None:
        """With faults in the year, look at every law after every step."""
        if not self.plan.faults:
            return
        view = laws.View(
            office=self.office, cycle_id=self.cycle_id, finder=self._finder, seen=self.seen,
            after_the_watch=after_the_watch,
        )  # fmt: skip
        laws.insist(view, step)

    def end_what_a_kill_broke_off(self) -> None:
        """Do what follows an act at once and is not done by it: empty the inbox, decide, print the package's papers."""
        self.faults.goes_on_after_a_kill(self.entries())
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

    def entries(self) -> list[laws.Entry]:
        """Return the entries of the ledger about this year."""
        with reading(self.office.engine) as connection:
            return list(ledger.told(connection, cycle_id=self.cycle_id))

    def faults_told(self) -> list[dict[str, Any]]:
        """Return every fault of this year, and how it ended."""
        return list(self.faults.told(self.entries()))

    def _live_through(self, today: date) -> None:
        """Let everybody do what has come to its day, until nothing more can be done today."""
        self.minutes, refused = 0, set[str]()
        self._end_the_hold(today)
        while act := self._next_act(today, refused):
            self._let_time_pass(today)
            try:
                self._do_or_fail(act)
            except Refused as refusal:
                refused.add(act)
                self.refusals[act] = refusal
            else:
                self.refusals.pop(act, None)
            self._look_at_the_laws(act)
            self._end_the_hold(today)

    def _let_time_pass(self, today: date) -> None:
        self.minutes += 7
        opening = datetime(today.year, today.month, today.day, 10, tzinfo=TOKYO)
        self.clock.set(max(self.clock.now(), opening) + timedelta(minutes=7))

    def _do_or_fail(self, act: str) -> None:
        fault = self.faults.at(act)
        # What time has made stale since the act was chosen is refused, and the fault waits for the day it is done.
        if fault is None or self.office.door.missing(self.cycle_id, act):
            self._do(act, self._today)
        else:
            self.faults.strike(_Falling(self, fault), fault)

    @property
    def _today(self) -> date:
        return self.clock.now().date()

    def _next_act(self, today: date, refused: set[str]) -> str | None:
        facts = self.facts()
        for row in TABLE:
            act = row.trigger
            if act in facts.due and act not in facts.done and act not in refused and self._day_of(act, facts) <= today:
                self._claim_measures(act, facts)
                self._look_again(act, facts)
                missing = self.office.door.missing(self.cycle_id, act)
                if not missing:
                    return act
                if again := self._to_be_done_again(missing, facts, refused):
                    return again
        return None

    def _to_be_done_again(self, missing: tuple[Unmet, ...], facts: Facts, refused: set[str]) -> str | None:
        """Return whose act is missing although it was done: what is unmet names it, and it is done once more."""
        for gap in missing:
            done = gap.act in facts.done and gap.act in cast.PLAYS.keys() | WORK.keys() and gap.act not in refused
            if self.plan.faults and done and not self.office.door.missing(self.cycle_id, gap.act):
                refused.add(gap.act)  # once a day
                return gap.act
        return None

    def _end_the_hold(self, today: date) -> None:
        """Let the approver end what holds the year once it has lasted: the duties of the law first, then the hold."""
        facts = self.facts()
        if not facts.on_hold:
            return
        for number in sorted(facts.incidents):
            if self._lasts_until(number) <= today:
                self._let_time_pass(today)
                self._settle(number, today)
                self._look_at_the_laws("settle_incident")
        if not self.facts().incidents and self._hold_lasts_until(facts) <= today:
            self._let_time_pass(today)
            self._claim_measures("release_hold", facts)
            before = facts.done.get("release_hold")  # each approval is for one act, also on one day
            decision = f"{self.plan.year}-総総-3{before.seq if before else 0:05}"
            fields = {"discussed_on": today, "decision_number": decision}
            self.hands.record("release_hold", by=cast.APPROVER, fields=fields)
            self._look_at_the_laws("release_hold")

    def _lasts_until(self, number: int) -> date:
        known_on = next(it.known_on for it in self.office.see(self.cycle_id, incidents_of) if it.number == number)
        return known_on + faults.held_days(self.plan.seed, number)

    def _hold_lasts_until(self, facts: Facts) -> date:
        held = facts.done.get("hold")
        return held.on + faults.held_days(self.plan.seed, held.seq) if held else date.min

    def _settle(self, number: int, today: date) -> None:
        """Do what the law asks about an incident, talk it over with the contractor, and settle it."""
        on, decision = {"incident": number}, f"{self.plan.year}-総総-{{}}{number:04}"
        case = next((case for case in self.facts().cases if case.number == number), None)
        if case and open_duties(case):
            reportable = bool(case.report and case.report.persons > _MANY)
            assessed = {"reportable": reportable, "reason": "規則43条", "decision_number": decision.format(1)}
            self.hands.record("assess_incident", by=cast.APPROVER, fields=on | assessed)
            for act, fields in _duties(today) if reportable else ():
                self.hands.record(act, by=cast.APPROVER, fields=on | fields)
        told = {"discussed_on": today, "participants": "両責任者", "decision": "手順の再確認"}
        self.hands.record("discuss_measures", by=cast.COORDINATOR, fields=on | told)
        self.hands.record("settle_incident", by=cast.APPROVER, fields=on | {"decision_number": decision.format(2)})

    def _day_of(self, act: str, facts: Facts) -> date:
        """Return the day on which somebody does an act: its due date or the open day before, later if it is late."""
        day = self.office.calendar.last_open(facts.due[act])
        return self.office.calendar.add_open_days(day, self.late.get(act, 0))

    def _do(self, act: str, today: date) -> None:
        if act in WORK and act not in cast.PLAYS:
            getattr(self, f"_{act}")()
            return
        if act == "enclose_additions":
            self.hands.print_additions()
        by, fields = cast.PLAYS[act]
        self.hands.record(act, by=by, fields=fields(self.scene(today)))
        if act in cast.SECONDS:
            self.hands.confirm(act, by=cast.SECONDS[act])

    def do(self, act: str) -> None:
        """Do an act as it should be done, today."""
        self._do(act, self._today)

    def scene(self, today: date) -> Scene:
        """Return what the actors see today."""
        return Scene(office=self.office, facts=self.facts(), printer=self.printer, today=today)

    def _claim_measures(self, act: str, facts: Facts) -> None:
        """Claim what the step needs and is not claimed yet, each side its own."""
        open_measures = sorted(set(facts.measures_for(act)) - facts.claims)
        if not open_measures or facts.state not in BY_TRIGGER[act].froms:
            return
        for side, by in _MEASURES_BY.items():
            if mine := [measure for measure in open_measures if measure.startswith(side)]:
                fields = {"measures": mine, "evidence": f"実施記録「{BY_TRIGGER[act].ja}」"}
                self.hands.record("claim_measures", by=by, fields=fields)

    def _look_again(self, act: str, facts: Facts) -> None:
        """Before a medium leaves later than it was sealed, re-check who is protected and read the package back."""
        if act != "hand_over_medium" or "seal_package" not in facts.done or facts.on_hold:
            return
        if not protection_is_freshly_rechecked.check(facts, Nothing()):
            self._do("recheck_before_sealing", facts.today)
        if not package_was_read_back_today.check(facts, Nothing()):
            self.hands.read_back_package(by=cast.REGISTRAR)

    def _take_extract(self) -> None:
        path = self.plan.inbox / "extract.csv"
        if not path.exists():
            self._put_into_the_inbox()
        try:
            self.hands.take_extract(by=cast.REGISTRAR, expect=self._expected())
        except TsudoiError:
            shred(path)  # a copy of your own extract is not left lying
            raise
        self._decide_the_held_rows()

    def _put_into_the_inbox(self) -> None:
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
        for row, how, substitute in extraction.proposals(self.office, self.cycle_id):
            extraction.decide(
                self.office, self.cycle_id, row=row, how=how, substitute=substitute,
                reason="font" if substitute else "unclear", by=cast.REGISTRAR, via="rehearsal",
            )  # fmt: skip

    def _seal_package(self) -> None:
        self.hands.seal_package(by=cast.REGISTRAR)

    def _take_additions(self) -> None:
        if not self.plan.extract:
            _first, late = self._fictional()
            write_sample(late, self.plan.inbox / "additions.csv")
        self.hands.take_additions(by=cast.REGISTRAR, none_came=bool(self.plan.extract))

    def _fictional(self) -> "tuple[pl.DataFrame, pl.DataFrame]":
        """Draw the fictional extract and its late move-ins."""
        year, persons, seed = self.plan.year, self.plan.persons, self.plan.seed
        first = sample_extract(fiscal_year=year, persons=persons, seed=seed)
        few = max(1, persons // _ADDITIONS_SHARE)
        return first, additional_extract(fiscal_year=year, persons=few, seed=seed + 1, after=first)

    def _erase_ward_data(self) -> None:
        """Erase through the flow; what was searched for is kept in memory, for the last look over the whole folder.

        A rehearsal that was killed between destruction and record has no vault any more, and goes on all the same.
        """
        with suppress(Unknown):
            self.needles = needles_of(self.office.vault(self.cycle_id), self.facts())
        try:
            self.hands.erase_ward_data(by=cast.COORDINATOR)
        except Refused as refusal:
            if not any(gap.act == "accept_namesakes" for gap in refusal.unmet):
                raise
            self._do("accept_namesakes", self._today)
            self.hands.erase_ward_data(by=cast.COORDINATOR)

    def _go_to_the_morning_after(self, today: date) -> None:
        morning = self.office.calendar.first_open(today + timedelta(days=1))
        self.clock.set(datetime(morning.year, morning.month, morning.day, 9, tzinfo=TOKYO))

    def _stuck(self) -> tuple[Any, ...]:
        facts = self.facts()
        open_acts = [row.trigger for row in TABLE if row.trigger in facts.due and row.trigger not in facts.done]
        missing = self.office.door.missing(self.cycle_id, open_acts[0]) if open_acts else ()
        return (*missing, *(gap for refusal in self.refusals.values() for gap in refusal.unmet))

    def print_papers(self) -> None:
        """Print what a person may open at the end: the specimen, the ledger, report, notice without password."""
        transfer.blank_the_notices(self.office, self.cycle_id)
        papers.print_specimen(self.office, self.cycle_id)
        papers.print_sheets(self.office, self.cycle_id, control_ledger.ledger_print, reporting.report)

    def summary(self, *, seconds: float) -> dict[str, Any]:
        """Return what a script would ask: counts, ledger, and a last search over everything that is left."""
        table = self.office.see(self.cycle_id, counting.counts).as_json()
        verified = auditing.verify(self.office)
        stands = self.office.see(self.cycle_id, standing.standing)
        late, sent = self.office.see(self.cycle_id, standing.lateness)
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
            "faults": self.faults_told(),
            "late": self.late,
            "seconds": seconds,
        }

    def _last_look(self) -> int:
        """Search everything that is left of the rehearsal; what --keep leaves is left out, being meant to stay."""
        needles = erasure.sought(self.facts(), self.needles or self._needles_again())
        kept = (self.printer.folder,) if self.plan.keep else ()
        return erasure.search(self.office, needles, roots=(self.plan.out,), exclude=kept).found

    def _needles_again(self) -> set[str]:
        """Make the needles anew where the rehearsal went on after the vault was gone."""
        programme, _text = self.office.programme()
        if self.plan.extract:
            return needles_in(read_register(self.plan.extract, programme=programme).frame)
        return set[str]().union(*map(needles_in, self._fictional()))


@dataclass(frozen=True)
class _Falling(Year):
    """What a fault may do in this rehearsal; the hands are those of the people."""

    rehearsal: Rehearsal
    fault: Fault

    def facts(self) -> Facts:
        return self.rehearsal.facts()

    def fields(self, act: str) -> dict[str, Any]:
        return dict(cast.PLAYS[act][1](self.scene()))

    def scene(self) -> Scene:
        return self.rehearsal.scene(self.rehearsal.clock.now().date())

    def entries(self) -> Sequence[laws.Entry]:
        return self.rehearsal.entries()

    def enter(self, act: str, *, by: str, fields: Mapping[str, Any]) -> None:
        self.rehearsal.hands.record(act, by=by, fields=fields)

    def do(self, act: str) -> None:
        self.rehearsal.do(act)

    def put_into_the_inbox(self, text: str) -> None:
        (self.rehearsal.plan.inbox / "extract.csv").write_text(text, encoding="utf-8", newline="")

    def dies(self, act: str, place: str, when: str) -> None:
        self.rehearsal.hands.dies(act, lambda: self.rehearsal.do(act), place, when)
        self.rehearsal.end_what_a_kill_broke_off()
        if act not in self.facts().done:
            self.rehearsal.do(act)


def _duties(today: date) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return what the law asks about an incident that is to be reported, in its order."""
    return (
        ("report_to_commission", {"report": "prompt", "reported_on": today}),
        ("report_to_commission", {"report": "final", "reported_on": today}),
        ("notify_persons", {"how": "letter", "notified_on": today, "persons": _MANY}),
        ("publish_incident", {"published": True, "decided_on": today}),
    )


def _plain(fields: Any) -> dict[str, Any]:
    """Return the fields as Prefect stores parameters: plain JSON."""
    return json.loads(json.dumps(dict(fields), default=str))


def late_acts(options: list[str]) -> dict[str, int]:
    """Read which acts are to come how many open days late, each written ACT=DAYS.

    Raises:
        Unknown: there is no such act.
        BadInput: it is not written like that.

    """
    late: dict[str, int] = {}
    for option in options:
        act, _sign, days = option.partition("=")
        if act not in cast.PLAYS.keys() | WORK.keys():
            raise Unknown(
                _("There is no dated act called “{act}”.").format(act=act[:40]), _("docs/states.md lists the acts.")
            )
        if not days.isdigit() or not 1 <= int(days) <= 60:  # noqa: PLR2004 - more than a season is no lateness
            raise BadInput(_("--late is written ACT=DAYS, with 1 to 60 open days."), _("Mend the option."))
        late[act] = int(days)
    return late
