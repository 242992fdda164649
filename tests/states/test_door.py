"""The one door: repetitions, refusals, four eyes, holds, deviations, cancelling, races and kills."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lifting import lifted
from scenes import CYCLE, Clock, Year
from sqlalchemy import Engine, select, update
from sqlmodel import col

from adapters.keys import LedgerKey
from models import tables
from models.clock import TOKYO
from models.errors import Refused, Unknown, Unmet
from models.people import Role, Side
from models.records.base import Nothing
from states import apply
from states.acts import ActRequest
from states.effects import AddPieces
from states.facts import RECHECKS, Evidence
from states.rows import BEFORE_RETURN
from states.table import BY_TRIGGER

PASSED_ON = Evidence(decision_number="8総総第3号", decided_on=date(2026, 11, 5))
Engines = Callable[[str], Engine]


def unmet(year: Year, trigger: str, **changes: Any) -> dict[str, Unmet]:
    with pytest.raises(Refused) as refused:
        year.propose(trigger, **changes)
    return {gap.guard: gap for gap in refused.value.unmet}


def unconfirmed(year: Year, trigger: str, **changes: Any) -> set[str]:
    with pytest.raises(Refused) as refused:
        year.confirm(trigger, **changes)
    return {gap.guard for gap in refused.value.unmet}


def incidents(year: Year) -> list[tuple[int, str, str]]:
    incident = tables.Incident
    return [tuple(row) for row in year.read(select(col(incident.id), col(incident.kind), col(incident.state)))]


def due(year: Year, act: str) -> date:
    return year.facts().due[act]


def settle_everything(year: Year) -> None:
    for number in year.facts().incidents:
        year.do("settle_incident", incident=number)
    year.do("release_hold")


# repetition


def test_a_repeated_key_is_a_no_op(year: Year) -> None:
    """The same key again gives the first outcome, changes nothing and adds no entry to the ledger."""
    year.do("claim_measures")
    first = year.do("conclude_contract", key="k")
    before = year.everything_but_the_ledger(), year.entries()
    again = year.do("conclude_contract", key="k", contract_number="other")
    assert again.repeated
    assert (again.seq, again.state) == (first.seq, "contracted")
    assert (year.everything_but_the_ledger(), year.entries()) == before


def test_a_key_of_another_act_is_refused(sqlite_year: Year) -> None:
    """One key stands for one act: used for another it is refused."""
    sqlite_year.do("claim_measures", key="k")
    with pytest.raises(Refused):
        sqlite_year.do("hold", key="k")
    assert not sqlite_year.facts().on_hold


def test_an_act_that_was_refused_may_be_asked_again_with_its_key(sqlite_year: Year) -> None:
    """A refusal does not use up the key."""
    assert unmet(sqlite_year, "conclude_contract", key="k")
    sqlite_year.do("claim_measures")
    assert not sqlite_year.do("conclude_contract", key="k").repeated


def test_an_act_that_is_done_is_not_done_again(sqlite_year: Year) -> None:
    """With another key, an act that does not repeat is refused for being done."""
    sqlite_year.play(before="hand_over_medium")
    sqlite_year.do("hand_over_medium")
    assert "not_done_yet" in unmet(sqlite_year, "hand_over_medium")


# refusals


def test_a_refusal_lists_every_unmet_guard_with_owner_and_date(year: Year) -> None:
    """Everything that is missing is listed at once: what, who owes it, by when; the ledger keeps the names."""
    year.do("claim_measures", measures=("W-OP-01", "C-OP-01"))
    year.do("conclude_contract")
    year.clock.at = year.clock.at.replace(year=2027, month=6)  # everybody's registration has run out
    gaps = unmet(year, "confirm_readiness", dummy_data_tested=False, by="sato")
    assert set(gaps) == {
        "person_is_registered", "handlers_are_registered", "contractor_has_a_valid_manager", "work_plan_is_in",
        "contacts_are_confirmed", "dummy_data_went_through", "inspection_is_planned_in_the_period",
        "measures_are_claimed", "cloud_use_is_declared", "certificate_is_in_force",
    }  # fmt: skip
    plan = gaps["work_plan_is_in"]
    assert plan.owner == BY_TRIGGER["submit_work_plan"].owner.label == Side.CONTRACTOR.label
    assert plan.due_on == due(year, "submit_work_plan").isoformat()
    assert "W-SY-01" in gaps["measures_are_claimed"].missing
    last = json.loads(year.entries()[-1])
    assert (last["event"], last["by"]) == ("act_refused", "sato")
    assert last["data"] == {"act": "confirm_readiness", "unmet": sorted(gaps)}


def test_a_difference_in_counts_names_the_serials(sqlite_year: Year) -> None:
    """What blocks the enclosing is named by serial."""
    year = sqlite_year
    year.play(before="report_enclosing")
    year.do("report_enclosing", sealed="1-4,6-9", machine_count=9)
    gaps = unmet(year, "complete_enclosing", letters_enclosed=10)
    assert "[10-11]" in gaps["every_printed_letter_is_sealed"].missing
    assert "[8 ≠ 10]" in gaps["enclosed_count_agrees"].missing


def test_an_unknown_cycle_or_act_is_named(sqlite_year: Year) -> None:
    """Neither is a refusal: nothing is written."""
    entries = sqlite_year.entries()
    with pytest.raises(Unknown):
        sqlite_year.door.perform(replace(sqlite_year.ask("hold"), cycle_id="hatachi-1999"))
    with pytest.raises(Unknown):
        sqlite_year.door.perform(ActRequest(cycle_id=CYCLE, trigger="to_closed", by="sato", record=Nothing(), key="k"))
    assert sqlite_year.entries() == entries


def test_nobody_acts_who_is_not_on_the_register(sqlite_year: Year) -> None:
    """An unknown person, and one outside the dates of validity, are refused."""
    assert "person_is_registered" in unmet(sqlite_year, "hold", by="nobody")
    sqlite_year.clock.at = sqlite_year.clock.at.replace(year=2028)
    assert "person_is_registered" in unmet(sqlite_year, "hold")


@pytest.mark.parametrize("trigger", ["take_extract", "seal_package", "take_additions", "erase_ward_data", *RECHECKS])
def test_an_act_of_the_machine_is_refused_by_hand(sqlite_year: Year, trigger: str) -> None:
    """Nobody types the figures that the machine counts."""
    sqlite_year.play(before=trigger)
    with pytest.raises(Refused) as refused:
        sqlite_year.door.perform(replace(sqlite_year.ask(trigger), evidence=Evidence()))
    assert {gap.guard for gap in refused.value.unmet} == {"machine_did_it"}
    sqlite_year.do(trigger)


def test_an_act_in_the_future_is_refused(sqlite_year: Year) -> None:
    """A time that has not come is refused; a few minutes between two clocks are not."""
    now = sqlite_year.clock.at
    assert set(unmet(sqlite_year, "hold", at=now + timedelta(minutes=6))) == {"not_in_the_future"}
    sqlite_year.do("hold", at=now + timedelta(minutes=4))
    assert sqlite_year.facts().done["hold"].occurred_at == now


def test_work_of_the_machine_is_refused_before_it_is_begun(sqlite_year: Year) -> None:
    """`ask_first` refuses what could not be recorded, as a ledger entry, and is silent where the work may begin."""
    with pytest.raises(Refused) as refused:
        sqlite_year.door.ask_first(CYCLE, "seal_package", by="asahi", via="desk")
    guards = {gap.guard for gap in refused.value.unmet}
    assert guards == {"state_allows_it", "role_may_do_it", "protection_is_freshly_rechecked"}
    assert sqlite_year.events()[-1] == "act_refused"
    sqlite_year.play(before="seal_package")
    entries = sqlite_year.entries()
    sqlite_year.door.ask_first(CYCLE, "seal_package", by="watanabe", via="desk")
    assert sqlite_year.entries() == entries


# four eyes


@pytest.fixture
def proposed(sqlite_year: Year) -> Year:
    """Give a year in which the check of the extract waits for its second person."""
    sqlite_year.play(before="extract")
    sqlite_year.propose("extract")
    return sqlite_year


def test_the_same_person_does_not_confirm(proposed: Year) -> None:
    """Four eyes compare people: whoever proposed is refused although the role would do."""
    assert unconfirmed(proposed, "extract", by="watanabe") == {"four_eyes"}
    assert proposed.state == "ready"


def test_another_role_does_not_confirm(proposed: Year) -> None:
    """Only the roles of the table confirm."""
    assert unconfirmed(proposed, "extract", by="takahashi") == {"role_may_do_it"}


@pytest.mark.parametrize(
    "evidence",
    [
        replace(PASSED_ON, decided_on=None),
        replace(PASSED_ON, decided_on=date(2030, 1, 1)),
        replace(PASSED_ON, decided_on=date(2026, 9, 1)),  # before it was proposed
        replace(PASSED_ON, decision_number="x"),
        replace(PASSED_ON, decision_number="8総総第3号の写し"),
    ],
)
def test_no_other_decision_confirms(proposed: Year, evidence: Evidence) -> None:
    """Neither a number without a date, nor one of another form, nor a decision of the future or the past confirms."""
    assert unconfirmed(proposed, "extract", evidence=evidence) == {"approval_is_the_offices"}


def test_an_approval_in_a_record_has_its_form_and_is_used_once(year: Year) -> None:
    """Also what an approver decides alone names an approval of the office's form, and each approval one act."""
    for number in ("x", "8総総第3号の写し"):
        assert "approval_is_the_offices" in unmet(year, "cancel", decision_number=number)
    year.play(before="extract")
    year.propose("extract")
    year.confirm("extract", evidence=PASSED_ON)
    assert "approval_is_the_offices" in unmet(year, "cancel", decision_number=PASSED_ON.decision_number)
    assert year.do("cancel", decision_number="8総総第4号").state == "cancelled"


