"""The morning's sweep: its query with 100,000 open acts, and all of it over a thousand cycles.

Targets: the query 5 ms, and 1.3 times with tenfold closed; flags, ledger entries and outbox rows together 3 s.
The database's time is SQLite's own for the statement that the sweep sends, run without SQLAlchemy.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scenes import Clock, Year
from sqlalchemy import Engine, event

from adapters import triggers
from adapters.keys import LedgerKey
from models.clock import TOKYO
from models.database import connect, reading, writing
from states import ledger
from states.calendar import Calendar
from states.door import Door
from states.sweep import sweep, to_look_at
from states.table import all_rules
from steps.office import steps_measures

OPEN, CLOSED, TENFOLD = 100_000, 100_000, 1_000_000
TODAY = date(2026, 11, 2)
DUE_TODAY = 40  # acts that have come to their day: a year has some forty
TIMES = 300
INSERT = (
    "INSERT INTO act (cycle_id, act, owner, rule, planned_on, due_on, moved_reason, flag, look_on, done_on)"
    " VALUES ('hatachi-2026', ?, 'ward', 'D', ?, ?, '', '', ?, ?)"
)


@pytest.fixture
def engine(template_home: Path, tmp_path: Path) -> Iterator[Engine]:
    """Give a year's database with 100,000 open acts, of which a year's worth has come to its day."""
    path = tmp_path / "tsudoi.db"
    path.write_bytes((template_home / "tsudoi.db").read_bytes())
    with unguarded(path):
        fill(path, ["DELETE FROM act"], open_acts())
        fill(path, [], closed_acts(0, CLOSED))
    engine = connect(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@contextmanager
def unguarded(path: Path) -> Iterator[None]:
    """Take the database's guards away while it is filled with what no entry tells, and put them back."""
    engine = connect(f"sqlite:///{path}")
    with writing(engine) as connection:
        triggers.lift(connection)
    yield
    with writing(engine) as connection:
        triggers.put_back(connection, all_rules())
    engine.dispose()


def open_acts() -> Iterator[tuple[str, date, date | None]]:
    for n in range(OPEN):
        past = n < DUE_TODAY
        yield f"open-{n}", TODAY - timedelta(days=n % 3) if past else TODAY + timedelta(days=4 + n % 90), None


def closed_acts(first: int, last: int) -> Iterator[tuple[str, date, date | None]]:
    """Name acts that are done, all of which had come to their day."""
    for n in range(first, last):
        day = TODAY - timedelta(days=n % 2000)
        yield f"done-{n}", day, day


def fill(path: Path, before: list[str], acts: Iterable[tuple[str, date, date | None]]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in before:
            connection.execute(statement)
        rows = ((act, str(day), str(day), str(day), str(done) if done else None) for act, day, done in acts)
        connection.executemany(INSERT, rows)


def look(engine: Engine) -> int:
    with reading(engine) as connection:
        return len(to_look_at(connection, TODAY))


def statement_of(engine: Engine) -> tuple[str, tuple[str, ...]]:
    """Return what the sweep sends to the database, with its parameters."""
    sent: list[tuple[str, tuple[str, ...]]] = []

    def keep(*seen: Any) -> None:
        sent.append((seen[2], seen[3]))

    event.listen(engine, "before_cursor_execute", keep)
    look(engine)
    event.remove(engine, "before_cursor_execute", keep)
    return next(it for it in sent if it[0].startswith("SELECT"))


def milliseconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)


