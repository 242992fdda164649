"""Brings a database to the schema of this code, by alembic, and tells when it is not there."""

from importlib.resources import as_file, files

from sqlalchemy import Connection, Engine, inspect, text

from adapters import triggers
from adapters.triggers import Rules
from models.database import SCHEMA, reading, writing
from models.errors import BadSetting
from models.words import _


def upgrade(engine: Engine, rules: Rules) -> list[str]:
    """Run every migration that is missing, and make triggers and rules those of this code, in one transaction.

    Return the names of those that were not what this schema's should be: somebody changed them.
    """
    from alembic import command
    from alembic.config import Config

    with as_file(files("deploy") / "migrations") as scripts, writing(engine) as connection:
        wrong = triggers.differing(connection, rules) if _version(connection) == SCHEMA else []
        triggers.lift(connection)
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        triggers.put_back(connection, rules)
    return wrong


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
        # To use a sequence is to write; to read it is what a dump of the database asks (steps/backup.py).
        connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quote(role)}"))
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
