"""The ledger against bare sqlite3 as durable as it: appending one by one and in batches, and verifying a million.

The peer is what one writes who needs no proof: a table of number and text, no index, no trigger, no hash, the driver
alone. It begins where the ledger begins, with entries that are not text yet, and turns them into JSON; that is the
ratio the targets are for. A harder peer is told beside it, which is handed the finished canonical bytes and has nothing
to do but store them. Of that one a large batch is bounded by what the ledger stores: five columns with their index and
trigger take three times the peer's two columns before anything is encoded or hashed.
"""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from sqlalchemy import Engine

from adapters import schema
from adapters.keys import LedgerKey
from models.clock import TOKYO, stamp
from models.database import connect, reading, writing
from states import ledger
from states.table import all_rules

BEGAN = datetime(2026, 9, 1, 9, tzinfo=TOKYO)
# Short turns, many of them: whoever else is busy on the machine then meets all alike.
TURNS, ROUNDS = {1: 50, 10: 20, 100: 5, 1000: 1}, 21
MILLION, EVERY = 1_000_000, 100_000


def entries(count: int) -> list[ledger.Entry]:
    """Return entries as a sweep writes them."""
    data = {"act": "report_printing", "flag": "due_soon", "due_on": "2026-11-18", "owner": "contractor"}
    return [
        ledger.Entry(at=BEGAN + timedelta(minutes=n), event="act_flagged", by="system", via="sweep",
                     cycle_id="hatachi-2026", data=data)
        for n in range(count)
    ]  # fmt: skip


def text_of(entry: ledger.Entry) -> str:
    """Turn an entry into JSON as one would without a canonical form."""
    said = {"at": stamp(entry.at), "by": entry.by, "data": entry.data, "event": entry.event, "via": entry.via}
    return json.dumps(said, ensure_ascii=False)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Give an empty ledger as an installation has it: WAL, synchronous=FULL, triggers, index."""
    engine = connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    schema.upgrade(engine, all_rules())
    yield engine
    engine.dispose()


class Bare:
    """The peer: sqlite3 alone, as durable, one table."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("CREATE TABLE ledger (seq INTEGER PRIMARY KEY, entry TEXT)")

    def append(self, texts: list[str]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany("INSERT INTO ledger (entry) VALUES (?)", [(text,) for text in texts])
        self.connection.execute("COMMIT")


def a_second(batch: int, times: int, append: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _time in range(times):
        append()
    return batch * times / (time.perf_counter() - began)


def test_appending_durably(benchmark: BenchmarkFixture, engine: Engine, tmp_path: Path, tell: Any) -> None:
    """Entries are appended alone and in batches, in turns with both peers, so that all meet the same disk."""
    bare = Bare(tmp_path / "peer.db")
    figures: dict[str, float | str] = {}
    with closing(bare.connection):
        for batch, times in TURNS.items():
            said = entries(batch)
            ready = [ledger._text(entry, 1) for entry in said]
            turns = [_turn(engine, bare, said, ready, times) for _round in range(ROUNDS)]
            figures[f"of_{batch}_a_second"] = median(ours for ours, _json, _ready in turns)
            figures[f"of_{batch}_times_bare"] = median(ours / json for ours, json, _ready in turns)
            figures[f"of_{batch}_times_bare_of_ready_text"] = median(ours / ready for ours, _json, ready in turns)
        benchmark.pedantic(lambda: append(engine, entries(1)), rounds=1)
    tell(target_alone=0.55, target_batches=0.45, **figures)


def append(engine: Engine, said: list[ledger.Entry]) -> None:
    with writing(engine) as connection:
        ledger.append_all(connection, said)


def _turn(
    engine: Engine, bare: Bare, said: list[ledger.Entry], ready: list[str], times: int
) -> tuple[float, float, float]:
    """Return entries a second: ours, the peer's that turns them into JSON, and the peer's of ready text."""
    return (
        a_second(len(said), times, lambda: append(engine, said)),
        a_second(len(said), times, lambda: bare.append([text_of(entry) for entry in said])),
        a_second(len(said), times, lambda: bare.append(ready)),
    )


VERIFYING = """
import sys, time
from adapters.keys import LedgerKey
from models.database import connect, reading
from pathlib import Path
from states import ledger
from states.table import all_rules

key = LedgerKey.load(Path(sys.argv[2]))

def held():  # of this program: ru_maxrss would still hold that of the process that forked it
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

before = held()
with reading(connect(sys.argv[1])) as connection:
    notes = ledger.checkpoints(connection)
    began = time.perf_counter()
    verified = ledger.verify(connection, notes, name=key.name, public_key=key.public_key)
    passed = time.perf_counter() - began
print(passed, verified.entries, verified.checkpoints, held() - before)
"""


def test_verifying_a_million_entries(
    benchmark: BenchmarkFixture, engine: Engine, ledger_key: LedgerKey, template_home: Path, tell: Any
) -> None:
    """A million stored entries and ten signed checkpoints hold, in a process of its own whose memory is told."""
    block = entries(10_000)
    for size in range(len(block), MILLION + 1, len(block)):
        with writing(engine) as connection:
            ledger.append_all(connection, block)
            if size % EVERY == 0:
                ledger.checkpoint(connection, signer=ledger_key, at=BEGAN, reason="bench")
    arguments = [sys.executable, "-c", VERIFYING, str(engine.url), str(template_home / "keys/ledger.pem")]

    def verify() -> list[str]:
        return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split()

    runs = [verify() for _round in range(2)]
    runs.append(benchmark.pedantic(verify, rounds=1))
    assert {tuple(run[1:3]) for run in runs} == {(str(MILLION), str(MILLION // EVERY))}
    seconds = median(float(run[0]) for run in runs)
    tell(
        seconds=seconds,
        best=min(float(run[0]) for run in runs),
        target=3,
        memory_mib_above_the_start=max(int(run[3]) for run in runs) / 1024,
        times_hashing_alone=seconds / hash_alone(engine),
    )


def hash_alone(engine: Engine) -> float:
    """Measure the peer: reading the rows and two SHA-256 an entry, which a tree cannot do without."""
    began = time.perf_counter()
    with reading(engine) as connection:
        cursor: Any = connection.connection.cursor()
        cursor.execute("SELECT CAST(entry AS BLOB) FROM ledger ORDER BY seq")
        while rows := cursor.fetchmany(4096):
            for (entry,) in rows:
                sha256(sha256(entry).digest() * 2)
    return time.perf_counter() - began