def test_nobody_confirms_without_evidence(proposed: Year) -> None:
    """Silence confirms nothing."""
    assert unconfirmed(proposed, "extract", evidence=Evidence()) == {"confirmation_is_personal"}


def test_the_right_person_completes_the_act(year: Year) -> None:
    """The second person completes it; the ledger names both, how it was confirmed, and where."""
    year.play(before="extract")
    proposal = year.propose("extract", key="k")
    assert proposal.waits_for == (Role.REGISTRAR, Role.COORDINATOR)
    assert (year.state, year.pieces()) == ("ready", {})
    assert year.propose("extract", key="k").waits_for == proposal.waits_for
    done = year.confirm("extract", evidence=PASSED_ON, via="dashboard")
    assert (done.state, year.pieces()) == ("extracted", {"exported": 12})
    entry = json.loads(year.entries()[-1])
    assert (entry["event"], entry["by"], entry["via"]) == ("extract_checked", "nakamura", "dashboard")
    assert entry["data"]["proposed_by"] == "watanabe"
    assert (entry["data"]["decision_number"], entry["data"]["decided_on"]) == ("8総総第3号", "2026-11-05")
    assert year.confirm("extract").repeated
    assert len(year.entries()) == done.seq


def test_guards_are_asked_again_when_it_is_confirmed(sqlite_year: Year) -> None:
    """What came between the proposal and the confirmation counts: a pull after the proposed go stops it."""
    year = sqlite_year
    year.play(before="approve_posting")
    year.propose("approve_posting")
    year.do("issue_final_pull_list", pulled="8")
    year.do("acknowledge_final_pull_list", pulled="8")
    assert unconfirmed(year, "approve_posting") == {"approved_count_agrees"}


