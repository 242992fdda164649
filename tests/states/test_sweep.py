"""The morning's sweep: flags by the ladder, reminders to whoever owes the act and can do it, one a rung."""

import json
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from scenes import CYCLE, Year
from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.clock import TOKYO
from models.database import reading, writing
from models.people import Person, Role, Side
from states import ledger, merkle, opening
from states.facts import Done
from states.reading import people
from states.sweep import (
    Swept,
    calls,
    follows_a_late_act,
    recipients,
    sweep,
    tell_of_the_morning,
    tell_of_the_stop,
    upcoming,
)
from states.table import BY_TRIGGER


def on(year: Year, day: date) -> Swept:
    year.clock.at = datetime(day.year, day.month, day.day, 9, tzinfo=TOKYO)
    return sweep(year.door)


def due(year: Year, act: str, open_days: int = 0) -> date:
    return year.door.calendar.add_open_days(year.facts().due[act], open_days)


def reminders(year: Year, act: str) -> list[tuple[int, str]]:
    rows = year.read(select(tables.Reminder).where(col(tables.Reminder.act) == act).order_by(col(tables.Reminder.id)))
    return [(row.rung, row.to_person) for row in rows]


def flags(year: Year, act: str) -> list[str]:
    """Return the flags of an act as the ledger tells of them."""
    said = [json.loads(entry) for entry in year.entries()]
    return [entry["data"]["flag"] for entry in said if entry["event"] == "act_flagged" and entry["data"]["act"] == act]


def act_of(year: Year, act: str) -> Any:
    [row] = year.read(select(tables.Act).where(col(tables.Act.act) == act))
    return row


def test_the_ladder_is_climbed_day_by_day(year: Year) -> None:
    """Flags change on their days; the owner is written to at every rung, the approver from the second day after.

    After the third open day the next rung comes a week later.
    """
    first = due(year, "conclude_contract", -5)
    for days in range(25):
        on(year, first + timedelta(days=days))
    assert flags(year, "conclude_contract") == ["due_soon", "due_today", "overdue", "escalated"]
    coordinators, approver = ("sato", "suzuki"), "takahashi"
    assert set(reminders(year, "conclude_contract")) == {
        *((rung, person) for rung in (-3, 0, 1, 2, 3, 8) for person in coordinators),
        *((rung, approver) for rung in (2, 3, 8)),
    }
    assert len(reminders(year, "conclude_contract")) == 15


def test_a_flag_and_its_reminders_come_on_their_day(year: Year) -> None:
    """The day before a rung nothing is said; on the day the flag stands, with its date, and the reminders wait."""
    day = due(year, "conclude_contract", -3)
    assert on(year, day - timedelta(days=1)) == Swept(looked_at=0, flagged=0, reminders=0)
    assert on(year, day) == Swept(looked_at=1, flagged=1, reminders=2)
    row = act_of(year, "conclude_contract")
    assert (row.flag, row.rung, row.flagged_at is not None) == ("due_soon", -3, True)
    [reminder, _other] = year.read(select(tables.Reminder).order_by(col(tables.Reminder.id)))
    assert (reminder.state, reminder.due_on, reminder.attempts) == ("waiting", due(year, "conclude_contract"), 0)


def test_a_second_sweep_on_a_day_does_nothing(year: Year) -> None:
    """However often the morning comes, one rung is one reminder."""
    day = due(year, "conclude_contract", 1)
    assert on(year, day).reminders == 2
    before = year.everything_but_the_ledger(), year.entries()
    assert on(year, day) == Swept(looked_at=0, flagged=0, reminders=0)
    assert (year.everything_but_the_ledger(), year.entries()) == before


def test_days_off_are_caught_up(sqlite_year: Year) -> None:
    """After days without a sweep the present flag is set and the latest rung is written once; none is made up."""
    on(sqlite_year, due(sqlite_year, "conclude_contract", 6))
    assert flags(sqlite_year, "conclude_contract") == ["escalated"]
    assert set(reminders(sqlite_year, "conclude_contract")) == {(3, "sato"), (3, "suzuki"), (3, "takahashi")}


def test_what_waits_on_anothers_act_is_not_reminded(sqlite_year: Year) -> None:
    """While the ward has not concluded the contract, the contractor's day moves on and he is not written to."""
    year = sqlite_year
    for day in (due(year, "register_handlers", days) for days in (-3, 0, 2)):
        on(year, day)
    assert reminders(year, "register_handlers") == []
    assert "overdue" not in flags(year, "register_handlers")
    assert act_of(year, "register_handlers").due_on > act_of(year, "register_handlers").planned_on
    assert {person for _rung, person in reminders(year, "conclude_contract")} == {"sato", "suzuki", "takahashi"}


