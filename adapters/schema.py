"""Brings a database to the schema of this code, by alembic, and tells when it is not there; copies one into another."""

from datetime import UTC, datetime
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import Connection, Engine, Table, false, func, insert, inspect, select, text

from adapters import triggers
from adapters.triggers import Rules
from models import tables
from models.clock import utc
from models.database import SCHEMA, reading, writing
from models.errors import BadSetting
from models.words import _


def upgrade(engine: Engine, rules: Rules) -> list[str]:
    """Run every migration that is missing, and make triggers and rules those of this code, in one transaction.

    Return the names of those that were not what this schema's should be: somebody changed them.

    Raises:
        BadSetting: a newer version made the database.

    """
    from alembic import command
    from alembic.config import Config

    with as_file(files("deploy") / "migrations") as scripts, writing(engine) as connection:
        found = _version(connection)
        if found > SCHEMA:
            raise BadSetting(
                _("The database has schema {found}; this version needs {needed}.").format(found=found, needed=SCHEMA),
                _("A newer version of tsudoi made it: install that one."),
            )
        wrong = triggers.differing(connection, rules) if found == SCHEMA else []
        triggers.lift(connection)
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        triggers.put_back(connection, rules)
    return wrong


def is_empty(engine: Engine) -> bool:
    """Tell whether a database has no tables of ours yet, or nothing in them."""
    with reading(engine) as connection:
        there = set(inspect(connection).get_table_names())
        counts = (select(func.count()).select_from(table) for table in _POURED if table.name in there)
        return not any(connection.execute(count).scalar_one() for count in counts)


def pour(source: Engine, target: Engine, rules: Rules) -> None:
    """Copy every row of a database, as of one moment, into one that has the tables and nothing in them.

    Between SQLite and PostgreSQL too. The triggers ask how a row comes about, so they stand back for the transaction.
    """
    moment = source.connect()
    if source.dialect.name == "postgresql":
        moment = moment.execution_options(isolation_level="REPEATABLE READ")
    with moment as giving, giving.begin(), writing(target) as taking:
        triggers.lift(taking)
        for table in _POURED:
            for block in giving.execute(select(table).execution_options(yield_per=_BLOCK)).mappings().partitions():
                taking.execute(insert(table), [{name: _as_utc(value) for name, value in row.items()} for row in block])
        if target.dialect.name == "postgresql":
            for table in (table for table in _POURED if table.autoincrement_column is not None):
                _let_it_count_on(taking, table)
        triggers.put_back(taking, rules)


# All but the rules, which are the code's. An account of PostgreSQL's that only reads can give them.
_POURED = [table for table in tables.SQLModel.metadata.sorted_tables if table.name != "rule"]
_BLOCK = 1000


def _as_utc(value: Any) -> Any:
    """Return an instant as either database takes it: SQLite keeps no zone, and has UTC alone."""
    if not isinstance(value, datetime):
        return value
    return utc(value) if value.tzinfo else value.replace(tzinfo=UTC)


def _let_it_count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number the next row behind the last: rows that bring their number do not move its sequence."""
    column = table.autoincrement_column
    assert column is not None
    last = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
    connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), last + 1, false())))


def grant(engine: Engine, role: str) -> None:
    """Let the application's role of PostgreSQL do its work, but neither change nor erase what can only grow.

    The role must not own the tables: an owner can drop triggers and grant himself what he likes. It is made, with LOGIN
    and without a password, where there is none yet.

    Raises:
        BadSetting: the role is the owner of the tables.

    """
    with writing(engine) as connection:
        if role == connection.execute(text("SELECT current_user")).scalar():
            raise BadSetting(
                _(
                    "The database role {role} owns the tables, so that nothing keeps it from changing the ledger."
                ).format(role=role),
                _("Name another role in TSUDOI_DATABASE_URL, and the owner in TSUDOI_DATABASE_OWNER_URL alone."),
            )
        quote = engine.dialect.identifier_preparer.quote
        if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar():
            connection.execute(text(f"CREATE ROLE {quote(role)} LOGIN"))
        for table in inspect(connection).get_table_names():
            connection.execute(text(f"REVOKE ALL ON {quote(table)} FROM {quote(role)}"))
            connection.execute(text(f"GRANT {_MAY.get(table, _MAY_ALL)} ON {quote(table)} TO {quote(role)}"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quote(role)}"))
        # Nobody but the owner makes tables here: one of another schema could stand in front of the one that is meant.
        database = quote(connection.execute(text("SELECT current_database()")).scalar_one())
        for whom in ("PUBLIC", quote(role)):
            connection.execute(text(f"REVOKE TEMPORARY, CREATE ON DATABASE {database} FROM {whom}"))
            connection.execute(text(f"REVOKE CREATE ON SCHEMA public FROM {whom}"))


# What the application may do with a table of PostgreSQL; the triggers say the rest.
_MAY = {
    "ledger": "SELECT, INSERT",
    "checkpoint": "SELECT, INSERT",
    "ledgertext": "SELECT, INSERT, UPDATE (salt, text)",
    "rule": "SELECT",
    "alembic_version": "SELECT",
}
_MAY_ALL = "SELECT, INSERT, UPDATE, DELETE"


def check(engine: Engine, rules: Rules) -> list[str]:
    """Refuse a database that is older or newer than this code; return what of its triggers and rules is not the code's.

    Raises:
        BadSetting: it is older or newer; the remedy says what to do.

    """
    with reading(engine) as connection:
        found = _version(connection)
        if found != SCHEMA:
            raise BadSetting(
                _("The database has schema {found}; this version needs {needed}.").format(
                    found=found or "–", needed=SCHEMA
                ),
                _("Run: tsudoi init"),
            )
        return triggers.differing(connection, rules)


def may_restore(connection: Connection) -> bool:
    """Tell whether this account owns the tables: the application's role of PostgreSQL does not."""
    if connection.dialect.name == "sqlite":
        return True
    owns = "SELECT tableowner = current_user FROM pg_catalog.pg_tables WHERE tablename = 'ledger'"
    return bool(connection.exec_driver_sql(owns).scalar())


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