def test_a_newer_proposal_takes_the_place_of_an_older_one(proposed: Year) -> None:
    """One proposal of an act waits; what is confirmed is the newest."""
    proposed.propose("extract", by="nakamura")
    assert unconfirmed(proposed, "extract", by="nakamura") == {"four_eyes"}
    proposed.confirm("extract", by="watanabe")
    statuses = [row.status for row in proposed.read(select(tables.Record)) if row.act == "extract"]
    assert statuses == ["dropped", "done"]
    older, newer, told, *_refused, done = (json.loads(it) for it in proposed.entries()[-5:])
    assert told["event"] == "proposal_replaced"
    assert (told["data"]["proposal"], told["data"]["replaced_by"]) == (older["seq"], newer["seq"])
    assert done["data"]["proposal"] == newer["seq"]


def test_a_proposal_is_not_confirmed_under_hold(proposed: Year) -> None:
    """A hold between the two persons stops the act until it is released."""
    proposed.do("hold")
    assert unconfirmed(proposed, "extract") == {"not_on_hold"}
    proposed.do("release_hold")
    proposed.confirm("extract")


# hold, deviations, incidents


def test_a_hold_stops_the_work(year: Year) -> None:
    """Under hold nothing goes on; the state stays, and after the release it goes on."""
    year.play(before="complete_printing")
    year.do("hold")
    gap = unmet(year, "complete_printing")["not_on_hold"]
    assert gap.owner == Side.WARD.label
    assert "cycle_is_not_on_hold" in unmet(year, "hold")
    year.do("release_hold")
    year.do("complete_printing")


