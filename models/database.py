"""How the database is opened: durable, one writer at a time, the same on SQLite and PostgreSQL."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from models.errors import BadSetting
from models.words import _

# The migration that this code expects; `tsudoi init` brings an older database there.
SCHEMA = "0010"
# One number for all installations: whoever writes holds this lock of PostgreSQL until the end of the transaction.
_WRITERS_LOCK = 7_305_001


def connect(url: str) -> Engine:
    """Open a database by SQLAlchemy URL.

    Raises:
        BadSetting: the URL cannot be understood or its driver is not installed.

    """
    try:
        parsed = _with_driver(make_url(url))
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (ArgumentError, ImportError) as error:
        raise BadSetting(
            _("The setting database_url cannot be used: {error}").format(error=type(error).__name__),
            _("Write it like sqlite:////path/tsudoi.db or postgresql://user@host/tsudoi."),
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _make_sqlite_durable)
        event.listen(engine, "begin", _begin)
    return engine


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url


def _make_sqlite_durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guess
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "recursive_triggers=ON",  # without it INSERT OR REPLACE slips past the delete trigger of the ledger
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


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


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """Give one transaction that only reads: one moment of the database."""
    with engine.connect() as connection, connection.begin():
        yield connection
