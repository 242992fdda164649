"""What `tsudoi serve` costs beside Prefect alone: its start, its idleness, a look at a year, a morning of 200 years.

Targets: ready in 10 s; idle, 1 % of a core more than a bare server and 450 MiB; a look with nothing to do 3 s from
Running to its end; a morning of 200 open years 60 s. The peers are `prefect server start` with a new database, and an
empty flow, without a heartbeat, that is run against the served server.
"""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from serving import PATIENCE, Serving, environment, free_port, until
from test_bench_sweep import unguarded

from adapters.clock import VirtualClock
from models.clock import TOKYO
from steps import acting, asking, preparation

MIB = 1 << 20
YEAR, CYCLES, LATE = 2026, 200, 10
TUESDAY, WEDNESDAY = datetime(YEAR, 9, 8, 9, tzinfo=TOKYO), datetime(YEAR, 9, 9, 9, tzinfo=TOKYO)
SETTLED_AFTER, IDLE_FOR = 15, 30  # seconds
TIMES = 3
MORNING = "朝の点検"
EMPTY = """
import sys
from prefect import flow

@flow
def nothing(): pass

@flow(name="empty")
def empty():
    for _time in range(int(sys.argv[1])): nothing()

empty()
"""


class Served:
    """An office that is served on a clock of its own, with so many open years that all have the dates of the first."""

    def __init__(self, folder: Path, cycles: int) -> None:
        home, self.folder = folder / "home", folder
        home.mkdir(parents=True)
        self.clock = VirtualClock(home / "clock")
        self.clock.set(TUESDAY)
        self.office = preparation.install(home, folder / "inbox", rehearsal=True)
        preparation.register_sample_people(self.office, YEAR)
        self.years = [preparation.open_year(self.office, YEAR + number)[0] for number in range(cycles)]
        self._let_all_have_the_same_dates(home / "tsudoi.db")
        began = time.perf_counter()
        self.serving = Serving(folder, free_port())
        try:
            self.serving.wait_until_ready()
            self.ready_after = time.perf_counter() - began
            while not self._ended(asking.ALL_YEARS):  # 200 years on a busy machine take as long as they take
                assert self.serving.process.poll() is None
                time.sleep(1)
            self.first_look = float(self._ended(asking.ALL_YEARS)[0]["total_run_time"])
        except BaseException:
            self.serving.kill()
            raise

    def _let_all_have_the_same_dates(self, path: Path) -> None:
        """Date the acts of each year as the first year's; the last ten of many are late on Wednesday."""
        self.office.engine.dispose()
        first, same = self.years[0], "(planned_on, due_on, look_on) = (SELECT planned_on, due_on, look_on FROM act a"
        with unguarded(path), closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"UPDATE act SET {same} WHERE a.cycle_id = ? AND a.act = act.act)", (first,))
            if len(self.years) > LATE:
                due = "UPDATE act SET due_on = ?, look_on = ? WHERE act = 'conclude_contract' AND cycle_id = ?"
                day = str(TUESDAY.date())
                connection.executemany(due, [(day, day, cycle_id) for cycle_id in self.years[-LATE:]])

    def _ended(self, flow: str) -> list[dict[str, Any]]:
        ended = {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}
        return self.serving.ask("/flow_runs/filter", flows={"name": {"any_": [flow]}}, flow_runs=ended)

    def looks(self) -> int:
        """Return how many runs there are of a look at a year, ended or not."""
        return self.serving.ask("/flow_runs/count", flows={"name": {"any_": [asking.YEAR]}})

    def looked_at_by(self, run: str) -> set[str]:
        """Return the years that a run looked at."""
        mine = {"parent_flow_run_id": {"any_": [run]}}
        runs = self.serving.ask("/flow_runs/filter", flows={"name": {"any_": [asking.YEAR]}}, flow_runs=mine)
        return {tag for run in runs for tag in run["tags"]}

    def run(self, deployment: str, **parameters: object) -> tuple[str, float]:
        """Run something to its end; return its id and the seconds from Running to its end."""
        run = self.serving.start(deployment, parameters=parameters)
        assert self.serving.end_of(run)["type"] != "CRASHED"
        return run, self.serving.api.get(f"/flow_runs/{run}").json()["total_run_time"]

    def empty(self, flows: int = 0) -> tuple[float, float]:
        """Run the peer, an empty flow with so many in it; return its seconds from Running to its end, and in all."""
        api, secret = self.serving.api.base_url, (self.folder / "home" / "prefect" / "credential").read_text()
        known = {"PREFECT_API_URL": str(api).rstrip("/"), "PREFECT_API_AUTH_STRING": secret, "DO_NOT_TRACK": "1"}
        surroundings = environment(self.folder) | known | {"PREFECT_HOME": str(self.folder / "peer")}
        command, began = [sys.executable, "-c", EMPTY, str(flows)], time.perf_counter()
        subprocess.run(command, env=surroundings, cwd=self.folder, check=True, capture_output=True)
        whole = time.perf_counter() - began
        last = max(self._ended("empty"), key=lambda run: run["start_time"])
        return last["total_run_time"], whole

    def from_an_act_to_the_board(self, measure: str) -> float:
        """Return the seconds from an act until its page tells of it."""
        began, claimed = time.perf_counter(), {"measures": [measure], "evidence": "契約書"}
        done = acting.perform(self.office, self.years[0], "claim_measures", by="sato", fields=claimed)
        until(lambda: f"管理簿 {done.seq} 番まで" in self.serving.board(self.years[0]))
        return time.perf_counter() - began


