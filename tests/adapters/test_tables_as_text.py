"""A PostgreSQL server is searched table by table, in every database, and what it does not give out is named."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from postgresqls import Postgresql

from adapters.scanner import ScanResult, scan
from steps import erasure
from steps.office import Office

ADDRESS, NUMBER = "東京都杉並区架空町九丁目99番9号コーポ203号室", "9876501234"
NEEDLES = (ADDRESS, NUMBER)


@pytest.fixture
def database(postgresql: Postgresql) -> Iterator[str]:
    """Give an empty database of its own, by name."""
    name = f"s{uuid4().hex}"
    postgresql.run(f"CREATE DATABASE {name}")
    yield name
    postgresql.run(f"DROP DATABASE {name} WITH (FORCE)")


def search(postgresql: Postgresql, role: str = "tsudoi") -> ScanResult:
    return scan([], NEEDLES, servers=[postgresql.url("postgres", role)], chunk_size=64)


def put(postgresql: Postgresql, database: str, statement: str, *values: object) -> None:
    with psycopg.connect(postgresql.url(database, "tsudoi"), autocommit=True) as connection:
        connection.execute(statement.encode(), values)


def here(result: ScanResult, database: str) -> list[str]:
    return [place.partition("/")[2] for place in result.places if place.startswith(f"database {database}/")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("text", f"a\\b {ADDRESS}"), ("bigint", int(NUMBER)), ("jsonb", f'{{"a": "{ADDRESS}"}}'),
        ("bytea", ADDRESS.encode("cp932")), ("text[]", [ADDRESS]), ("varchar", ADDRESS),
    ],
)  # fmt: skip
@pytest.mark.xdist_group("postgresql")
def test_a_value_is_found_whatever_its_type(postgresql: Postgresql, database: str, column: str, value: object) -> None:
    """Text, numbers, JSON, arrays and raw bytes of any table in any database of the server are found."""
    put(postgresql, database, "CREATE SCHEMA attic")
    put(postgresql, database, f'CREATE TABLE attic."a table" (n int, c {column})')
    put(postgresql, database, 'INSERT INTO attic."a table" VALUES (1, %s)', value)
    result = search(postgresql)
    places = here(result, database)
    assert places
    assert all(place.startswith("attic.a table") for place in places)
    assert result.bytes > 0


@pytest.mark.xdist_group("postgresql")
def test_what_was_deleted_stays_in_the_statistics_and_is_found(postgresql: Postgresql, database: str) -> None:
    """The planner's samples keep values of rows that are gone: they are searched too."""
    put(postgresql, database, "CREATE TABLE t (c text)")
    put(postgresql, database, "INSERT INTO t SELECT %s FROM generate_series(1, 50)", ADDRESS)
    put(postgresql, database, "ANALYZE t")
    put(postgresql, database, "DELETE FROM t")
    assert [place.split(":")[0] for place in here(search(postgresql), database)] == ["pg_catalog.pg_stats"]


@pytest.mark.xdist_group("postgresql")
def test_what_the_server_does_not_give_out_is_named(postgresql: Postgresql, database: str) -> None:
    """A table that the user may not read, and what no server gives out, is unread; the rest is searched."""
    put(postgresql, database, "CREATE TABLE closed (c text)")
    put(postgresql, database, "CREATE TABLE open (c text)")
    put(postgresql, database, "INSERT INTO open VALUES (%s)", ADDRESS)
    put(postgresql, database, "GRANT SELECT ON open TO tsudoi_app")
    result = search(postgresql, "tsudoi_app")
    assert f"database {database}/public.closed: denied" in result.unread
    assert f"database {database} (deleted rows and log): unreadable" in result.unread
    assert [place.split(":")[0] for place in here(result, database)] == ["public.open"]


def of_an_office(home: Path, folder: Path) -> ScanResult:
    shutil.copytree(home, folder / "home")
    return erasure.search(Office.open(folder / "home", folder / "inbox"), set(NEEDLES))


@pytest.mark.xdist_group("postgresql")
def test_prefects_own_server_is_searched_for_the_office(
    postgresql: Postgresql, database: str, template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Prefect keeps its runs on a PostgreSQL server, whatever driver it names, the final search asks it too."""
    put(postgresql, database, "CREATE TABLE flow_run (parameters jsonb)")
    put(postgresql, database, "INSERT INTO flow_run VALUES (%s)", f'{{"a": "{ADDRESS}"}}')
    url = f"postgresql+asyncpg://tsudoi@/{database}?host={postgresql.host}&ssl=prefer"
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", url)
    result = of_an_office(template_home, tmp_path)
    assert [place.split(":")[0] for place in here(result, database)] == ["public.flow_run"]
    assert result.tables > 0


def test_a_server_that_does_not_answer_is_named(
    template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that cannot be reached ends no search: it is unread, by its host, and the files are searched."""
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", f"postgresql+asyncpg://x:secret@/x?host={tmp_path}")
    result = of_an_office(template_home, tmp_path)
    assert f"database server {tmp_path}: denied" in result.unread
    assert not any("secret" in place for place in result.unread)
    assert result.files > 0


@pytest.mark.parametrize("kept", ["PREFECT_HOME", "PREFECT_SERVER_DATABASE_CONNECTION_URL"])
def test_prefects_own_files_are_searched_for_the_office(
    kept: str, template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Prefect keeps its directory or its database apart from the data directory, they are searched too."""
    prefect = tmp_path / "elsewhere" / "prefect.db"
    prefect.parent.mkdir()
    prefect.write_bytes(b"SQLite format 3\0" + ADDRESS.encode())
    monkeypatch.setenv(kept, str(prefect.parent) if kept == "PREFECT_HOME" else f"sqlite+aiosqlite:///{prefect}")
    assert [place.split(":")[0].rpartition("/")[2] for place in of_an_office(template_home, tmp_path).places] == [
        "prefect.db"
    ]