def test_under_hold_rescue_goes_on(sqlite_year: Year) -> None:
    """Re-checks, pulls, return, erasure, deviations and cancelling are done under hold."""
    year = sqlite_year
    year.play(before="recheck_before_enclosing")
    year.do("hold")
    for trigger in ("recheck_before_enclosing", "issue_pull_list", "acknowledge_pull_list", "record_deviation"):
        year.do(trigger)
    assert "not_on_hold" in unmet(year, "report_enclosing")
    assert year.pieces()["pulled"] == 2
    year.do("cancel")
    year.do("report_incident")
    year.do("return_items", items=tuple(item.number for item in year.facts().things_in("with_contractor")))
    for trigger in ("report_erasure", "return_media", "confirm_erasure"):
        year.do(trigger)
    year.do("destroy_items", items=tuple(item.number for item in year.facts().things_in("with_ward")))
    assert year.facts().on_hold


def test_a_planned_movement_that_breaks_a_rule_is_refused(sqlite_year: Year) -> None:
    """Before it happens, bag, hands, scan and fresh re-check are asked for, all at once."""
    sqlite_year.play(before="hand_over_medium")
    sqlite_year.later(hours=25)
    wrong = {"locked_bag": False, "in_person": False, "receiver": "stranger", "scan_clean": False}
    assert set(unmet(sqlite_year, "hand_over_medium", **wrong)) == {
        "bag_is_locked", "handed_over_in_person", "both_hands_are_registered", "medium_was_scanned_today",
        "protection_is_freshly_rechecked", "package_was_read_back_today",
    }  # fmt: skip


def test_a_movement_that_has_happened_is_recorded_as_a_deviation(year: Year) -> None:
    """A fact is never refused: it is done, opens an incident and holds the year until both are settled (Law 8)."""
    year.play(before="hand_over_medium")
    outcome = year.do("hand_over_medium", already_happened=True, locked_bag=False, receiver="stranger")
    assert outcome.deviations == ("bag_is_locked", "both_hands_are_registered")
    assert [item.state for item in year.facts().items if item.is_thing] == ["with_contractor", "with_ward"]
    assert incidents(year) == [(1, "deviation", "open")]
    assert year.events()[-2:] == ["medium_handed_over", "deviation_recorded"]
    assert set(unmet(year, "release_hold")) == {"no_incident_is_open"}
    settle_everything(year)
    assert incidents(year) == [(1, "deviation", "settled")]
    year.play()
    assert year.state == "closed"


