"""The command as its users type it, within this process: where it works, and what the database holds."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playing import Played, copied
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
def at_home(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Name a data directory, and the inbox beside it, by the environment as in life."""

    def name(home: Path) -> None:
        monkeypatch.setenv("TSUDOI_HOME", str(home))
        monkeypatch.setenv("TSUDOI_INBOX", str(home.parent / "inbox"))

    return name


@pytest.fixture
def home(office: Office, at_home: Callable[[Path], None]) -> Path:
    """Give the data directory of an open year, named by the environment."""
    office.engine.dispose()
    (office.home.parent / "inbox").mkdir(exist_ok=True)
    at_home(office.home)
    return office.home


@pytest.fixture
def year(printed: Played, tmp_path: Path, at_home: Callable[[Path], None]) -> Iterator[Played]:
    """Give a copy of the year that a module has played until its letters are printed, named by the environment."""
    with copied(printed, tmp_path / "year") as year:
        at_home(year.office.home)
        yield year


@pytest.fixture
def remembered(home: Path) -> Callable[[], Remembered]:
    """Read what the database holds now."""

    def read() -> Remembered:
        with closing(sqlite3.connect(home / "tsudoi.db")) as database:
            events = database.execute("SELECT event FROM ledger ORDER BY seq").fetchall()
            rows = [line for line in database.iterdump() if not line.startswith('INSERT INTO "ledger"')]
        return Remembered(events=tuple(event for (event,) in events), rows=frozenset(rows))

    return read
