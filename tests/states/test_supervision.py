"""Supervision at the door: subcontractors, clouds, inspections and findings with their due dates."""

from datetime import date, timedelta
from typing import Any

import pytest
from scenes import CYCLE, HASH, Year
from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.database import reading
from models.errors import Refused, Unmet
from states.rules.supervision import open_findings
from states.sweep import sweep

NAME = "協和製本"


def unmet(year: Year, trigger: str, **changes: Any) -> dict[str, Unmet]:
    with pytest.raises(Refused) as refused:
        year.propose(trigger, **changes)
    return {gap.guard: gap for gap in refused.value.unmet}


def owed(year: Year) -> list[tuple[date, str, bool]]:
    """Return when the findings are owed, by whom, and whether that is done."""
    act = tables.Act
    rows = year.read(
        select(col(act.due_on), col(act.owner), col(act.done_on)).where(col(act.act) == "settle_finding")
    )  # fmt: skip
    return [(due_on, owner, done_on is not None) for due_on, owner, done_on in rows]


def numbered(year: Year) -> dict[int, str]:
    """Return the open findings by number."""
    with reading(year.engine) as connection:
        return {it.number: it.finding.what for it in open_findings(year.door.facts(connection, CYCLE))}


def found(what: str, due_on: date) -> dict[str, Any]:
    return {"what": what, "due_on": due_on}


# claims at more than one gate


def test_what_was_claimed_for_one_gate_does_not_serve_the_next(sqlite_year: Year) -> None:
    """A later gate names what it asks for anew; a check of before the gate is refused, one made since is taken."""
    year = sqlite_year
    year.play(before="return_items")
    year.do("return_items")
    asked = {gap.guard: gap for gap in year.door.missing(CYCLE, "return_media")}["measures_are_claimed"]
    assert asked.act == "claim_measures"
    assert "W-OP-06" in asked.missing
    assert "C-OP-06" not in asked.missing, "the status report shows it"
    ready_on = year.facts().done["confirm_readiness"].on
    anew: dict[str, Any] = {"measures": ("W-OP-06",)}
    before = unmet(year, "claim_measures", **anew, happened_on=ready_on - timedelta(days=1))
    assert "W-OP-06" in before["evidence_was_made_since_the_gate_before"].missing
    year.propose("claim_measures", **anew, happened_on=ready_on)
    assert "measures_are_claimed" not in {gap.guard for gap in year.door.missing(CYCLE, "return_media")}


# subcontractors


def test_a_declared_subcontractor_without_consent_blocks_the_hand_over(sqlite_year: Year) -> None:
    """Neither may the medium leave nor the hand-over be confirmed; the refusal names him and what is owed."""
    year = sqlite_year
    year.play(before="hand_over_medium")
    year.do("declare_subcontractor")
    gap = unmet(year, "hand_over_medium")["every_subcontractor_has_consent"]
    assert NAME in gap.missing
    assert gap.act == "consent_to_subcontracting"
    year.do("declare_subcontractor", withdrawn=True)
    year.play(before="hand_over")
    year.do("declare_subcontractor")
    assert set(unmet(year, "hand_over")) == {"every_subcontractor_has_consent"}


def test_a_medium_that_left_all_the_same_is_a_deviation(sqlite_year: Year) -> None:
    """What has happened is recorded and opens an incident (Law 8)."""
    sqlite_year.play(before="hand_over_medium")
    sqlite_year.do("declare_subcontractor")
    outcome = sqlite_year.do("hand_over_medium", already_happened=True)
    assert "every_subcontractor_has_consent" in outcome.deviations


def test_consent_needs_a_referral_and_the_right_to_inspect(sqlite_year: Year) -> None:
    """The board approved a matter without subcontracting: the consent waits for its new referral and for the clause."""
    year = sqlite_year
    year.play(before="confirm_readiness")
    year.do("declare_subcontractor", inspection_clause=False)
    assert set(unmet(year, "consent_to_subcontracting")) == {
        "subcontract_allows_inspections", "subcontracting_was_referred",
    }  # fmt: skip
    year.do("declare_subcontractor")
    year.do("record_referral")
    assert NAME in unmet(year, "consent_to_subcontracting", name="協和")["consent_is_to_a_declared_one"].missing
    future = year.clock.at.date() + timedelta(days=1)
    assert set(unmet(year, "consent_to_subcontracting", decided_on=future)) == {"date_is_in_order"}
    year.do("consent_to_subcontracting")
    year.do("confirm_readiness")


