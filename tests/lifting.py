"""What a test must put into the tables that no act tells: as their owner, with the guards lifted for a moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from adapters import triggers
from models.database import connect, writing
from states.table import all_rules


@contextmanager
def lifted(engine: Engine) -> Iterator[Connection]:
    """Give a transaction of the tables' owner without a single trigger; at its end they are all there again."""
    owners = connect(engine.url.set(username="tsudoi").render_as_string()) if _is_postgresql(engine) else engine
    with writing(owners) as connection:
        triggers.lift(connection)
        yield connection
        triggers.put_back(connection, all_rules())
    if owners is not engine:
        owners.dispose()


def _is_postgresql(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"