def side_by_side(few: Path, many: Path, asked: tuple[str, tuple[str, ...]]) -> tuple[float, float]:
    """Return the least milliseconds of the statement on both databases, asked in turn on warm connections."""
    with closing(sqlite3.connect(few)) as first, closing(sqlite3.connect(many)) as second:
        pairs = [
            (
                milliseconds(lambda: first.execute(*asked).fetchall()),
                milliseconds(lambda: second.execute(*asked).fetchall()),
            )
            for _ in range(TIMES)
        ]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def without_the_index(path: Path, asked: tuple[str, tuple[str, ...]]) -> float:
    """Measure the peer: the same statement where there is no partial index."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX act_to_look_at")
        return min(milliseconds(lambda: connection.execute(*asked).fetchall()) for _ in range(3))


def plan_of(path: Path, asked: tuple[str, tuple[str, ...]]) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}", asked[1]).fetchone()[-1]


def test_the_sweeps_query(benchmark: BenchmarkFixture, engine: Engine, tmp_path: Path, tell: Any) -> None:
    """The query finds the year's acts among 100,000 open ones, and does not feel ten times as many closed ones."""
    assert benchmark(look, engine) == DUE_TODAY
    if not benchmark.stats:
        return
    asked, few, many = statement_of(engine), tmp_path / "tsudoi.db", tmp_path / "many.db"
    engine.dispose()
    many.write_bytes(few.read_bytes())
    with unguarded(many):
        fill(many, [], closed_acts(CLOSED, TENFOLD))
    before, after = side_by_side(few, many, asked)
    tell(
        database_ms=before,
        target_ms=5,
        database_ms_closed_tenfold=after,
        ratio=after / before,
        target_ratio=1.3,
        plan=plan_of(many, asked),
        times_without_the_index=without_the_index(many, asked) / after,
    )


CYCLES = 1_000
MORNING = datetime(2026, 11, 24, 9, tzinfo=TOKYO)
AFTER_WEEKS = datetime(2027, 2, 10, 9, tzinfo=TOKYO)
_COPY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO {table} ({into}) SELECT {what} FROM {table}, n
"""


@pytest.fixture
def thousand(template_home: Path, tmp_path: Path, ledger_key: LedgerKey) -> Iterator[Door]:
    """Give a thousand cycles, each on the day before the letters are sealed, with all its dated acts."""
    path = tmp_path / "tsudoi.db"
    path.write_bytes((template_home / "tsudoi.db").read_bytes())
    engine = connect(f"sqlite:///{path}")
    Year(engine, ledger_key).play(before="report_enclosing")
    engine.dispose()
    with unguarded(path), closing(sqlite3.connect(path)) as connection, connection:
        for table in ("cycle", "act", "record", "item", "piece", "claim"):
            _copy(connection, table)
    engine = connect(f"sqlite:///{path}")
    yield Door(engine, signer=ledger_key, clock=Clock(), calendar=Calendar(), measures=steps_measures)
    engine.dispose()


def _copy(connection: sqlite3.Connection, table: str) -> None:
    changed = {"cycle_id": "'c-' || i"}
    changed |= {"cycle": {"id": "'c-' || i"}, "record": {"id": "NULL", "key": "key || '/' || i"}}.get(table, {})
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    into = ", ".join(f'"{name}"' for name in columns)
    what = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    connection.execute(_COPY.format(table=table, into=into, what=what), (CYCLES - 1,))


@pytest.mark.parametrize("at", [MORNING, AFTER_WEEKS], ids=["a morning", "after weeks"])
def test_a_sweep_over_a_thousand_cycles(benchmark: BenchmarkFixture, thousand: Door, tell: Any, at: datetime) -> None:
    """Flags, ledger entries and outbox rows of a thousand cycles with 45 dated acts each, in one transaction."""
    assert isinstance(thousand.clock, Clock)
    thousand.clock.at = at
    began = time.process_time()
    swept = benchmark.pedantic(sweep, args=(thousand,), rounds=1)
    processor = time.process_time() - began
    assert swept.flagged >= CYCLES
    again = milliseconds(lambda: sweep(thousand))
    if not benchmark.stats:
        return
    tell(
        seconds=benchmark.stats["mean"], target_seconds=3, processor_seconds=processor, flagged=swept.flagged,
        reminders=swept.reminders, again_ms=again, peer_appends_s=_one_by_one(thousand, swept.flagged),
    )  # fmt: skip


def _one_by_one(door: Door, entries: int) -> float:
    """Measure the peer: the same ledger entries appended one by one in one transaction."""
    began = time.perf_counter()
    with writing(door.engine) as connection:
        for n in range(entries):
            ledger.append(connection, ledger.Entry(at=MORNING, event="x", by="system", via="t", data={"n": n}))
    return time.perf_counter() - began
