"""The morning watch: letters go once, wait while nobody carries them, and in doubt are not said to have gone."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Letter
from email.policy import default
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
import stamina
from aiosmtpd.smtp import Envelope
from lifting import lifted
from playing import Played
from receivers import SECRET, Behave, Post, answer, free_port, hangs, in_turn, mail_server, receiving, silent_server
from receivers import hang as says_nothing
from sqlalchemy import select, update
from sqlmodel import col

from adapters import disk
from adapters.carrier import SmtpCarrier
from adapters.clock import VirtualClock
from models import tables
from models.clock import TOKYO
from models.database import reading, writing
from models.errors import BadInput, BadSetting, Refused
from states import ledger
from states.sweep import sweep
from steps import acting, preparation, reminding
from steps.office import Office
from views import deadlines, reminders, stages, standing

CYCLE = "hatachi-2026"
SOON, DUE, OVERDUE = date(2026, 9, 28), date(2026, 10, 1), date(2026, 10, 5)


class BreaksOff(Post):
    """A mail server that takes the letter and is gone before it says so."""

    async def handle_DATA(self, server: Any, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await super().handle_DATA(server, _session, envelope)
        server.transport.abort()
        return ""


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Let a stumbling receiver be asked as often as in life, without the pauses between."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def mailed(office: Office, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Give the installation with its mail set to a server that does not run yet."""
    monkeypatch.setenv("TSUDOI_MAIL", f"smtp://127.0.0.1:{port}")
    opened = Office.open(office.home, office.settings.inbox)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def post(port: int) -> Iterator[Post]:
    """Run a mail server."""
    with mail_server(Post(), port) as post:
        yield post


def _on(office: Office, day: date, *, morning: bool = False, stopped: str = "") -> reminding.Watched:
    VirtualClock(office.home / "clock").set(datetime(day.year, day.month, day.day, 9, tzinfo=TOKYO))
    return reminding.watch(office, morning=morning, stopped=stopped)


def _calls_to_make(office: Office) -> tuple[reminders.Call, ...]:
    with office.look_around() as looks:
        return reminders.calls_to_make(looks)


def _states(office: Office) -> list[str]:
    return [row.state for row in office.see(CYCLE, reminders.reminders_of)]


def _events(office: Office) -> list[str]:
    with reading(office.engine) as connection:
        return [json.loads(line)["event"] for line in ledger.entries(connection)]


def _to(letter: Letter) -> str:
    return parseaddr(str(letter["To"]))[1]


def _body(letter: Letter) -> str:
    [said, *_attached] = (part for part in letter.walk() if part.get_content_type() == "text/plain")
    text = said.get_payload(decode=True)
    assert isinstance(text, bytes)
    return text.decode()


def test_a_reminder_goes_once_to_whoever_owes_the_act(mailed: Office, post: Post) -> None:
    """Three open days before it is due both coordinators get one letter each; a second watch sends none."""
    watched = _on(mailed, SOON)
    assert (watched.sent, watched.waiting, watched.unknown) == (2, 0, 0)
    assert sorted(_to(letter) for letter in post.letters) == [
        "sato@ward.example",
        "suzuki@ward.example",
    ]
    assert _on(mailed, SOON).sent == 0
    assert len(post.letters) == 2
    assert _states(mailed) == ["sent", "sent"]
    assert _events(mailed).count("reminder_sent") == 2


def test_a_letter_says_what_when_who_and_whom_to_call(mailed: Office, post: Post) -> None:
    """The letter names the act, its day in both calendars, who owes it and whom to call, in Japanese; no serial."""
    _on(mailed, SOON)
    letter = post.letters[0]
    body = _body(letter)
    for words in (
        "契約締結",
        "令和8年10月1日（木）",
        "2026-10-01",
        "総務課",
        "新宿区総務部総務課総務係",
        "個人情報は含まれていません",
    ):
        assert words in body
    assert "契約締結" in letter["Subject"]
    assert letter["Message-ID"].startswith("<msg_")


def test_a_letter_about_the_cause_says_what_is_passed_through_it(mailed: Office, post: Post) -> None:
    """Whoever owes the late contract reads which days that do not move are passed because of it."""
    _on(mailed, SOON)
    assert "動かせない期日" not in _body(post.letters[-1])
    assert "契約期間の末日" not in _body(post.letters[-1])
    _on(mailed, date(2026, 11, 24))
    assert "「契約期間の末日」（2026-12-25）を" in _body(post.letters[-1])


def test_the_letter_of_the_morning_says_once_what_is_passed(mailed: Office, post: Post) -> None:
    """What stands among the things to see to does not stand beside the late act once more."""
    _on(mailed, date(2026, 11, 24), morning=True)
    for letter in _of_the_morning(post):
        body = _body(letter)
        assert "2026年度の「契約締結」の期限は" in body
        assert body.count("「契約期間の末日」（2026-12-25）を") == 1


