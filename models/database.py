"""How the database is opened: durable, one writer at a time, the same on SQLite and PostgreSQL."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from models.errors import BadSetting
from models.words import _

# The migration that this code expects; `tsudoi init` brings an older database there.
SCHEMA = "0011"
# One number for all installations: whoever writes holds this lock of PostgreSQL until the end of the transaction.
_WRITERS_LOCK = 7_305_001


def connect(url: str) -> Engine:
    """Open a database by SQLAlchemy URL.

    Raises:
        BadSetting: the URL cannot be understood or its driver is not installed.

    """
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        shut = is_shut(url)
        engine = (
            create_engine(parsed, creator=lambda: _open_shut(Path(parsed.database or "")))
            if shut
            else create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
        )
    except (ArgumentError, ImportError) as error:
        raise BadSetting(
            _("The setting database_url cannot be used: {error}").format(error=type(error).__name__),
            _("Write it like sqlite:////path/tsudoi.db or postgresql://user@host/tsudoi."),
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _only_read if shut else _make_sqlite_durable)
        event.listen(engine, "begin", _begin)
    return engine


def is_shut(url: str) -> bool:
    """Tell a SQLite file that may not be written to, such as of a backup that is mounted read-only."""
    parsed = make_url(url)
    file = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    return file is not None and file.is_file() and not all(os.access(path, os.W_OK) for path in (file, file.parent))


def _open_shut(file: Path) -> sqlite3.Connection:
    """Open a database that may not be written to; what stands in its log beside it is read too.

    SQLite itself reads a log only with its index, which it cannot make there: without one both files are copied.
    """
    log, index = (file.with_name(f"{file.name}{ending}") for ending in ("-wal", "-shm"))
    if log.is_file() and log.stat().st_size and not index.is_file():
        return _copied(file, log)
    how = "mode=ro" if log.is_file() and index.is_file() else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(file))}?{how}", uri=True, check_same_thread=False)


def _copied(file: Path, log: Path) -> sqlite3.Connection:
    """Open a private copy of a database and its log. No resident stands in either (Law 4); the copy is gone at once."""
    with tempfile.TemporaryDirectory() as folder:
        for path in (file, log):
            shutil.copyfile(path, Path(folder) / path.name)
        copy = sqlite3.connect(Path(folder) / file.name, check_same_thread=False)
        copy.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # it is open before its folder goes
        return copy


def _only_read(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    _set(connection, "query_only=ON")


def _make_sqlite_durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    _set(
        connection,
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "recursive_triggers=ON",  # without it INSERT OR REPLACE slips past the delete trigger of the ledger
    )


def _set(connection: DBAPIConnection, *pragmas: str) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guess
    with closing(connection.cursor()) as cursor:
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    # Every act begins here: the driver's own cursor takes a fifth of the time.
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """Give one transaction that writes; a second writer waits. It commits at the end, or nothing has happened."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITERS_LOCK})
        yield connection


def clear_free_pages(engine: Engine) -> None:
    """Let SQLite forget: without this its file and log held 8,000 copies of a name after 4,000 rows had gone."""
    if engine.dialect.name != "sqlite":
        return
    # VACUUM cannot run inside the transactions that SQLAlchemy begins.
    with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """Give one transaction that only reads: one moment of the database."""
    with engine.connect() as connection, connection.begin():
        yield connection
