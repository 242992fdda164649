"""The ledger replayed: the tables hold what it tells, and what they say otherwise is found, named and located."""

from datetime import timedelta

import pytest
from figures import Figures
from lifting import lifted
from scenes import CYCLE, Year
from sqlalchemy import text

from models.database import reading
from states.replay import Difference, differences


def found(year: Year) -> list[Difference]:
    with reading(year.engine) as connection:
        return list(differences(connection))


def test_a_whole_year_is_what_its_ledger_tells(year: Year) -> None:
    """Act after act to the close, nothing in the tables differs from what the entries alone say."""
    year.play(before="seal_package")
    assert found(year) == []
    year.play(before="report_printing")
    assert found(year) == []
    year.play()
    assert year.state == "closed"
    assert found(year) == []


def test_accidents_are_what_the_ledger_tells(sqlite_year: Year) -> None:
    """Deviations, losses, incidents, holds, moved deadlines and a cancelled year replay as they were done."""
    year = sqlite_year
    year.play(before="hand_over_medium")
    year.wait_for("hand_over_medium")
    year.do("move_deadline")
    year.do("hand_over_medium", locked_bag=False, already_happened=True)
    assert year.facts().on_hold
    year.do("settle_incident")
    year.do("release_hold")
    year.do("record_loss")
    year.do("report_incident")
    assert found(year) == []
    year.do("cancel")
    assert (year.state, found(year)) == ("cancelled", [])


def test_what_was_found_at_an_inspection_is_owed_as_the_ledger_tells(sqlite_year: Year) -> None:
    """A finding owes an act by its day, and its settling the next; a pulled and reprinted piece is where it went."""
    year = sqlite_year
    year.play(before="inspect_contractor")
    year.wait_for("inspect_contractor")
    due = year.clock.at.date() + timedelta(days=7)
    each = [{"what": f"施錠 {n}", "due_on": due + timedelta(days=n)} for n in (0, 1)]
    year.do("inspect_contractor", findings=2, found=each)
    assert found(year) == []
    year.later(days=1)
    year.do("settle_finding", settled_on=year.clock.at.date())
    assert found(year) == []


# What the attack changed without anything noticing, each with where it must be named: table, row, columns, act.
UNNOTICED: dict[str, tuple[str, tuple[str, str, tuple[str, ...], str]]] = {
    "state of the cycle": (
        "UPDATE cycle SET state = 'posted'",
        ("cycle", CYCLE, ("state",), "year_closed"),
    ),
    "a piece": (
        "UPDATE piece SET state = 'posted' WHERE serial = 5",
        ("piece", "5", ("state",), "final_pull_list_acknowledged"),
    ),
    "an item": (
        "UPDATE item SET state = 'with_ward' WHERE number = 'M-2026-01'",
        ("item", "M-2026-01", ("state",), "items_destroyed"),
    ),
    "a record": (
        "UPDATE record SET confirmed_by = 'ito' WHERE act = 'approve_posting'",
        ("record", "approve_posting", ("confirmed_by",), "posting_approved"),
    ),
    "every record": ("DELETE FROM record", ("record", "close", (), "year_closed")),
    "a claim": (
        "UPDATE claim SET evidence = 'x' WHERE measure = 'W-OP-01'",
        ("claim", "W-OP-01", ("evidence",), "measures_claimed"),
    ),
    "a role": (
        "UPDATE staff SET roles = '[\"approver\"]' WHERE id = 'sato'",
        ("staff", "sato", ("roles",), "person_registered"),
    ),
    "a key": (
        "UPDATE staff SET public_key = 'ab' WHERE id = 'sato'",
        ("staff", "sato", ("public_key",), "person_registered"),
    ),
    "the day of an act": (
        "UPDATE act SET done_on = '2026-10-02' WHERE act = 'post'",
        ("act", "post", ("done_on",), "letters_posted"),
    ),
    "a moved deadline": (
        "UPDATE act SET moved_to = '2026-10-02' WHERE act = 'hand_over'",
        ("act", "hand_over", ("moved_to",), "data_handed_over"),
    ),
    "every checkpoint": ("DELETE FROM checkpoint", ("checkpoint", "", (), "medium_handed_over")),
}  # fmt: skip


@pytest.fixture
def closed(sqlite_year: Year) -> Year:
    """Give a year that was played to its close."""
    sqlite_year.play()
    return sqlite_year


@pytest.mark.parametrize("what", UNNOTICED)
def test_what_nobody_noticed_is_found_named_and_located(closed: Year, what: str, figures: Figures) -> None:
    """Each change of the tables behind the ledger's back is named by row and column, with the entry it denies."""
    statement, (table, key, columns, event) = UNNOTICED[what]
    with lifted(closed.engine) as connection:
        assert connection.execute(text(statement)).rowcount > 0
    seen = found(closed)
    located = any(
        (it.table, it.key, it.what, it.event) == (table, key or it.key, columns, event) and it.seq for it in seen
    )
    figures.tell("tables changed", where="behind the ledger's back", tried=1, held=int(located))
    assert located, [str(it) for it in seen]
    assert {it.table for it in seen} == {table}
    assert all(str(it) for it in seen)