def test_nobody_is_chased_for_what_only_follows(sqlite_year: Year) -> None:
    """While the contacts are not confirmed and overdue, the readiness check of the same people is silent."""
    year = sqlite_year
    year.play(before="confirm_contacts")
    for days in (1, 2, 3, 4):
        on(year, due(year, "confirm_contacts", days))
    assert {person for _rung, person in reminders(year, "confirm_contacts")} >= {"sato", "suzuki"}
    assert reminders(year, "confirm_readiness") == []
    assert act_of(year, "confirm_readiness").due_on > act_of(year, "confirm_readiness").planned_on
    year.do("confirm_contacts")
    on(year, due(year, "confirm_readiness"))
    assert set(reminders(year, "confirm_readiness")) == {(0, "sato"), (0, "suzuki")}


def test_what_comes_after_an_act_in_time_is_announced(sqlite_year: Year) -> None:
    """On the last day of the contacts they are not late yet: the readiness check is announced as ever."""
    year = sqlite_year
    year.play(before="confirm_contacts")
    on(year, due(year, "confirm_contacts"))
    assert set(reminders(year, "confirm_readiness")) == {(-3, "sato"), (-3, "suzuki")}


@pytest.mark.parametrize(
    ("state", "done", "due_days", "expected"),
    [
        ("contracted", (), {"register_handlers": -1}, True),
        ("contracted", (), {"register_handlers": 0}, False),
        ("contracted", ("register_handlers",), {"register_handlers": -1}, False),
        ("contracted", (), {}, False),  # what is not owed holds up nobody
        ("contracted", (), {"register_handlers": 5, "conclude_contract": -1}, False),  # no contract is concluded twice
        ("planned", (), {"register_handlers": 5, "conclude_contract": -1}, True),
        ("planned", (), {"register_handlers": 5, "conclude_contract": 0}, False),
    ],
)
def test_what_follows_is_told_from_what_is_late(
    sqlite_year: Year, state: str, done: tuple[str, ...], due_days: dict[str, int], *, expected: bool
) -> None:
    """The confirmation of the contacts follows the contractor's notice where that, or what it follows, is overdue."""
    facts = sqlite_year.facts()
    known = replace(
        facts, state=state, done={act: Done(occurred_at=facts.now, by="asahi", data="{}") for act in done},
        due={act: facts.today + timedelta(days=days) for act, days in due_days.items()},
    )  # fmt: skip
    assert follows_a_late_act(known, "confirm_contacts") is expected


def test_the_contractor_is_reminded_of_what_he_owes(sqlite_year: Year) -> None:
    """What the contractor owes goes to the handling manager, from the second day after also to the ward's approver."""
    year = sqlite_year
    year.play(before="register_handlers")
    on(year, due(year, "register_handlers"))
    assert reminders(year, "register_handlers") == [(0, "asahi")]
    on(year, due(year, "register_handlers", 2))
    assert set(reminders(year, "register_handlers")[1:]) == {(2, "asahi"), (2, "takahashi")}


def test_the_register_section_is_reminded_of_the_extract(sqlite_year: Year) -> None:
    """What the register section owes goes to the register officers."""
    year = sqlite_year
    year.play(before="take_extract")
    on(year, due(year, "take_extract"))
    assert set(reminders(year, "take_extract")) == {(0, "watanabe"), (0, "nakamura")}


def test_a_done_act_is_never_flagged(sqlite_year: Year) -> None:
    """Done in time, an act has no flag on any later day."""
    year = sqlite_year
    year.play(until="contracted")
    for days in range(0, 30, 2):
        on(year, year.clock.at.date() + timedelta(days=days))
    assert flags(year, "conclude_contract") == []
    assert reminders(year, "conclude_contract") == []


def test_a_finished_year_is_silent(sqlite_year: Year) -> None:
    """A year done in time has neither flag nor reminder, and a sweep long after its close has nothing to look at."""
    year = sqlite_year
    year.play()
    assert on(year, date(2027, 3, 30)) == Swept(looked_at=0, flagged=0, reminders=0)
    assert "act_flagged" not in year.events()


def test_nobody_is_chased_for_what_a_cancelled_year_never_caused(sqlite_year: Year) -> None:
    """Nothing went out: the contractor is not reminded of return and erasure."""
    year = sqlite_year
    year.play(until="ready")
    year.do("cancel")
    on(year, date(2027, 2, 10))
    people = {row.to_person for row in year.read(select(tables.Reminder))}
    assert people <= {"sato", "suzuki", "takahashi", "watanabe", "nakamura"}
    assert flags(year, "return_items") == []
    assert flags(year, "close") == ["escalated"]