def test_every_rung_is_a_letter_and_lateness_reaches_the_approver(mailed: Office, post: Post) -> None:
    """After the day a new letter goes; two open days late the approver is written to as well.

    On the day itself nobody is, whose calendar has it from the letter that announced it.
    """
    for day in (SOON, DUE, date(2026, 10, 2), OVERDUE):
        _on(mailed, day)
    to = [_to(letter) for letter in post.letters]
    assert to.count("sato@ward.example") == 3
    assert to.count("takahashi@ward.example") == 1
    late, sent = mailed.see(CYCLE, standing.lateness)
    assert (late, sent) == (["conclude_contract"], len(post.letters))


def test_while_the_server_is_down_letters_wait_and_go_later_once(mailed: Office, port: int) -> None:
    """Without a server nothing is lost or claimed: the letters wait, with the reason, and go once when it is there."""
    watched = _on(mailed, SOON)
    assert (watched.sent, watched.waiting) == (0, 2)
    assert {(row.state, row.trouble) for row in mailed.see(CYCLE, reminders.reminders_of)} == {
        ("waiting", "ConnectionRefusedError")
    }
    with mail_server(Post(), port) as post:
        assert _on(mailed, SOON).sent == 2
        assert _on(mailed, SOON).sent == 0
    assert len(post.letters) == 2


def test_what_may_have_gone_is_unknown_and_not_sent_again(mailed: Office, port: int) -> None:
    """A server that takes the letter and breaks off leaves 送達不明 in the ledger; nobody is written to twice."""
    with mail_server(BreaksOff(), port) as post:
        watched = _on(mailed, SOON)
        again = _on(mailed, SOON)
    assert (watched.unknown, again.sent, again.unknown) == (2, 0, 0)
    assert len(post.letters) == 2
    assert _states(mailed) == ["unknown", "unknown"]
    assert _events(mailed).count("reminder_lost") == 2


def test_an_interrupted_claim_is_unknown_and_not_sent_again(mailed: Office, post: Post) -> None:
    """A watch that was killed between claim and settling leaves a letter of which nobody knows; the next says so."""
    reminder = tables.Reminder
    _on(mailed, date(2026, 9, 1))
    VirtualClock(mailed.home / "clock").set(datetime(2026, 9, 28, 9, tzinfo=TOKYO))
    sweep(mailed.door)
    with writing(mailed.engine) as connection:
        first = connection.execute(select(col(reminder.id)).order_by(col(reminder.id))).scalars().first()
        connection.execute(update(reminder).where(col(reminder.id) == first).values(state="claimed", attempts=1))
    watched = _on(mailed, SOON)
    assert watched.sent == 1
    assert sorted(_states(mailed)) == ["sent", "unknown"]
    assert len(post.letters) == 1
    assert _events(mailed).count("reminder_lost") == 1


def test_an_act_done_meanwhile_needs_no_letter(mailed: Office, port: int) -> None:
    """A letter that waited until its act was done is dropped, not sent."""
    _on(mailed, SOON)
    for by, measures in (("sato", "W-OP-01"), ("asahi", "C-OP-01")):
        fields = {"measures": measures, "evidence": "点検表"}
        acting.perform(mailed, CYCLE, "claim_measures", by=by, fields=fields)
    contract = {
        "contract_number": "8-1", "begins_on": "2026-10-01", "ends_on": "2026-12-25",
        "special_provisions_attached": "true", "certificate_number": "1", "certificate_until": "2027-03-31",
        "decision_number": "8-総総-101", "approved_on": "2026-09-01",
    }  # fmt: skip
    acting.perform(mailed, CYCLE, "conclude_contract", by="sato", fields=contract)
    with mail_server(Post(), port) as post:
        _on(mailed, SOON)
    assert _states(mailed) == ["dropped", "dropped"]
    assert post.letters == []


def test_without_a_mail_server_letters_lie_in_a_folder(office: Office) -> None:
    """Where no mail is set every letter is a file in the data directory, sent and recorded as such."""
    assert _on(office, SOON).sent == 2
    letters = [message_from_bytes(path.read_bytes(), policy=default) for path in (office.home / "mail/new").iterdir()]
    assert sorted(_to(letter) for letter in letters) == ["sato@ward.example", "suzuki@ward.example"]


