"""Every table of a PostgreSQL server as a stream of text, for the search for residents' data.

COPY gives each value as text, a table at a time, so a number is found as its digits. Columns of bytes come once more as
they are. The planner's statistics hold samples of values and are read too. Rows that were deleted and the write-ahead
log are not given out by a server: they are named as unread.
"""

from collections.abc import Generator, Iterator
from contextlib import suppress

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

_DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
_TABLES = """
SELECT n.nspname, c.relname,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.atttypid = 'bytea'::regtype AND a.attnum > 0
               AND NOT a.attisdropped)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg_toast%'
ORDER BY 1, 2
"""
_PATIENCE = 30  # seconds for a server to answer
_LARGE_OBJECTS = "SELECT count(*) FROM pg_largeobject_metadata"


class Unreadable(Exception):
    """A table that the server does not give out to this user, or not whole."""


class Stream:
    """One COPY, read like a file."""

    def __init__(self, connection: psycopg.Connection, query: sql.Composed) -> None:
        """Take the connection of the table's database and the query; nothing is asked before the first read."""
        self._blocks = _blocks(connection, query)
        self._rest = b""
        self.read_so_far = 0

    def read(self, size: int) -> bytes:
        """Return up to so many bytes, none at the end.

        Raises:
            Unreadable: the server does not give the table out.

        """
        while len(self._rest) < size and (block := next(self._blocks, b"")):
            self._rest += block
        taken, self._rest = self._rest[:size], self._rest[size:]
        self.read_so_far += len(taken)
        return taken

    def close(self) -> None:
        """End the COPY, also halfway."""
        self._blocks.close()


def relations(server: str) -> Iterator[tuple[str, Stream | str]]:
    """Yield every table of every database of a server with its name; columns of bytes once more as they are.

    In place of what is not given out stands why; a table may also say so only when it is read.

    Args:
        server: the address of one of its databases, as libpq takes it; its user must be able to read what is searched.

    """
    try:
        with psycopg.connect(server, connect_timeout=_PATIENCE) as first:
            databases = [name for (name,) in first.execute(_DATABASES)]
    except psycopg.Error:
        yield f"database server {conninfo_to_dict(server).get('host', '')}", "denied"
        return
    for database in databases:
        try:
            connection = psycopg.connect(server, dbname=database)
        except psycopg.Error:
            yield f"database {database}", "denied"
            continue
        with connection:
            yield from _of_one(connection, database)


def _of_one(connection: psycopg.Connection, database: str) -> Iterator[tuple[str, Stream | str]]:
    for schema, table, has_bytes in connection.execute(_TABLES).fetchall():
        label, name = f"database {database}/{schema}.{table}", sql.Identifier(schema, table)
        rows = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(name)
        yield label, Stream(connection, rows)
        if has_bytes:
            yield f"{label} (bytes)", Stream(connection, rows + sql.SQL(" (FORMAT binary)"))
    label = f"database {database}/pg_catalog.pg_stats"
    yield label, Stream(connection, sql.Composed([sql.SQL("COPY (SELECT * FROM pg_stats) TO STDOUT")]))
    with suppress(psycopg.Error):
        row = connection.execute(_LARGE_OBJECTS).fetchone()
        if row and row[0]:
            yield f"database {database}/pg_largeobject", "denied"
    yield f"database {database} (deleted rows and log)", "unreadable"


def _blocks(connection: psycopg.Connection, query: sql.Composed) -> Generator[bytes]:
    try:
        # A transaction of its own: a table that is refused ends nothing but itself.
        with connection.transaction(), connection.cursor() as cursor, cursor.copy(query) as copy:
            for block in copy:
                yield bytes(block)
    except psycopg.errors.InsufficientPrivilege:
        raise Unreadable("denied") from None
    except psycopg.Error:
        raise Unreadable("unreadable") from None