def test_under_hold_flags_stay_and_only_rescue_is_reminded(sqlite_year: Year) -> None:
    """A held year is flagged; nobody is asked for what the hold forbids, but for what it allows."""
    year = sqlite_year
    year.play(until="posted")
    year.do("hold")
    on(year, due(year, "return_items"))
    assert flags(year, "report_posting") == ["escalated"]
    assert reminders(year, "report_posting") == []
    assert reminders(year, "return_items") == [(0, "asahi")]
    assert not BY_TRIGGER["report_posting"].under_hold


def test_a_moved_deadline_begins_the_ladder_anew(year: Year) -> None:
    """The new day has its own reminders; moved back, nobody is written to a second time about the old day."""
    planned = due(year, "conclude_contract")
    on(year, planned)
    assert reminders(year, "conclude_contract") == [(0, "sato"), (0, "suzuki")]
    later = due(year, "conclude_contract", 5)
    year.do("move_deadline", act="conclude_contract", to=later)
    assert on(year, planned).reminders == 0
    assert act_of(year, "conclude_contract").flag == ""
    year.do("move_deadline", act="conclude_contract", to=planned)
    assert on(year, planned).reminders == 0
    assert act_of(year, "conclude_contract").flag == "due_today"
    assert on(year, due(year, "conclude_contract", 1)).reminders == 2


def test_whoever_is_no_longer_valid_is_not_written_to(sqlite_year: Year) -> None:
    """Reminders go to the people of the day."""
    year = sqlite_year
    gone = Person(
        id="suzuki", name="鈴木 直樹", side=Side.WARD, roles=frozenset({Role.COORDINATOR}),
        valid_from=date(2026, 4, 1), valid_to=date(2026, 9, 30),
    )  # fmt: skip
    opening.register(year.door, gone, by="system", via="desk")
    on(year, due(year, "conclude_contract"))
    assert reminders(year, "conclude_contract") == [(0, "sato")]


@pytest.mark.parametrize(("open_days", "flag"), [(-3, "due_soon"), (0, "due_today"), (1, "overdue"), (2, "escalated")])
def test_what_would_be_flagged_is_told_without_writing(sqlite_year: Year, open_days: int, flag: str) -> None:
    """A look ahead names the acts and flags of that day and changes nothing."""
    before = sqlite_year.everything_but_the_ledger(), sqlite_year.entries()
    [first, *_later] = upcoming(sqlite_year.door, due(sqlite_year, "conclude_contract", open_days))
    assert (first.act, first.flag) == ("conclude_contract", flag)
    assert (sqlite_year.everything_but_the_ledger(), sqlite_year.entries()) == before


def test_on_a_closed_day_flags_move_and_nobody_is_written_to(year: Year) -> None:
    """A sweep on the Saturday after the day flags and writes no reminder; Monday's writes the latest rung."""
    first = due(year, "conclude_contract")  # a Thursday
    on(year, first + timedelta(days=2))
    assert flags(year, "conclude_contract") == ["overdue"]
    assert reminders(year, "conclude_contract") == []
    on(year, first + timedelta(days=4))
    assert {rung for rung, _person in reminders(year, "conclude_contract")} == {2}


def flags_of(year: Year, act: str) -> list[dict[str, object]]:
    entries = (json.loads(entry) for entry in year.entries())
    return [entry["data"] for entry in entries if entry["event"] == "act_flagged" and entry["data"]["act"] == act]


def test_a_flag_says_why_it_stands(sqlite_year: Year) -> None:
    """The ledger keeps the rule, the plan and what moved the day beside each flag."""
    year = sqlite_year
    on(year, due(year, "conclude_contract"))
    [said] = flags_of(year, "conclude_contract")
    assert (said["rule"], said["planned_on"], said["moved"]) == ("C", "2026-10-01", "")
    year.do("move_deadline", act="conclude_contract", to=due(year, "conclude_contract", 3))
    on(year, due(year, "conclude_contract"))
    last = flags_of(year, "conclude_contract")[-1]
    assert (last["planned_on"], last["moved"]) == ("2026-10-01", "person")


def test_a_clock_that_was_wrong_leaves_no_trace_in_days_and_flags(year: Year) -> None:
    """A year ahead every day moves and is flagged; set back, the next sweep finds days and flags as they were."""
    day = due(year, "conclude_contract", -3)
    on(year, day)
    before = {row.act: (row.due_on, row.flag, row.look_on) for row in year.read(select(tables.Act))}
    assert on(year, day + timedelta(days=365)).doubted
    assert {row.act: (row.due_on, row.flag, row.look_on) for row in year.read(select(tables.Act))} != before
    on(year, day)
    assert {row.act: (row.due_on, row.flag, row.look_on) for row in year.read(select(tables.Act))} == before


