"""Deadline rules against the worked-out example year, and what lateness moves."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import BadSetting
from states import deadlines
from states.calendar import Calendar
from states.deadlines import Rule, Scheduled

EXAMPLE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "vectors" / "schedule_fy2026.yaml").read_text(encoding="utf-8")
)
WARD = Calendar()
ANCHORS = {
    "O": "first_open:09-01",
    "C": "first_open:10-01",
    "R": "date:11-01",
    "D": "last_open:11-30",
    "E": "last_open:12-25",
    "S": "holiday:coming_of_age",
}
YEAR = deadlines.anchors(ANCHORS, 2026, WARD)
# Medium and notice go on two days, the receipt follows both; acceptance hangs on the completion itself.
CHAIN = (
    Scheduled(act="proof", rule="D-16bd"),
    Scheduled(act="medium", rule="D-14bd", after=("proof",)),
    Scheduled(act="password", rule="D-13bd", after=("medium",)),
    Scheduled(act="received", rule="D-12bd", after=("medium", "password")),
    Scheduled(act="completion", rule="D+12bd"),
    Scheduled(act="acceptance", rule="completion+10d", after=("completion", "received")),
)
PLAN = deadlines.plan(CHAIN, YEAR, WARD)


def day(text: str) -> date:
    return date.fromisoformat(text)


def dues(schedule: Sequence[Scheduled], **told: Any) -> dict[str, date]:
    return {act: projected.due_on for act, projected in deadlines.project(schedule, **told).items()}


def owed(act: str, *, done: dict[str, str] | None = None, moved: dict[str, str] | None = None) -> date:
    dates = dues(
        CHAIN,
        planned=PLAN,
        done={key: day(text) for key, text in (done or {}).items()},
        moved={key: day(text) for key, text in (moved or {}).items()},
        calendar=WARD,
    )
    return dates[act]


def test_the_anchors_of_the_example_year_come_out() -> None:
    """All six anchors of fiscal year 2026 are computed from their rules."""
    assert {key: on.isoformat() for key, on in YEAR.items()} == {
        key: anchor["date"] for key, anchor in EXAMPLE["anchors"].items()
    }


def test_every_date_of_the_example_year_comes_out() -> None:
    """Every date of the example schedule is computed from its rule, in the order of the schedule."""
    schedule = [Scheduled(act=row["key"], rule=row["anchor"]) for row in EXAMPLE["schedule"]]
    planned = deadlines.plan(schedule, YEAR, WARD)
    assert [(key, on.isoformat()) for key, on in planned.items()] == [
        (row["key"], row["date"]) for row in EXAMPLE["schedule"]
    ]
    assert len(planned) == 39


def test_the_order_of_the_schedule_does_not_matter() -> None:
    """An act may stand before the act it hangs on."""
    backwards = CHAIN[::-1]
    assert deadlines.plan(backwards, YEAR, WARD) == PLAN
    assert list(deadlines.plan(backwards, YEAR, WARD)) == [item.act for item in backwards]


@pytest.mark.parametrize(
    ("year", "expected"),
    [(2024, "2025-01-13"), (2025, "2026-01-12"), (2026, "2027-01-11"), (2027, "2028-01-10"), (2033, "2034-01-09")],
)
def test_the_ceremony_is_on_the_second_monday_of_january(year: int, expected: str) -> None:
    """Coming of Age Day falls in the January that the fiscal year holds, and is closed."""
    [ceremony] = deadlines.anchors({"S": "holiday:coming_of_age"}, year, WARD).values()
    assert ceremony == day(expected)
    assert not WARD.is_open(ceremony)


def test_january_to_march_belong_to_the_next_calendar_year() -> None:
    """Months 01 to 03 of a fiscal year lie after its December, a leap day included."""
    rules = {"a": "date:04-01", "b": "date:12-31", "c": "date:01-01", "d": "date:03-31"}
    assert [on.isoformat() for on in deadlines.anchors(rules, 2026, WARD).values()] == [
        "2026-04-01",
        "2026-12-31",
        "2027-01-01",
        "2027-03-31",
    ]
    assert deadlines.anchors({"leap": "date:02-29"}, 2027, WARD) == {"leap": date(2028, 2, 29)}


def test_what_is_owed_is_owed_on_an_open_day() -> None:
    """A limit that ends on a Saturday is kept on the Friday; what is never before a Saturday comes on the Monday."""
    limit = [
        Scheduled(act="completion", rule="D"), Scheduled(act="acceptance", rule="completion+5d", owed=True),
        Scheduled(act="end", rule="D-9d", not_before="completion+5d", owed=True), Scheduled(act="day", rule="D+5d"),
    ]  # fmt: skip
    monday = {"D": day("2026-11-30")}
    planned = deadlines.plan(limit, monday, WARD)
    expected = {"acceptance": day("2026-12-04"), "end": day("2026-12-07"), "day": day("2026-12-05")}
    assert {act: planned[act] for act in expected} == expected
    late = {"completion": day("2026-12-07")}
    for done in (dict[str, date](), late):
        later = timedelta(days=7 if done else 0)
        found = dues(limit, planned=planned, done=done, moved={}, calendar=WARD)
        assert (found["acceptance"], found["end"]) == (expected["acceptance"] + later, expected["end"] + later)


def test_an_extra_closing_day_moves_the_plan() -> None:
    """When the ward closes on the last open day of November the posting and all before it come earlier."""
    ward = Calendar(closed=frozenset({date(2026, 11, 30)}))
    planned = deadlines.plan(CHAIN, deadlines.anchors(ANCHORS, 2026, ward), ward)
    assert planned["medium"] == date(2026, 11, 6)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("C+5bd", Rule(anchor="C", offset=5, unit="bd")),
        ("D-16bd", Rule(anchor="D", offset=-16, unit="bd")),
        ("R", Rule(anchor="R")),
        ("completion+10d", Rule(anchor="completion", offset=10, unit="d")),
        ("media_return-0d", Rule(anchor="media_return", offset=0, unit="d")),
    ],
)
def test_a_rule_is_read(text: str, rule: Rule) -> None:
    """Anchor, sign, number and unit are told apart."""
    assert Rule.parse(text) == rule


@pytest.mark.parametrize(
    "text", ["", "+5bd", "D+5", "D+bd", "D+5 bd", "D +5bd", "D+5w", "D+5bd ", "D+５bd", "D+1.5d", "D+5bd+1d"]
)
def test_what_is_no_rule_is_refused_by_its_text(text: str) -> None:
    """A rule that cannot be read is a bad setting, and the message shows it."""
    with pytest.raises(BadSetting) as refusal:
        Rule.parse(text)
    assert text in refusal.value.message


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "11-30",
        "last_open",
        "last_open:",
        "last_open:11-31",
        "first_open:2026-11-01",
        "next:11-01",
        "holiday:easter",
    ],
)
def test_what_is_no_anchor_is_refused_by_its_key(rule: str) -> None:
    """An anchor that cannot be read is a bad setting, and the message names its key and shows the rule."""
    with pytest.raises(BadSetting) as refusal:
        deadlines.anchors({"posting_day": rule}, 2026, WARD)
    assert "posting_day" in refusal.value.message
    assert rule in refusal.value.message


def test_a_leap_day_in_another_year_is_refused() -> None:
    """02-29 is an anchor only in a fiscal year that has it."""
    with pytest.raises(BadSetting):
        deadlines.anchors({"leap": "date:02-29"}, 2026, WARD)


@pytest.mark.parametrize(
    ("schedule", "key"),
    [
        ([Scheduled(act="a", rule="X+1d")], "X"),
        ([Scheduled(act="a", rule="D", after=("nobody",))], "nobody"),
        ([Scheduled(act="a", rule="D", after=("D",))], "D"),
        ([Scheduled(act="a", rule="a+1d")], "a → a"),
        ([Scheduled(act="a", rule="b+1d"), Scheduled(act="b", rule="a+1d")], "a"),
        ([Scheduled(act="a", rule="D", after=("b",)), Scheduled(act="b", rule="a+1d")], "b"),
        ([Scheduled(act="E", rule="D+1d")], "E"),
        ([Scheduled(act="same", rule="D"), Scheduled(act="same", rule="R")], "same"),
        ([Scheduled(act="a", rule="D+1week")], "D+1week"),
        ([Scheduled(act="a", rule="D5bd")], "D5bd"),
    ],
)
def test_a_schedule_that_cannot_be_planned_is_refused_by_its_key(schedule: list[Scheduled], key: str) -> None:
    """Unknown anchors, unknown and circular dependencies and keys with two meanings name the key."""
    with pytest.raises(BadSetting) as refusal:
        deadlines.plan(schedule, YEAR, WARD)
    assert key in refusal.value.message


def test_while_all_goes_to_plan_the_plan_is_owed() -> None:
    """With nothing done, and with everything done on its day, every due date is the planned date."""
    on_time = {act: on.isoformat() for act, on in PLAN.items()}
    for item in CHAIN:
        assert owed(item.act) == owed(item.act, done=on_time) == PLAN[item.act]


def test_all_due_dates_come_at_once() -> None:
    """The whole schedule's due dates stand in one answer: what is late or moved pushes what hangs on it."""
    done, moved = {"proof": day("2026-11-09")}, {"completion": day("2026-12-21")}
    owed_now = dues(CHAIN, planned=PLAN, done=done, moved=moved, calendar=WARD)
    assert {key: on.isoformat() for key, on in owed_now.items()} == {
        "proof": "2026-11-05",
        "medium": "2026-11-11",
        "password": "2026-11-12",
        "received": "2026-11-13",
        "completion": "2026-12-21",
        "acceptance": "2027-01-04",
    }


