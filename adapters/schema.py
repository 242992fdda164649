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
