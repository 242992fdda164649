"""What is not in the table does not happen: not through the door, and not behind its back in the database."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from figures import Figures
from scenes import ACTORS, CYCLE, IN_ORDER, SECONDS, YEAR, Year, walked
from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from adapters import triggers
from models.database import writing
from models.errors import Refused
from models.people import Person, Role, Side
from states import ledger, opening
from states.machines import Machine
from states.rows import STATES
from states.table import BY_TRIGGER, TABLE, all_machines, all_rules

NOW, TODAY = datetime(2026, 10, 1, tzinfo=UTC), date(2026, 10, 1)
ON_THE_WAY = tuple(state.key for state in STATES if state.key != "cancelled")
JACK = Person(
    id="jack", name="何でも屋", side=Side.WARD, roles=frozenset(Role), valid_from=date(YEAR, 4, 1),
    valid_to=date(YEAR + 1, 3, 31),
)  # fmt: skip
# A row of each guarded table; the state is set by the test.
ROWS: dict[str, dict[str, Any]] = {
    "cycle": {
        "id": "x-2026", "programme": "x", "fiscal_year": 2026, "programme_sha256": "", "programme_text": "",
        "on_hold": False, "opened_at": NOW, "differs": "",
    },
    "piece": {"cycle_id": CYCLE, "serial": 1, "origin": "extract"},
    "item": {"cycle_id": CYCLE, "number": "M-2026-01", "kind": "medium", "content": "x"},
    "incident": {"id": 7, "cycle_id": CYCLE, "kind": "loss", "known_on": TODAY, "ledger_seq": 1},
    "reminder": {
        "id": 7, "key": "k", "cycle_id": CYCLE, "act": "post", "rung": 0, "due_on": TODAY, "to_person": "sato",
        "message_id": "m", "attempts": 0, "created_at": NOW, "trouble": "",
    },
    "record": {
        "id": 777, "cycle_id": CYCLE, "act": "close", "key": "k", "by": "sato", "via": "desk", "occurred_at": NOW,
        "entered_at": NOW, "data": "{}", "confirmed_by": "", "ledger_seq": 1,
    },
}  # fmt: skip
STATE = {"record": "status"}
machines = pytest.mark.parametrize("machine", all_machines(), ids=lambda machine: machine.name)


def refusal(year: Year, trigger: str, by: str) -> set[str]:
    with pytest.raises(Refused) as refused:
        year.propose(trigger, by=by)
    return {gap.guard for gap in refused.value.unmet}


def walk_the_strange_acts(year: Year) -> None:
    """Ask for every act that the table does not have in this state, and for every confirmation: all are refused."""
    before, events = year.everything_but_the_ledger(), year.events()
    strange = [row.trigger for row in TABLE if year.state not in row.froms]
    for trigger in strange:
        assert "state_allows_it" in refusal(year, trigger, JACK.id), (year.state, trigger)
    for trigger in SECONDS:
        with pytest.raises(Refused):
            year.confirm(trigger, by=JACK.id)
    assert year.everything_but_the_ledger() == before
    assert year.events() == events + ["act_refused"] * len([*strange, *SECONDS])


def test_no_act_is_done_in_a_state_that_the_table_does_not_name(year: Year) -> None:
    """In every state every other act is refused even to somebody with every role; only the ledger tells of it."""
    opening.register(year.door, JACK, by="system", via="desk")
    for state in ON_THE_WAY:
        year.play(until=state)
        assert year.state == state
        walk_the_strange_acts(year)


@pytest.mark.long
def test_no_role_does_an_act_in_a_state_that_the_table_does_not_name(sqlite_year: Year) -> None:
    """The same walk, role by role, for whoever does not trust that somebody with every role stands for each."""
    year = sqlite_year
    for state in ON_THE_WAY:
        year.play(until=state)
        for row in (row for row in TABLE if year.state not in row.froms):
            for role in Role:
                assert "state_allows_it" in refusal(year, row.trigger, ACTORS[role]), (year.state, row.trigger, role)


def test_a_cancelled_year_refuses_every_act_but_its_own(year: Year) -> None:
    """In the cancelled state every act that is not in the table is refused, and only the ledger tells of it."""
    opening.register(year.door, JACK, by="system", via="desk")
    year.do("cancel")
    walk_the_strange_acts(year)


def test_no_act_is_done_by_a_role_that_the_table_does_not_name(sqlite_year: Year) -> None:
    """Every act of the table in each of its states is refused to every role that the table does not name."""
    year = sqlite_year
    for state in ON_THE_WAY:
        year.play(until=state)
        refuse_other_roles(year)


def test_a_cancelled_year_refuses_other_roles(sqlite_year: Year) -> None:
    """Every act of the cancelled state is refused to every role that the table does not name."""
    sqlite_year.do("cancel")
    refuse_other_roles(sqlite_year)


def refuse_other_roles(year: Year) -> None:
    before, events, asked = year.everything_but_the_ledger(), year.events(), 0
    for row in (row for row in TABLE if year.state in row.froms):
        for role in set(Role) - set(row.who):
            assert "role_may_do_it" in refusal(year, row.trigger, ACTORS[role]), (year.state, row.trigger, role)
            asked += 1
    assert year.everything_but_the_ledger() == before
    assert year.events() == events + ["act_refused"] * asked


def test_no_second_person_of_another_role_confirms(sqlite_year: Year) -> None:
    """A proposed four-eyes act is refused to every role but those named as second, and stays proposed."""
    for trigger in SECONDS:
        if trigger in IN_ORDER:  # the others belong to no day: they are asked for where the year stands
            sqlite_year.play(before=trigger)
        sqlite_year.wait_for(trigger)
        sqlite_year.propose(trigger)
        for role in set(Role) - set(BY_TRIGGER[trigger].second):
            with pytest.raises(Refused) as refused:
                sqlite_year.confirm(trigger, by=ACTORS[role])
            assert "role_may_do_it" in {gap.guard for gap in refused.value.unmet}
        sqlite_year.confirm(trigger)


def test_the_rules_of_the_database_are_those_of_the_table(owners_year: Year) -> None:
    """The rules table holds the pairs and beginnings of states/table.py alone, however often it is filled."""
    with writing(owners_year.engine) as connection:
        triggers.put_back(connection, all_rules())
    expected = {(m.name, start, trigger, to) for m in all_machines() for start, trigger, to in m.pairs}
    expected |= {(m.name, "", "begin", state) for m in all_machines() for state in m.initial}
    stored = {tuple(row) for row in owners_year.read(select(SQLModel.metadata.tables["rule"]))}
    assert {row for row in stored if row[0] not in {"event", "hold"}} == expected
    assert {row[1:3] for row in stored if row[0] == "event"} == {(row.event, row.trigger) for row in TABLE}


def test_the_database_refuses_every_change_of_state_that_is_not_in_the_table(year: Year, figures: Figures) -> None:
    """From every state of every machine raw SQL reaches the states of the table and no other, however it is written.

    Each change is told to the ledger first, as an act would: what refuses it is the rule alone.
    """
    ways = ("UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE") if year.engine.dialect.name == "sqlite" else ("UPDATE",)
    tried, passed, wrong = 0, 0, list[tuple[str, ...]]()
    for machine in (machine for machine in all_machines() if machine.name != "record"):
        allowed = {(start, to) for start, _trigger, to in machine.pairs}
        for start, way in walked(machine).items():
            for to in (*(set(machine.states) - {start}), "nonsense", "", start.upper(), f"{start} "):
                for written in ways:
                    happened = moved(year, machine, way, to, written)
                    wrong += [] if happened is ((start, to) in allowed) else [(machine.name, start, to, written)]
                    tried, passed = tried + 1, passed + happened
    figures.tell("transitions tried", where=year.engine.dialect.name, tried=tried, held=tried - len(wrong))
    assert wrong == []
    assert (tried, tried - passed) == (368 * len(ways), 316 * len(ways))  # on SQLite 1,104, of which 948 are refused


def moved(year: Year, machine: Machine, way: list[str], to: str, written: str) -> bool:
    with year.engine.connect() as connection, connection.begin() as transaction:
        put_there(connection, machine.name, way)
        happened = changes(connection, machine.name, to, written)
        transaction.rollback()
    return happened


def test_a_record_goes_the_way_of_its_status(year: Year) -> None:
    """A record waits, is done, superseded or dropped, and nothing else becomes of it."""
    machine = next(machine for machine in all_machines() if machine.name == "record")
    for start, way in walked(machine).items():
        for to in (*(set(machine.states) - {start}), "nonsense", ""):
            happened = moved(year, machine, way, to, "UPDATE")
            assert happened is ((start, to) in {(a, b) for a, _trigger, b in machine.pairs}), (start, to)


@machines
def test_the_database_refuses_illegal_beginnings(year: Year, machine: Machine) -> None:
    """Raw SQL begins a row in a beginning of its machine and in no other state."""
    for state in (*machine.states, "nonsense", ""):
        with year.engine.connect() as connection, connection.begin() as transaction:
            begun = does(connection, begins(connection, machine.name, state))
            transaction.rollback()
        assert begun is (state in machine.initial), state


def put_there(connection: Connection, name: str, way: list[str]) -> None:
    connection.execute(begins(connection, name, way[0]))
    for state in way[1:]:
        assert changes(connection, name, state)


def begins(connection: Connection, name: str, state: str) -> Any:
    """Return the statement that begins a row in a state, behind the entry that would tell it."""
    seq = tells(connection, name, state, begins=True)
    row = ROWS[name] | {STATE.get(name, "state"): state} | ({"ledger_seq": seq} if "ledger_seq" in ROWS[name] else {})
    return insert(table_of(name)).values(**row)


def changes(connection: Connection, name: str, to: str, written: str = "UPDATE") -> bool:
    key = next(iter(set(ROWS[name]) & {"id", "serial", "number"}))
    seq = tells(connection, name, to)
    told = f", ledger_seq = {seq}, confirmed_by = 'sato'" if name == "record" and to == "done" else ""
    statement = f"{written} {name} SET {STATE.get(name, 'state')} = :state{told} WHERE {key} = :key"
    return does(connection, text(statement).bindparams(state=to, key=ROWS[name][key]))


def tells(connection: Connection, name: str, to: str, *, begins: bool = False) -> int:
    """Append the entry that an act would write of this change, and return its number."""
    leading = {row.to: row.event for row in TABLE if row.to}
    event = {
        "cycle": "cycle_opened" if begins else leading.get(to, "post"),
        "incident": "incident_reported" if begins else "incident_settled",
        "reminder": {"sent": "reminder_sent", "unknown": "reminder_lost"}.get(to, "act_flagged"),
        "record": "year_closed" + ("_proposed" if to in {"pending", "dropped"} else ""),
    }.get(name, "item_moved")
    data = {"number": 7, "to": "sato"}
    cycle_id = ROWS[name].get("id") if name == "cycle" else CYCLE
    entry = ledger.Entry(at=NOW, event=event, by="sato", via="desk", cycle_id=cycle_id, data=data)
    return ledger.append(connection, entry)


def does(connection: Connection, statement: Any) -> bool:
    """Tell whether the database lets a statement pass; what stops it must be a rule of this project."""
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except DBAPIError as error:
        if "tsudoi:" in str(error.orig):
            return False
        raise
    return True


def table_of(name: str) -> Any:
    return SQLModel.metadata.tables[name]


ON_BOTH = (
    "UPDATE ledger SET entry = entry",
    "UPDATE ledger SET seq = seq + 1000 WHERE seq = 1",
    "UPDATE ledger SET hashes = hashes WHERE seq = 1",
    "DELETE FROM ledger WHERE seq = 1",
    "DELETE FROM ledger",
    "UPDATE checkpoint SET note = note",
    "DELETE FROM checkpoint",
    "INSERT INTO ledger VALUES (1, NULL, 'forged', '{}', '')",
    "INSERT INTO ledger VALUES (0, NULL, 'forged', '{}', '')",
    "INSERT INTO ledger VALUES (-1, NULL, 'forged', '{}', '')",
    "INSERT INTO ledger SELECT MAX(seq) + 2, NULL, 'forged', '{}', '' FROM ledger",
    "INSERT INTO checkpoint SELECT MAX(seq) - 1, 'forged', 'x', CURRENT_TIMESTAMP FROM ledger",
    "INSERT INTO checkpoint SELECT MAX(seq) + 1, 'forged', 'x', CURRENT_TIMESTAMP FROM ledger",
    "INSERT INTO ledger VALUES (1, NULL, 'forged', '{}', '') ON CONFLICT (seq) DO UPDATE SET entry = 'forged'",
)
OWN = {
    "sqlite": (
        "INSERT OR REPLACE INTO ledger VALUES (1, NULL, 'forged', '{}', '')",
        "REPLACE INTO ledger SELECT MAX(seq), NULL, 'forged', '{}', '' FROM ledger",
        "INSERT OR REPLACE INTO checkpoint SELECT MAX(seq), 'forged', 'x', CURRENT_TIMESTAMP FROM ledger",
        "UPDATE OR REPLACE ledger SET seq = 2 WHERE seq = 1",
        "INSERT OR IGNORE INTO ledger VALUES (1, NULL, 'forged', '{}', '')",
        "INSERT INTO ledger VALUES (NULL, NULL, 'forged', '{}', '')",
    ),
    "postgresql": (
        "TRUNCATE ledger",
        "TRUNCATE checkpoint",
        "TRUNCATE ledger, checkpoint CASCADE",
        "MERGE INTO ledger USING (SELECT 1) AS one ON seq = 1 WHEN MATCHED THEN DELETE",
    ),
}


def test_history_only_grows(owners_year: Year) -> None:
    """No statement changes, erases, replaces or skips an entry of the ledger or a checkpoint."""
    owners_year.play(before="hand_over_password")  # the hand-over of the medium has just made a checkpoint
    with owners_year.engine.connect() as connection, connection.begin():
        if owners_year.engine.dialect.name == "sqlite":  # an attacker's own connection would not set this
            connection.exec_driver_sql("PRAGMA recursive_triggers=OFF")
        before = contents(connection)
        for statement in (*ON_BOTH, *OWN[owners_year.engine.dialect.name]):
            assert not does(connection, text(statement)), statement
        assert contents(connection) == before


def contents(connection: Connection) -> list[Any]:
    return [connection.execute(select(table_of(name))).all() for name in ("ledger", "checkpoint")]


def test_the_next_entry_and_the_checkpoint_of_now_are_let_in(year: Year) -> None:
    """The statements above fail for what they say, not for how they are written."""
    with year.engine.connect() as connection, connection.begin():
        seq = tells(connection, "piece", "exported")
        ledger.checkpoint(connection, signer=year.key, at=NOW, reason="x")
        assert seq == ledger.size(connection) == ledger.checkpoints(connection)[-1][0]


@pytest.mark.parametrize("name", sorted(ROWS))
def test_what_has_a_state_neither_disappears_nor_begins_again(year: Year, name: str) -> None:
    """No row of a machine is deleted or put back to its beginning, whoever writes the SQL."""
    machine = next(machine for machine in all_machines() if machine.name == name)
    beginning, following = next((a, b) for a, _trigger, b in machine.pairs if a in machine.initial)
    with year.engine.connect() as connection, connection.begin() as transaction:
        if year.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA recursive_triggers=OFF")
        put_there(connection, name, [beginning, following])
        again = begins(connection, name, beginning)
        replaced = again.prefix_with("OR REPLACE", dialect="sqlite")
        for statement in (delete(table_of(name)), *((replaced,) if year.engine.dialect.name == "sqlite" else ())):
            assert not does(connection, statement)
        transaction.rollback()
