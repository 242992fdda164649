"""What the database itself keeps anybody from doing: as the application's role, and as `tsudoi init` sets it up."""

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from adapters.keys import LedgerKey
from models.database import connect, reading, writing
from models.errors import BadSetting
from states import ledger
from steps import auditing
from steps.office import Office
from steps.preparation import install, open_year, register, sample_people

TAMPERING = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "DROP TABLE {table}",
    "DROP TRIGGER {table}_is_never_changed ON {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} OWNER TO tsudoi_app",
    "GRANT UPDATE ON {table} TO tsudoi_app; UPDATE {table} SET {column} = {column}",  # of a GRANT it only warns
    "CREATE OR REPLACE FUNCTION tsudoi_ledger_is_never_erased() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "SET session_replication_role = replica",
    "SET ROLE tsudoi",
]
GROW_ONLY = [("ledger", "entry"), ("checkpoint", "note")]


@pytest.fixture
def application(postgresql: Any, engines: Callable[[str], Engine]) -> object:
    """Give a database of PostgreSQL under the application's role."""
    with postgresql.fresh() as url:
        yield engines(url)


@pytest.fixture
def signed(database_url: str, engines: Callable[[str], Engine], ledger_key: LedgerKey) -> Engine:
    """Give a database of either kind whose ledger is signed."""
    engine = engines(database_url)
    with writing(engine) as connection:
        ledger.checkpoint(connection, signer=ledger_key, at=datetime(2026, 9, 1, tzinfo=UTC), reason="x")
    return engine


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("statement", TAMPERING)
@pytest.mark.parametrize(("table", "column"), GROW_ONLY)
def test_the_application_cannot_touch_what_was_written(
    application: Engine, statement: str, table: str, column: str
) -> None:
    """Its role may neither change nor erase an entry or a checkpoint, nor put away what keeps it from it."""
    with pytest.raises(DBAPIError) as refused:
        run(application, statement.format(table=table, column=column))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


@pytest.mark.xdist_group("postgresql")
def test_the_rules_are_read_and_not_written_by_the_application(application: Engine) -> None:
    """What the triggers go by is filled by the owner alone."""
    with pytest.raises(ProgrammingError), writing(application) as connection:
        connection.execute(text("DELETE FROM rule"))
    with reading(application) as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM rule")).scalar_one() > 0


@pytest.mark.parametrize(("table", "column"), GROW_ONLY)
@pytest.mark.parametrize("statement", TAMPERING[:2])
def test_the_triggers_hold_whoever_asks(signed: Engine, statement: str, table: str, column: str) -> None:
    """On SQLite, and on PostgreSQL for the application, an entry is neither changed nor erased by raw SQL."""
    before = entries(signed)
    with pytest.raises(DBAPIError):
        run(signed, statement.format(table=table, column=column))
    assert entries(signed) == before


def run(engine: Engine, statement: str) -> None:
    with writing(engine) as connection:
        for part in statement.split("; "):
            connection.execute(text(part))


def entries(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(ledger.entries(connection))


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("table", ["ledger", "checkpoint"])
def test_even_the_owner_meets_the_triggers(postgresql: Any, engines: Callable[[str], Engine], table: str) -> None:
    """The owner of the tables cannot change, erase or truncate either, unless he first drops the triggers."""
    with postgresql.fresh() as url:
        owner = engines(url.replace("tsudoi_app@", "tsudoi@"))
        for statement in ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"):
            column = dict(GROW_ONLY)[table]
            with pytest.raises(DBAPIError, match="can only grow"), writing(owner) as connection:
                connection.execute(text(statement.format(table, column, column)))


@pytest.mark.xdist_group("postgresql")
def test_init_separates_the_owner_from_the_application(
    postgresql: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tsudoi init` makes the tables as their owner and the role of the application, under which a year is opened."""
    postgresql.run("CREATE DATABASE separated")
    monkeypatch.setenv("TSUDOI_DATABASE_URL", postgresql.url("separated", role="desk"))
    monkeypatch.setenv("TSUDOI_DATABASE_OWNER_URL", postgresql.url("separated", role="tsudoi"))
    for _twice in range(2):
        office = install(tmp_path / "home", tmp_path / "inbox")
        for person in sample_people(2026):
            register(office, person)
        open_year(office, 2026)
        assert auditing.verify(office).entries == 12
        with pytest.raises(ProgrammingError), writing(office.engine) as connection:
            connection.execute(text("DELETE FROM ledger"))
        office.engine.dispose()
    postgresql.run("DROP DATABASE separated WITH (FORCE)")


@pytest.mark.xdist_group("postgresql")
def test_an_owner_as_application_is_refused(postgresql: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names the same role twice is told why it does not do."""
    postgresql.run("CREATE DATABASE owned")
    for variable in ("TSUDOI_DATABASE_URL", "TSUDOI_DATABASE_OWNER_URL"):
        monkeypatch.setenv(variable, postgresql.url("owned", role="tsudoi"))
    with pytest.raises(BadSetting, match="tsudoi"):
        install(tmp_path / "home", tmp_path / "inbox")
    postgresql.run("DROP DATABASE owned WITH (FORCE)")


@pytest.mark.xdist_group("postgresql")
def test_an_export_from_postgresql_is_verified_offline(
    postgresql: Any, template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger leaves PostgreSQL as it leaves SQLite: signed, byte for byte as stored, verified by the one file."""
    shutil.copytree(template_home, tmp_path / "home")
    with postgresql.fresh() as url:
        monkeypatch.setenv("TSUDOI_DATABASE_URL", url)
        office = Office.open(tmp_path / "home", tmp_path / "inbox")
        assert auditing.export(office, tmp_path / "export") == 12
        assert auditing.verify(office, tmp_path / "export").checkpoints == 1
        with closing(psycopg.connect(url)) as connection:
            stored = [entry for (entry,) in connection.execute("SELECT entry FROM ledger ORDER BY seq")]
        assert (tmp_path / "export/ledger.jsonl").read_text(encoding="utf-8").splitlines() == stored
        office.engine.dispose()


def test_what_is_no_database_is_said_so() -> None:
    """A URL that cannot be understood is a wrong setting."""
    with pytest.raises(BadSetting):
        connect("nonsense")