def test_many_cycles_are_seen_as_each_alone(year: Year) -> None:
    """The facts of a batch are those that the door loads one by one, at every state of the year."""
    for state in ("ready", "transferred", "printed", "posted", "closed"):
        year.play(until=state)
        with reading(year.engine) as connection:
            alone = year.door.facts(connection, CYCLE)
            many = year.door.facts_of(connection, [CYCLE])
        assert list(many) == [CYCLE]
        differing = {it.name for it in fields(alone) if getattr(alone, it.name) != getattr(many[CYCLE], it.name)}
        assert differing <= {"pieces", "reminded", "claimed"}, state
        assert alone.claims == many[CYCLE].claims, state


def test_entries_appended_at_once_are_a_ledger_that_holds(year: Year) -> None:
    """Two hundred entries in one statement are the tree and the order that one by one would be."""
    at = year.clock.at
    entries = [ledger.Entry(at=at, event="x", by="system", via="t", data={"n": n}) for n in range(200)]
    with writing(year.engine) as connection:
        size = ledger.size(connection)
        assert ledger.append_all(connection, entries) == size + 200
        assert ledger.append_all(connection, []) == size + 200
        roots = merkle.Roots()
        roots.add([merkle.leaf_hash(line.encode()) for line in ledger.entries(connection)])
        assert ledger.root(connection, size + 200) == roots.root()


@pytest.mark.parametrize(("rung", "whom"), [(0, {"asahi"}), (3, {"asahi", "takahashi", "sato", "suzuki"})])
def test_the_call_is_the_coordinators(sqlite_year: Year, rung: int, whom: set[str]) -> None:
    """Three open days late the coordinators join those who are written to: they make the call."""
    facts = sqlite_year.facts()
    found = recipients(facts, "report_printing", rung)
    assert {person.id for person in found} == whom
    assert {person.id for person in found if calls(person, Side.CONTRACTOR, rung)} == whom & {"sato", "suzuki"}


@pytest.mark.parametrize(
    ("inspector", "whom"), [("separate", {"okada"}), ("coordinator", {"sato", "suzuki"})]
)  # fmt: skip
def test_the_acceptance_is_the_inspectors(sqlite_year: Year, inspector: str, whom: set[str]) -> None:
    """Whoever accepts the work is reminded of it: the inspector, or the coordinators where the programme says so."""
    facts = sqlite_year.facts()
    approval = facts.programme.approval.model_copy(update={"inspector": inspector})
    programme = facts.programme.model_copy(update={"approval": approval})
    assert {it.id for it in recipients(replace(facts, programme=programme), "accept_work", 0)} == whom


def test_what_nobody_owes_any_more_goes_to_the_coordinators(sqlite_year: Year) -> None:
    """Where the contractor has no handling manager on the register today, the coordinators hear of it."""
    year = sqlite_year
    year.play(before="register_handlers")
    with reading(year.engine) as connection:
        [manager] = [it for it in people(connection).values() if Role.HANDLING_MANAGER in it.roles]
    gone = manager.model_copy(update={"valid_to": date(2026, 9, 30)})
    opening.register(year.door, gone, by="system", via="desk")
    on(year, due(year, "register_handlers"))
    assert {person for _rung, person in reminders(year, "register_handlers")} == {"sato", "suzuki"}


# Letters about no act


def notices(year: Year) -> list[tuple[str, str, date]]:
    rows = year.read(select(tables.Reminder).order_by(col(tables.Reminder.id)))
    return [(row.act, row.to_person, row.due_on) for row in rows]


def test_every_open_morning_each_coordinator_is_written_to_once(year: Year) -> None:
    """On Friday one letter each, however often the morning comes; none on Saturday and Sunday; on Monday the next."""
    friday = date(2026, 9, 25)
    written = list[int]()
    for days in (0, 0, 1, 2, 3):
        year.clock.at = datetime(2026, 9, 25 + days, 9, tzinfo=TOKYO)
        written.append(tell_of_the_morning(year.door))
    assert written == [2, 0, 0, 0, 2]
    days = (friday, friday + timedelta(days=3))
    assert notices(year) == [("morning", person, day) for day in days for person in ("sato", "suzuki")]


def test_of_a_closed_year_no_morning_is_told(sqlite_year: Year) -> None:
    """Nothing is written of a morning once the only year is closed; that a service has stopped is, once a day."""
    year = sqlite_year
    year.play()
    assert tell_of_the_morning(year.door) == 0
    assert [tell_of_the_stop(year.door, "tsudoi.service") for _time in range(2)] == [2, 0]
    assert tell_of_the_stop(year.door, "tsudoi-dashboard.service") == 2
    assert {act for act, _to, _day in notices(year)} == {"stopped"}
