"""What an older installation holds: rows that today's door and triggers would not take."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path


def written_before(database: Path, table: str, statement: str, values: Sequence[object]) -> None:
    """Write to a table as before its triggers were there; they stand again afterwards, as they were."""
    with closing(sqlite3.connect(database)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        ).fetchall()
        for name, _sql in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(statement, values)
        for _name, sql in triggers:
            connection.execute(sql)
        connection.commit()
