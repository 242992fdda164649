"""A year re-run: the next fiscal year is opened in the same server while the one before is being closed."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Prefect
from playing import Played
from sqlalchemy import select
from sqlmodel import SQLModel, col

from adapters.clock import VirtualClock
from models import tables
from models.clock import TOKYO
from models.database import reading
from steps import preparation
from steps.office import Office
from views.board import INDEX

pytestmark = pytest.mark.xdist_group("prefect")

MEASURES = {"measures": ["W-OP-01"], "evidence": "契約書"}
OLD, NEW = "hatachi-2026", "hatachi-2027"


@pytest.fixture
def closing(office: Office, tmp_path: Path) -> Office:
    """Give the year 2026 as it waits for nothing but its closing, on the opening day of 2027."""
    preparation.open_year(office, 2026)
    Played(folder=tmp_path / "office", office=office).play(before="close")
    preparation.register_sample_people(office, 2027)
    with_next_year(office)
    clock = office.clock
    assert isinstance(clock, VirtualClock)
    clock.set(datetime(2027, 9, 1, 9, 0, tzinfo=TOKYO))
    return office


def with_next_year(office: Office) -> None:
    """Let everybody of the register stay for another year."""
    for person in preparation.everybody(office):
        preparation.register(office, person.model_copy(update={"valid_to": datetime(2028, 3, 31, tzinfo=TOKYO).date()}))


def everything_of(office: Office, cycle_id: str) -> str:
    """Return every row of every table that belongs to a cycle."""
    found: list[Any] = []
    with reading(office.engine) as connection:
        for table in SQLModel.metadata.sorted_tables:
            names = {column.name for column in table.columns}
            key = "cycle_id" if "cycle_id" in names else "id" if table.name == "cycle" else ""
            if key:
                rows = connection.execute(select(table).where(table.c[key] == cycle_id)).mappings()
                found += sorted(json.dumps(dict(row), default=str, sort_keys=True) for row in rows)
    return "\n".join(found)


def send(prefect: Prefect, act: str, year: int, **fields: Any) -> Any:
    return prefect.flow_module("record").enter(act, year, "sato", fields=fields, return_state=True)


def test_two_years_do_not_touch_each_other(prefect: Prefect, closing: Office) -> None:
    """While 2026 is closed, 2027 is opened and worked on in the same server: neither changes a row of the other."""
    old = everything_of(closing, OLD)
    assert prefect.flow_module("year").begin_year(return_state=True).is_completed()
    assert send(prefect, "claim_measures", 2027, **MEASURES).is_completed()
    assert not prefect.flow_module("year").year(2027, return_state=True).is_crashed()
    assert everything_of(closing, OLD) == old

    new = everything_of(closing, NEW)
    assert "measures_claimed" in new
    assert send(prefect, "close", 2026, keep_until="2032-03-31").is_completed()
    assert everything_of(closing, NEW) == new

    board = prefect.flow_module("board")
    pages = {it.key: it.markdown for year in (OLD, NEW) for it in board.pages(closing, year)}
    assert "完結" in pages[OLD][:200]
    assert "契約準備中" in pages[NEW][:200]
    assert {"hatachi-2026", "hatachi-2027"} <= set(pages)
    index = pages[INDEX]
    assert index.index(NEW) < index.index(OLD), "what is closed stands below what is due"
    assert NEW not in pages[OLD]
    assert OLD not in pages[NEW]


def test_no_cached_result_is_reused(prefect: Prefect, opened: Office) -> None:
    """The same act in a run of its own is carried out anew each time: the door, not a cache, says that it is done."""
    names = [send(prefect, "claim_measures", 2026, **MEASURES).message for _ in range(2)]
    assert "記録しました" in names[0]
    assert "既に行われています" in names[1]
    with reading(opened.engine) as connection:
        record = connection.execute(select(col(tables.Record.key))).scalars().all()
    assert len(record) == 1
    from prefect import get_client

    with get_client(sync_client=True) as client:
        states = {run.state_type.value for run in client.read_task_runs(limit=200) if run.state_type}
        cached = [run for run in client.read_task_runs(limit=200) if run.state_name == "Cached"]
    assert "COMPLETED" in states
    assert not cached
