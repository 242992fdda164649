"""Two processes at one door: one winner, the other told so, one entry; on SQLite and on PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest
from scenes import Year
from sqlalchemy import Engine

from adapters.keys import LedgerKey
from models.database import reading
from states import ledger

Engines = Callable[[str], Engine]
HERE = Path(__file__).parent
# What the loser hears: the state that the winner has just made.
TOLD = {"hold": "cycle_is_not_on_hold", "release_hold": "cycle_is_on_hold"}


def desk(stack: ExitStack, url: str, key: Path, year: Year) -> subprocess.Popen[str]:
    places = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
    process = subprocess.Popen(
        [sys.executable, HERE / "racing.py", url, key, year.clock.at.isoformat()], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": places},
    )  # fmt: skip
    return stack.enter_context(process)


def ask_at_once(desks: list[subprocess.Popen[str]], step: str) -> list[str]:
    for one in desks:
        assert one.stdin
        one.stdin.write(f"{step}\n")
    for one in desks:
        assert one.stdin
        one.stdin.flush()
    return sorted(one.stdout.readline().strip() for one in desks if one.stdout)


def race(year: Year, url: str, key: Path, *, turns: int) -> None:
    year.do("claim_measures")
    before = len(year.entries())
    with ExitStack() as stack:
        desks = [desk(stack, url, key, year) for _desk in range(2)]
        for turn, step in zip(range(turns), cycle(TOLD), strict=False):
            done, refused = ask_at_once(desks, step)
            assert done.startswith("done"), turn
            assert refused == f"refused {TOLD[step]}", turn
        for one in desks:
            assert one.stdin
            one.stdin.close()
    events = year.events()[before:]
    assert [event for event in events if event != "act_refused"] == ["cycle_held", "hold_released"] * (turns // 2)
    assert events.count("act_refused") == turns
    assert [json.loads(entry)["seq"] for entry in year.entries()] == list(range(1, len(year.entries()) + 1))
    with reading(year.engine) as connection:
        ledger.verify(connection, [], name=year.key.name, public_key=year.key.public_key)


def test_two_processes_that_race_for_one_step_have_one_winner(
    database_url: str, engines: Engines, ledger_key: LedgerKey, template_home: Path
) -> None:
    """Twenty times: one is done, the other hears which guard refused it, and the ledger has one entry of each."""
    race(Year(engines(database_url), ledger_key), database_url, template_home / "keys/ledger.pem", turns=20)


@pytest.mark.long
def test_two_hundred_races_have_two_hundred_winners(
    database_url: str, engines: Engines, ledger_key: LedgerKey, template_home: Path
) -> None:
    """The same 200 times."""
    race(Year(engines(database_url), ledger_key), database_url, template_home / "keys/ledger.pem", turns=200)
