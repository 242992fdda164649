"""How many acts a second the door does durably on SQLite. Target: at least 400."""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.programmes import measures_of
from states.acts import ActRequest
from states.door import Door
from states.facts import Evidence
from states.table import BY_TRIGGER
from steps.office import Office, steps_measures
from steps.preparation import open_year

CYCLES, ROUNDS, CLAIMS = 12, 5, 9
HASH = "ab" * 32


@dataclass(frozen=True)
class Standing:
    """A clock that stands; the one of a rehearsal reads a file, which a live office does not."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def approved(year: int, nth: int) -> dict[str, Any]:
    return {"decision_number": f"{year}-総総-{nth}", "approved_on": date(2026, 9, 1)}


def first_acts(year: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what a year begins with: act, person, fields."""
    begins, ends = date(year, 10, 1), date(year, 12, 25)
    return [
        ("claim_measures", "sato", {"measures": every_measure(), "evidence": "点検表"}),
        ("conclude_contract", "sato", {"contract_number": "26-31", "begins_on": begins, "ends_on": ends,
                                       "special_provisions_attached": True, "certificate_number": "1",
                                       "certificate_until": ends, **approved(year, 1)}),
        ("register_handlers", "asahi", {"handling_manager": "asahi", "handlers": ("kobayashi",),
                                        "subcontracting": "none"}),
        ("declare_cloud_use", "asahi", {"server_place": "東京都", "under_japanese_law": True}),
        ("submit_work_plan", "asahi", {"printing_from": date(year, 11, 16), "enclosing_until": date(year, 11, 24),
                                       "place": "第一工場"}),
        ("confirm_contacts", "sato", {"confirmed_with": "asahi", "nights_and_holidays_covered": True,
                                      "business_flow_shared": True}),
        ("confirm_readiness", "sato", {"dummy_data_tested": True, "inspection_planned_on": date(year, 11, 19),
                                       **approved(year, 2)}),
        ("deliver_manuscript", "sato", {"template_sha256": HASH, "sheets": 20}),
        ("submit_text_proof", "asahi", {"version": 1}),
        ("approve_text", "takahashi", {"version": 1}),
        *(("claim_measures", "sato", {"measures": (measure,), "evidence": "実施記録"})
          for measure in every_measure()[:CLAIMS]),
    ]  # fmt: skip


def every_measure() -> tuple[str, ...]:
    return tuple(measure.id for measure in measures_of("hatachi/measures.yaml"))


def asks(cycle_id: str, year: int) -> Iterator[ActRequest]:
    for trigger, by, fields in first_acts(year):
        row = BY_TRIGGER[trigger]
        record = row.record.model_validate(fields)
        evidence = Evidence(by_machine=row.by_machine)
        yield ActRequest(cycle_id=cycle_id, trigger=trigger, by=by, record=record, key=uuid4().hex, evidence=evidence)


@pytest.fixture
def appends_a_second(tmp_path: Path) -> float:
    """Measure the peer: bare sqlite3, as durable, one row of an entry's size a transaction."""
    connection = sqlite3.connect(tmp_path / "peer.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE ledger (seq INTEGER PRIMARY KEY, entry TEXT)")
    rows, began = 1000, time.perf_counter()
    for seq in range(rows):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO ledger VALUES (?, ?)", (seq, "x" * 400))
        connection.execute("COMMIT")
    passed = time.perf_counter() - began
    connection.close()
    return rows / passed


def test_acts_a_second(benchmark: BenchmarkFixture, office: Office, appends_a_second: float, tell: Any) -> None:
    """The door takes many years through their first acts and as many unscheduled claims, each act durable."""
    clock = Standing(office.clock.now())
    door = Door(office.engine, signer=office.signer, clock=clock, calendar=office.calendar, measures=steps_measures)
    years = count(clock.at.year + 1)

    def more_years() -> tuple[tuple[list[ActRequest]], dict[str, Any]]:
        opened = [(open_year(office, year)[0], year) for year, _ in zip(years, range(CYCLES), strict=False)]
        return ([ask for cycle_id, year in opened for ask in asks(cycle_id, year)],), {}

    spent: list[float] = []

    def perform(waiting: list[ActRequest]) -> int:
        began = time.process_time()
        for ask in waiting:
            door.perform(ask)
        spent.append(time.process_time() - began)
        return len(waiting)

    acts = benchmark.pedantic(perform, setup=more_years, rounds=ROUNDS)
    timing: Any = benchmark.stats
    if timing:
        a_second = acts / timing.stats.median
        tell(
            acts_a_second=a_second,
            best=acts / timing.stats.min,
            target=400,
            bare_sqlite_a_second=appends_a_second,
            times_the_bare_insert=appends_a_second / a_second,
            cpu_ms_an_act=1000 * sum(spent) / (len(spent) * acts),
        )