def test_a_new_declaration_asks_for_consent_anew(sqlite_year: Year) -> None:
    """Consent was to what was declared: other work needs another consent, and nothing may go there until then."""
    year = sqlite_year
    year.play(before="report_printing")
    year.do("declare_subcontractor")
    year.do("record_referral")
    year.do("consent_to_subcontracting")
    moved = {"item": "T-2026-01", "giver": "asahi", "receiver": "kobayashi", "to": "subcontractor", "kind": "paper"}
    year.do("record_movement", **moved)
    year.do("declare_subcontractor", work="印字")
    assert set(unmet(year, "record_movement", **moved | {"item": "T-2026-02"})) == {"subcontractor_has_consent"}


def test_whoever_subcontracts_names_his_subcontractors(sqlite_year: Year) -> None:
    """A declaration that there are some does not do: each is declared before readiness."""
    sqlite_year.play(before="confirm_readiness")
    sqlite_year.do("register_handlers", subcontracting="consented", consent_number="決-5")
    gaps = unmet(sqlite_year, "confirm_readiness")
    assert gaps["subcontractors_are_named"].act == "declare_subcontractor"


def test_a_subcontractor_is_inspected_before_the_media_return_is_confirmed(sqlite_year: Year) -> None:
    """Where there is one, an inspection of him is on record, beside that of the contractor."""
    year = sqlite_year
    year.play(before="inspect_contractor")
    year.do("declare_subcontractor")
    year.do("record_referral")
    year.do("consent_to_subcontracting")
    year.play(until="posted")
    assert set(unmet(year, "inspect_contractor", subcontractor="協和")) == {"inspected_subcontractor_is_declared"}
    year.play(before="return_media")
    assert NAME in unmet(year, "return_media")["every_subcontractor_was_inspected"].missing
    year.do("inspect_contractor", subcontractor=NAME)
    year.do("return_media")


# clouds


def test_readiness_waits_for_the_declaration_of_cloud_services(sqlite_year: Year) -> None:
    """None used is declared too; the ward's own declaration is not the contractor's."""
    sqlite_year.play(before="declare_cloud_use")
    sqlite_year.do("declare_cloud_use", side="ward")
    assert unmet(sqlite_year, "confirm_readiness")["cloud_use_is_declared"].act == "declare_cloud_use"


def test_a_cloud_abroad_or_without_a_statement_is_refused(sqlite_year: Year) -> None:
    """A service needs the guideline and its statement on file; servers outside Japanese law are refused."""
    sqlite_year.play(before="declare_cloud_use")
    used = {"service": "保管クラウド", "guideline_followed": True}
    assert set(unmet(sqlite_year, "declare_cloud_use", **used)) == {"cloud_follows_the_guideline"}
    abroad = {"server_place": "カリフォルニア", "under_japanese_law": True}
    assert set(unmet(sqlite_year, "declare_cloud_use", **abroad)) == {"servers_stand_in_a_prefecture"}
    other_law = {"under_japanese_law": False}
    assert set(unmet(sqlite_year, "declare_cloud_use", **other_law)) == {"servers_stand_under_japanese_law"}
    sqlite_year.do("declare_cloud_use", **used, statement=HASH)


# inspections


def test_readiness_needs_a_planned_inspection(sqlite_year: Year) -> None:
    """The plan may be a record of its own, with its inspectors; one after the posting is none for readiness."""
    year = sqlite_year
    year.play(before="confirm_readiness")
    gap = unmet(year, "confirm_readiness", inspection_planned_on=None)["inspection_is_planned_in_the_period"]
    assert gap.act == "plan_inspection"
    year.do("plan_inspection", planned_on=date(2026, 12, 4))
    assert "inspection_is_planned_in_the_period" in unmet(year, "confirm_readiness", inspection_planned_on=None)
    year.do("plan_inspection")
    year.do("confirm_readiness", inspection_planned_on=None)


