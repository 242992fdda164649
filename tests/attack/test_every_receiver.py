"""Whatever a receiver of webhooks does, four mornings long: in bounded time, followed nowhere, nothing told twice."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import stamina
from figures import Figures
from receivers import SECRET, Behave, Handler, Receiver, answer, drips, drips_body, hangs, in_turn, receiving

from adapters.clock import VirtualClock
from adapters.webhook import WebhookCarrier
from models.clock import TOKYO
from steps import reminding
from steps.office import Office
from views import reminders

pytestmark = pytest.mark.attack
CYCLE = "hatachi-2026"
FIRST = datetime(2026, 9, 28, 9, tzinfo=TOKYO)
WATCHES, TRIES = 4, 3
SECONDS = 0.5  # the carrier's patience in this test


def closes(handler: Handler) -> None:
    """Break off without a word."""
    handler.close_connection = True


def babbles(handler: Handler) -> None:
    """Answer with what is no HTTP."""
    handler.wfile.write(b"\x00\xff\x1b[2J nonsense\r\n\r\n")
    handler.close_connection = True


def floods(handler: Handler) -> None:
    """Answer with a header larger than any."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 1_000_000 + b"\r\n\r\n")
    handler.close_connection = True


REDIRECTS = (301, 302, 307, 308)
BEHAVIOURS: Mapping[str, Behave] = {
    "204": answer(204), "200 with 10 MB": answer(200, b"x" * 10_000_000), "200 that drips": drips_body,
    "400": answer(400), "404": answer(404), "410": answer(410),
    "429 for a day": answer(429, retry_after="86400"), "429 for ever": answer(429, retry_after="99999999999"),
    "503": answer(503), "500": answer(500), "500, 502, then 200": in_turn(answer(500), answer(502), answer(200)),
    "hangs": hangs, "drips": drips, "closes": closes, "babbles": babbles, "floods": floods,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ask as often as in life, without the pauses between, and wait for an answer no longer than a test may."""
    made = WebhookCarrier.__init__
    monkeypatch.setattr(WebhookCarrier, "__init__", lambda it, **options: made(it, **options, seconds=SECONDS))
    with stamina.set_testing(True, attempts=TRIES):
        yield


@contextmanager
def hearing(behave: Behave) -> Iterator[tuple[Receiver, list[int]]]:
    """Run a receiver; give it, and the places among its ids at which it said yes."""
    yes = list[int]()

    def told(handler: Handler) -> None:
        place, real = len(handler.server.ids) - 1, handler.send_response

        def send_response(status: int, *more: str) -> None:
            yes.extend([place] * (status // 100 == 2))
            real(status, *more)

        handler.send_response = send_response  # type: ignore[method-assign]  # to hear what is answered
        behave(handler)

    with receiving(told) as receiver:
        yield receiver, yes


@pytest.mark.parametrize("behaviour", [*BEHAVIOURS, *REDIRECTS])
def test_whatever_a_receiver_does_nothing_is_lost_or_told_twice(
    template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str | int, figures: Figures
) -> None:
    """Each watch ends; what was said yes to is not posted again; what was not has gone, waits, or is overtaken."""
    asked = list[Counter[str]]()
    with receiving() as elsewhere:
        moved = (
            answer(int(behaviour), location=f"http://127.0.0.1:{elsewhere.port}/") if behaviour in REDIRECTS else None
        )
        with hearing(moved or BEHAVIOURS[str(behaviour)]) as (receiver, yes):
            monkeypatch.setenv("TSUDOI_ALLOWED_HOSTS", '["127.0.0.1"]')
            for side in ("WARD", "CONTRACTOR", "REGISTER"):
                monkeypatch.setenv(f"TSUDOI_WEBHOOKS__{side}__URL", f"http://127.0.0.1:{receiver.port}/hook")
                monkeypatch.setenv(f"TSUDOI_WEBHOOKS__{side}__SECRET", SECRET)
            shutil.copytree(template_home, tmp_path / "home")
            office = Office.open(tmp_path / "home", tmp_path / "inbox")
            for day in range(WATCHES):
                VirtualClock(office.home / "clock").set(FIRST + timedelta(days=day))
                before = len(receiver.ids)
                reminding.watch(office)
                asked.append(Counter(receiver.ids[before:]))
            rows = [it for it in office.see(CYCLE, reminders.reminders_of) if it.channel != "mail"]
            office.engine.dispose()
    again = [place for place in yes if receiver.ids[place] in receiver.ids[place + 1 :]]
    lost = [row.id for row in rows if row.state not in {"sent", "waiting"} and row.trouble != "overtaken"]
    pushed = [watch for watch in asked if watch and max(watch.values()) > TRIES]
    held = not again and not lost and not pushed and not elsewhere.ids
    figures.tell("receivers that misbehave", where="webhooks, 4 watches each", tried=1, held=int(held))
    assert receiver.ids
    assert rows
    assert (again, lost, pushed, elsewhere.ids) == ([], [], [], [])
