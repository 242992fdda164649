"""A rehearsed year without Prefect: the same rehearsal, the same cast and the same faults, done by the steps alone.

What else runs in a child process, because of its memory, runs in this one: sixty persons need none of it.
"""

import json
import signal
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing import get_context
from pathlib import Path
from shutil import copytree
from typing import Any
from unittest.mock import patch

from models.errors import BadInput
from rehearsal import cast
from rehearsal.faults import die_at
from rehearsal.printer import Printer
from rehearsal.year import Plan, Rehearsal
from states.facts import RECHECKS
from steps import acting, arriving, erasure, extraction, preparation, printing, reminding, transfer
from steps.office import Office

YEAR = 2026


class Directly:
    """Every act by its step. What dies is a process of its own; this one goes on as after a restart."""

    def __init__(self, office: Office, plan: Plan) -> None:
        self.office, self.plan, self.cycle_id = office, plan, f"hatachi-{plan.year}"

    def at_work(self) -> AbstractContextManager[None]:
        return nullcontext()

    def open_year(self) -> None:
        preparation.open_year(self.office, self.plan.year)

    def watch(self) -> None:
        if self.office.calendar.is_open(self.office.clock.now().date()):
            reminding.watch(self.office)

    def record(self, act: str, *, by: str, fields: Mapping[str, Any]) -> None:
        if act in RECHECKS:
            cast.recheck(self.office, self.cycle_id, **fields)
            return
        cast.recheck_first(self.office, self.cycle_id, act)
        plain = json.loads(json.dumps(dict(fields), default=str))
        acting.perform(self.office, self.cycle_id, act, by=by, fields=plain, via="rehearsal")

    def confirm(self, act: str, *, by: str) -> None:
        for it in acting.waiting(self.office, self.cycle_id, act):
            decided = {"decision_number": f"8-総総-{it.seq}", "decided_on": self.office.clock.now().date()}
            acting.confirm(self.office, self.cycle_id, act, by=by, via="rehearsal", **decided)

    def take_extract(self, *, by: str, expect: tuple[int, int]) -> str:
        taken = extraction.take_extract(self.office, self.cycle_id, None, by=by, expect=expect, via="rehearsal")
        if taken.judgement.verdict == "refused":
            raise BadInput("refused")
        return taken.judgement.verdict

    def take_additions(self, *, by: str, none_came: bool) -> None:
        path = None if none_came else arriving.from_inbox(self.office)
        extraction.take_additions(self.office, self.cycle_id, path, by=by, via="rehearsal")

    def seal_package(self, *, by: str) -> None:
        transfer.seal_package(self.office, self.cycle_id, by=by, via="rehearsal")

    def read_back_package(self, *, by: str) -> None:
        transfer.read_back_package(self.office, self.cycle_id, by=by, via="rehearsal")

    def print_additions(self) -> None:
        printing.print_additions(self.office, self.cycle_id)

    def erase_ward_data(self, *, by: str) -> None:
        erasure.erase_ward_data(self.office, self.cycle_id, by=by, via="rehearsal")

    def dies(self, act: str, _doing: Callable[[], None], place: str, when: str) -> None:
        child = get_context("spawn").Process(target=_dying, args=(self.plan, act, place, when))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL, place


def _dying(plan: Plan, act: str, place: str, when: str) -> None:
    with _opened(plan) as rehearsal:
        die_at(place, when)
        rehearsal.do(act)


class _InThisProcess(ThreadPoolExecutor):
    def __init__(self, workers: int, **_how: object) -> None:
        super().__init__(workers)


@contextmanager
def _opened(plan: Plan) -> Generator[Rehearsal]:
    office = Office.open(plan.home, plan.inbox)
    rehearsal = Rehearsal(plan, Directly(office, plan))
    rehearsal.__dict__ |= {"office": office, "printer": Printer(folder=plan.out / "contractor")}
    yield rehearsal
    office.engine.dispose()


@contextmanager
def rehearsed(template: Path, plan: Plan) -> Generator[Rehearsal]:
    """Give a rehearsal that stands before its first day, in a copy of an installation whose year is open."""
    copytree(template, plan.home)
    plan.inbox.mkdir()
    here = ("adapters.press.ProcessPoolExecutor", _InThisProcess), ("steps.erasure.ProcessPoolExecutor", _InThisProcess)
    with patch(*here[0]), patch(*here[1]), _opened(plan) as rehearsal:
        yield rehearsal
