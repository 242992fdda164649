"""Measures shown by what was done: a year claims what no record shows; what served one gate does not open the next."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from direct import YEAR, rehearsed
from playing import CYCLE, Played, begun

from models.errors import Refused, Unmet
from rehearsal import cast
from rehearsal.plan import Plan
from steps import acting
from views import measures


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


def enter(year: Played, act: str, /, *, by: str = cast.MANAGER, **fields: Any) -> None:
    acting.perform(year.office, CYCLE, act, by=by, fields=fields)


def refused(year: Played, act: str, /, *, by: str = cast.MANAGER, **fields: Any) -> dict[str, Unmet]:
    with pytest.raises(Refused) as refusal:
        enter(year, act, by=by, **fields)
    return {gap.guard: gap for gap in refusal.value.unmet}


def asked_at(year: Played, act: str) -> set[str]:
    gaps = {gap.guard: gap for gap in year.office.door.missing(CYCLE, act)}
    words = gaps["measures_are_claimed"].missing if "measures_are_claimed" in gaps else ""
    return {measure for measure in year.facts().measures if measure in words}


def test_a_clean_year_claims_once_a_side_what_no_record_shows(template_home: Path, tmp_path: Path) -> None:
    """Each side claims at readiness, on paper, what no act shows; every other measure is shown by what was done."""
    plan = Plan(year=YEAR, out=tmp_path / "year", persons=40, extract=None, late={}, seed=1, keep=False)
    with rehearsed(template_home, plan) as rehearsal:
        rehearsal.run(lambda _today, _facts: None)
        entries: list[dict[str, Any]] = rehearsal.people.entries()
        found = rehearsal.office.see(rehearsal.cycle_id, measures.standings)
    claimed = [it["by"] for it in entries if it["event"] == "measures_claimed"]
    assert claimed == [cast.COORDINATOR, cast.MANAGER]
    assert Counter(it.standing for it in found) == {"proved": 44, "no_occasion": 4}
    reminded = [it["data"]["act"] for it in entries if it["event"] == "reminder_sent"]
    assert "report_status" in reminded


def test_a_check_of_readiness_does_not_open_the_media_return(year: Played) -> None:
    """Without a status report the return asks for a check made since; one of before, or of another kind, is refused."""
    year.play(before="report_status")
    ready = year.facts().done["confirm_readiness"].on
    enter(
        year, "move_deadline", by=cast.COORDINATOR, act="report_status", to=f"{YEAR + 1}-01-08", reason="担当者の不在"
    )
    year.play(before="return_items")
    year.do("return_items")
    year.wait_for("return_media")
    gap = refused(year, "return_media", by=cast.COORDINATOR, checked_on=str(year.now.date()))["measures_are_claimed"]
    assert asked_at(year, "return_media") == {"W-OP-02", "C-OP-02", "C-OP-06"}
    assert gap.act == "claim_measures"

    check = {"measures": ["C-OP-06"], "evidence": "自己点検票 11月", "kind": "check", "result": "異常なし"}
    before = str(ready - timedelta(days=1))
    assert set(refused(year, "claim_measures", **check, happened_on=before)) == {
        "evidence_was_made_since_the_gate_before"
    }
    other = check | {"kind": "act", "entry": year.facts().done["inspect_contractor"].seq}
    assert set(refused(year, "claim_measures", **other)) == {"evidence_is_of_the_measures_kind"}
    enter(year, "claim_measures", **check, happened_on=str(year.now.date()))
    assert asked_at(year, "return_media") == {"W-OP-02", "C-OP-02"}
    year.do("report_status")
    assert asked_at(year, "return_media") == set()
    enter(year, "return_media", by=cast.COORDINATOR, checked_on=str(year.now.date()))
    assert year.facts().state == "media_returned"


def test_what_the_contractors_own_check_finds_is_put_right_before_the_close(year: Played) -> None:
    """A finding of the status report is owed by its date, numbered with those of the inspections, before the close."""
    year.play(before="report_status")
    due = year.office.calendar.first_open(year.now.date() + timedelta(days=3))
    assert set(refused(
        year, "report_status", **as_text(year, "report_status", findings=1),
    )) == {"findings_are_all_named"}  # fmt: skip
    year.do("report_status", findings=1, found=[{"what": "保管庫の鍵の管理簿に記入漏れ", "due_on": str(due)}])
    assert year.facts().due["settle_finding"] == due
    year.play(before="close")
    assert "settle_finding" in year.facts().done


def test_a_storage_place_without_a_lock_is_refused_and_is_a_deviation_once_it_happened(year: Played) -> None:
    """What is planned is refused; a medium that left all the same contradicts the ward's measure, and is recorded."""
    year.play(before="hand_over_medium")
    told = as_text(year, "hand_over_medium", locked=False)
    assert set(refused(year, "hand_over_medium", by=cast.COORDINATOR, **told)) == {"ward_kept_it_locked"}
    outcome = year.do("hand_over_medium", locked=False, already_happened=True)
    assert "ward_kept_it_locked" in outcome.deviations
    standing = {it.measure.id: it.standing for it in year.office.see(CYCLE, measures.standings)}
    assert standing["W-OP-10"] == "contradicted"


def test_patches_of_last_year_are_refused_at_readiness(year: Played) -> None:
    """The day of the last patches is not older than the programme allows; without a day the measure is claimed."""
    year.play(before="confirm_readiness")
    told = as_text(year, "confirm_readiness", contractor_patched_on="2025-11-30")
    assert set(refused(year, "confirm_readiness", by=cast.COORDINATOR, **told)) == {"contractors_patches_are_recent"}
    year.do("confirm_readiness")


def test_a_change_of_measures_holds_the_year_until_it_is_decided(year: Played) -> None:
    """The notice holds the year; the hold ends only after both sides talked it over since, and shows the measure."""
    year.play(before="report_printing")
    day = str(year.now.date())
    release = {"discussed_on": day, "decision_number": "8-総総-77"}
    standing = {it.measure.id: it.standing for it in year.office.see(CYCLE, measures.standings)}
    assert standing["W-OP-13"] == "no_occasion"
    enter(year, "report_change", what="媒体の保管場所", after="第二工場の金庫", effective_on=day)
    assert year.facts().on_hold
    assert set(refused(year, "release_hold", by=cast.APPROVER, **release)) == {"every_change_is_decided"}
    talk = {"discussed_on": day, "participants": "両責任者", "decision": "金庫の施錠を確認して承諾"}
    enter(year, "discuss_measures", by=cast.COORDINATOR, **talk)
    enter(year, "release_hold", by=cast.APPROVER, **release)
    assert not year.facts().on_hold
    standing = {it.measure.id: it.standing for it in year.office.see(CYCLE, measures.standings)}
    assert standing["W-OP-13"] == standing["C-OP-13"] == "proved"


def as_text(year: Played, act: str, **changes: Any) -> dict[str, Any]:
    """Return what the cast brings for an act, as it is typed, but for what is changed."""
    scene = cast.Scene(office=year.office, facts=year.facts(), printer=year.printer)
    return {name: str(it) if not isinstance(it, bool | int | list) else it
            for name, it in (cast.fields(act, scene) | changes).items()}  # fmt: skip