def test_a_fact_is_judged_by_the_moment_at_which_it_happened(sqlite_year: Year) -> None:
    """The notice that went out with the medium is a deviation, however much later it is entered."""
    year = sqlite_year
    year.play(before="hand_over_password")
    together = year.clock.at + timedelta(minutes=5)
    year.later(days=1)
    outcome = year.do("hand_over_password", at=together, already_happened=True)
    assert outcome.deviations == ("password_goes_on_another_occasion",)


def test_a_movement_entered_a_day_later_is_no_deviation_for_that(sqlite_year: Year) -> None:
    """Scan and re-check are compared with the day on which the medium left, not with the day of the entry."""
    year = sqlite_year
    year.play(before="hand_over_medium")
    left = year.clock.at + timedelta(hours=1)
    year.later(days=2)
    outcome = year.do("hand_over_medium", at=left, already_happened=True, scanned_on=left.date())
    assert outcome.deviations == ()
    assert not year.facts().on_hold


@pytest.mark.parametrize(("trigger", "kind"), [("record_deviation", "deviation"), ("report_incident", "loss")])
def test_an_incident_holds_the_year_and_blocks_its_close(sqlite_year: Year, trigger: str, kind: str) -> None:
    """Whoever tells of it, the incident opens and the year stands still until it is settled."""
    year = sqlite_year
    year.play(before="close")
    year.do(trigger, by="kobayashi")
    assert incidents(year) == [(1, kind, "open")]
    assert set(unmet(year, "close")) == {"not_on_hold", "no_incident_is_open"}
    assert "incident_is_open" in unmet(year, "settle_incident", incident=2)
    settle_everything(year)
    assert year.do("close").state == "closed"


# protected persons and counts


def test_a_protected_person_is_not_forgotten_by_the_next_recheck(sqlite_year: Year) -> None:
    """Each re-check tells what is new; what an earlier one found is on the pull list, and stops the posting."""
    year = sqlite_year
    year.play(before="recheck_before_enclosing")
    year.do("recheck_before_enclosing", newly_protected="5-6")
    year.do("recheck_before_enclosing", newly_protected="")
    assert "[6]" in unmet(year, "issue_pull_list")["changes_are_on_the_pull_list"].missing  # 12 did not leave at all
    year.do("issue_pull_list", pulled="5-6", reasons={"a": 2})
    year.do("acknowledge_pull_list", pulled="5-6")
    year.do("report_enclosing", sealed="1-4,7-11", machine_count=9, reruns=0)
    year.do("complete_enclosing", letters_enclosed=9)
    year.do("recheck_before_posting", newly_protected="8")
    year.do("recheck_before_posting", newly_protected="")
    assert "[5-6,8,12]" in unmet(year, "post")["no_protected_piece_is_left"].missing
    assert "[8]" in unmet(year, "issue_final_pull_list")["changes_are_on_the_pull_list"].missing


def test_a_pull_list_issued_again_wants_a_new_answer(sqlite_year: Year) -> None:
    """The answer to an older list does not let the enclosing go on."""
    year = sqlite_year
    year.play(before="report_enclosing")
    year.do("issue_pull_list", pulled="6")
    assert set(unmet(year, "report_enclosing")) == {"pull_list_is_acknowledged"}


