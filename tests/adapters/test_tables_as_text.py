"""A PostgreSQL server is searched table by table, in every database, and what it does not give out is named."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from conftest import Postgresql

from adapters.scanner import ScanResult, scan

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
