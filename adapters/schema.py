"""Brings a database to the schema of this code, by alembic, and tells when it is not there."""

from importlib.resources import as_file, files

from sqlalchemy import Engine, inspect, text

from models.database import SCHEMA, writing
from models.errors import BadSetting
from models.words import _


def upgrade(engine: Engine) -> None:
    """Run every migration that is missing, in one transaction."""
    from alembic import command  # noqa: PLC0415 - not needed to show a table
    from alembic.config import Config  # noqa: PLC0415 - not needed to show a table

    with as_file(files("deploy") / "migrations") as scripts, writing(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


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


# What the application may do with a table of PostgreSQL; the triggers say the rest.
_MAY = {
    "ledger": "SELECT, INSERT",
    "checkpoint": "SELECT, INSERT",
    "rule": "SELECT",
    "alembic_version": "SELECT",
}
_MAY_ALL = "SELECT, INSERT, UPDATE, DELETE"


def check(engine: Engine) -> None:
    """Refuse a database that is older or newer than this code.

    Raises:
        BadSetting: it is; the remedy says what to do.

    """
    with engine.connect() as connection:
        found = ""
        if inspect(connection).has_table("alembic_version"):
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    if found != SCHEMA:
        raise BadSetting(
            _("The database has schema {found}; this version needs {needed}.").format(
                found=found or "–", needed=SCHEMA
            ),
            _("Run: tsudoi init"),
        )
