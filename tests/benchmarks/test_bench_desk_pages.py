"""The desk's pages with twenty people at work on SQLite, beside the same query as a bare page in the same run.

Aimed at: a page at most 150 ms in the median and 400 ms at the 95th percentile; the desk's process at most 120 MiB.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from keyed import keyed_office
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.children import FEW_HEAPS
from adapters.clock import VirtualClock
from adapters.health import wait_until_healthy
from flows.own_server import free_port
from models.clock import TOKYO

HERE = Path(__file__).parent
PEOPLE, SECONDS = 20, 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("desk") / "home"
    keyed_office(home)
    VirtualClock(home / "clock").set(datetime(2026, 10, 5, 9, tzinfo=TOKYO))
    return home


def test_pages(benchmark: BenchmarkFixture, home: Path, tmp_path: Path, tell: Any) -> None:
    """What a person waits for a page, and how much memory the desk takes for it."""
    with _process(home, "desk.web.server", "127.0.0.1", "{port}", "", ready="/login") as (address, desk):
        median, slow = benchmark.pedantic(_asked, args=(address, "Person", tmp_path), rounds=1)
        memory = desk.memory_full_info().uss / 2**20
    with _process(home, str(HERE / "bare_page.py"), "{port}", ready="/") as (address, _bare):
        bare, bare_slow = _asked(address, "Bare", tmp_path)
    tell(
        median_ms=median, bare_ms=bare, ratio=median / bare, slow_ms=slow, bare_slow_ms=bare_slow,
        memory_mib=memory, aimed_at="150 ms, 400 ms at the 95th percentile, 120 MiB",
    )  # fmt: skip


@contextmanager
def _process(home: Path, module: str, *arguments: str, ready: str) -> Generator[tuple[str, psutil.Process]]:
    port = free_port(0)
    run = [module] if module.endswith(".py") else ["-m", module]
    given = [argument.format(port=port) for argument in arguments]
    surroundings = FEW_HEAPS | os.environ | {"TSUDOI_HOME": str(home)}  # as `tsudoi serve` starts it
    server = subprocess.Popen([sys.executable, *run, *given], env=surroundings)
    try:
        assert wait_until_healthy(f"http://127.0.0.1:{port}{ready}", seconds=60)
        yield f"http://127.0.0.1:{port}", psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def _asked(address: str, who: str, folder: Path) -> tuple[float, float]:
    """Let people work for a while, and return the median and the 95th percentile of a page in milliseconds."""
    command = [
        sys.executable, "-m", "locust", "-f", HERE / "people_at_the_desk.py", who, "--headless", "--host", address,
        "--users", f"{PEOPLE}", "--spawn-rate", "5", "--run-time", f"{SECONDS}s", "--csv", folder / who,
        "--only-summary", "--reset-stats", "--exit-code-on-error", "3",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    with (folder / f"{who}_stats.csv").open(encoding="utf-8") as file:
        [row] = [row for row in csv.DictReader(file) if row["Name"] == "page"]
    return float(row["50%"]), float(row["95%"])
