"""What should never have been written is taken out by two people, and every proof of the ledger still holds."""

import json
from datetime import timedelta
from typing import Any

import pytest
from scenes import CYCLE, Year
from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.database import reading, writing
from models.errors import Damaged, Refused
from models.records.base import REDACTED, FreeText
from models.records.oversight import DeadlineMoved, MeasuresClaimed
from states import ledger, replay, texts
from states.table import BY_TRIGGER

NAME = "髙橋　結菜さんの件"


def told(year: Year, seq: int) -> dict[str, Any]:
    with reading(year.engine) as connection:
        return next(entry for entry in ledger.told(connection) if entry["seq"] == seq)


def everywhere(year: Year) -> str:
    return str(year.everything_but_the_ledger()) + "".join(year.entries())


def test_two_people_take_a_text_out_everywhere(year: Year) -> None:
    """A reason and an evidence leave the text, the record, the deadline and the claim; the entries stay to the byte."""
    moved = year.do("move_deadline", act="conclude_contract", to="2026-10-09", reason=NAME)
    claimed = year.do("claim_measures", evidence=NAME)
    before = year.entries()
    for seq, place in ((moved.seq, "record.reason"), (claimed.seq, "record.evidence")):
        year.do("redact_text", entry=seq, place=place)
    assert NAME not in everywhere(year)
    assert year.entries()[: len(before)] == before
    assert told(year, moved.seq)["data"]["record"]["reason"] == REDACTED
    with reading(year.engine) as connection:
        facts = year.door.facts(connection, CYCLE)
        assert [past.record.reason for past in facts.past("move_deadline", DeadlineMoved)] == [REDACTED]
        assert [past.record.evidence for past in facts.past("claim_measures", MeasuresClaimed)] == [REDACTED]
        assert {claim.evidence for claim in facts.claimed.values()} == {REDACTED}
        notes = ledger.checkpoints(connection)
        ledger.verify(connection, notes, name=year.key.name, public_key=year.key.public_key)
        assert notes[-1][0] == len(year.entries())
        assert not list(texts.lines(connection, first=moved.seq, last=claimed.seq))


def test_a_proposal_and_its_confirmation_are_redacted_each(year: Year) -> None:
    """A text that stands in two entries is two texts; the record keeps its copy until its own entry is redacted."""
    year.do("claim_measures")
    proposed = year.propose("redact_text", entry=13, place="record.evidence")
    assert told(year, proposed.seq)["data"]["record"]["entry"] == 13
    assert told(year, 13)["data"]["record"]["evidence"] != REDACTED
    year.confirm("redact_text")
    assert told(year, 13)["data"]["record"]["evidence"] == REDACTED


@pytest.mark.parametrize(
    ("seq", "place"), [(13, "record.remark"), (12, "record.evidence"), (400, "record.evidence"), (13, "record")]
)
def test_what_is_not_there_is_not_redacted(year: Year, seq: int, place: str) -> None:
    """Only a text that stands there can be redacted; the refusal names entry and place."""
    year.do("claim_measures")
    with pytest.raises(Refused) as refusal:
        year.propose("redact_text", entry=seq, place=place)
    assert [gap.guard for gap in refusal.value.unmet] == ["redacted_text_is_there"]
    assert f"{seq} {place}" in refusal.value.unmet[0].missing


def test_nothing_is_redacted_twice(year: Year) -> None:
    """A text that is gone is not there to be redacted."""
    year.do("claim_measures")
    year.do("redact_text")
    with pytest.raises(Refused):
        year.propose("redact_text")


def test_a_closed_year_is_redacted_too(sqlite_year: Year) -> None:
    """What is noticed after the close can still be taken out, also of history that belongs to no year."""
    with writing(sqlite_year.engine) as connection:
        said = {"remark": FreeText(NAME)}
        entry = ledger.Entry(at=sqlite_year.clock.at, event="history_imported", by="sato", via="desk", data=said)
        history = ledger.append(connection, entry)
    sqlite_year.play()
    assert sqlite_year.state == "closed"
    sqlite_year.do("redact_text", entry=history, place="remark")
    assert NAME not in everywhere(sqlite_year)
    [row] = sqlite_year.read(select(tables.LedgerText).where(col(tables.LedgerText.seq) == history))
    assert (row.salt, row.text) == (None, None)


def test_a_redacted_record_is_still_one(sqlite_year: Year) -> None:
    """Every free text of a year taken out, each record is still read as what it is."""
    sqlite_year.play(before="hand_over_medium")
    for row in sqlite_year.read(select(tables.LedgerText)):
        sqlite_year.do("redact_text", entry=row.seq, place=row.place)
    kept = sqlite_year.read(select(tables.Record).where(col(tables.Record.act) != "redact_text"))
    assert kept
    for it in kept:
        BY_TRIGGER[it.act].record.model_validate_json(it.data)
    assert json.loads(kept[0].data)["evidence"] == REDACTED


def test_a_ledger_with_redactions_is_replayed_to_the_same_tables(sqlite_year: Year) -> None:
    """Whoever compares the tables with the ledger finds no more than before, after every text was taken out."""
    sqlite_year.play(before="confirm_readiness")
    for reason in ("甲", "乙"):
        sqlite_year.do("move_deadline", act="confirm_readiness", to="2026-10-19", reason=reason)
    before = differing(sqlite_year)
    for row in sqlite_year.read(select(tables.LedgerText)):
        sqlite_year.do("redact_text", entry=row.seq, place=row.place)
    assert differing(sqlite_year) == before


def differing(year: Year) -> list[replay.Difference]:
    with reading(year.engine) as connection:
        return list(replay.differences(connection))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledgertext SET text = 'x'",
        "UPDATE ledgertext SET text = NULL, salt = NULL",
        "UPDATE ledgertext SET seq = 1",
        "DELETE FROM ledgertext",
    ],
)
def test_a_text_changed_beside_the_ledger_is_found(sqlite_year: Year, statement: str) -> None:
    """Without triggers a text can be changed or taken away, but not so that the ledger holds."""
    sqlite_year.do("claim_measures")
    with writing(sqlite_year.engine) as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(statement)
    with reading(sqlite_year.engine) as connection, pytest.raises(Damaged, match=r"record\.evidence"):
        ledger.verify(connection, [], name=sqlite_year.key.name, public_key=sqlite_year.key.public_key)


def test_a_clock_that_was_set_back_is_told_by_the_door(sqlite_year: Year) -> None:
    """The act is taken, and outcome and entry say that the clock went back since the last entry (M5)."""
    sqlite_year.do("claim_measures")
    sqlite_year.clock.at -= timedelta(days=30)
    outcome = sqlite_year.do("claim_measures", evidence="再点検表")
    assert outcome.warnings == ("clock_went_on",)
    assert told(sqlite_year, outcome.seq)["data"]["warnings"] == ["clock_went_on"]


def test_the_opening_of_a_year_is_signed(sqlite_year: Year) -> None:
    """History before the first hand-over stands under a checkpoint of its own (M10)."""
    with reading(sqlite_year.engine) as connection:
        [(size, _note)] = ledger.checkpoints(connection)
        assert size == ledger.size(connection)