@pytest.mark.parametrize(
    ("before", "trigger", "nothing"),
    [
        ("report_printing", "report_printing", {"good": "", "spoiled": "", "reprinted": "", "spoiled_stack": ""}),
        ("report_enclosing", "report_enclosing", {"sealed": "", "machine_count": 0, "reruns": 0}),
        ("recheck_before_enclosing", "acknowledge_pull_list", {"pulled": ""}),
    ],
)
def test_a_report_of_nothing_moves_nothing(
    sqlite_year: Year, before: str, trigger: str, nothing: dict[str, Any]
) -> None:
    """No serial named is no serial moved."""
    sqlite_year.play(before=before)
    if trigger == "acknowledge_pull_list":  # nobody came under protection
        sqlite_year.do("recheck_before_enclosing", newly_protected="")
        sqlite_year.do("issue_pull_list", pulled="", reasons={})
    pieces = sqlite_year.pieces()
    sqlite_year.do(trigger, **nothing)
    assert sqlite_year.pieces() == pieces


def test_thousands_of_single_serials_are_moved_and_counted(year: Year) -> None:
    """A list without runs is longer than one statement of the database may be, and is handled all the same."""
    many = ",".join(map(str, range(101, 5101, 2)))
    with lifted(year.engine) as connection:
        facts = year.door.facts(connection, CYCLE)
        add = AddPieces(serials="101-5100", origin="extract")
        apply.apply(connection, facts, (add,), by="system", seq=1, calendar=year.door.calendar)
        assert facts.pieces.within(many, "exported") == 2500


def test_an_electronic_copy_does_not_come_back_as_a_thing(sqlite_year: Year) -> None:
    """Copies are erased and reported; only media, notices and sheets are returned (Law 7)."""
    sqlite_year.play(before="return_items")
    assert "C-2026-01" in unmet(sqlite_year, "return_items", items=("C-2026-01",))["returned_items_were_out"].missing


# cancelling and closing


@pytest.mark.parametrize("state", BEFORE_RETURN)
def test_a_year_is_cancelled_from_every_state_and_still_ends(sqlite_year: Year, state: str) -> None:
    """From cancelled the way goes on through return, erasure and close; only what was caused is owed."""
    year = sqlite_year
    year.play(until=state)
    went_out, extract, posted = year.facts().went_out(), "take_extract" in year.facts().done, state == "posted"
    year.do("cancel")
    assert year.state == "cancelled"
    items = year.facts().items  # with the letters, where some were printed
    way = [
        *(["return_items", "report_erasure"] if went_out else []), "return_media", "confirm_erasure",
        *(["end_returned_mail"] if posted else []), *(["erase_ward_data"] if extract else []),
        *(["destroy_items"] if any(item.is_thing for item in items) else []), "close",
    ]  # fmt: skip
    act = tables.Act
    assert {row.act for row in year.read(select(act).where(col(act.done_on).is_(None)))} == set(way)
    copies = None if any(item.number == "C-2026-01" for item in items) else ()
    for trigger in way:
        changes: dict[str, Any] = {}
        if holder := {"return_items": "with_contractor", "destroy_items": "with_ward"}.get(trigger):
            changes = {"items": tuple(item.number for item in year.facts().things_in(holder))}
        if trigger == "report_erasure" and copies is not None:
            changes = {"copies": copies}
        if trigger == "end_returned_mail":
            changes = {"returned": {}}
        year.do(trigger, **changes)
    assert year.state == "closed"


def test_a_cancelled_year_does_not_close_while_things_are_out(sqlite_year: Year) -> None:
    """Return and erasure are asked for by name where something went out."""
    year = sqlite_year
    year.play(until="transferred")
    year.do("cancel")
    assert "M-2026-01 P-2026-01" in unmet(year, "return_media")["every_item_is_back"].missing
    year.do("return_items", items=("M-2026-01", "P-2026-01"))
    year.do("return_media")
    year.propose("report_erasure")
    year.do("confirm_erasure")
    assert set(unmet(year, "close")) == {"ward_holds_no_data", "no_item_is_left", "measures_are_claimed"}


