"""How long verifying 100,000 entries takes, and how much of it is hashing."""

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from adapters.keys import LedgerKey
from models.clock import TOKYO, stamp
from models.notes import Checkpoint, signed_note
from states import ledger, merkle

ENTRIES, EVERY = 100_000, 10_000


@cache
def lines() -> tuple[str, ...]:
    """Return entries as the ledger stores them, of the size they have in a year."""
    began = datetime(2026, 9, 1, 9, tzinfo=TOKYO)
    return tuple(
        json.dumps(
            {"at": stamp(began + timedelta(minutes=n)), "by": "sato", "cycle": "hatachi-2026",
             "data": {"occurred_at": stamp(began), "record": {"evidence": "点検表", "measures": ["W-OP-01"]}},
             "event": "measures_claimed", "seq": n + 1, "via": "desk"},
            ensure_ascii=False, separators=(",", ":"), sort_keys=True,
        )
        for n in range(ENTRIES)
    )  # fmt: skip


def notes(key: LedgerKey) -> list[tuple[int, str]]:
    roots, made = merkle.Roots(), list[tuple[int, str]]()
    for size, line in enumerate(lines(), start=1):
        roots.add(merkle.leaf_hash(line.encode()))
        if size % EVERY == 0:
            made.append((size, signed_note(Checkpoint(origin=key.name, size=size, root=roots.root()).text(), key)))
    return made


def hash_alone(entries: Sequence[str]) -> float:
    """Measure the peer: two SHA-256 an entry, which is what a tree cannot do without."""
    began = time.perf_counter()
    for entry in entries:
        sha256(sha256(entry.encode()).digest())
    return time.perf_counter() - began


def test_verifying_a_long_ledger(benchmark: BenchmarkFixture, ledger_key: LedgerKey, tell: Any) -> None:
    """A hundred thousand stored entries and ten signed checkpoints hold."""
    signed = notes(ledger_key)

    def verify() -> ledger.Verified:
        return ledger.verify(iter(lines()), signed, name=ledger_key.name, public_key=ledger_key.public_key)

    verified = benchmark.pedantic(verify, rounds=3)
    assert (verified.entries, verified.checkpoints) == (ENTRIES, ENTRIES // EVERY)
    timing: Any = benchmark.stats
    if timing:
        tell(
            seconds=timing.stats.median,
            entries_a_second=ENTRIES / timing.stats.median,
            times_hashing_alone=timing.stats.median / hash_alone(lines()),
        )