def test_what_is_late_moves_what_hangs_on_it_by_open_days() -> None:
    """A proof approved two open days late (over a weekend) leaves the medium its two open days."""
    assert (PLAN["proof"], PLAN["medium"]) == (day("2026-11-05"), day("2026-11-09"))
    assert owed("medium", done={"proof": "2026-11-09"}) == day("2026-11-11")


def test_what_is_early_moves_nothing() -> None:
    """A proof approved early leaves the medium at its plan, and what came on its day adds nothing to a rule."""
    assert owed("medium", done={"proof": "2026-10-30"}) == PLAN["medium"]
    assert owed("acceptance", done={"completion": "2026-12-14", "received": "2026-11-11"}) == day("2026-12-24")


def test_lateness_goes_through_what_is_not_done_yet() -> None:
    """A late proof moves the password notice through the medium, and takes it back when the medium made up for it."""
    assert owed("password", done={"proof": "2026-11-09"}) == day("2026-11-12")
    assert owed("password", done={"proof": "2026-11-09", "medium": "2026-11-09"}) == PLAN["password"]


def test_the_latest_of_several_decides() -> None:
    """Where two acts came late the one that pushes further counts."""
    done = {"medium": "2026-11-10", "password": "2026-11-13"}
    assert owed("received", done=done) == day("2026-11-16")
    assert owed("received", done={**done, "medium": "2026-11-16"}) == day("2026-11-18")


