"""Ways round the triggers that an attack found, each refused now; and a start that notices what was taken away."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from figures import Figures
from scenes import CYCLE, Year
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from adapters import schema, triggers
from adapters.keys import LedgerKey
from models.database import reading, writing
from models.errors import BadSetting, Damaged
from states import ledger
from states.table import all_rules
from steps.office import Office
from steps.preparation import install

# Each was accepted by bare sqlite3, which sets none of the application's pragmas.
_CYCLE_COLUMNS = "programme, fiscal_year, programme_sha256, programme_text, 'planned', on_hold, differs, opened_at"
_REMINDER = "cycle_id, act, rung, due_on, to_person, channel, message_id, 'waiting', attempts, created_at, trouble"
ROUND: dict[str, tuple[str, ...]] = {
    "a cycle renamed and begun again": (
        "UPDATE cycle SET id = 'gone'",
        f"INSERT INTO cycle SELECT '{CYCLE}', {_CYCLE_COLUMNS} FROM cycle",
    ),
    "a piece renamed and begun again": (
        "UPDATE piece SET serial = 99 WHERE serial = 12",
        f"INSERT INTO piece VALUES ('{CYCLE}', 12, 'extract', 'exported')",
    ),
    "a reminder renamed and begun again": (
        "UPDATE reminder SET id = 99, key = 'gone' WHERE id = 1",
        ("INSERT INTO reminder (id, key, cycle_id, act, rung, due_on, to_person, channel, message_id, state, attempts,"
        f" created_at, trouble) SELECT 1, 'k', {_REMINDER} FROM reminder WHERE id = 99"),
    ),
    "a piece put over another": ("UPDATE OR REPLACE piece SET serial = 12 WHERE serial = 11",),
    "an item put over another": ("UPDATE OR REPLACE item SET number = 'M-2026-01' WHERE number = 'P-2026-01'",),
    "a piece put over another by the number of its row": (
        "UPDATE OR REPLACE piece SET rowid = (SELECT rowid FROM piece WHERE serial = 12) WHERE serial = 11",
    ),
    "a piece begun over another by the number of its row": (
        ("INSERT OR REPLACE INTO piece (rowid, cycle_id, serial, origin, state)"
        f" SELECT rowid, '{CYCLE}', 999, 'extract', 'exported' FROM piece WHERE serial = 12"),
    ),
    "a piece moved to another cycle": ("UPDATE piece SET cycle_id = 'other' WHERE serial = 12",),
    "a rule of one's own": (
        "INSERT INTO rule VALUES ('cycle', 'extracted', 'skip', 'closed')",
        "UPDATE cycle SET state = 'closed'",
    ),
    "a declared step without its entry": ("UPDATE cycle SET state = 'transferred'",),
    "a hold without its entry": ("UPDATE cycle SET on_hold = 1",),
    "another programme": ("UPDATE cycle SET programme_text = ''",),
    "a record of what nobody did": (
        ("INSERT INTO record (cycle_id, act, key, status, by, via, occurred_at, entered_at, data, confirmed_by,"
        f" ledger_seq) SELECT '{CYCLE}', 'approve_posting', 'k', 'done', 'sato', 'desk', '2026-11-01', '2026-11-01',"
        " '{}', 'takahashi', MAX(seq) FROM ledger"),
    ),
    "a record changed": ("UPDATE record SET data = '{}' WHERE act = 'extract'",),
    "a record confirmed by another": ("UPDATE record SET confirmed_by = 'ito' WHERE act = 'extract'",),
    "records erased": ("DELETE FROM record",),
    "a claim changed": ("UPDATE claim SET evidence = 'x'",),
    "a claim erased": ("DELETE FROM claim",),
    "a role given": ("UPDATE staff SET roles = '[\"approver\"]' WHERE id = 'sato'",),
    "a person erased": ("DELETE FROM staff WHERE id = 'sato'",),
    "a day changed": ("UPDATE act SET done_on = '2026-10-02' WHERE act = 'extract'",),
    "a deadline moved": ("UPDATE act SET moved_to = '2027-10-02' WHERE act = 'post'",),
    "a schedule erased": ("DELETE FROM act WHERE act = 'post'",),
    "a letter said to be sent": ("UPDATE reminder SET state = 'sent' WHERE id = 1",),
    "an entry whose columns say another thing": (
        "INSERT INTO ledger SELECT MAX(seq) + 1, NULL, 'forged', '{}', zeroblob(32) FROM ledger",
    ),
    "a checkpoint that nobody signed": (
        "INSERT INTO checkpoint SELECT MAX(seq), 'forged', 'x', '2026-11-01' FROM ledger",
    ),
}  # fmt: skip


@pytest.fixture
def sealed(sqlite_url: str, engines: Callable[[str], Engine], ledger_key: LedgerKey) -> Path:
    """Give the file of a year before its hand-over: twelve pieces, two items, a letter that waits."""
    year = Year(engines(sqlite_url), ledger_key)
    year.play(before="hand_over_medium")
    with writing(year.engine) as connection:
        connection.execute(
            text(
                "INSERT INTO reminder (id, key, cycle_id, act, rung, due_on, to_person, channel, message_id, state,"
                f" attempts, created_at, trouble) VALUES (1, 'k1', '{CYCLE}', 'post', 0, '2026-11-30', 'sato', 'mail',"
                " 'm', 'waiting', 0, '2026-11-01', '')"
            )
        )
        # The last entry is of the cycle, but of nothing that was done.
        connection.execute(text("UPDATE reminder SET state = 'claimed' WHERE id = 1"))
    year.engine.dispose()
    assert year.engine.url.database
    return Path(year.engine.url.database)


def _run(execute: Callable[[str], object], statements: Iterable[str]) -> None:
    for statement in statements:
        execute(statement)


@pytest.mark.parametrize("way", ROUND)
def test_no_way_round_the_triggers_is_open(sealed: Path, way: str, figures: Figures) -> None:
    """What bare sqlite3 was let do with all triggers in place is refused, and nothing of it stays."""
    with closing(sqlite3.connect(sealed)) as bare:
        before = list(bare.iterdump())
        with pytest.raises(sqlite3.IntegrityError, match="tsudoi:"):
            _run(bare.execute, ROUND[way])
        bare.rollback()
        assert list(bare.iterdump()) == before
    figures.tell("ways round the triggers", where="bare sqlite3", tried=1, held=1)


AS_THE_APPLICATION = (
    (
        "CREATE TEMP TABLE rule (machine text, from_state text, trigger text, to_state text);"
        " INSERT INTO rule VALUES ('cycle', 'extracted', 'x', 'closed'); UPDATE cycle SET state = 'closed'"
    ),
    f"UPDATE piece SET serial = 99 WHERE serial = 12; INSERT INTO piece VALUES ('{CYCLE}', 12, 'extract', 'exported')",
    "INSERT INTO ledger SELECT MAX(seq) + 1, NULL, 'forged', '{}', decode(repeat('00', 32), 'hex') FROM ledger",
    "INSERT INTO checkpoint SELECT MAX(seq), 'forged', 'x', now() FROM ledger",
    "UPDATE staff SET roles = '[\"approver\"]' WHERE id = 'sato'",
    "UPDATE cycle SET state = 'transferred'",
    "DELETE FROM record",
)


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("statements", AS_THE_APPLICATION)
def test_no_way_round_the_triggers_is_open_to_the_application(
    postgresql: Any, engines: Callable[[str], Engine], ledger_key: LedgerKey, statements: str, figures: Figures
) -> None:
    """On PostgreSQL its role is refused what the triggers forbid, also with a table of its own before the rules."""
    with postgresql.fresh() as url:
        year = Year(engines(url), ledger_key)
        year.play(before="hand_over_medium")
        with pytest.raises(DBAPIError, match="tsudoi:"), writing(year.engine) as connection:
            _run(connection.exec_driver_sql, statements.split("; "))
    figures.tell("ways round the triggers", where="postgresql, as the application", tried=1, held=1)


@pytest.mark.xdist_group("postgresql")
def test_the_application_makes_no_table_of_its_own(postgresql: Any, engines: Callable[[str], Engine]) -> None:
    """`tsudoi init` takes the right to temporary tables away from everybody but the owner of the database."""
    postgresql.run("CREATE DATABASE granted TEMPLATE template")
    schema.grant(engines(postgresql.url("granted", "tsudoi")), "tsudoi_app")
    for statement in ("CREATE TEMP TABLE rule (x text)", "CREATE TABLE rule2 (x text)", "CREATE SCHEMA mine"):
        with (
            psycopg.connect(postgresql.url("granted")) as application,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            application.execute(statement.encode())
    postgresql.run("DROP DATABASE granted WITH (FORCE)")


@pytest.fixture
def home(office: Office) -> Path:
    """Give the data directory of an installation that nobody has open."""
    office.engine.dispose()
    return office.home


def _drop_all(bare: sqlite3.Connection) -> None:
    for (name,) in bare.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        bare.execute(f"DROP TRIGGER {name}")


def _edit_the_schema(bare: sqlite3.Connection) -> None:
    bare.execute("PRAGMA writable_schema = ON")
    bare.execute("UPDATE sqlite_master SET sql = replace(sql, 'FALSE', 'TRUE') WHERE name = 'ledger_is_never_changed'")


def _add_a_rule(bare: sqlite3.Connection) -> None:
    (guard,) = bare.execute("SELECT sql FROM sqlite_master WHERE name = 'rule_is_never_added'").fetchone()
    bare.execute("DROP TRIGGER rule_is_never_added")
    bare.execute("INSERT INTO rule VALUES ('cycle', 'planned', 'skip', 'closed')")
    bare.execute(guard)


def _add_a_trigger(bare: sqlite3.Connection) -> None:
    bare.execute("CREATE TRIGGER mine AFTER INSERT ON ledger BEGIN UPDATE sweep SET wrote_on = NULL; END")


@pytest.mark.parametrize("harm", [_drop_all, _edit_the_schema, _add_a_rule, _add_a_trigger])
def test_a_start_restores_what_was_taken_away_and_tells_it(home: Path, tmp_path: Path, harm: Any) -> None:
    """The next command ends with words, the one after it works, and the ledger tells what was restored."""
    with closing(sqlite3.connect(home / "tsudoi.db")) as bare, bare:
        harm(bare)
    with pytest.raises(Damaged, match="tsudoi ledger verify"):
        Office.open(home, tmp_path / "inbox")
    office = Office.open(home, tmp_path / "inbox")
    with reading(office.engine) as connection:
        assert triggers.differing(connection, all_rules()) == []
        (*_before, last) = ledger.told(connection)
    assert last["event"] == "guards_restored"
    assert last["data"]["restored"]
    office.engine.dispose()


def test_init_tells_what_it_restored(home: Path, tmp_path: Path) -> None:
    """`tsudoi init` brings the triggers back too, and says and tells that they were gone."""
    with closing(sqlite3.connect(home / "tsudoi.db")) as bare, bare:
        _drop_all(bare)
    office = install(home, tmp_path / "inbox")
    assert len(office.restored) > 26
    with reading(office.engine) as connection:
        (*_before, last) = ledger.told(connection)
    assert last["event"] == "guards_restored"
    office.engine.dispose()


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize(
    "harm",
    [
        "DROP TRIGGER ledger_is_never_changed ON ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "ALTER FUNCTION tsudoi_cycle_moves_as_told() RESET ALL",
        (
            "CREATE OR REPLACE FUNCTION tsudoi_cycle_moves_as_told() RETURNS trigger LANGUAGE plpgsql"
            " SET search_path = pg_catalog, public, pg_temp AS 'BEGIN RETURN NEW; END'"
        ),
    ],
)
def test_the_application_refuses_to_work_without_its_guards(
    postgresql: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    """On PostgreSQL its role cannot restore them: it names what is gone and who mends it."""
    with postgresql.fresh() as url:
        with psycopg.connect(url.replace("tsudoi_app@", "tsudoi@"), autocommit=True) as owner:
            owner.execute(harm.encode())
        monkeypatch.setenv("TSUDOI_DATABASE_URL", url)
        with pytest.raises(BadSetting, match="tsudoi init"):
            Office.open(home, tmp_path / "inbox")
