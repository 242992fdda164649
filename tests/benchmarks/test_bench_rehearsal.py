"""How long a whole rehearsed year of 4,000 persons takes, and the memory of its greatest process.

Targets: 90 s on two cores, and no process above 700 MiB.
"""

import json
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import psutil
from pytest_benchmark.fixture import BenchmarkFixture

TSUDOI = Path(sys.executable).with_name("tsudoi")
PERSONS = 4000
LOOK_EVERY = 0.05
MIB = 1 << 20


class Watcher(threading.Thread):
    """Looks at a process and its children until they end; remembers the greatest resident size, CPU time and count."""

    def __init__(self, process: psutil.Popen) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.peaks: dict[int, int] = {}
        self.cpu: dict[int, float] = {}
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(LOOK_EVERY):
            with suppress(psutil.Error):
                for process in (self.process, *self.process.children(recursive=True)):
                    self._look_at(process)

    def _look_at(self, process: psutil.Process) -> None:
        with suppress(psutil.Error):
            self.peaks[process.pid] = max(self.peaks.get(process.pid, 0), process.memory_info().rss)
            times = process.cpu_times()
            self.cpu[process.pid] = times.user + times.system


def rehearse(out: Path) -> Watcher:
    command = [TSUDOI, "rehearse", "2026", "--out", out, "--persons", str(PERSONS)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TSUDOI_", "PREFECT_"))}
    process = psutil.Popen(command, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    watcher = Watcher(process)
    watcher.start()
    status = process.wait()
    watcher.over.set()
    watcher.join()
    assert status == 0
    return watcher


def test_a_rehearsed_year(benchmark: BenchmarkFixture, tmp_path: Path, tell: Any) -> None:
    """A whole year of 4,000 persons runs to its end, from the extract to the proven erasure."""
    watcher = benchmark.pedantic(rehearse, args=(tmp_path / "year",), rounds=1)
    summary = json.loads((tmp_path / "year" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["state"], summary["personal_data_found"]) == ("closed", 0)
    main, *others = (peak / MIB for peak in watcher.peaks.values())
    timing: Any = benchmark.stats
    if timing:
        tell(
            seconds=timing.stats.max,
            target_seconds=90,
            cpu_seconds=sum(watcher.cpu.values()),
            main_mib=main,
            greatest_child_mib=max(others, default=0),
            target_mib=700,
            processes=len(watcher.peaks),
        )
