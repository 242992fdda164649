"""A whole year on a virtual clock, an open day at a time: the machine's morning, then what people have come to.

The time stands in a file, what is done is read from the database, and every act may be asked for again. So a rehearsal
that was killed goes on where it was.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from adapters.clock import VirtualClock
from adapters.finder import Finder
from adapters.people_keys import FICTIONAL
from adapters.vault import shred
from flows.own_server import free_port, own_server
from models.clock import TOKYO
from models.errors import Refused, TsudoiError, Unknown, Unmet
from models.records.base import Nothing
from models.words import _
from rehearsal import cast, faults, laws, register, summary
from rehearsal.faults import Mixed
from rehearsal.machine import Machine
from rehearsal.people import People
from rehearsal.plan import DRIVEN, Plan
from rehearsal.printer import Printer
from states.facts import Facts
from states.rows import FINAL
from states.rules.custody import package_was_read_back_today
from states.rules.erasure import accepted_namesakes
from states.rules.transfer import protection_is_freshly_rechecked
from states.table import TABLE
from steps import driving, erasure, preparation
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE
from views.incidents import incidents_of

_LONGEST = 400  # days after which a rehearsal that does not end is called stuck
Teller = Callable[[date, Facts], None]


def play(plan: Plan, tell: Teller) -> tuple["Rehearsal", dict[str, Any]]:
    """Live through the year on the stage that is set, telling each day; return the rehearsal and its summary.

    A year that is played until a day only has no summary yet.
    """
    began = time.monotonic()
    with own_server(plan.home, free_port(0), dashboard=False):
        office = preparation.install(rehearsal=True)
        preparation.register_sample_people(office, plan.year, passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
        people = People(
            office=cast.at_their_desks(Office.open()), cycle_id=f"{office.settings.programme}-{plan.year}",
            printer=Printer(folder=plan.out / "contractor", keep=plan.keep),
        )  # fmt: skip
        rehearsal = Rehearsal(plan=plan, people=people, machine=Machine())
        rehearsal.run(tell)
    if rehearsal.is_cut_short:
        return rehearsal, {}
    summary.print_papers(rehearsal.people)
    result = rehearsal.summary(seconds=round(time.monotonic() - began, 1))
    (plan.out / "summary.json").write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return rehearsal, result


@dataclass(kw_only=True)
class Rehearsal:
    """A year being rehearsed."""

    plan: Plan
    people: People
    machine: Machine
    seen: laws.Seen = field(default_factory=laws.Seen)
    refusals: dict[str, Refused] = field(default_factory=dict[str, Refused])
    apart: set[str] = field(default_factory=set[str])  # forms that were refused: their acts are entered one by one

    @property
    def office(self) -> Office:
        """The rehearsal's own installation."""
        return self.people.office

    @property
    def cycle_id(self) -> str:
        """The cycle being rehearsed."""
        return self.people.cycle_id

    @property
    def clock(self) -> VirtualClock:
        """The virtual clock."""
        clock = self.office.clock
        assert isinstance(clock, VirtualClock)
        return clock

    @cached_property
    def faults(self) -> Mixed:
        """The faults of this year."""
        return Mixed(path=self.plan.out / "faults.json", faults=faults.drawn(self.plan.seed, self.plan.faults))

    @cached_property
    def late(self) -> dict[str, int]:
        """Which acts come late: those that were named, and those that were drawn."""
        return faults.late_acts(self.plan.seed, self.plan.faults) | self.plan.late

    def facts(self) -> Facts:
        """Return the facts as they stand."""
        return self.people.facts()

    def faults_told(self) -> list[dict[str, Any]]:
        """Return every fault of this year, and how it ended."""
        return list(self.faults.told(self.people.entries()))

    def summary(self, *, seconds: float) -> dict[str, Any]:
        """Return what a script would ask of the year."""
        return summary.summary(self.plan, self.people, faults=self.faults_told(), late=self.late, seconds=seconds)

    def run(self, tell: Teller) -> None:
        """Live through the year, an open day at a time, until it is closed."""
        first = self.people.today
        with self.machine.at_work():
            self._open_the_year()
            self.end_what_a_kill_broke_off()
            while (facts := self.facts()).state not in FINAL and not self.is_cut_short:
                today = self.people.today
                if (today - first).days > _LONGEST:
                    raise Refused(_("The rehearsed year does not come to its end."), self._stuck())
                tell(today, facts)
                self._begin_the_morning()
                self._live_through(today)
                self._go_to_the_morning_after(today)
            tell(self.people.today, facts)

    @property
    def is_cut_short(self) -> bool:
        """Tell whether the day has come until which the year is played: its morning, before anything is done."""
        return self.plan.until is not None and self.people.today >= self.plan.until

    def _open_the_year(self) -> None:
        """Wait for the day on which the programme opens the year, and open it."""
        while preparation.opening_day(self.office, self.plan.year) > self.people.today:
            self._go_to_the_morning_after(self.people.today)
        if preparation.is_to_be_opened(self.office):
            self.machine.begin_year()

    def _begin_the_morning(self) -> None:
        """Let the machine begin the day; where a fault waits at what it would do now, that comes first."""
        for work in driving.work(self.office) if self.plan.faults else ():
            if work.may_be_done and self.faults.at(work.act):
                self._do_or_fail(work.act)
        try:
            self.machine.morning()
        except TsudoiError:
            if not any(work.may_be_done for work in driving.work(self.office)):
                raise  # else it is the machine's work that failed, and people do what it waits for
        self._look_at_the_laws("morning", after_the_watch=True)
        self.people.decide_on_late_plans()

    @cached_property
    def _finder(self) -> Finder:
        facts = self.facts()
        return Finder(erasure.sought(facts, register.everybody(self.plan, facts.programme)))

    def _look_at_the_laws(self, step: str, *, after_the_watch: bool = False) -> None:
        """Look at what every movement tells after every step; with faults in the year, at every law."""
        finder = self._finder if self.plan.faults else None
        view = laws.View(
            office=self.office, cycle_id=self.cycle_id, finder=finder, seen=self.seen, after_the_watch=after_the_watch
        )
        if found := laws.broken(view):
            raise laws.LawBroken(f"{step}: " + " / ".join(f"{name}: {where}" for name, where in found.items()))

    def end_what_a_kill_broke_off(self) -> None:
        """Do what follows an act at once and is not done by it: empty the inbox, decide, print the package's papers."""
        self.faults.goes_on_after_a_kill(self.people.entries())
        self._empty_the_inbox()
        done = self.facts().done
        if "take_extract" in done and "extract" not in done:
            self.people.decide_the_held_rows()
        if "seal_package" in done and "hand_over_password" not in done:
            self.people.ask_for("seal_package")

    def _live_through(self, today: date) -> None:
        """Let everybody do what has come to its day, until nothing more can be done today."""
        refused = set[str]()
        while act := self._next_act(self._facts_with_the_hold_ended(today), today, refused):
            self._let_time_pass(today)
            try:
                self._do_or_fail(act)
            except Refused as refusal:
                refused.add(act)
                self.refusals[act] = refusal
            else:
                self.refusals.pop(act, None)
            self._look_at_the_laws(act)

    def _let_time_pass(self, today: date) -> None:
        opening = datetime(today.year, today.month, today.day, 10, tzinfo=TOKYO)
        self.clock.set(max(self.clock.now(), opening) + timedelta(minutes=7))

    def _go_to_the_morning_after(self, today: date) -> None:
        morning = self.office.calendar.first_open(today + timedelta(days=1))
        self.clock.set(datetime(morning.year, morning.month, morning.day, 9, tzinfo=TOKYO))

    def _do_or_fail(self, act: str) -> None:
        fault = self.faults.at(act)
        # What time has made stale since the act was chosen is refused, and the fault waits for the day it is done.
        if fault is None or self.office.door.missing(self.cycle_id, act):
            self.do(act)
        else:
            self.faults.strike(self, fault)

    def _next_act(self, facts: Facts, today: date, refused: set[str]) -> str | None:
        for row in TABLE:
            act = row.trigger
            if act in facts.due and act not in facts.done and act not in refused and self._day_of(act, facts) <= today:
                if self.form_with(act, facts):
                    return act
                self.people.claim_measures(act, facts)
                self._look_again(act, facts)
                missing = self.office.door.missing(self.cycle_id, act)
                if not missing:
                    return act
                if again := self._to_be_done_again(missing, facts, refused):
                    return again
        return None

    def form_with(self, act: str, facts: Facts) -> str:
        """Return by which act's form an act is entered with others, "" where it goes alone.

        Whatever is late or goes wrong this year is entered by itself, and so is what something else still stops.
        """
        troubled = self.late.keys() | {fault.act for fault in self.faults.faults} | self.apart
        for row in TABLE:
            acts = {*row.carries, row.trigger}
            if act not in acts or not row.carries or not cast.is_to_do(row.trigger, facts) or acts & troubled:
                continue
            owed = [name for name in acts if cast.is_to_do(name, facts)]
            gaps = (gap for name in owed for gap in self.office.door.missing(self.cycle_id, name))
            if all(gap.act in acts | cast.ALONG for gap in gaps):
                return row.trigger
        return ""

    def _to_be_done_again(self, missing: tuple[Unmet, ...], facts: Facts, refused: set[str]) -> str | None:
        """Return whose act is missing although it was done: what is unmet names it, and it is done once more."""
        for gap in missing:
            known = gap.act in facts.due or gap.act in cast.PLAYS
            done = known and gap.act in facts.done and gap.act not in refused
            if self.plan.faults and done and not self.office.door.missing(self.cycle_id, gap.act):
                refused.add(gap.act)  # once a day
                return gap.act
        return None

    def _day_of(self, act: str, facts: Facts) -> date:
        """Return the day on which somebody does an act: its due date or the open day before, later if it is late."""
        day = self.office.calendar.last_open(facts.due[act])
        return self.office.calendar.add_open_days(day, self.late.get(act, 0))

    def _facts_with_the_hold_ended(self, today: date) -> Facts:
        """Let the approver end what holds the year once it has lasted: the duties of the law first, then the hold."""
        facts = self.facts()
        if not facts.on_hold:
            return facts
        for incident in self.office.see(self.cycle_id, incidents_of):
            lasts = faults.held_days(self.plan.seed, incident.number)
            if incident.number in facts.incidents and incident.known_on + lasts <= today:
                self._let_time_pass(today)
                self.people.settle(incident.number)
                self._look_at_the_laws("settle_incident")
        held = facts.done.get("hold")
        lasted = held is None or held.on + faults.held_days(self.plan.seed, held.seq) <= today
        if lasted and not self.facts().incidents:
            self._let_time_pass(today)
            self.people.release_hold()
            self._look_at_the_laws("release_hold")
        return self.facts()

    def do(self, act: str) -> None:
        """Do an act as it should be done: people what is theirs, the machine the rest."""
        match act:
            case "take_extract":
                self._take_extract()
            case "take_additions":
                self._take_additions()
            case "erase_ward_data":
                self._accept_namesakes()
                self._drive(act)
            case _ if act in DRIVEN and act in self.facts().done:  # it is asked for once more
                self.people.ask_for(act)
            case _ if act in DRIVEN:
                self._drive(act)
            case _ if form := self.form_with(act, self.facts()):
                try:
                    self.people.play_form(form)
                except Refused:
                    self.apart.add(form)
                    raise
            case _:
                self.people.play(act)

    def dies(self, act: str, place: str, when: str) -> None:
        """Do an act and be killed by kill -9 at a function; whoever comes back does what was broken off."""
        self.machine.dies(self, act, place, when)
        self.end_what_a_kill_broke_off()
        if act not in self.facts().done:
            self.do(act)

    def _take_extract(self) -> None:
        """Take the extract: the machine what bears a name, else somebody of the register section."""
        register.put_extract(self.plan, self.facts().programme)
        try:
            self.machine.looks_at(self.plan.year)  # who takes it gets the same said
            if "take_extract" not in self.facts().done:
                self.people.ask_for("take_extract", expect=register.expected(self.plan))
        except TsudoiError:
            self._empty_the_inbox()  # a copy of your own extract is not left lying
            raise
        self.people.decide_the_held_rows()

    def _take_additions(self) -> None:
        if register.put_additions(self.plan):
            self._drive("take_additions")
        else:
            self.people.ask_for("take_additions", none_came=True)

    def _empty_the_inbox(self) -> None:
        for path in self.plan.inbox.iterdir():
            shred(path)

    def _accept_namesakes(self) -> None:
        """Let two people accept who of the staff is called like a resident; a vault that is gone asks nobody."""
        with suppress(Unknown):
            accepted = self.office.see(self.cycle_id, lambda here: accepted_namesakes(here.facts))
            if set(erasure.namesakes(self.office, self.cycle_id)) - accepted:
                self.people.play("accept_namesakes")

    def _drive(self, act: str) -> None:
        """Let the machine do what it may; refuse with its words what it did not do."""
        words = self.machine.looks_at(self.plan.year)
        if act not in self.facts().done:
            raise Refused(words or _("The machine has nothing to do."))

    def _look_again(self, act: str, facts: Facts) -> None:
        """Before a medium leaves later than it was sealed, re-check who is protected and read the package back."""
        if act != "hand_over_medium" or "seal_package" not in facts.done or facts.on_hold:
            return
        if not protection_is_freshly_rechecked.check(facts, Nothing()):
            self.people.play("recheck_before_sealing")
        if not package_was_read_back_today.check(facts, Nothing()):
            self.people.ask_for("read_back_package")

    def _stuck(self) -> tuple[Unmet, ...]:
        facts = self.facts()
        open_acts = [row.trigger for row in TABLE if row.trigger in facts.due and row.trigger not in facts.done]
        missing = self.office.door.missing(self.cycle_id, open_acts[0]) if open_acts else ()
        return (*missing, *(gap for refusal in self.refusals.values() for gap in refusal.unmet))
