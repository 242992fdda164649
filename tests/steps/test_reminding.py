"""The morning watch: letters go once, wait while nobody carries them, and in doubt are not said to have gone."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from email import message_from_bytes
from email.message import Message as Letter
from email.policy import default
from email.utils import parseaddr
from typing import Any

import pytest
import stamina
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from sqlalchemy import select, update
from sqlmodel import col

from adapters.clock import VirtualClock
from models import tables
from models.clock import TOKYO
from models.database import reading, writing
from models.errors import BadSetting
from states import ledger
from states.sweep import sweep
from steps import acting, reminding, standing
from steps.office import Office

CYCLE = "hatachi-2026"
SOON, DUE, OVERDUE = date(2026, 9, 28), date(2026, 10, 1), date(2026, 10, 5)


@dataclass
class Post:
    """A mail server's memory."""

    letters: list[Letter] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


class BreaksOff(Post):
    """A mail server that takes the letter and is gone before it says so."""

    async def handle_DATA(self, server: Any, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await super().handle_DATA(server, _session, envelope)
        server.transport.abort()
        return ""


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Let a letter be tried as often as in life, without the pauses between."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    yield post
    controller.stop()


def _on(office: Office, day: date) -> reminding.Watched:
    VirtualClock(office.home / "clock").set(datetime(day.year, day.month, day.day, 9, tzinfo=TOKYO))
    return reminding.watch(office)


def _states(office: Office) -> list[str]:
    return [row.state for row in reminding.reminders_of(office, CYCLE)]


def _events(office: Office) -> list[str]:
    with reading(office.engine) as connection:
        return [json.loads(line)["event"] for line in ledger.entries(connection)]


def _to(letter: Letter) -> str:
    return parseaddr(str(letter["To"]))[1]


def _body(letter: Letter) -> str:
    text = letter.get_payload(decode=True)
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


def test_every_rung_is_a_letter_and_lateness_reaches_the_approver(mailed: Office, post: Post) -> None:
    """On the day and after it a new letter goes; two open days late the approver is written to as well."""
    _on(mailed, SOON)
    _on(mailed, DUE)
    _on(mailed, OVERDUE)
    to = [_to(letter) for letter in post.letters]
    assert to.count("sato@ward.example") == 3
    assert to.count("takahashi@ward.example") == 1
    late, sent = standing.lateness(mailed, CYCLE)
    assert (late, sent) == (["conclude_contract"], len(post.letters))


def test_while_the_server_is_down_letters_wait_and_go_later_once(mailed: Office, port: int) -> None:
    """Without a server nothing is lost or claimed: the letters wait, with the reason, and go once when it is there."""
    watched = _on(mailed, SOON)
    assert (watched.sent, watched.waiting) == (0, 2)
    assert {(row.state, row.trouble) for row in reminding.reminders_of(mailed, CYCLE)} == {
        ("waiting", "ConnectionRefusedError")
    }
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert _on(mailed, SOON).sent == 2
        assert _on(mailed, SOON).sent == 0
    finally:
        controller.stop()
    assert len(post.letters) == 2


def test_what_may_have_gone_is_unknown_and_not_sent_again(mailed: Office, port: int) -> None:
    """A server that takes the letter and breaks off leaves 送達不明 in the ledger; nobody is written to twice."""
    post = BreaksOff()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        watched = _on(mailed, SOON)
        again = _on(mailed, SOON)
    finally:
        controller.stop()
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
        "special_provisions_attached": "true",
    }  # fmt: skip
    acting.perform(mailed, CYCLE, "conclude_contract", by="sato", fields=contract)
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        _on(mailed, SOON)
    finally:
        controller.stop()
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
    with writing(mailed.engine) as connection:
        connection.execute(update(staff).where(col(staff.id) == "suzuki").values(mail=""))
    assert (_on(mailed, SOON).waiting, len(post.letters)) == (1, 1)
    with writing(mailed.engine) as connection:
        connection.execute(update(staff).where(col(staff.id) == "suzuki").values(mail="suzuki@ward.example"))
    assert (_on(mailed, SOON).sent, len(post.letters)) == (1, 2)
