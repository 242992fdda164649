"""A browser at the desk, as far as HTTP goes: cookies and forms with their tokens; and the desk, served to it."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import httpx
import stamina
import uvicorn

from desk.web.app import desk
from desk.web.server import HOW
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')
Files = Mapping[str, Any] | Sequence[tuple[str, Any]]  # by the field's name; several of one name in a sequence
_KEY = re.compile(r'name="key" value="([0-9a-f]+)"')


class Browser:
    """A browser of one person: it keeps its cookies, and sends a form with the token and the key that its page had."""

    def __init__(self, address: str) -> None:
        """Take where the desk is."""
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=60)
        self.hidden: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.client.close()

    def open(self, path: str, status: int = 200) -> str:
        """Open a page, and return its text."""
        return self._read(self.client.get(path), status)

    def send(self, path: str, status: int = 200, /, files: Files | None = None, **fields: str | list[str]) -> str:
        """Send the form of the page that was opened last, and return the text of the page that answers."""
        data = {**self.hidden, **fields}
        return self._read(self.client.post(path, data=data, files=files, follow_redirects=True), status)

    def log_in(self, person: str, passphrase: str = SAMPLE_PASSPHRASE) -> str:
        """Log in as a person by the page for it."""
        self.open("/login")
        return self.send("/login", person=person, passphrase=passphrase)

    def _read(self, answer: httpx.Response, status: int) -> str:
        assert answer.status_code == status, answer.text
        found = {"token": _TOKEN.search(answer.text), "key": _KEY.search(answer.text)}
        self.hidden = {name: match[1] for name, match in found.items() if match}
        return answer.text


@contextmanager
def served(office: Office, **how: Any) -> Iterator[str]:
    """Serve the desk of an office on a free port of this machine, and give its address."""
    config = uvicorn.Config(desk(office, **how), host="127.0.0.1", port=0, **HOW)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield _address(server)
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def at_the_desk(office: Office) -> Iterator[Callable[..., Browser]]:
    """Serve the desk, and give the browser of whoever is named, logged in; it sends the headers that are named."""
    with served(office) as address, ExitStack() as stack:

        def logged_in(person: str, **headers: str) -> Browser:
            browser = stack.enter_context(Browser(address))
            browser.log_in(person)
            browser.client.headers.update(headers)
            return browser

        yield logged_in


@stamina.retry(on=IndexError, attempts=400, wait_initial=0.005, wait_max=0.05, timeout=20)
def _address(server: uvicorn.Server) -> str:
    [*sockets] = [it for one in getattr(server, "servers", []) for it in one.sockets]
    return f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