def test_a_wrong_setting_loses_no_letter(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail setting that names no server is told before any letter is claimed: all wait until it is mended."""
    monkeypatch.setenv("TSUDOI_MAIL", "ftp://127.0.0.1")
    wrong = Office.open(office.home, office.settings.inbox)
    with pytest.raises(BadSetting):
        _on(wrong, SOON)
    wrong.engine.dispose()
    assert _states(office) == ["waiting", "waiting"]
    assert _on(office, SOON).sent == 2


def test_whoever_has_no_address_is_not_forgotten(mailed: Office, post: Post) -> None:
    """A letter to a person without an address waits; it is counted every morning, and goes once there is one."""
    staff = tables.Staff
    with lifted(mailed.engine) as connection:
        connection.execute(update(staff).where(col(staff.id) == "suzuki").values(mail=""))
    assert (_on(mailed, SOON).waiting, len(post.letters)) == (1, 1)
    with lifted(mailed.engine) as connection:
        connection.execute(update(staff).where(col(staff.id) == "suzuki").values(mail="suzuki@ward.example"))
    assert (_on(mailed, SOON).sent, len(post.letters)) == (1, 2)


# What goes besides the plain letter


def _hook(monkeypatch: pytest.MonkeyPatch, **ports: int) -> None:
    hooks = {name: {"url": f"http://127.0.0.1:{port}/{name}", "secret": SECRET} for name, port in ports.items()}
    monkeypatch.setenv("TSUDOI_WEBHOOKS", json.dumps(hooks))
    monkeypatch.setenv("TSUDOI_ALLOWED_HOSTS", '["127.0.0.1"]')


def _opened(office: Office) -> Office:
    return Office.open(office.home, office.settings.inbox)


def _contracted(office: Office, on: date) -> None:
    """Let the ward conclude the contract, so that the contractor owes the next acts."""
    VirtualClock(office.home / "clock").set(datetime(on.year, on.month, on.day, 10, tzinfo=TOKYO))
    for by, measures in (("sato", "W-OP-01"), ("asahi", "C-OP-01")):
        acting.perform(office, CYCLE, "claim_measures", by=by, fields={"measures": measures, "evidence": "点検表"})
    contract = {
        "contract_number": "8-1", "begins_on": "2026-10-01", "ends_on": "2026-12-25",
        "special_provisions_attached": "true", "certificate_number": "1", "certificate_until": "2027-03-31",
        "decision_number": "8-総総-101", "approved_on": "2026-09-01",
    }  # fmt: skip
    acting.perform(office, CYCLE, "conclude_contract", by="sato", fields=contract)


def test_a_person_and_a_side_are_told_by_webhook(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message to the person's receiver and one to the side's; both say what is due and hold nobody's data."""
    with receiving() as receiver:
        _hook(monkeypatch, sato=receiver.port, ward=receiver.port)
        here = _opened(office)
        assert _on(here, SOON).sent == 4
        assert _on(here, SOON).sent == 0
    assert sorted(receiver.paths) == ["/sato", "/ward"]
    told = receiver.bodies[0]["data"]
    assert (told["act"], told["due_on"], told["flag"], told["rung"]) == (
        "conclude_contract", "2026-10-01", "due_soon", -3
    )  # fmt: skip
    assert "契約締結" in told["text"]
    assert len(receiver.kept) == 2


def test_a_side_alone_is_told_by_webhook(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the only receiver of all is that of a side, it gets one message and the people get their letters."""
    with receiving() as receiver:
        _hook(monkeypatch, ward=receiver.port)
        assert _on(_opened(office), SOON).sent == 3
    assert receiver.paths == ["/ward"]


def test_a_webhook_is_repeated_under_its_id_until_it_is_taken(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that fails in one watch gets the same message, byte for byte, in the next."""
    with receiving(in_turn(answer(404), answer(404), answer(200))) as receiver:
        _hook(monkeypatch, sato=receiver.port)
        here = _opened(office)
        for _watch in range(4):
            _on(here, SOON)
    assert len(receiver.ids) == 3
    assert (len(receiver.kept), len(set(receiver.raw))) == (1, 1)
    [hooked] = [row for row in here.see(CYCLE, reminders.reminders_of) if row.channel == "webhook"]
    assert (hooked.state, hooked.attempts) == ("sent", 3)


def test_an_interrupted_webhook_is_repeated_under_its_id(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch killed after the receiver had it posts again: whoever keeps ids has it once."""
    reminder = tables.Reminder
    with receiving() as receiver:
        _hook(monkeypatch, sato=receiver.port)
        here = _opened(office)
        _on(here, SOON)
        with lifted(here.engine) as connection:
            connection.execute(update(reminder).where(col(reminder.channel) == "webhook").values(state="claimed"))
        _on(here, SOON)
    assert (len(receiver.ids), len(receiver.kept)) == (2, 1)


def test_a_busy_receiver_is_left_alone_until_it_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After: no watch before that moment asks again; the first after it does."""
    with receiving(in_turn(answer(429, retry_after="7200"), answer(200))) as receiver:
        _hook(monkeypatch, sato=receiver.port)
        here = _opened(office)
        for hour, asked in ((9, 1), (10, 1), (12, 2)):
            VirtualClock(here.home / "clock").set(datetime(2026, 9, 28, hour, tzinfo=TOKYO))
            reminding.watch(here)
            assert len(receiver.ids) == asked
    assert len(receiver.kept) == 1


@pytest.mark.parametrize("behave", [hangs, answer(500), answer(302, location="http://127.0.0.1/")])
def test_a_bad_receiver_holds_up_nobody(
    mailed: Office, post: Post, monkeypatch: pytest.MonkeyPatch, behave: Behave
) -> None:
    """Beside a receiver that hangs, fails or redirects, letters and the other webhook go, in bounded time."""
    real = Office.webhook
    monkeypatch.setattr(Office, "webhook", lambda self, name: replace(real(self, name), seconds=1.0))
    with receiving(behave) as bad, receiving() as good:
        _hook(monkeypatch, sato=bad.port, suzuki=good.port)
        here = _opened(mailed)
        began = time.monotonic()
        watched = _on(here, SOON)
        taken = time.monotonic() - began
    assert (watched.sent, watched.waiting, len(good.kept), len(post.letters)) == (3, 1, 1, 2)
    assert taken < 20


def test_a_dead_mail_server_costs_its_seconds_once(mailed: Office, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and says nothing is left after its seconds, however many letters wait."""
    impatient = SmtpCarrier(host="127.0.0.1", port=port, sender="t@ward.example", seconds=1)
    monkeypatch.setattr("steps.office.carrier_of", lambda **_settings: impatient)
    began = time.monotonic()
    with silent_server(port, says_nothing):
        watched = _on(mailed, SOON)
    assert (watched.sent, watched.waiting) == (0, 2)
    assert time.monotonic() - began < 25
    assert {row.trouble for row in mailed.see(CYCLE, reminders.reminders_of)} == {"SMTPServerDisconnected"}


def test_the_third_day_is_a_call(mailed: Office, post: Post) -> None:
    """Three open days late the coordinators are asked to call the manager; he and the approver are written to.

    Only who is to call reads the manager's telephone; everybody reads the coordinators'.
    """
    _contracted(mailed, DUE)
    due = date(2026, 10, 8)
    late = mailed.calendar.add_open_days(due, 3)
    _on(mailed, late)
    asked = {_to(letter): letter for letter in post.letters if "取扱責任者" in str(letter["Subject"])}
    assert set(asked) == {
        f"{who}@{where}" for who, where in (
            ("asahi", "printer.example"), ("takahashi", "ward.example"), ("sato", "ward.example"),
            ("suzuki", "ward.example"),
        )
    }  # fmt: skip
    called = [to for to, letter in asked.items() if "電話のお願い" in str(letter["Subject"])]
    assert sorted(called) == ["sato@ward.example", "suzuki@ward.example"]
    [call] = [it for it in _calls_to_make(mailed) if it.act == "register_handlers"]
    assert (call.due_on, len(call.whom)) == (due, 1)
    assert call.whom == ("旭 太一（03-0000-0108）",)
    assert call.whom[0] in _body(asked[called[0]])
    assert all("03-0000-0108" not in _body(letter) for to, letter in asked.items() if to not in called)
    assert all("佐藤 みどり（03-0000-0101）" in _body(letter) for letter in asked.values())


def test_a_call_that_was_made_is_asked_for_no_more(mailed: Office, post: Post) -> None:
    """The coordinator acknowledges the reminder: the call leaves the list, and the ledger knows who made it."""
    _contracted(mailed, DUE)
    _on(mailed, mailed.calendar.add_open_days(date(2026, 10, 8), 3))
    [call] = [it for it in _calls_to_make(mailed) if it.act == "register_handlers"]
    promised = date(2026, 10, 20)
    reminding.acknowledge(mailed, CYCLE, call.reminder, by="suzuki", promised_on=promised)
    reminding.acknowledge(mailed, CYCLE, call.reminder, by="suzuki", promised_on=promised)
    assert "register_handlers" not in {it.act for it in _calls_to_make(mailed)}
    seen = mailed.see(CYCLE, reminders.acknowledged_of)[call.reminder]
    assert (seen.by, seen.record.promised_on) == ("suzuki", promised)
    assert _events(mailed).count("reminder_acknowledged") == 1
    assert post.letters


def test_only_whoever_was_reminded_or_a_coordinator_acknowledges(mailed: Office, post: Post) -> None:
    """The recipient may, a coordinator may on his behalf; anybody else, and any number that never went, is refused."""
    _contracted(mailed, DUE)
    _on(mailed, date(2026, 10, 8))
    [number] = [row.id for row in mailed.see(CYCLE, reminders.reminders_of) if row.to_person == "asahi"][:1]
    for by, number_given in (("watanabe", number), ("takahashi", number), ("asahi", 999)):
        with pytest.raises(Refused):
            reminding.acknowledge(mailed, CYCLE, number_given, by=by)
    reminding.acknowledge(mailed, CYCLE, number, by="asahi")
    assert mailed.see(CYCLE, reminders.acknowledged_of)[number].by == "asahi"


def test_a_person_gets_one_letter_a_day(mailed: Office, post: Post) -> None:
    """What is due stands in one letter with its forms and days; what comes due later that day is in the next one."""
    _contracted(mailed, DUE)
    _on(mailed, date(2026, 10, 5))
    [letter] = [letter for letter in post.letters if _to(letter) == "asahi@printer.example"]
    assert letter["Subject"] == "【つどい】期限のある手続 3件（取扱責任者・取扱者届、再委託有無届ほか）"
    assert "契約：はたちのつどいに係る案内状印刷及び封入封緘作業の委託 令和8年度（契約番号 8-1）" in _body(letter)
    names = [part.get_filename() for part in letter.walk() if part.get_filename()]
    assert [str(name).rpartition(".")[2] for name in names] == ["xlsx", "xlsx", "xlsx", "ics"]
    days = letter.get_payload()[-1].get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert days.count("BEGIN:VEVENT") == days.count("BEGIN:VALARM") == days.count("DTSTART;VALUE=DATE:20261008") == 3
    post.letters.clear()
    fields = {"act": "register_handlers", "to": "2026-10-05", "reason": "至急"}
    acting.perform(mailed, CYCLE, "move_deadline", by="sato", fields=fields)
    again = _on(mailed, date(2026, 10, 5))
    assert (again.sent, again.waiting, post.letters) == (0, 1, [])
    _on(mailed, date(2026, 10, 6))
    assert ["取扱責任者・取扱者届" in _body(letter) for letter in post.letters if "asahi" in _to(letter)] == [True]


def test_after_the_third_rung_a_letter_comes_weekly(mailed: Office, post: Post) -> None:
    """Five open days after the third rung the owner and the callers are written to again, and not before."""
    third = mailed.calendar.add_open_days(DUE, 3)
    for nth in range(6):
        _on(mailed, mailed.calendar.add_open_days(third, nth))
        told = sorted(_to(letter).partition("@")[0] for letter in post.letters)
        assert told == (["sato", "suzuki", "takahashi"] if nth in {0, 5} else []), nth
        post.letters.clear()


def test_on_a_closed_day_nobody_is_written_to(mailed: Office, post: Post) -> None:
    """A watch by hand on a Saturday flags and sends nothing; Monday's makes up for it, once."""
    saturday, monday = date(2026, 10, 3), date(2026, 10, 5)
    assert _on(mailed, saturday).sent == 0
    assert post.letters == []
    _on(mailed, monday)
    assert len(post.letters) == len({(str(letter["To"]), _body(letter)) for letter in post.letters}) > 0


def test_what_a_hold_forbids_waits_in_the_outbox(mailed: Office, port: int) -> None:
    """A letter that waits while the cycle is put on hold does not go before the hold is released."""
    _on(mailed, SOON)
    acting.perform(mailed, CYCLE, "hold", by="sato", fields={"reason": "typhoon"})
    with mail_server(Post(), port) as post:
        watched = _on(mailed, SOON)
    assert (watched.sent, watched.waiting, post.letters) == (0, 2, [])


def test_two_days_without_a_mail_server_end_in_one_letter_each(mailed: Office, port: int) -> None:
    """The rungs of the day and of the day after wait; on the second day only the latest goes, to each person once."""
    for day in (DUE, date(2026, 10, 2)):
        _on(mailed, day)
    with mail_server(Post(), port) as post:
        _on(mailed, OVERDUE)
        _on(mailed, OVERDUE)
    contract = [letter for letter in post.letters if "契約締結" in str(letter["Subject"])]
    assert sorted(map(_to, contract)) == ["sato@ward.example", "suzuki@ward.example", "takahashi@ward.example"]
    dropped = [row for row in mailed.see(CYCLE, reminders.reminders_of) if row.state == "dropped"]
    assert {(row.rung, row.trouble) for row in dropped} == {(0, "overtaken"), (1, "overtaken")}


def test_over_new_year_nothing_piles_up(mailed: Office, post: Post) -> None:
    """A machine that was off from Christmas to 4 January sends each person at most one letter about each act."""
    _contracted(mailed, DUE)
    _on(mailed, date(2026, 12, 24))
    post.letters.clear()
    _on(mailed, date(2027, 1, 4))
    addressed = [(_to(letter), str(letter["Subject"])) for letter in post.letters]
    assert len(addressed) == len(set(addressed))


def test_a_clock_a_year_ahead_writes_to_nobody_and_is_forgotten(mailed: Office, post: Post) -> None:
    """Flags follow the clock and are right again when it is set back; not one letter of the wrong year goes."""
    _on(mailed, SOON)
    sent = len(post.letters)
    ahead = _on(mailed, SOON + timedelta(days=365))
    assert (ahead.swept.doubted, ahead.sent) == (True, 0)
    back = _on(mailed, SOON)
    assert (back.sent, back.waiting, len(post.letters)) == (0, 0, sent)
    dated = mailed.see(CYCLE, deadlines.dated)
    assert {it.act: it.flag for it in dated if it.flag} == {"conclude_contract": "due_soon"}
    assert {it.due_on == it.planned_on for it in dated} == {True}
    _on(mailed, date(2026, 10, 2))
    assert len(post.letters) == sent + 2


def test_a_clock_that_is_right_after_all_is_believed_the_next_day(mailed: Office, post: Post) -> None:
    """A machine that was off for half a year sends its letters on the second morning."""
    _on(mailed, date(2026, 9, 1))
    assert _on(mailed, date(2027, 3, 24)).sent == 0
    assert _on(mailed, date(2027, 3, 25)).sent > 0
    assert post.letters


def test_a_clock_set_back_a_day_doubles_nothing(mailed: Office, post: Post) -> None:
    """Set back after the morning's letters and come round again: flags are the day's, each letter went once."""
    for day in (DUE, date(2026, 10, 2), DUE, date(2026, 10, 2)):
        _on(mailed, day)
        [contract] = [it for it in mailed.see(CYCLE, deadlines.dated) if it.act == "conclude_contract"]
        assert contract.flag == ("due_today" if day == DUE else "overdue")
    about = [(_to(letter), str(letter["Subject"])) for letter in post.letters if "契約締結" in str(letter["Subject"])]
    assert len(about) == len(set(about)) == 4


def test_a_second_watch_at_the_same_time_carries_nothing(mailed: Office, post: Post) -> None:
    """While one watch carries the outbox another only flags: no letter of the first is taken for lost."""
    with disk.alone(mailed.home / "outbox.lock") as mine:
        assert mine
        watched = _on(mailed, SOON)
    assert (watched.sent, watched.unknown, watched.waiting, post.letters) == (0, 0, 2, [])
    assert _on(mailed, SOON).sent == 2


def test_a_secret_stands_nowhere(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret of a webhook is in no file that a watch writes and in no settings that are shown."""
    with receiving(answer(500)) as receiver:
        _hook(monkeypatch, sato=receiver.port)
        here = _opened(office)
        _on(here, SOON)
    written = b"".join(path.read_bytes() for path in sorted(here.home.rglob("*")) if path.is_file())
    assert SECRET.removeprefix("whsec_").encode() not in written
    assert SECRET not in repr(here.settings)


def test_every_date_says_its_rule_and_what_moved_it(mailed: Office) -> None:
    """The plan, a person's reason and the lateness of what an act hangs on are told apart."""
    words = {it.act: it for it in mailed.see(CYCLE, deadlines.dated)}
    assert words["register_handlers"].why == "10-01 以後の最初の開庁日の 5 開庁日後"
    assert words["accept_work"].why == "「完了届」の 10 日後"
    fields = {"act": "conclude_contract", "to": "2026-10-06", "reason": "決裁の遅れ"}
    acting.perform(mailed, CYCLE, "move_deadline", by="sato", fields=fields)
    moved = {it.act: (it.moved, it.why.partition("。")[2]) for it in mailed.see(CYCLE, deadlines.dated)}
    assert moved["conclude_contract"] == ("person", "人が変更：決裁の遅れ")
    assert moved["register_handlers"][0] == "lateness"


# The letters about no act


def _of_the_morning(post: Post) -> list[Letter]:
    return [letter for letter in post.letters if "朝の点検" in str(letter["Subject"])]


def test_a_morning_on_which_nothing_is_late_says_that_all_is_well(mailed: Office, post: Post) -> None:
    """Both coordinators, and nobody else, read that nothing is overdue, and what a morning without a letter means."""
    for _time in range(2):
        _on(mailed, date(2026, 9, 25), morning=True)
    assert sorted(map(_to, post.letters)) == ["sato@ward.example", "suzuki@ward.example"]
    assert {letter["Subject"] for letter in post.letters} == {"【つどい】朝の点検　異状ありません"}
    for words in (
        "令和8年9月25日（金）",
        "期限を過ぎた手続、済んでいない自動の作業、一時停止中の年度業務は、いずれもありません",
        "届かない朝は",
    ):
        assert words in _body(post.letters[0])
    assert _events(mailed).count("reminder_sent") == 2
    assert mailed.see(CYCLE, standing.lateness) == ([], 0), "it is no reminder"
    assert _states(mailed) == []


def test_a_late_morning_names_what_is_late_who_owes_it_and_since_when(mailed: Office, post: Post) -> None:
    """The overdue act stands in one letter with its owner and its day; so do a year on hold and a passed commitment."""
    _on(mailed, OVERDUE, morning=True)
    late, _other = _of_the_morning(post)
    assert late["Subject"] == "【つどい】朝の点検　確認が必要なもの 1 件、期限のある手続 1件"
    assert len(post.letters) == 3, "one letter a day, and one to the approver"
    assert "・2026年度「契約締結」　担当：総務課　期限：令和8年10月1日（木）（期限超過 4 日）" in _body(late)
    acting.perform(mailed, CYCLE, "hold", by="sato", fields={"reason": "typhoon"})
    post.letters.clear()
    _on(mailed, date(2026, 11, 24), morning=True)
    held, _other = _of_the_morning(post)
    assert "・2026年度の業務は一時停止中です。" in _body(held)
    assert "・「契約期間の末日」（2026-12-25）を" in _body(held)


def test_the_letter_and_the_stages_call_the_same_acts_late(mailed: Office, post: Post, tmp_path: Path) -> None:
    """What is past its day and waits on an act whose day was moved is red in its stage, and stands in the letter."""
    (tmp_path / "inbox").mkdir()
    year = Played(folder=tmp_path, office=mailed)
    year.play(before="hand_over")
    for act in ("report_receipt", "hand_over"):
        if act not in year.facts().done:
            fields = {"act": act, "to": "2026-11-20", "reason": "受託者の都合"}
            acting.perform(mailed, CYCLE, "move_deadline", by="sato", fields=fields)
    _on(mailed, date(2026, 11, 17), morning=True)
    shown = mailed.see(CYCLE, lambda here: stages.stages(here, standing.standing(here)))
    red = [act.act for stage in shown for act in stage.late]
    assert red == ["take_additions"]
    told, _other = _of_the_morning(post)
    assert "・2026年度「追加抽出」" in _body(told)


def test_work_that_the_machine_left_undone_is_no_good_morning(mailed: Office, post: Post, tmp_path: Path) -> None:
    """Data that the machine could erase this morning and has not stand in the letter, before they are late."""
    (tmp_path / "inbox").mkdir()
    year = Played(folder=tmp_path, office=mailed)
    year.play(before="erase_ward_data")
    _on(mailed, year.facts().due["erase_ward_data"], morning=True)
    told, _other = _of_the_morning(post)
    assert told["Subject"].startswith("【つどい】朝の点検　確認が必要なもの 1 件")
    assert "・2026年度「区保有データの廃棄」　自動で行う作業が" in _body(told)


def test_two_open_years_are_told_of_in_one_letter(mailed: Office, post: Post) -> None:
    """However many years are open, a coordinator has one letter of a morning, with what is late in each."""
    for person in preparation.everybody(mailed):
        preparation.register(mailed, person.model_copy(update={"valid_to": date(2028, 3, 31)}))
    _on(mailed, date(2027, 9, 1))
    preparation.open_year(mailed, 2027)
    _on(mailed, date(2027, 10, 7), morning=True)
    told, other = _of_the_morning(post)
    assert _to(told) != _to(other)
    assert "2026年度「契約締結」" in _body(told)
    assert "2027年度「契約締結」" in _body(told)


def test_a_morning_that_could_not_be_told_is_not_told_the_day_after(mailed: Office, port: int) -> None:
    """What waited for a mail server is dropped when its day is over: one letter a morning, and none of yesterday."""
    assert _on(mailed, date(2026, 9, 24), morning=True).waiting == 2
    assert [row.act for row in mailed.see(CYCLE, reminders.reminders_of)] == ["morning", "morning"]
    with mail_server(Post(), port) as post:
        _on(mailed, date(2026, 9, 25), morning=True)
    assert [_to(letter) for letter in post.letters] == ["sato@ward.example", "suzuki@ward.example"]
    assert all("9月25日" in _body(letter) for letter in post.letters)


def test_where_no_year_is_open_no_morning_is_told(tmp_path: Path) -> None:
    """An installation before its first year writes to nobody, of a morning or of a service that has stopped."""
    bare = preparation.install(tmp_path / "bare", tmp_path / "inbox", rehearsal=True)
    preparation.register_sample_people(bare, 2026)
    assert _on(bare, date(2026, 9, 25), morning=True, stopped="tsudoi.service").waiting == 0
    bare.engine.dispose()


def test_a_coordinator_without_an_address_gets_no_morning(mailed: Office, post: Post) -> None:
    """Whoever has no address is not written to; no letter piles up for him."""
    suzuki = next(person for person in preparation.everybody(mailed) if person.id == "suzuki")
    with lifted(mailed.engine) as connection:
        connection.execute(update(tables.Staff).where(col(tables.Staff.id) == suzuki.id).values(mail=""))
    assert _on(mailed, date(2026, 9, 25), morning=True).waiting == 0
    assert [_to(letter) for letter in post.letters] == ["sato@ward.example"]


def test_a_service_that_has_stopped_is_told_of_once_a_day(mailed: Office, post: Post) -> None:
    """The letter names the service and what to do; what has stopped on a Saturday is told on Monday."""
    assert _on(mailed, date(2026, 9, 26), stopped="tsudoi.service").sent == 0
    for _time in range(2):
        _on(mailed, date(2026, 9, 27) + timedelta(days=1), stopped="tsudoi-dashboard.service")
    told = [letter for letter in post.letters if letter["Subject"] == "【つどい】システム停止のお知らせ"]
    assert sorted(map(_to, told)) == ["sato@ward.example"] * 2 + ["suzuki@ward.example"] * 2
    units = sorted(
        unit for letter in told for unit in ("tsudoi.service", "tsudoi-dashboard.service") if unit in _body(letter)
    )
    assert units == ["tsudoi-dashboard.service"] * 2 + ["tsudoi.service"] * 2
    with pytest.raises(BadInput):
        _on(mailed, date(2026, 9, 28), stopped="佐藤 花子")


# Killed


DYING = Path(__file__).parents[1] / "stories" / "dying.py"
_PLACES = (
    "states.sweep:_flag", "states.sweep:_remind", "steps.reminding:_settle_the_interrupted", "steps.reminding:_queues",
    "steps.reminding:_claim", "adapters.carrier:SmtpCarrier.send", "adapters.webhook:WebhookCarrier.send",
    "steps.reminding:_settle", "models.database:writing",
)  # fmt: skip
_MOMENTS = [f"{place} {when} {nth}" for place in _PLACES for when in ("before", "after") for nth in (1, 2, 3)]
_SAMPLE = {
    "states.sweep:_remind after 1", "adapters.carrier:SmtpCarrier.send after 1",
    "adapters.webhook:WebhookCarrier.send after 1", "steps.reminding:_claim after 2",
}  # fmt: skip


@pytest.mark.parametrize(
    "moment", [pytest.param(it, marks=() if it in _SAMPLE else pytest.mark.long) for it in _MOMENTS]
)
def test_a_watch_killed_anywhere_neither_loses_nor_doubles(
    office: Office, port: int, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Killed at any moment and run again: flags are right, each letter is there once or told as unknown."""
    VirtualClock(office.home / "clock").set(datetime(2026, 9, 28, 9, tzinfo=TOKYO))
    monkeypatch.setenv("TSUDOI_MAIL", f"smtp://127.0.0.1:{port}")
    with mail_server(Post(), port) as post, receiving() as receiver:
        _hook(monkeypatch, sato=receiver.port, suzuki=receiver.port)
        command = [sys.executable, DYING, *moment.split(), "--", "watch"]
        surroundings = {**os.environ, "TSUDOI_HOME": str(office.home), "TSUDOI_INBOX": str(office.settings.inbox)}
        subprocess.run(command, env=surroundings, check=False, capture_output=True)
        here = _opened(office)
        _on(here, SOON)
        _on(here, SOON)
    rows = here.see(CYCLE, reminders.reminders_of)
    arrived = [str(letter["Message-ID"]).partition("@")[0].strip("<") for letter in post.letters]
    letters = {row.message_id: row.state for row in rows if row.channel == "mail"}
    hooked = {row.message_id: row.state for row in rows if row.channel == "webhook"}
    assert (len(letters), set(letters.values()) <= {"sent", "unknown"}) == (2, True)
    assert len(arrived) == len(set(arrived))
    assert {it for it, state in letters.items() if state == "sent"} <= set(arrived) <= set(letters)
    assert (receiver.kept, set(hooked.values())) == (set(hooked), {"sent"})
    assert {it.act: it.flag for it in here.see(CYCLE, deadlines.dated) if it.flag} == {"conclude_contract": "due_soon"}
    assert _events(here).count("act_flagged") == 1