@contextmanager
def served(folder: Path, cycles: int) -> Iterator[Served]:
    there = Served(folder, cycles)
    try:
        yield there
    finally:
        there.serving.kill()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give an office with one open year."""
    with served(tmp_path_factory.mktemp("one") / "office", 1) as there:
        yield there


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give an office with 200 open years, each of which was looked at once."""
    with served(tmp_path_factory.mktemp("many") / "office", CYCLES) as there:
        yield there


@contextmanager
def bare_server(folder: Path) -> Iterator[tuple[psutil.Process, float]]:
    """Run `prefect server start` on a new database; give it with the seconds until it was healthy."""
    folder.mkdir()
    port, quiet = free_port(), {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    command = [Path(sys.executable).with_name("prefect"), "server", "start", "--port", str(port)]
    surroundings, began = environment(folder) | quiet | {"PREFECT_HOME": str(folder)}, time.perf_counter()
    with (folder / "out.txt").open("w") as out:
        process = psutil.Popen(command, env=surroundings, cwd=folder, stdout=out, stderr=out)
    try:
        until(lambda: is_healthy(f"http://127.0.0.1:{port}/api/health"))
        yield process, time.perf_counter() - began
    finally:
        for it in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                it.kill()
        process.wait(PATIENCE)


def is_healthy(address: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(address, trust_env=False).is_success
    return False


def spent(process: psutil.Process) -> float:
    """Return the processor seconds of a process and its children, with those that have ended in its hands."""
    return sum(sum(it.cpu_times()[:4]) for it in (process, *process.children(recursive=True)))


def held(process: psutil.Process) -> float:
    """Return the MiB that a process and its children hold, shared pages counted once."""
    return sum(it.memory_full_info().pss for it in (process, *process.children(recursive=True))) / MIB


def test_serving_and_doing_nothing(benchmark: BenchmarkFixture, one: Served, tmp_path: Path, tell: Any) -> None:
    """Server and runner of an office with an open year, its desk, and a bare server, each with nothing to do."""
    all_of_ours, at_the_desk = psutil.Process(one.serving.process.pid), one.serving.server("desk.web.server")
    with bare_server(tmp_path / "bare") as (bare, healthy_after):
        time.sleep(SETTLED_AFTER)
        idle = (all_of_ours, at_the_desk, bare)
        before = [spent(it) for it in idle]
        benchmark.pedantic(time.sleep, args=(IDLE_FOR,), rounds=1)
        own, desk, peer = (spent(it) - was for it, was in zip(idle, before, strict=True))
        own, memory = own - desk, held(all_of_ours) - held(at_the_desk)
        tell(
            ready_s=one.ready_after, target_ready_s=10, bare_ready_s=healthy_after,
            ready_ratio=one.ready_after / healthy_after,
            idle_percent_of_a_core=100 * own / IDLE_FOR, bare_percent=100 * peer / IDLE_FOR,
            more_percent=100 * (own - peer) / IDLE_FOR, target_more_percent=1, idle_ratio=own / peer,
            memory_mib=memory, target_mib=450, bare_mib=held(bare), memory_ratio=memory / held(bare),
            desk_percent=100 * desk / IDLE_FOR, desk_mib=held(at_the_desk), target_desk_mib=120,
        )  # fmt: skip


def test_a_look_with_nothing_to_do(benchmark: BenchmarkFixture, one: Served, tell: Any) -> None:
    """年度業務 of a year of which all is said, as a run of the served runner."""
    looked = benchmark.pedantic(
        lambda: median(one.run(asking.YEAR, fiscal_year=YEAR)[1] for _time in range(TIMES)), rounds=1
    )
    peer = median(one.empty()[0] for _time in range(TIMES))
    tell(seconds=looked, target_seconds=3, empty_flow_seconds=peer, ratio=looked / peer)


def test_from_an_act_to_the_board(benchmark: BenchmarkFixture, one: Served, tell: Any) -> None:
    """What is done at the desk of an office with one open year shows on its page."""
    took = benchmark.pedantic(one.from_an_act_to_the_board, args=("W-OP-01",), rounds=1)
    _run, peer = one.empty()
    tell(seconds=took, target_seconds=10, process_of_an_empty_flow_seconds=peer, ratio=took / peer)


def test_a_morning_of_200_years(benchmark: BenchmarkFixture, many: Served, tell: Any) -> None:
    """Of 200 open years the ten of which something is late anew get a run, and no other; an act waits for none."""
    many.clock.set(WEDNESDAY)
    before, looks = spent(psutil.Process(many.serving.process.pid)), many.looks()
    run, took = benchmark.pedantic(many.run, args=(MORNING,), rounds=1)
    processor = spent(psutil.Process(many.serving.process.pid)) - before
    assert many.looked_at_by(run) == set(many.years[-LATE:])
    peer, _process = many.empty(LATE)
    act = many.from_an_act_to_the_board("W-OP-01")
    _run, alone = many.empty()
    assert many.looks() == looks + LATE + 1, "nothing else asked for a run: the morning's ten, and the act's"
    tell(
        seconds=took, target_seconds=60, processor_seconds=processor, runs=LATE, empty_flows_seconds=peer,
        ratio=took / peer, first_look_at_all_seconds=many.first_look, act_to_board_seconds=act,
        target_act_to_board_seconds=10, process_of_an_empty_flow_seconds=alone, act_ratio=act / alone,
    )  # fmt: skip
