"""A fictional year without Prefect: the rehearsal's cast does every act on its day, up to where a test begins.

The acts that the machine does go through their steps; everything else through the one door, as people enter it.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select
from sqlmodel import col

from adapters.clock import VirtualClock
from adapters.programmes import measures_of
from adapters.sample import sample_extract, write_sample
from models import tables
from models.clock import TOKYO
from models.database import reading
from rehearsal import cast
from rehearsal.cast import Scene
from rehearsal.printer import Printer
from states import ledger
from states.acts import Outcome
from states.facts import RECHECKS, Facts
from states.table import BY_TRIGGER, TABLE
from steps import acting, erasure, extraction, protection, transfer
from steps.extraction import Taken
from steps.office import Office

YEAR, CYCLE = 2026, "hatachi-2026"
PERSONS = 60
ANY_NUMBER = (1, 10_000_000)
_LAST_TO_BE_DUE = datetime(2027, 12, 31, tzinfo=TOKYO).date()


@dataclass(frozen=True, kw_only=True)
class Played:
    """One installation with its year under way, in a folder that can be copied as it stands."""

    folder: Path
    office: Office

    @property
    def printer(self) -> Printer:
        return Printer(folder=self.folder / "contractor")

    @property
    def extract(self) -> Path:
        return self.folder / "inbox" / "extract.csv"

    def play(self, *, before: str) -> None:
        """Do what comes next, each act at ten on its day, until the named act is next."""
        if not self.facts().claims:
            self.claim_every_measure()
        while (act := self._next()) != before:
            assert act, before
            self.wait_for(act)
            self.do(act)
        self.wait_for(before)

    def do(self, act: str, **changes: Any) -> Outcome:
        """Do an act as the cast does it, but for what is changed, confirmed where it needs a second person."""
        if machine := getattr(self, f"_{act}", None):
            return machine()
        self.claim_again(act)
        row = BY_TRIGGER[act]
        programme = self.facts().programme
        by = cast.person_for(row.who_under(programme))
        scene = Scene(office=self.office, facts=self.facts(), printer=self.printer)
        if act in RECHECKS:
            return cast.recheck(self.office, CYCLE, **{**cast.fields(act, scene), **changes})
        cast.recheck_first(self.office, CYCLE, act)
        entered = json.loads(json.dumps(cast.fields(act, scene) | changes, default=str))
        outcome = acting.perform(self.office, CYCLE, act, by=by, fields=entered)
        if not (second := row.second_under(programme)):
            return outcome
        return acting.confirm(
            self.office,
            CYCLE,
            act,
            by=cast.person_for(second, but=by),
            proposal=outcome.seq,
            decision_number=f"8-総総-{outcome.seq}",
            decided_on=self.now.date(),
        )

    def take(self, path: Path | None = None, **options: Any) -> Taken:
        """Take an extract as the register section does."""
        options = {"by": cast.REGISTRAR, "expect": ANY_NUMBER, **options}
        return extraction.take_extract(self.office, CYCLE, path, **options)

    def seal(self) -> Outcome:
        return transfer.seal_package(self.office, CYCLE, by=cast.REGISTRAR)

    def erase(self) -> Outcome:
        return erasure.erase_ward_data(self.office, CYCLE, by=cast.COORDINATOR)

    def serials(self, *states: str) -> list[int]:
        with reading(self.office.engine) as connection:
            return sorted(self.office.door.facts(connection, CYCLE).pieces.serials(*states))

    def facts(self) -> Facts:
        return self.office.facts(CYCLE)

    @property
    def now(self) -> datetime:
        return self.office.clock.now()

    def set_clock(self, at: datetime) -> None:
        assert isinstance(self.office.clock, VirtualClock)
        self.office.clock.set(at)

    def wait_for(self, act: str) -> None:
        """Let the clock go on to ten on the open day by which the act is owed, and by a minute at least."""
        due = self.office.calendar.last_open(self.facts().due[act])
        self.set_clock(max(self.now + timedelta(minutes=1), datetime(due.year, due.month, due.day, 10, tzinfo=TOKYO)))

    def entries(self) -> list[dict[str, Any]]:
        with reading(self.office.engine) as connection:
            return [json.loads(line) for line in ledger.entries(connection)]

    def events(self) -> list[str]:
        return [entry["event"] for entry in self.entries()]

    def addressees(self, act: str = extraction.ADDRESSEES) -> list[extraction.Addressee]:
        return list(extraction.addressees_of(self.office, CYCLE, act))

    def marked(self) -> list[str]:
        """Return the numbers of whoever the extract marked as protected: they stand on every list of protected."""
        found = protection.everybody(self.office, self.facts())
        return found.filter(found["protected"])["宛名番号"].to_list()

    def claim_every_measure(self) -> None:
        measures = measures_of("hatachi/measures.yaml")
        for side, by in (("W", cast.COORDINATOR), ("C", cast.MANAGER)):
            mine = [measure.id for measure in measures if measure.id.startswith(side)]
            acting.perform(self.office, CYCLE, "claim_measures", by=by, fields={"measures": mine, "evidence": "点検表"})

    def claim_again(self, act: str) -> None:
        """Claim for a gate what was claimed for the gate before it and is asked for anew."""
        facts = self.facts()
        stale = sorted(facts.claims.intersection(facts.measures_for(act)) - facts.serving)
        for side, by in (("W", cast.COORDINATOR), ("C", cast.MANAGER)):
            if mine := [measure for measure in stale if measure.startswith(side)]:
                fields = {"measures": mine, "evidence": f"点検表（{BY_TRIGGER[act].ja}）"}
                acting.perform(self.office, CYCLE, "claim_measures", by=by, fields=fields)

    def _next(self) -> str:
        facts = self.facts()
        act = tables.Act
        query = select(col(act.act)).where(col(act.cycle_id) == CYCLE, col(act.done_on).is_(None))
        with reading(self.office.engine) as connection:
            still_owed = set(connection.execute(query).scalars())
        owed = [row.trigger for row in TABLE if row.trigger in still_owed]
        for act in sorted(owed, key=lambda act: facts.due.get(act, _LAST_TO_BE_DUE)):
            if [gap.guard for gap in self.office.door.missing(CYCLE, act)] == ["measures_are_claimed"]:
                self.claim_again(act)
            if not self.office.door.missing(CYCLE, act):
                return act
        return ""

    def _take_extract(self) -> Outcome:
        if not self.extract.exists():
            write_sample(sample_extract(fiscal_year=YEAR, persons=PERSONS), self.extract)
        taken = self.take()
        for row, how, substitute in extraction.proposals(self.office, CYCLE):
            reason = "font" if substitute else "unclear"
            decided = extraction.decide(
                self.office, CYCLE, row=row, how=how, substitute=substitute, reason=reason, by=cast.REGISTRAR
            )
            taken = decided if isinstance(decided, extraction.Taken) else taken
        assert taken.outcome
        return taken.outcome

    def _take_additions(self) -> Outcome:
        taken = extraction.take_additions(self.office, CYCLE, None, by=cast.REGISTRAR)
        assert isinstance(taken, Outcome)
        return taken

    def _seal_package(self) -> Outcome:
        return self.seal()

    def _erase_ward_data(self) -> Outcome:
        return self.erase()


@contextmanager
def copied(played: Played, folder: Path) -> Iterator[Played]:
    """Give a copy of a year as it stands, in a folder of its own."""
    shutil.copytree(played.folder, folder)
    office = Office.open(folder / "home", folder / "inbox")
    yield replace(played, folder=folder, office=office)
    office.engine.dispose()


@contextmanager
def begun(template_home: Path, folder: Path) -> Iterator[Played]:
    """Give a year that is open and nothing more, in a new folder."""
    shutil.copytree(template_home, folder / "home")
    (folder / "inbox").mkdir(exist_ok=True)
    office = Office.open(folder / "home", folder / "inbox")
    yield Played(folder=folder, office=office)
    office.engine.dispose()


def morning_of(act: str) -> Any:
    """Return a fixture: the year on the morning of an act, once a module; no test changes it."""

    @pytest.fixture(scope="module")
    def morning(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
        with begun(template_home, tmp_path_factory.mktemp(act) / "year") as year:
            year.play(before=act)
            yield year

    return morning


def copy_of(fixture: str) -> Any:
    """Return a fixture: each test's own copy of the year that another fixture gives."""

    @pytest.fixture
    def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Played]:
        with copied(request.getfixturevalue(fixture), tmp_path / "year") as year:
            yield year

    return copy


class Killed(BaseException):
    """What a kill looks like from inside: nothing catches it."""


@contextmanager
def killed_at(where: object, moment: str, when: str) -> Iterator[None]:
    """Expect to be killed before or after (`when`) a function does what it does."""
    real = getattr(where, moment)

    def killed(*args: object, **options: object) -> None:
        if when == "after":
            real(*args, **options)
        raise Killed

    with patch.object(where, moment, killed), pytest.raises(Killed):
        yield


def everything_under(folder: Path) -> bytes:
    """Return all bytes of all files, to look for one word that must not be there."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
