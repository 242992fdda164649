"""Days that no lateness moves: a plan that runs past one says by how much and through which late act (Law 11)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun

from models.errors import Refused
from papers.reporting import report
from states.calendar import Calendar
from states.schedule import commitments, projection
from steps import acting
from views import board, deadlines, standing
from views.commitments import Passed, passed


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


def seen(year: Played, on: date) -> dict[str, Passed]:
    return {it.key: it for it in year.office.see(CYCLE, passed, today=on)}


def test_a_plan_in_time_passes_nothing(year: Played) -> None:
    """Opened in September, and with the contract due today, every commitment holds."""
    assert seen(year, year.facts().today) == {}
    assert seen(year, date(2026, 10, 1)) == {}


def test_a_late_contract_passes_the_ceremony_and_the_end_of_the_contract(year: Played) -> None:
    """With no contract on the first of December all four days are passed, each through the contract alone."""
    found = seen(year, date(2026, 12, 1))
    assert list(found) == ["useful_posting", "ceremony", "contract_end", "approved_period"]
    assert {(cause.act, cause.days) for it in found.values() for cause in it.causes} == {("conclude_contract", 61)}
    ceremony = found["ceremony"]
    calendar = Calendar()
    late = calendar.open_days_between(date(2026, 10, 1), date(2026, 12, 1))
    assert (ceremony.on, ceremony.act, ceremony.done) == (date(2027, 1, 11), "post", False)
    assert ceremony.expected == calendar.add_open_days(date(2026, 11, 30), late)
    assert ceremony.days == (ceremony.expected - date(2027, 1, 11)).days > 0
    assert str(ceremony.expected) in ceremony.words
    assert f"{ceremony.days}" in ceremony.words
    assert "契約締結" in ceremony.words
    assert ceremony.as_json()["days"] == ceremony.days
    assert f"{ceremony.days}日短縮" in ceremony.outlook
    assert "間に合いません" in seen(year, date(2027, 1, 12))["ceremony"].outlook
    assert "間に合いません" not in seen(year, date(2027, 1, 11))["ceremony"].outlook


def test_the_first_day_too_late_is_the_day_after_the_commitment(year: Played) -> None:
    """As long as the last act comes on the day itself the commitment holds; from the next day on it is passed."""
    days = [date(2026, 10, 1) + timedelta(days=nth) for nth in range(60)]
    first = next(day for day in days if "contract_end" in seen(year, day))
    assert seen(year, first)["contract_end"].expected > date(2026, 12, 25)
    on_the_day = year.office.see(CYCLE, passed, today=first - timedelta(days=1))
    assert "contract_end" not in {it.key for it in on_the_day}


def test_what_was_done_after_the_day_stays_passed(year: Played) -> None:
    """Once done, the act that came late is named with the day on which it was done, and time moves nothing more."""
    year.set_clock(year.now.replace(month=11, day=20))
    year.claim_every_measure()
    year.do("conclude_contract")
    found = seen(year, date(2026, 11, 20))
    assert {cause.act for it in found.values() for cause in it.causes} == {"conclude_contract"}
    assert {cause.days for it in found.values() for cause in it.causes} == {50}
    later = seen(year, date(2026, 12, 4))["contract_end"]  # now the contractor's notices are late on top of it
    assert next(cause.act for cause in later.causes) == "conclude_contract"
    assert len(later.causes) > 1
    assert later.days > found["contract_end"].days


def test_a_programme_without_commitments_has_nothing_to_pass(year: Played) -> None:
    """A year opened under a programme of old, which says none, shows none."""
    with year.office.look(CYCLE, today=date(2027, 3, 1)) as here:
        old = here.programme.model_copy(update={"commitments": {}})
        assert commitments(old, 2026, here.calendar) == {}
        assert passed(replace(here, _facts=replace(here.facts, programme=old, commitments={}))) == ()


def test_the_window_of_returned_mail_ends_after_a_late_posting(year: Played) -> None:
    """With a late contract letters still come back for two weeks after they were posted."""
    with year.office.look(CYCLE, today=date(2026, 12, 1)) as here:
        seen = projection(here.connection, CYCLE, here.programme, today=here.today, calendar=here.calendar)
        words = {it.act: it.rule_words for it in deadlines.dated(here)}["end_returned_mail"]
    posted, window = seen.found["post"], seen.found["end_returned_mail"]
    assert posted.day > date(2027, 1, 18) == seen.planned["end_returned_mail"]
    assert window.due_on == posted.day + timedelta(days=14)
    assert "「差出」の 14 日後" in words


def test_first_promised_and_actual_day_stand_side_by_side(year: Played) -> None:
    """What was done late stays late against its first date; what only follows it is told from it."""
    year.set_clock(year.now.replace(month=11, day=20))
    year.claim_every_measure()
    year.do("conclude_contract")
    found = {it.act: it for it in year.office.see(CYCLE, deadlines.dated)}
    contract, handlers = found["conclude_contract"], found["register_handlers"]
    assert (str(contract.planned_on), str(contract.done_on)) == ("2026-10-01", "2026-11-20")
    assert (contract.late_by, contract.follows, contract.lateness) == (50, False, "50日遅れ")
    assert handlers.follows
    assert handlers.late_by == (handlers.due_on - handlers.planned_on).days > 0
    assert handlers.lateness == f"影響 {handlers.late_by}日"
    assert (found["close"].planned_on, found["close"].done_on) == (date(2027, 1, 25), None)
    with year.office.look(CYCLE) as here:
        page = board.page(here, standing.standing(here), (), board.Links(page_at="", desk=""))
        [line] = [it for it in report(here).data["schedule"] if it["title"] == "契約締結"]
    assert "済（50日遅れ）" in page.markdown
    assert (line["planned"], line["promised"], line["actual"]) == ("2026-10-01", str(contract.due_on), "2026-11-20")


def decide(year: Played, until: date, **fields: str) -> None:
    acting.perform(
        year.office, CYCLE, "decide_late_plan", by="takahashi",
        fields={"commitment": "ceremony", "until": str(until), "reason": "契約の遅れ", **fields},
    )  # fmt: skip


def test_a_named_decision_is_said_and_the_red_stays(year: Played) -> None:
    """The approver accepts a passing up to a day: that is said with name, day and number, and it is still passed."""
    late = date(2026, 12, 1)
    year.set_clock(year.now.replace(month=12, day=1))
    before = seen(year, late)["ceremony"]
    assert (before.decision, before.is_accepted) == (None, False)
    decide(year, before.expected, decision_number="26-総総-301")
    after = seen(year, late)["ceremony"]
    assert (after.days, after.is_accepted) == (before.days, True)
    assert all(words in after.words for words in ("takahashi", "2026-12-01", "26-総総-301", str(before.expected)))
    assert seen(year, late)["contract_end"].decision is None


def test_a_plan_that_slides_on_asks_for_another_decision(year: Played) -> None:
    """A decision covers the day that it names and none after it; the last one counts."""
    late = date(2026, 12, 1)
    year.set_clock(year.now.replace(month=12, day=1))
    expected = seen(year, late)["ceremony"].expected
    decide(year, expected - timedelta(days=1), decision_number="26-総総-301")
    assert not seen(year, late)["ceremony"].is_accepted
    decide(year, expected, decision_number="26-総総-302")
    assert seen(year, late)["ceremony"].is_accepted
    assert not seen(year, date(2026, 12, 2))["ceremony"].is_accepted


@pytest.mark.parametrize(
    ("by", "fields"),
    [("sato", {}), ("takahashi", {"commitment": "christmas"}), ("takahashi", {"until": "2027-01-11"})],
)
def test_only_the_approver_decides_on_a_day_of_the_programme(year: Played, by: str, fields: dict[str, str]) -> None:
    """A coordinator, a day that the programme does not have, and an acceptance up to the day itself are refused."""
    given = {
        "commitment": "ceremony",
        "until": "2027-01-12",
        "reason": "遅れ",
        "decision_number": "26-総総-303",
    } | fields
    with pytest.raises(Refused):
        acting.perform(year.office, CYCLE, "decide_late_plan", by=by, fields=given)
    assert "decide_late_plan" not in year.facts().done


def test_what_is_passed_is_red_everywhere(year: Played) -> None:
    """The page of the board and its line, the year's standing and the letters to whoever is the cause say it."""
    late = date(2026, 12, 1)
    year.set_clock(year.now.replace(month=12, day=1))
    with year.office.look(CYCLE, today=late) as here:
        stands, found = standing.standing(here), passed(here)
        nothing = board.Links(page_at="", desk="")
        page = board.page(here, stands, (), nothing)
        assert [it.key for it in passed(here) if it.is_through("conclude_contract")] == list(here.facts.commitments)
        assert not any(it.is_through("post") for it in passed(here))
    assert stands.passed == found
    assert [it["key"] for it in stands.as_json()["passed"]] == [it.key for it in found]
    assert "動かせない期日の超過" in page.description
    assert all(str(it.on) in page.markdown and it.title in page.markdown for it in found)
