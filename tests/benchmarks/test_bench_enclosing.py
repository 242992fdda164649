"""How long and in how much memory 1.1 million scans are reconciled, against a bare polars join and a plain loop.

Each runs in a process of its own: reading the log is in the time, importing is not. The peers only find what is missing
and what is double; they check no check character, compare no envelope and know no mark.
"""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from models.serials import piece_code

SCANS, YEAR, ROUNDS = 1_100_000, 2026, 3

CHILD = """
import json, resource, sys, time
from pathlib import Path
path, scans = Path(sys.argv[1]), int(sys.argv[2])
{imports}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
{work}
seconds = time.perf_counter() - began
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({{"seconds": seconds, "mib": rss / 1024, "grown": (rss - before) / 1024, "found": found}}))
"""
OURS = CHILD.format(
    imports="""
from adapters.scanlog import read_logs
from models.programme import ScanLog
from steps.reconciling import joined
shape = ScanLog(encoding="cp932", letter="案内状コード", others=("封筒コード",), time="読取日時", mark="区分")
""",
    work="""
logs = read_logs([path], shape=shape)
result = joined(logs, trays={}, expected=f"1-{scans}", pulled="", fiscal_year=2026)
found = [result.record.missing, result.record.doubled]
""",
)
POLARS = CHILD.format(
    imports="import polars as pl",
    work="""
log = pl.read_csv(path, encoding="cp932", infer_schema=False, columns=["案内状コード"])["案内状コード"]
told = log.str.slice(3, 7).cast(pl.Int64, strict=False).value_counts().rename({"案内状コード": "serial"})
due = pl.DataFrame({"serial": range(1, scans + 1)})
missing = due.join(told, on="serial", how="anti")["serial"].to_list()
found = [str(missing[0]), str(told.filter((pl.col("count") > 1) & pl.col("serial").is_not_null())["serial"].item())]
""",
)
LOOP = CHILD.format(
    imports="import csv\nfrom collections import Counter",
    work="""
with path.open(encoding="cp932", newline="") as file:
    told = Counter(row["案内状コード"][3:10] for row in csv.DictReader(file))
missing = [serial for serial in range(1, scans + 1) if f"{serial:07}" not in told]
found = [str(missing[0]), str(int(next(code for code, times in told.items() if times > 1 and code.isdigit())))]
""",
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the log of a sealer whose trays came in any order: one serial missing, one double."""
    serials = [serial for serial in range(1, SCANS + 1) if serial != 777]
    trays = [serials[start : start + 500] for start in range(0, len(serials), 500)]
    random.Random(1).shuffle(trays)
    path = tmp_path_factory.mktemp("log") / "log.csv"
    with path.open("w", encoding="cp932", newline="") as file:
        file.write("読取日時,案内状コード,封筒コード,区分\r\n")
        for at, serial in enumerate([*(serial for tray in trays for serial in tray), 4711]):
            code = piece_code(serial, YEAR)
            file.write(f"2026-11-20 {at // 3600 % 24:02}:{at // 60 % 60:02}:{at % 60:02},{code},{code},正常\r\n")
    return path


def run(child: str, log: Path) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", child, log, str(SCANS)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_reconciling_a_million_scans(benchmark: BenchmarkFixture, log: Path, tell: Any) -> None:
    """Seconds and peak memory of the whole reconciliation, and how many times those of the peers."""
    told: list[dict[str, Any]] = []
    benchmark.pedantic(lambda: told.append(run(OURS, log)), rounds=ROUNDS)
    join, loop = run(POLARS, log), run(LOOP, log)
    assert told[0]["found"] == join["found"] == loop["found"] == ["777", "4711"]
    best = min(told, key=lambda it: it["seconds"])
    tell(
        seconds=best["seconds"], scans_a_second=SCANS / best["seconds"], peak_mib=best["mib"],
        times_polars_join=best["seconds"] / join["seconds"], polars_mib=join["mib"],
        times_loop=best["seconds"] / loop["seconds"], loop_mib=loop["mib"],
    )  # fmt: skip