def test_a_rule_that_hangs_on_an_act_counts_from_its_actual_day() -> None:
    """Acceptance is owed ten days after the completion notice, whether that came late or early."""
    assert owed("acceptance", done={"completion": "2026-12-18"}) == day("2026-12-28")
    assert owed("acceptance", done={"completion": "2026-12-14"}) == day("2026-12-24")


def test_the_closing_days_do_not_stretch_a_limit_in_calendar_days() -> None:
    """A late completion moves the acceptance by its own rule alone, though it is also listed as coming before."""
    assert owed("acceptance", done={"completion": "2026-12-25"}) == day("2027-01-04")


def test_until_it_happens_the_anchors_own_due_date_counts() -> None:
    """When a person moves the completion, the acceptance follows, until the completion has its actual day."""
    moved = {"completion": "2026-12-21"}
    assert owed("acceptance", moved=moved) == day("2026-12-31")
    assert owed("acceptance", moved=moved, done={"completion": "2026-12-17"}) == day("2026-12-27")


def test_a_date_moved_by_a_person_wins() -> None:
    """A moved date is owed whatever else is late, earlier or later than the plan."""
    for moved in ("2026-11-06", "2026-11-20"):
        assert owed("medium", done={"proof": "2026-11-30"}, moved={"medium": moved}) == day(moved)


@settings(max_examples=100, deadline=None)
@given(late=st.integers(min_value=-20, max_value=40), more=st.integers(min_value=0, max_value=10))
def test_lateness_never_brings_a_date_forward(late: int, more: int) -> None:
    """What is pushed is never owed before its plan, and the later the act the later it is owed."""
    first = PLAN["medium"] + timedelta(days=late)
    sooner = owed("received", done={"medium": first.isoformat()})
    later = owed("received", done={"medium": (first + timedelta(days=more)).isoformat()})
    assert PLAN["received"] <= sooner <= later


