"""Answers to reminders at the desk: one day, one click, for all that a call has settled; each side sees its own."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from browsing import Browser
from keyed import entries
from playing import CYCLE

from adapters.clock import VirtualClock
from models.clock import TOKYO
from steps import reminding
from steps.office import Office
from views import reminders

AT = f"/{CYCLE}/reminders"
LATE = date(2026, 10, 14)  # the fourth open day after 8 October


@pytest.fixture
def chased(contracted: Office) -> Office:
    """Let the contractor be late with its three first reports until the ward is to call."""
    VirtualClock(contracted.home / "clock").set(datetime(LATE.year, LATE.month, LATE.day, 9, tzinfo=TOKYO))
    reminding.watch(contracted)
    return contracted


def _acknowledged(office: Office) -> list[tuple[str, str, str | None]]:
    return [
        (entry["by"], entry["data"].get("entered_by", entry["by"]), entry["data"]["record"].get("promised_on"))
        for entry in entries(office, "reminder_acknowledged")
    ]


def _ticked(page: str) -> list[str]:
    return re.findall(r'name="reminder" value="([0-9]+)" checked', page)


def test_one_click_records_the_day_for_all_that_a_call_settled(browser: Callable[[], Browser], chased: Office) -> None:
    """The coordinator reads whom to call; the button of a day acknowledges all three, and no call is left to make."""
    person = browser()
    person.log_in("sato")
    page = person.open(AT)
    assert "旭 太一（03-0000-0108）" in page
    assert len(_ticked(page)) == 3
    with chased.look_around() as looks:
        assert {call.act for call in reminders.calls_to_make(looks)} >= {"register_handlers", "submit_work_plan"}
    page = person.send(AT, reminder=_ticked(page), promised_on="2026-10-16")
    assert _ticked(page) == []
    assert "令和8年10月16日" in page
    assert _acknowledged(chased) == [("sato", "sato", "2026-10-16")] * 3
    with chased.look_around() as looks:
        assert not reminders.calls_to_make(looks)


def test_the_contractors_manager_answers_for_himself_and_sees_nothing_else(
    browser: Callable[[], Browser], chased: Office
) -> None:
    """He sees the reminders that went to him, and no telephone; another's number, typed by hand, is refused."""
    person, other = browser(), browser()
    person.log_in("asahi")
    page = person.open(AT)
    assert len(_ticked(page)) == 3
    assert "03-0000" not in page
    other.log_in("kobayashi")
    assert "督促はありません" in other.open(AT)
    assert 'role="alert"' in other.send(AT, 422, reminder=_ticked(page), promised_on="2026-10-16")
    assert _acknowledged(chased) == []
    person.send(AT, reminder=_ticked(page)[:1], another_day="2026-10-20")
    assert _acknowledged(chased) == [("asahi", "asahi", "2026-10-20")]


def test_an_answer_without_a_tick_or_with_no_day_is_refused(browser: Callable[[], Browser], chased: Office) -> None:
    """Nothing ticked, and a day that is none, are said; nothing is recorded."""
    person = browser()
    person.log_in("sato")
    ticked = _ticked(person.open(AT))
    assert 'role="alert"' in person.send(AT, 422, promised_on="2026-10-16")
    assert 'role="alert"' in person.send(AT, 422, reminder=ticked, another_day="16日")
    assert _acknowledged(chased) == []


def test_the_ward_is_told_what_the_contractor_entered_itself(browser: Callable[[], Browser], chased: Office) -> None:
    """The next morning's letter names the answer, its act and the day; not what the ward typed, nor older news."""
    manager, coordinator = browser(), browser()
    manager.log_in("asahi")
    coordinator.log_in("sato")
    first, *others = _ticked(manager.open(AT))
    manager.send(AT, reminder=[first], promised_on="2026-10-16")
    coordinator.open(AT)
    coordinator.send(AT, reminder=others, promised_on="2026-10-19")
    plan = {"by": "asahi", "printing_from": "2026-11-12", "enclosing_until": "2026-11-20", "place": "本社工場（架空）"}
    form = f"/{CYCLE}/acts/submit_work_plan"
    coordinator.open(form)
    sent = {f"submit_work_plan.{name}": value for name, value in plan.items()}
    assert "管理簿" in coordinator.send(form, 200, None, **sent)
    told = [_morning(chased, LATE + timedelta(days=nth)) for nth in (1, 2)]
    assert "受託事業者から次の提出・回答がありました" in told[0]
    assert re.search("・.*督促の確認 .*令和8年10月16日.*旭 太一", told[0])
    assert "10月19日" not in told[0]
    assert "作業計画書" not in told[0]
    assert "受託事業者から次の" not in told[1]


def _morning(office: Office, day: date) -> str:
    """Return what the morning's letter says to a coordinator."""
    VirtualClock(office.home / "clock").set(datetime(day.year, day.month, day.day, 9, tzinfo=TOKYO))
    before = set((office.home / "mail" / "new").iterdir())
    reminding.watch(office, morning=True)
    new = [path for path in (office.home / "mail" / "new").iterdir() if path not in before]
    letters = [message_from_bytes(path.read_bytes(), policy=default) for path in new]
    [said] = [letter.get_body(("plain",)) for letter in letters if "sato@" in str(letter["To"])]
    assert said
    return said.get_content()
