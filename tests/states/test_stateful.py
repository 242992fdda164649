"""Whatever is printed, enclosed, pulled, added and posted in whatever order: no serial is ever lost or doubled."""

from collections import Counter
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from scenes import CYCLE, OPENED_AT, Year
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from adapters.keys import LedgerKey
from models import tables
from models.database import connect, writing
from models.serials import compact, expand
from states import ledger
from states.apply import apply
from states.effects import AddPieces, Effect, MovePieces
from states.machines import PIECE

PERSONS = 30
FROMS = {
    to: tuple(start for start, _t, end in PIECE.pairs if end == to)
    for to in ("printed", "enclosed", "pulled", "posted")
}
some = st.sets(st.integers(min_value=1, max_value=PERSONS + 10), max_size=12).map(compact)


class Pieces(RuleBasedStateMachine):
    """A copy of the database, and beside it the model: a dictionary of serials."""

    template: Path
    key: LedgerKey

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        copy(self.template, self.folder.name)
        engine = connect(f"sqlite:///{self.folder.name}/{self.template.name}")
        self.year = Year(engine, self.key)
        self.connected = writing(engine)
        self.connection = self.connected.__enter__()
        told = ledger.Entry(  # behind it the database lets pieces move
            at=OPENED_AT, event="extract_checked", by="system", via="test", cycle_id=CYCLE, data={}
        )
        ledger.append(self.connection, told)
        self.model: dict[int, str] = {}
        self.origin: dict[int, str] = {}

    def apply(self, effect: Effect) -> None:
        facts = self.year.door.facts(self.connection, CYCLE)
        apply(self.connection, facts, (effect,), by="system", seq=1, calendar=self.year.door.calendar)

    @initialize()
    def the_extract_is_exported(self) -> None:
        self.apply(AddPieces(serials=f"1-{PERSONS}", origin="extract"))
        self.model = dict.fromkeys(range(1, PERSONS + 1), "exported")
        self.origin = dict.fromkeys(self.model, "extract")

    @rule(how_many=st.integers(min_value=0, max_value=3))
    def additions_are_taken(self, how_many: int) -> None:
        new = range(len(self.model) + 1, len(self.model) + 1 + how_many)
        self.apply(AddPieces(serials=compact(new), origin="addition"))
        self.model |= dict.fromkeys(new, "exported")
        self.origin |= dict.fromkeys(new, "addition")

    @rule(to=st.sampled_from(["printed", "enclosed", "pulled"]), serials=some)
    def serials_go_on(self, to: str, serials: str) -> None:
        self.apply(MovePieces(to=to, froms=FROMS[to], serials=serials))
        named = {serial for serial in self.model if serial in set(expand(serials))}
        self.model |= {serial: to for serial in named if self.model[serial] in FROMS[to]}

    @rule(to=st.sampled_from(["printed", "enclosed"]))
    def all_additions_go_on(self, to: str) -> None:
        self.apply(MovePieces(to=to, froms=FROMS[to], origin="addition"))
        mine = [serial for serial, origin in self.origin.items() if origin == "addition"]
        self.model |= {serial: to for serial in mine if self.model[serial] in FROMS[to]}

    @rule()
    def letters_are_posted(self) -> None:
        self.apply(MovePieces(to="posted", froms=FROMS["posted"]))
        self.model |= {serial: "posted" for serial, state in self.model.items() if state == "enclosed"}

    @invariant()
    def every_serial_is_where_it_was_put_and_nowhere_else(self) -> None:
        piece = tables.Piece
        query = select(col(piece.serial), col(piece.state), col(piece.origin)).order_by(col(piece.serial))
        rows = self.connection.execute(query).all()
        assert [(row.serial, row.state, row.origin) for row in rows] == [
            (serial, state, self.origin[serial]) for serial, state in sorted(self.model.items())
        ]

    @invariant()
    def the_counts_add_up(self) -> None:
        pieces = self.year.door.facts(self.connection, CYCLE).pieces
        counted = pieces.by_state()
        assert sum(counted.values()) == pieces.count() == len(self.model)
        assert Counter({state: n for state, n in counted.items() if n}) == Counter(self.model.values())
        assert pieces.within(f"1-{PERSONS + 99}", *PIECE.final) == pieces.count(*PIECE.final)

    def teardown(self) -> None:
        self.connected.__exit__(None, None, None)
        self.year.engine.dispose()
        self.folder.cleanup()


def test_no_serial_is_lost_or_doubled(sqlite_url: str, ledger_key: LedgerKey) -> None:
    """After any order of acts every serial is in exactly one state, the one that the acts say."""
    on_copies = {"template": Path(sqlite_url.removeprefix("sqlite:///")), "key": ledger_key}
    quickly = settings(max_examples=25, stateful_step_count=15, deadline=None, database=None)
    run_state_machine_as_test(type("PiecesOnCopies", (Pieces,), on_copies), settings=quickly)


def test_a_serial_is_never_given_twice(year: Year) -> None:
    """The database refuses a serial that the cycle has already."""
    year.play(until="extracted")
    again = AddPieces(serials="12-13", origin="addition")
    with pytest.raises(IntegrityError):
        add(year, again)
    assert year.pieces() == {"exported": 12}


def add(year: Year, pieces: AddPieces) -> None:
    with writing(year.engine) as connection:
        facts = year.door.facts(connection, CYCLE)
        apply(connection, facts, (pieces,), by="system", seq=1, calendar=year.door.calendar)
