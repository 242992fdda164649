"""A rehearsed year without Prefect: the same rehearsal, the same cast and the same faults, done by the steps alone.

What else runs in a child process, because of its memory, runs in this one: sixty persons need none of it.
"""

import json
import os
import signal
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any
from unittest.mock import patch

from desk.faults import die_at
from desk.printer import Printer
from desk.rehearse import Plan, Rehearsal
from models.errors import BadInput
from steps import acting, arriving, erasure, extraction, preparation, printing, reminding, transfer
from steps.office import Office

YEAR = 2026


class Directly:
    """Every act by its step. `dies` kills a child in the middle of the act; this process goes on as after a restart."""

    def __init__(self, office: Office, cycle_id: str) -> None:
        self.office, self.cycle_id = office, cycle_id

    def at_work(self) -> AbstractContextManager[None]:
        return nullcontext()

    def open_year(self) -> None:
        preparation.open_year(self.office, YEAR)

    def watch(self) -> None:
        if self.office.calendar.is_open(self.office.clock.now().date()):
            reminding.watch(self.office)

    def record(self, act: str, *, by: str, fields: Mapping[str, Any]) -> None:
        plain = json.loads(json.dumps(dict(fields), default=str))
        acting.perform(self.office, self.cycle_id, act, by=by, fields=plain, via="rehearsal")

    def confirm(self, act: str, *, by: str, number: str, on: date) -> None:
        acting.confirm(self.office, self.cycle_id, act, by=by, decision_number=number, decided_on=on, via="rehearsal")

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

    def dies(self, doing: Callable[[], None], place: str, when: str) -> None:
        self.office.engine.dispose()  # the child opens the database itself, as any process does
        child = os.fork()
        if child == 0:
            try:
                die_at(place, when)
                doing()
            finally:
                os._exit(1)  # it should have been dead by now
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, place


class _InThisProcess(ThreadPoolExecutor):
    def __init__(self, workers: int, **_how: object) -> None:
        super().__init__(workers)


@contextmanager
def rehearsed(template: Path, plan: Plan) -> Generator[Rehearsal]:
    """Give a rehearsal that stands before its first day, in a copy of an installation whose year is open."""
    copytree(template, plan.home)
    plan.inbox.mkdir()
    office = Office.open(plan.home, plan.inbox)
    rehearsal = Rehearsal(plan, Directly(office, f"hatachi-{plan.year}"))
    rehearsal.__dict__ |= {"office": office, "printer": Printer(folder=plan.out / "contractor")}
    here = ("adapters.press.ProcessPoolExecutor", _InThisProcess), ("steps.erasure.ProcessPoolExecutor", _InThisProcess)
    with patch(*here[0]), patch(*here[1]):
        yield rehearsal
    office.engine.dispose()
