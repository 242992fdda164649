"""Whether a server answers: asked again while it is busy or not there yet, and not for ever."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from receivers import free_port
from serving import PATIENCE

from adapters.health import wait_until_healthy


@contextmanager
def server(port: int, statuses: list[int]) -> Iterator[None]:
    """Run a server that answers with each of these in turn, and then with the last."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", port), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown()
            thread.join()


def test_a_busy_server_is_asked_until_it_is_well() -> None:
    """Of a server that says 503 twice and then 200 it is told that it is well."""
    port, statuses = free_port(), [503, 503, 200]
    with server(port, statuses):
        assert wait_until_healthy(f"http://127.0.0.1:{port}/", seconds=PATIENCE)
    assert statuses == [200]


def test_a_server_that_is_not_there_yet_is_asked_again() -> None:
    """Refused twice, the third question finds the server that has come meanwhile."""
    port, asked = free_port(), list[bool]()
    with ExitStack() as came:

        def goes_on() -> bool:
            asked.append(True)
            if len(asked) == 3:
                came.enter_context(server(port, [200]))
            return True

        assert wait_until_healthy(f"http://127.0.0.1:{port}/", seconds=PATIENCE, while_=goes_on)
    assert len(asked) == 3


def test_a_server_that_never_comes_is_not_asked_for_ever() -> None:
    """When its time is over, or when it makes no sense any more, it is told that nobody is well there."""
    address = f"http://127.0.0.1:{free_port()}/"
    assert not wait_until_healthy(address, seconds=0.1)
    assert not wait_until_healthy(address, seconds=PATIENCE, while_=iter([True, False]).__next__)