def test_readiness_is_content_with_an_inspection_that_was_held(sqlite_year: Year) -> None:
    """Once the contractor was inspected nobody is asked for a plan any more, although its day has passed."""
    year = sqlite_year
    year.play(before="confirm_readiness")
    year.do("inspect_contractor", inspected_on=date(2026, 10, 13))
    year.do("confirm_readiness", inspection_planned_on=date(2026, 10, 13))


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"planned_on": date(2026, 9, 1)}, "planned_day_is_in_the_period"),
        ({"inspectors": ("nobody",)}, "planned_inspectors_are_registered"),
        ({"kind": "desk"}, "planned_desk_check_has_its_reason"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(sqlite_year: Year, changes: dict[str, Any], guard: str) -> None:
    """A plan names a day to come, registered inspectors and the reason for a desk check."""
    sqlite_year.play(before="confirm_readiness")
    assert set(unmet(sqlite_year, "plan_inspection", **changes)) == {guard}


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"inspected_on": date(2026, 9, 1)}, "inspection_has_happened"),
        ({"inspected_on": date(2027, 3, 1)}, "inspection_has_happened"),
        ({"inspectors": ("nobody",)}, "inspectors_are_registered"),
        ({"kind": "desk"}, "desk_check_has_its_reason"),
        ({"findings": 2}, "findings_are_all_named"),
        ({"findings": 1, "found": (found("施錠", date(2026, 10, 1)),)}, "findings_are_due_after_the_inspection"),
    ],
)
def test_a_result_that_cannot_be_is_refused(sqlite_year: Year, changes: dict[str, Any], guard: str) -> None:
    """A result is of a day under the contract, by registered people, with as many findings named as counted."""
    sqlite_year.play(before="inspect_contractor")
    assert set(unmet(sqlite_year, "inspect_contractor", **changes)) == {guard}


def test_the_media_return_waits_for_the_inspection(sqlite_year: Year) -> None:
    """Without a result of the contractor's inspection the return of the media is not confirmed."""
    year = sqlite_year
    year.play(before="inspect_contractor")
    assert "contractor_was_inspected" in {gap.guard for gap in year.door.missing(CYCLE, "return_media")}
    year.do("inspect_contractor")
    assert "contractor_was_inspected" not in {gap.guard for gap in year.door.missing(CYCLE, "return_media")}


# findings


def test_findings_are_owed_by_their_dates_one_after_the_other(sqlite_year: Year) -> None:
    """The contractor owes the earliest first; what is seen to be put right leaves the next; the last one ends it."""
    year = sqlite_year
    year.play(before="inspect_contractor")
    today = year.clock.at.date()
    early, late = today + timedelta(days=7), today + timedelta(days=14)
    year.do("inspect_contractor", findings=2, found=(found("台帳", late), found("施錠", early)))
    assert owed(year) == [(early, "contractor", False)]
    assert set(unmet(year, "settle_finding", finding=3)) == {"finding_is_open"}
    yesterday = today - timedelta(days=1)
    assert set(unmet(year, "settle_finding", finding=2, settled_on=yesterday)) == {"finding_was_seen_since"}
    year.do("settle_finding", finding=2)
    assert owed(year) == [(late, "contractor", False)]
    assert numbered(year) == {1: "台帳"}
    year.do("settle_finding", finding=1)
    assert owed(year)[0][2] is True
    assert set(unmet(year, "settle_finding", finding=1)) == {"finding_is_open"}
    year.do("inspect_contractor", findings=1, found=(found("入退室", late),))
    assert owed(year) == [(late, "contractor", False)]
    assert numbered(year) == {3: "入退室"}


def test_a_finding_that_is_late_is_flagged_and_asked_for(sqlite_year: Year) -> None:
    """The sweep treats a finding as it treats a deadline of the schedule, and lateness elsewhere does not move it."""
    year = sqlite_year
    year.play(before="inspect_contractor")
    due = year.clock.at.date() + timedelta(days=1)
    year.do("inspect_contractor", findings=1, found=(found("施錠", due),))
    year.clock.at += timedelta(days=5)
    sweep(year.door)
    flags = year.read(
        select(col(tables.Act.flag), col(tables.Act.due_on)).where(col(tables.Act.act) == "settle_finding")
    )
    assert [tuple(row) for row in flags] == [("overdue", due)]
    asked = year.read(select(col(tables.Reminder.to_person)).where(col(tables.Reminder.act) == "settle_finding"))
    assert "asahi" in {to for (to,) in asked}


def test_the_year_closes_only_when_every_finding_is_put_right(sqlite_year: Year) -> None:
    """An open finding is named at the closing; a cancelled year owes it too."""
    year = sqlite_year
    year.play(before="inspect_contractor")
    due = year.clock.at.date() + timedelta(days=7)
    year.do("inspect_contractor", findings=1, found=(found("施錠", due),))
    year.play(before="close")
    year.wait_for("close")
    assert set(unmet(year, "close")) == {"every_finding_is_put_right"}
    year.do("settle_finding")
    year.do("close")


def test_a_cancelled_year_still_owes_its_findings(sqlite_year: Year) -> None:
    """Cancelling drops what is owed no more, but not what an inspection found."""
    year = sqlite_year
    year.play(before="inspect_contractor")
    due = year.clock.at.date() + timedelta(days=7)
    year.do("inspect_contractor", findings=1, found=(found("施錠", due),))
    year.do("cancel")
    assert owed(year) == [(due, "contractor", False)]