def test_a_plan_on_a_closed_day_is_not_brought_forward() -> None:
    """A late act before a calendar date that is closed never pulls that date to the open day before it."""
    schedule = (Scheduled(act="draft", rule="R-1bd"), Scheduled(act="cutoff", rule="R", after=("draft",)))
    planned = deadlines.plan(schedule, YEAR, WARD)
    for late, expected in (("2026-10-31", "2026-11-01"), ("2026-11-04", "2026-11-04")):
        done = {"draft": day(late)}
        assert dues(schedule, planned=planned, done=done, moved={}, calendar=WARD)["cutoff"] == day(expected)


# Due on Friday 2026-11-20; Monday the 23rd is a holiday. One row a day: flag, rung of the day, latest rung, next look.
WEEKS = [
    "11-15 -         -  -  11-17",
    "11-16 -         -  -  11-17",
    "11-17 due_soon  -3 -3 11-20",
    "11-18 due_soon  -  -3 11-20",
    "11-19 due_soon  -  -3 11-20",
    "11-20 due_today 0  0  11-21",
    "11-21 overdue   -  0  11-24",
    "11-22 overdue   -  0  11-24",
    "11-23 overdue   -  0  11-24",
    "11-24 overdue   1  1  11-25",
    "11-25 escalated 2  2  11-26",
    "11-26 escalated 3  3  11-27",
    "11-27 escalated -  3  11-30",
    "11-28 escalated -  3  11-30",
    "11-30 escalated -  3  12-01",
]


def rung(due_on: date, today: date, rungs: Sequence[int] = deadlines.RUNGS) -> int | None:
    """Return the reminder rung that falls on today exactly."""
    return next((step for day, step in deadlines.rung_days(due_on, rungs, WARD) if day == today), None)


@pytest.mark.parametrize("row", WEEKS)
def test_flags_and_rungs_of_a_due_date_before_a_long_weekend(row: str) -> None:
    """Flag, rung and next look of each day around a due date on the Friday before a long weekend."""
    on, flag, exact, latest, look = row.split()
    due_on, today = date(2026, 11, 20), day(f"2026-{on}")
    assert deadlines.ladder(due_on, today, WARD) == flag.replace("-", "")
    assert rung(due_on, today) == (None if exact == "-" else int(exact))
    assert deadlines.latest_rung(due_on, today, WARD) == (None if latest == "-" else int(latest))
    assert deadlines.next_look(due_on, today, WARD) == day(f"2026-{look}")


def test_a_due_date_on_a_closed_day_is_due_on_that_day() -> None:
    """What is owed on a Sunday is due on the Sunday, overdue on Monday, and its first overdue rung is Monday's."""
    sunday = date(2026, 11, 1)
    assert deadlines.ladder(sunday, sunday, WARD) == "due_today"
    assert deadlines.ladder(sunday, date(2026, 11, 2), WARD) == "overdue"
    assert rung(sunday, date(2026, 11, 2)) == 1


def test_a_programmes_own_rungs_are_followed() -> None:
    """A programme with another ladder is reminded on its own rungs, and the flags stay."""
    due_on, today = date(2026, 11, 20), date(2026, 11, 13)
    assert rung(due_on, today, (-5, 0)) == -5
    assert deadlines.latest_rung(due_on, date(2026, 11, 30), WARD, rungs=(-5, 0)) == 0
    assert deadlines.next_look(due_on, date(2026, 11, 12), WARD, rungs=(-5, 0)) == today
    assert deadlines.next_look(due_on, today, WARD, rungs=(-5, 0)) == date(2026, 11, 17)


@settings(max_examples=60, deadline=None)
@given(due_on=st.dates(date(2026, 9, 1), date(2027, 3, 31)), before=st.integers(min_value=1, max_value=30))
def test_whoever_looks_only_when_told_misses_nothing(due_on: date, before: int) -> None:
    """From any day, going only from look to look meets every change of flag and rung on the day it happens."""

    def seen_on(today: date) -> tuple[str, int | None]:
        return deadlines.ladder(due_on, today, WARD), deadlines.latest_rung(due_on, today, WARD)

    today = due_on - timedelta(days=before)
    look, seen = deadlines.next_look(due_on, today, WARD), seen_on(today)
    for _nth in range(before + 30):
        today += timedelta(days=1)
        if today == look:
            look, seen = deadlines.next_look(due_on, today, WARD), seen_on(today)
        assert seen == seen_on(today)
        assert look > today


