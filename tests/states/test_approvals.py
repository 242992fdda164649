"""Who decides at the door: approvals by number or in person, the inspector apart, deputies within an absence."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from lifting import lifted
from scenes import CYCLE, Year
from sqlalchemy import select, update
from sqlmodel import col

from models import tables
from models.database import reading
from models.errors import Refused
from models.people import Person, Role, Side
from papers.control_ledger import lines_of
from states import ledger, opening
from states.replay import differences

APPROVER, DEPUTY, INSPECTOR = "takahashi", "ito", "okada"
DECISION, CONFIRMED = "approve_text", "approve_proof"


def unmet(do: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        do()
    return {gap.guard: gap.missing for gap in refused.value.unmet}


def set_in_the_programme(year: Year, was: str, to: str) -> None:
    """Let the year have been opened with another setting."""
    cycle = tables.Cycle
    with lifted(year.engine) as connection:
        text = connection.execute(select(col(cycle.programme_text))).scalar_one()
        assert was in text
        connection.execute(update(cycle).values(programme_text=text.replace(was, to)))


def entered(year: Year, person: str, *roles: Role) -> None:
    entry = Person(
        id=person, name=person, side=Side.WARD, roles=frozenset(roles), valid_from=date(2026, 4, 1),
        valid_to=date(2027, 3, 31),
    )  # fmt: skip
    opening.register(year.door, entry, by="system", via="desk")


def absent(year: Year, *, days: int = 0, **changes: Any) -> None:
    today = year.clock.at.date()
    year.do("record_absence", begins_on=today, ends_on=today + timedelta(days=days), **changes)


def last(year: Year, event: str) -> dict[str, Any]:
    with reading(year.engine) as connection:
        return [entry for entry in ledger.told(connection, cycle_id=CYCLE) if entry["event"] == event][-1]


def test_a_deputy_decides_nothing_while_the_approver_is_there(sqlite_year: Year) -> None:
    """Without a recorded absence the deputy is refused, and told to record it; the approver is not."""
    year = sqlite_year
    year.play(before=DECISION)
    year.wait_for(DECISION)
    gaps = unmet(lambda: year.propose(DECISION, by=DEPUTY))
    assert set(gaps) == {"deputy_stands_in"}
    absent(year)
    year.later(days=1)
    assert set(unmet(lambda: year.propose(DECISION, by=DEPUTY))) >= {"deputy_stands_in"}
    year.later(days=-1)
    year.do(DECISION, by=DEPUTY)


def test_a_deputy_named_for_another_absence_decides_nothing(sqlite_year: Year) -> None:
    """An absence without a deputy, or of a coordinator alone, lets no deputy approver decide."""
    year = sqlite_year
    year.play(before=DECISION)
    year.wait_for(DECISION)
    absent(year, deputy="")
    absent(year, person="sato", deputy="suzuki", by="takahashi")
    assert set(unmet(lambda: year.propose(DECISION, by=DEPUTY))) == {"deputy_stands_in"}


def test_what_a_deputy_decided_is_marked_and_owed_to_be_seen(sqlite_year: Year) -> None:
    """The entry says in whose place; it is owed on the first open day after the absence, and the year waits for it."""
    year = sqlite_year
    year.play(before=DECISION)
    year.wait_for(DECISION)
    absent(year, days=2)
    decided = year.do(DECISION, by=DEPUTY).seq
    back = year.door.calendar.first_open(year.clock.at.date() + timedelta(days=3))
    entry = last(year, "text_approved")
    assert (entry["data"]["in_place_of"], entry["data"]["see_by"]) == (APPROVER, str(back))
    assert year.facts().due["see_decisions"] == back
    with reading(year.engine) as connection:
        line = next(line for line in lines_of(connection, CYCLE) if line["number"] == decided)
    assert "代決（高橋 和子）" in line["remark"]
    assert "every_decision_is_seen" in {gap.guard for gap in year.door.missing(CYCLE, "close")}
    assert set(unmet(lambda: year.propose("see_decisions", entries=(decided,), by=DEPUTY))) >= {"role_may_do_it"}
    assert set(unmet(lambda: year.propose("see_decisions", entries=(decided - 1,)))) == {
        "decisions_were_taken_in_his_place"
    }
    year.later(days=3)
    year.do("see_decisions", entries=(decided,))
    assert "every_decision_is_seen" not in {gap.guard for gap in year.door.missing(CYCLE, "close")}
    assert year.facts().done["see_decisions"].by == APPROVER
    with reading(year.engine) as connection:
        assert list(differences(connection)) == []


def test_what_the_approver_decides_himself_is_no_deputys(sqlite_year: Year) -> None:
    """An entry of the approver's own, or of a coordinator, is in nobody's place, whoever is absent."""
    year = sqlite_year
    year.play(before=DECISION)
    year.wait_for(DECISION)
    absent(year)
    year.do(DECISION)
    assert "in_place_of" not in last(year, "text_approved")["data"]
    assert "see_decisions" not in year.facts().due


def test_four_eyes_see_through_a_delegation(sqlite_year: Year) -> None:
    """What the approver proposed in another role, his deputy cannot confirm for him; another approver can."""
    year = sqlite_year
    entered(year, APPROVER, Role.APPROVER, Role.COORDINATOR)
    entered(year, "abe", Role.APPROVER)
    year.play(before=CONFIRMED)
    year.wait_for(CONFIRMED)
    year.propose(CONFIRMED, by=APPROVER)
    absent(year)
    gaps = unmet(lambda: year.confirm(CONFIRMED, by=DEPUTY))
    assert set(gaps) == {"four_eyes"}
    assert APPROVER in gaps["four_eyes"]
    year.confirm(CONFIRMED, by="abe")


def test_a_deputy_confirms_in_the_absence_on_the_day_of_the_decision(sqlite_year: Year) -> None:
    """A confirmation by the deputy's own number counts from the day decided, also when it is entered later."""
    year = sqlite_year
    year.play(before=CONFIRMED)
    year.wait_for(CONFIRMED)
    year.propose(CONFIRMED)
    assert set(unmet(lambda: year.confirm(CONFIRMED, by=DEPUTY))) == {"deputy_stands_in"}
    absent(year)
    year.confirm(CONFIRMED, by=DEPUTY)
    assert last(year, "proof_approved")["data"]["in_place_of"] == APPROVER


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"ends_on": date(2026, 8, 31)}, "absence_ends_after_it_begins"),
        ({"by": DEPUTY}, "another_records_the_absence"),
        ({"deputy": "sato"}, "deputy_may_stand_in"),
        ({"person": "asahi"}, "absent_person_decides"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(sqlite_year: Year, changes: dict[str, Any], guard: str) -> None:
    """It ends after it begins, is of somebody who decides, names who may decide for him, and is told by another."""
    assert guard in unmet(lambda: sqlite_year.propose("record_absence", **changes))


def test_approver_and_deputy_are_not_absent_at_once(sqlite_year: Year) -> None:
    """The second of two absences that overlap is refused and names the first; with no deputy named it is recorded."""
    absent(sqlite_year, person=DEPUTY, deputy="", days=3)
    gaps = unmet(lambda: absent(sqlite_year))
    assert set(gaps) == {"deputy_is_there"}
    assert DEPUTY in gaps["deputy_is_there"]
    absent(sqlite_year, deputy="")


def test_a_person_of_the_contractor_who_is_not_in_the_notice_carries_nothing(sqlite_year: Year) -> None:
    """On the register is not enough; once the notice is changed, within the year, the same hand-over is recorded."""
    year = sqlite_year
    year.play(before="hand_over_medium")
    year.wait_for("hand_over_medium")
    assert set(unmet(lambda: year.propose("hand_over_medium", receiver="yoshida", already_happened=False))) == {
        "contractors_hands_are_named"
    }
    year.do("register_handlers", handlers=("kobayashi", "yoshida"))
    assert year.do("hand_over_medium", receiver="yoshida").deviations == ()


def test_what_a_stranger_to_the_notice_carried_is_a_deviation(sqlite_year: Year) -> None:
    """It is recorded as it happened, and opens an incident."""
    year = sqlite_year
    year.play(before="hand_over_medium")
    year.wait_for("hand_over_medium")
    outcome = year.do("hand_over_medium", receiver="yoshida", already_happened=True)
    assert outcome.deviations == ("contractors_hands_are_named",)
    assert year.facts().on_hold


@pytest.mark.parametrize("act", ["conclude_contract", "confirm_readiness", "hand_over"])
def test_the_office_decides_by_a_number(sqlite_year: Year, act: str) -> None:
    """Without its number and day each is refused, and with them it is one entry."""
    year = sqlite_year
    year.play(before=act)
    year.wait_for(act)
    year.claim_again(act)
    assert set(unmet(lambda: year.propose(act, decision_number="", approved_on=None))) == {"approval_is_told"}
    assert set(unmet(lambda: year.propose(act, decision_number="決裁済"))) == {"approval_is_the_offices"}
    assert year.propose(act).waits_for == ()


@pytest.mark.parametrize("act", ["conclude_contract", "confirm_readiness", "hand_over"])
def test_the_office_decides_by_the_approvers_own_confirmation(sqlite_year: Year, act: str) -> None:
    """Where the programme says so, it waits for an approver and needs no number; nobody else confirms it."""
    year = sqlite_year
    set_in_the_programme(year, 'decisions = "number"', 'decisions = "confirmation"')
    year.play(before=act)
    year.wait_for(act)
    year.claim_again(act)
    waits = year.propose(act, decision_number="", approved_on=None)
    assert waits.waits_for == (Role.APPROVER, Role.DEPUTY)
    assert "role_may_do_it" in unmet(lambda: year.confirm(act, by="suzuki"))
    year.confirm(act, by=APPROVER)
    assert year.facts().done[act].confirmed_by == APPROVER


def test_a_year_that_was_opened_without_these_settings_goes_on(sqlite_year: Year) -> None:
    """No number is asked for, the coordinator inspects, and no inspector is needed."""
    year = sqlite_year
    set_in_the_programme(year, 'decisions = "number"', "")
    set_in_the_programme(year, 'inspector = "separate"', "")
    year.do("claim_measures")
    year.wait_for("conclude_contract")
    year.do("conclude_contract", decision_number="", approved_on=None)
    year.play(before="accept_work")
    year.wait_for("accept_work")
    year.do("accept_work", by="sato")


def test_the_inspector_is_no_coordinator(sqlite_year: Year) -> None:
    """The coordinator is refused, and an inspector who is or was one of those who supervised; another is not."""
    year = sqlite_year
    year.play(before="accept_work")
    year.wait_for("accept_work")
    assert set(unmet(lambda: year.propose("accept_work", by="sato"))) >= {"role_may_do_it"}
    entered(year, "sato", Role.INSPECTOR)
    assert set(unmet(lambda: year.propose("accept_work", by="sato"))) == {"inspector_did_not_supervise"}
    year.do("accept_work", by=INSPECTOR)
