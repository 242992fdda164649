"""A rehearsed year without Prefect: the same rehearsal, the same cast and the same faults; the machine's steps alone.

What else runs in a child process, because of its memory, runs in this one: sixty persons need none of it.
"""

import signal
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from shutil import copytree
from unittest.mock import patch

from models.errors import TsudoiError
from rehearsal.faults import Year, die_at
from rehearsal.machine import Machine
from rehearsal.people import People
from rehearsal.plan import Plan
from rehearsal.printer import Printer
from rehearsal.year import Rehearsal
from states.acts import Outcome
from steps import acting, driving, preparation, reminding
from steps.office import Office
from steps.work import WORK

YEAR = 2026


class Directly(Machine):
    """The machine's work by its steps. What dies is a process of its own; this one goes on as after a restart."""

    def __init__(self, office: Office, plan: Plan) -> None:
        self.office, self.plan = office, plan

    def at_work(self) -> AbstractContextManager[None]:
        return nullcontext()

    def begin_year(self) -> None:
        preparation.open_year(self.office, self.plan.year)

    def morning(self) -> None:
        self.looks_at(self.plan.year)
        reminding.watch(self.office, morning=True)

    def looks_at(self, _fiscal_year: int) -> str:
        try:
            while todo := [it for it in driving.work(self.office) if it.may_be_done]:
                WORK[todo[0].act].step(self.office, todo[0].cycle_id, by=todo[0].by, via="driver")
        except TsudoiError as trouble:
            return str(trouble)
        return ""

    def dies(self, _year: Year, act: str, place: str, when: str) -> None:
        child = get_context("spawn").Process(target=_dying, args=(self.plan, act, place, when))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL, place


@dataclass(frozen=True, kw_only=True)
class Unsigned(People):
    """People without keys: what two must sign the ward's electronic approval confirms."""

    def confirm(self, proposed: Outcome, *, by: str) -> Outcome:
        decided = {"decision_number": f"8-総総-{proposed.seq}", "decided_on": self.today}
        return acting.confirm(self.office, self.cycle_id, proposed.trigger, by=by, via="rehearsal", **decided)


def _dying(plan: Plan, act: str, place: str, when: str) -> None:
    with _opened(plan) as rehearsal:
        die_at(place, when)
        rehearsal.do(act)


class _InThisProcess(ThreadPoolExecutor):
    def __init__(self, workers: int, **_how: object) -> None:
        super().__init__(workers)


@contextmanager
def _opened(plan: Plan) -> Generator[Rehearsal]:
    office, printer = Office.open(plan.home, plan.inbox), Printer(folder=plan.out / "contractor")
    people = Unsigned(office=office, cycle_id=f"{office.settings.programme}-{plan.year}", printer=printer)
    yield Rehearsal(plan=plan, people=people, machine=Directly(office, plan))
    office.engine.dispose()


@contextmanager
def rehearsed(template: Path, plan: Plan) -> Generator[Rehearsal]:
    """Give a rehearsal that stands before its first day, in a copy of an installation whose year is open."""
    copytree(template, plan.home)
    plan.inbox.mkdir()
    here = ("adapters.press.ProcessPoolExecutor", _InThisProcess), ("steps.erasure.ProcessPoolExecutor", _InThisProcess)
    with patch(*here[0]), patch(*here[1]), _opened(plan) as rehearsal:
        yield rehearsal