def test_a_closed_year_owes_nothing(year: Year) -> None:
    """What was never done, and need not be, is owed no more."""
    year.play(before="inspect_contractor")
    with lifted(year.engine) as connection:
        connection.execute(update(tables.Act).values(done_on=None).where(col(tables.Act.act) == "report_completion"))
    year.play()
    act = tables.Act
    assert year.read(select(act).where(col(act.done_on).is_(None))) == []
    [close] = year.read(select(act).where(col(act.act) == "close"))
    assert close.flag == ""


# deadlines


def test_a_late_act_moves_what_hangs_on_it(year: Year) -> None:
    """Three open days late are three open days later for what hangs on it; the plan stays beside it."""
    calendar, after = year.door.calendar, ("report_completion", "end_returned_mail")
    year.play(before="report_enclosing")
    planned = {act: due(year, act) for act in ("complete_enclosing", "issue_final_pull_list", "post", *after)}
    year.clock.at += (calendar.add_open_days(due(year, "report_enclosing"), 3)) - year.clock.at.date()
    year.do("report_enclosing")
    for act in ("complete_enclosing", "issue_final_pull_list", "post"):
        assert due(year, act) == calendar.add_open_days(planned[act], 3)
    assert due(year, "report_completion") == calendar.add_open_days(planned["report_completion"], 3)
    assert due(year, "end_returned_mail") == planned["end_returned_mail"]  # it hangs on the ceremony alone
    rows = {row.act: row.planned_on for row in year.read(select(tables.Act))}
    assert {act: rows[act] for act in planned} == planned


def test_a_year_done_in_time_moves_nothing(sqlite_year: Year) -> None:
    """As long as everything is done on its day, every act is owed on the day of the plan."""
    sqlite_year.play()
    rows = sqlite_year.read(select(tables.Act))
    moved = {row.act for row in rows if row.due_on != row.planned_on}
    assert moved <= {"accept_work"}  # ten calendar days after the actual report


def test_a_person_moves_a_deadline_with_a_reason_and_what_hangs_on_it_follows(year: Year) -> None:
    """The new day stands with its reason; what comes after it moves by as much; moved back, all is as before."""
    calendar, before = year.door.calendar, year.facts().due
    later = calendar.add_open_days(before["complete_enclosing"], 2)
    year.do("move_deadline", act="complete_enclosing", to=later, reason="機械の故障")
    assert due(year, "complete_enclosing") == later
    assert due(year, "post") == calendar.add_open_days(before["post"], 2)
    [row] = year.read(select(tables.Act).where(col(tables.Act.act) == "complete_enclosing"))
    assert (row.moved_to, row.moved_reason, row.planned_on) == (later, "機械の故障", before["complete_enclosing"])
    year.do("move_deadline", act="complete_enclosing", to=before["complete_enclosing"])
    assert year.facts().due == before


def test_a_deadline_of_what_is_done_or_unknown_is_not_moved(sqlite_year: Year) -> None:
    """Only what is still owed has a deadline."""
    sqlite_year.play(until="contracted")
    for act in ("conclude_contract", "decide_row", "nonsense"):
        assert set(unmet(sqlite_year, "move_deadline", act=act)) == {"act_is_still_owed"}


# races and kills


@pytest.mark.parametrize("act", ["report_erasure", "report_completion"])
@pytest.mark.parametrize(("day", "deviations"), [(25, ()), (28, ("commitments_are_kept",))])
def test_a_report_after_the_end_of_the_contract_is_a_deviation(
    sqlite_year: Year, act: str, day: int, deviations: tuple[str, ...]
) -> None:
    """On the last day of the contract it is as any; after it the report is recorded, and opens an incident."""
    year = sqlite_year
    year.play(before=act)
    year.clock.at = datetime(2026, 12, day, 10, tzinfo=TOKYO)
    assert year.do(act).deviations == deviations
    assert act in year.facts().done
    assert (len(year.facts().incidents), year.facts().on_hold) == (len(deviations), bool(deviations))


