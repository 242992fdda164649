"""Our requests to a Prefect server that is busy or away for a moment: asked again, and not for ever."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Prefect
from serving import free_port

pytestmark = pytest.mark.xdist_group("prefect")


class Busy(ThreadingHTTPServer):
    """A server that says 503 so many times to a question, and then that it has no deployments."""

    daemon_threads = True

    def __init__(self, port: int, busy: int) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.busy, self.asked = busy, 0


class Answer(BaseHTTPRequestHandler):
    server: Busy

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1
        self.answer(503 if self.server.asked <= self.server.busy else 200, [])

    def do_GET(self) -> None:
        self.answer(404, {})  # it has no token to give

    def answer(self, status: int, body: Any) -> None:
        said = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def serving(port: int, *, busy: int = 0) -> Iterator[Busy]:
    server = Busy(port, busy)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let a client of Prefect note its pauses, and take none."""
    taken = list[float]()
    monkeypatch.setattr("prefect.client.base.time", SimpleNamespace(sleep=taken.append))
    return taken


def ask(prefect: Prefect, client: Any) -> list[object]:
    return prefect.flow_module("board").deployments_of_ours(client)


@pytest.fixture
def orchestration(prefect: Prefect) -> Any:
    from prefect.client import orchestration

    return orchestration


def test_a_busy_server_is_asked_again(prefect: Prefect, orchestration: Any, pauses: list[float]) -> None:
    """What is refused with 503 three times is answered at the fourth; each pause is longer than the one before."""
    port = free_port()
    with serving(port, busy=3) as server, orchestration.SyncPrefectClient(f"http://127.0.0.1:{port}/api") as client:
        assert ask(prefect, client) == []
        assert server.asked == 4
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_a_server_that_stays_busy_is_asked_six_times(prefect: Prefect, orchestration: Any, pauses: list[float]) -> None:
    """Asked once and again five times, after pauses that come to two minutes, it has failed."""
    from prefect.exceptions import PrefectHTTPStatusError

    port = free_port()
    with serving(port, busy=100) as server, orchestration.SyncPrefectClient(f"http://127.0.0.1:{port}/api") as client:
        with pytest.raises(PrefectHTTPStatusError, match="503"):
            ask(prefect, client)
        assert server.asked == 6
    assert 90 < sum(pauses) < 180


def test_a_server_that_starts_anew_is_asked_again(
    prefect: Prefect, orchestration: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that has had an answer bears a refused connection: the next question waits until the server is back."""
    port, back = free_port(), list[Busy]()
    with orchestration.SyncPrefectClient(f"http://127.0.0.1:{port}/api") as client, ExitStack() as later:
        with serving(port):
            ask(prefect, client)
        pause = SimpleNamespace(sleep=lambda _seconds: back.append(later.enter_context(serving(port))))
        monkeypatch.setattr("prefect.client.base.time", pause)
        assert ask(prefect, client) == []
        assert [server.asked for server in back] == [1]
