"""The command as its users type it, within this process: what it says on both streams, and its exit status."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from speaking import Remembered, Said, Tsudoi

from desk.main import main
from steps.office import Office


@pytest.fixture(autouse=True)
def _a_clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Begin without the settings of the surroundings, in an empty folder; the command's umask ends with the test."""
    for key in [key for key in os.environ if key.startswith("TSUDOI_")]:
        monkeypatch.delenv(key)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def tsudoi(capsys: pytest.CaptureFixture[str]) -> Tsudoi:
    """Run the command as `tsudoi("cycle", "show", 2026)`."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return Said(status=leaving.value.code, out=said.out, err=said.err)

    return run


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