def test_two_who_race_for_one_step_have_one_winner(database_url: str, engines: Engines, ledger_key: LedgerKey) -> None:
    """Thirty times two desks do the same step at once: one is done, the other refused, the ledger has no gap."""
    year = Year(engines(database_url), ledger_key)
    desks = [Year(engines(database_url), ledger_key, year.clock) for _desk in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for turn in range(30):
            step = "release_hold" if turn % 2 else "hold"
            year.do("claim_measures") if not turn else None
            assert sorted(pool.map(lambda desk, step=step: done(desk, step), desks)) == [False, True]
    steps = [event for event in year.events() if event in {"cycle_held", "hold_released"}]
    assert steps == ["cycle_held", "hold_released"] * 15
    assert [json.loads(entry)["seq"] for entry in year.entries()] == list(range(1, len(year.entries()) + 1))


def done(year: Year, step: str) -> bool:
    try:
        year.do(step)
    except Refused:
        return False
    return True


def test_an_error_in_the_middle_leaves_nothing(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    """When an effect fails, neither state, record, pieces nor ledger have changed."""
    year.play(before="extract")
    year.propose("extract")
    before = year.everything_but_the_ledger(), year.entries()

    def fails(*_arguments: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(apply, "_add_pieces", fails)
        with pytest.raises(InterruptedError):
            year.confirm("extract")
    assert (year.everything_but_the_ledger(), year.entries()) == before
    year.confirm("extract")


KILLED = """
import os, signal, sys
from pathlib import Path
from adapters.keys import LedgerKey
from models.database import connect
from scenes import Clock, Year
from datetime import datetime
from states import apply

real = apply._add_pieces
def and_is_killed(context, effect):
    real(context, effect)
    os.kill(os.getpid(), signal.SIGKILL)
apply._add_pieces = and_is_killed
url, key, at = sys.argv[1:]
Year(connect(url), LedgerKey.load(Path(key)), Clock(at=datetime.fromisoformat(at))).confirm("extract")
"""


def test_a_kill_in_the_middle_leaves_nothing(
    database_url: str, engines: Engines, ledger_key: LedgerKey, template_home: Path
) -> None:
    """A process killed after the state, the ledger and the pieces were written has written nothing."""
    year = Year(engines(database_url), ledger_key, Clock())
    year.play(before="extract")
    year.propose("extract")
    before = year.everything_but_the_ledger(), year.entries()
    places = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parent)])
    arguments = [database_url, str(template_home / "keys" / "ledger.pem"), year.clock.at.isoformat()]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], env={**os.environ, "PYTHONPATH": places}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert (year.everything_but_the_ledger(), year.entries()) == before
    year.confirm("extract")
    assert year.pieces() == {"exported": 12}


def test_whoever_is_on_no_register_stands_in_the_ledger_without_what_was_typed(year: Year) -> None:
    """A refusal keeps the act and the guards, but not the text that was given as an id: it may be anything."""
    assert "person_is_registered" in unmet(year, "conclude_contract", by="山田 太郎")
    assert json.loads(year.entries()[-1])["by"] == "unregistered"
    assert "山田" not in "".join(year.entries())


def test_a_pull_after_the_go_asks_for_the_go_again(year: Year) -> None:
    """The posting is approved for a number of pieces; with fewer pieces it is not approved any more."""
    year.play(before="post")
    year.do("issue_final_pull_list", pulled="9", reasons={"r1": 1}, rechecked_on=year.facts().today)
    year.do("acknowledge_final_pull_list", pulled="9")
    assert "posting_is_approved" in unmet(year, "post")
    year.do("approve_posting", letters=year.pieces()["enclosed"])
    assert "posting_is_approved" not in unmet(year, "post", accepted=0)


def test_a_newer_proof_asks_for_the_approval_again(year: Year) -> None:
    """The imprint sample is not approved while the latest text is not."""
    year.play(before="approve_proof")
    year.do("submit_text_proof", version=2)
    assert "text_is_approved" in unmet(year, "approve_proof")
