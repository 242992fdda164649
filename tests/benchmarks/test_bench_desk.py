"""How long the desk takes to show something, as whole processes. Target: 1.5 s; the peer is importing what it uses."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from steps.office import Office

ROUNDS = 5
TSUDOI = Path(sys.executable).with_name("tsudoi")
PEER = (sys.executable, "-c", "import sqlmodel, typer, rich")


def process(home: Path, *command: str | Path) -> float:
    """Run a process to its end; return its CPU seconds."""
    environment = {**os.environ, "TSUDOI_HOME": str(home)}
    before = os.times()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def best_of(run: Callable[[], float]) -> tuple[float, float]:
    """Return the least wall and the least CPU seconds: what a quiet machine would need."""
    walls, cpus = list[float](), list[float]()
    for _round in range(ROUNDS):
        began = time.perf_counter()
        cpus.append(run())
        walls.append(time.perf_counter() - began)
    return min(walls), min(cpus)


@pytest.mark.parametrize("words", [("cycle", "show", "2026"), ("next",)], ids=" ".join)
def test_showing_something(words: tuple[str, ...], benchmark: BenchmarkFixture, office: Office, tell: Any) -> None:
    """A whole process shows where the year stands, or today's work."""
    cpus: list[float] = []
    benchmark.pedantic(lambda: cpus.append(process(office.home, TSUDOI, *words)), rounds=ROUNDS, warmup_rounds=1)
    timing: Any = benchmark.stats
    if timing:
        wall, cpu = best_of(lambda: process(office.home, *PEER))
        tell(
            seconds=timing.stats.median,
            best=timing.stats.min,
            target=1.5,
            cpu_seconds=min(cpus),
            importing_seconds=wall,
            times_importing=timing.stats.min / wall,
            cpu_times_importing=min(cpus) / cpu,
        )
