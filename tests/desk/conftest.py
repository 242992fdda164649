"""The command as its users type it, within this process: where it works, and what the database holds."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from speaking import Remembered

from steps.office import Office


@pytest.fixture(autouse=True)
def _a_clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Begin without the settings of the surroundings, in an empty folder."""
    for key in [key for key in os.environ if key.startswith("TSUDOI_")]:
        monkeypatch.delenv(key)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def home(office: Office, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the data directory of an open year, named by the environment as in life."""
    office.engine.dispose()
    (inbox := office.home.parent / "inbox").mkdir(exist_ok=True)
    monkeypatch.setenv("TSUDOI_HOME", str(office.home))
    monkeypatch.setenv("TSUDOI_INBOX", str(inbox))
    return office.home


@pytest.fixture
def remembered(home: Path) -> Callable[[], Remembered]:
    """Read what the database holds now."""

    def read() -> Remembered:
        with closing(sqlite3.connect(home / "tsudoi.db")) as database:
            events = database.execute("SELECT event FROM ledger ORDER BY seq").fetchall()
            rows = [line for line in database.iterdump() if not line.startswith('INSERT INTO "ledger"')]
        return Remembered(events=tuple(event for (event,) in events), rows=frozenset(rows))

    return read
