"""Six desks do the same thing at the same moment, again and again: one winner, the others told, no number left out."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from figures import Figures
from scenes import Year
from sqlalchemy import Engine
from test_racing import ask_at_once, desk

from adapters.keys import LedgerKey
from models.database import reading
from states import ledger

pytestmark = pytest.mark.attack
DESKS, ROUNDS = 6, 10
DONE, REPEATED = "done", "repeated"


def rounds() -> Iterator[tuple[str, str, list[str]]]:
    """Yield what is raced for: the name of the race, what is asked, and how the six are answered, sorted."""
    for turn in range(ROUNDS):
        step = ("hold", "release_hold")[turn % 2]
        yield "without a key", f"{step} perform", [DONE, *["refused"] * (DESKS - 1)]
    for turn in range(ROUNDS):
        step = ("hold", "release_hold")[turn % 2]
        yield "the same key", f"{step} perform key-{turn}", [DONE, *[REPEATED] * (DESKS - 1)]
    for _turn in range(ROUNDS):
        yield "proposing", "extract perform", [DONE] * DESKS  # the later takes the place of the earlier
    yield "confirming", "extract confirm", [DONE, *[REPEATED] * (DESKS - 1)]


def test_six_desks_at_once_have_one_winner(
    database_url: str, engines: Callable[[str], Engine], ledger_key: LedgerKey, template_home: Path, figures: Figures
) -> None:
    """31 rounds: under one key, without one, proposing and confirming; the ledger goes on by one and verifies."""
    year = Year(engines(database_url), ledger_key)
    year.play(before="extract")
    year.wait_for("extract")
    bad = list[str]()
    with ExitStack() as stack:
        desks = [desk(stack, database_url, template_home / "keys/ledger.pem", year) for _desk in range(DESKS)]
        for race, asked, expected in rounds():
            answers = ask_at_once(desks, asked)
            held = [it.split()[0] for it in answers] == sorted(expected)
            bad += [] if held else [f"{race}: {answers}"]
            figures.tell("races of six", where=f"{race}, {year.engine.dialect.name}", tried=1, held=int(held))
        for one in desks:
            assert one.stdin
            one.stdin.close()
    assert bad == []
    events = year.events()
    assert (events.count("cycle_held"), events.count("hold_released")) == (ROUNDS, ROUNDS)
    assert events.count("extract_checked") == 1
    assert [json.loads(entry)["seq"] for entry in year.entries()] == list(range(1, len(events) + 1))
    with reading(year.engine) as connection:
        pending = "SELECT COUNT(*) FROM record WHERE status = 'pending' AND act = 'extract'"
        assert connection.exec_driver_sql(pending).scalar() == 0
        ledger.verify(connection, [], name=year.key.name, public_key=year.key.public_key)