def projected(done: dict[str, str], today: str, moved: dict[str, str] | None = None) -> dict[str, deadlines.Projected]:
    return deadlines.project(
        CHAIN,
        planned=PLAN,
        done={key: day(text) for key, text in done.items()},
        moved={key: day(text) for key, text in (moved or {}).items()},
        calendar=WARD,
        today=day(today),
    )


@pytest.mark.parametrize(
    ("done", "today", "expected"),
    [
        ({}, "2026-11-05", {}),  # all in time: the proof is due on 2026-11-05
        ({}, "2026-11-09", {"proof": 4}),
        ({"proof": "2026-11-09"}, "2026-11-09", {"proof": 4}),
        # The medium was pushed to 11-11 and goes on the 13th: both are late of themselves, the first one first.
        ({"proof": "2026-11-09", "medium": "2026-11-13"}, "2026-11-13", {"proof": 4, "medium": 2}),
        ({"proof": "2026-11-09", "medium": "2026-11-11"}, "2026-11-11", {"proof": 4}),
        # What caught up with the plan ends the chain: what is late after it is late of itself.
        ({"proof": "2026-11-09", "medium": "2026-11-09"}, "2026-11-16", {"password": 6}),
    ],
)
def test_the_cause_is_what_is_late_of_itself(done: dict[str, str], today: str, expected: dict[str, int]) -> None:
    """The receipt is late through each act that came, or stands open, after the day it was owed; no follower is."""
    found = projected(done, today)
    assert deadlines.causes("received", found, PLAN) == expected
    assert list(deadlines.causes("received", found, PLAN)) == list(expected)


def test_what_a_person_moved_to_a_later_day_is_a_cause() -> None:
    """A moved date counts from the plan, whoever waits for it; moved to an earlier day it causes nothing."""
    found = projected({}, "2026-11-02", {"medium": "2026-11-17"})
    assert deadlines.causes("received", found, PLAN) == {"medium": 8}
    assert deadlines.causes("received", projected({}, "2026-11-02", {"medium": "2026-11-06"}), PLAN) == {}


WINDOW = (
    Scheduled(act="posting", rule="D"),
    Scheduled(act="returned", rule="S+5bd", not_before="posting+14d"),  # 2027-01-18, or two weeks after the posting
)


@pytest.mark.parametrize(
    ("posted", "expected", "by"),
    [
        ("2026-11-30", "2027-01-18", ""),
        ("2027-01-04", "2027-01-18", ""),  # two weeks to the day
        ("2027-01-05", "2027-01-19", "posting"),
        ("2027-01-28", "2027-02-11", "posting"),
    ],
)
def test_a_window_ends_never_before_what_opens_it(posted: str, expected: str, by: str) -> None:
    """A late posting moves the end of the returned-mail window only where that would come before two weeks are over."""
    planned = deadlines.plan(WINDOW, YEAR, WARD)
    assert planned["returned"] == day("2027-01-18")
    for done, moved in (({"posting": day(posted)}, {}), ({}, {"posting": day(posted)})):
        found = deadlines.project(WINDOW, planned=planned, done=done, moved=moved, calendar=WARD)
        assert (found["returned"].due_on, found["returned"].pushed_by) == (day(expected), by)


def test_a_plan_keeps_what_an_act_never_comes_before() -> None:
    """The later of both rules is the plan; what its floor hangs on is known, and does not wait for the act itself."""
    late = (WINDOW[0], Scheduled(act="returned", rule="D+1d", not_before="posting+14d"))
    assert deadlines.plan(late, YEAR, WARD)["returned"] == day("2026-12-14")
    with pytest.raises(BadSetting, match="post_office"):
        deadlines.plan((Scheduled(act="returned", rule="D", not_before="post_office+1d"),), YEAR, WARD)
    with pytest.raises(BadSetting):
        deadlines.plan((Scheduled(act="returned", rule="D", not_before="returned+1d"),), YEAR, WARD)
