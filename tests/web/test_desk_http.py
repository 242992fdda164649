"""The desk as HTTP: which methods it knows, what an answer says of itself, and where one request ends."""

import re
import socket
from collections.abc import Callable

import httpx
import pytest
import structlog
from browsing import Browser
from keyed import entries, size

from desk.web.asked import Page
from desk.web.pages import ALL_PAGES, auditing
from steps.office import Office


def _address(page: Page) -> str:
    known = {"cycle": "hatachi-2026", "act": "compare_imprint", "stage": "printing", "person": "sato"}
    return page.path.format(**dict.fromkeys(re.findall(r"{(\w+)}", page.path), "1") | known)


@pytest.mark.parametrize("who", ["sato", "watanabe", "suzuki"])
def test_looking_changes_nothing(in_year: Callable[..., Browser], played: Office, who: str) -> None:
    """No page that is only opened enters anything, however its form would be sent, nor ends the session."""
    person = in_year(who)
    before = size(played)
    for page in ALL_PAGES:
        person.client.get(_address(page), params={"do": "take", "what": "1", "old": "x"})
    assert size(played) == before
    assert "logout" in person.open("/")


def test_other_methods_are_no_way_in(in_year: Callable[..., Browser], played: Office) -> None:
    """TRACE, OPTIONS, PUT, PATCH, DELETE and words that are none say nothing of a page and change nothing."""
    person = in_year("sato")
    before = size(played)
    for method in ("TRACE", "OPTIONS", "PUT", "PATCH", "DELETE", "FOO", "POST"):
        for path in ("/", "/hatachi-2026/ledger", "/static/desk.css"):
            answer = person.client.request(method, path, headers={"X-Secret": "abc"})
            assert answer.status_code in {404, 405}, (method, path)
            assert "abc" not in answer.text
            assert "access-control-allow-origin" not in answer.headers
    assert size(played) == before


def test_an_answer_says_what_it_is_and_not_what_serves_it(in_year: Callable[..., Browser]) -> None:
    """Every answer names its type, text with its signs; none names the server, a version or another origin."""
    person = in_year("sato")
    for path in ("/", "/nothing", "/static/desk.css", "/static/desk.js", "/hatachi-2026/calendar", "/static/", "/docs"):
        answer = person.client.get(path, headers={"Origin": str(person.client.base_url).rstrip("/")})
        kind = answer.headers["content-type"]
        assert not kind.startswith("text/") or "charset=utf-8" in kind, path
        assert not {"server", "x-powered-by", "access-control-allow-origin"} & set(answer.headers), path
    for path in ("/static/", "/static", "/docs", "/openapi.json", "/metrics", "/.git/config", "/static/../server.py"):
        assert person.client.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 60",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding : chunked",
        "Content-Length: +4",
        "Content-Length: 4\nX: y",
    ],
)
def test_no_second_request_is_smuggled_in_the_first(browser: Callable[[], Browser], keyed: Office, head: str) -> None:
    """Where two parties could see the end of a request at different places, what follows it is answered to nobody."""
    url = browser().client.base_url
    before = size(keyed)
    assert b"200 OK" in _answers(url, "Content-Length: 5")  # the same bytes where the end is plain
    assert b"200 OK" not in _answers(url, head)
    assert size(keyed) == before


def _answers(url: httpx.URL, head: str) -> bytes:
    """Send a form whose end the head tells, and behind it what asks for the login; return all that is answered."""
    form = "application/x-www-form-urlencoded"
    first = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {form}\r\n{head}\r\n\r\n0\r\n\r\n"
    with socket.create_connection((url.host, url.port or 0), timeout=20) as connection:
        connection.sendall(first.encode() + b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_bug_of_a_page_says_nothing_of_what_it_held(
    in_year: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong unforeseen is answered and logged by its kind and place, never by its words (Law 4)."""

    def stumble(*_any: object, **_how: object) -> None:
        raise ValueError("佐藤 花子 160-0023")

    monkeypatch.setattr(auditing.entries, "entries", stumble)
    person = in_year("sato")
    with structlog.testing.capture_logs() as logged:
        text = person.open("/hatachi-2026/ledger", 500)
    assert "ValueError" in text
    assert [(it["event"], it["error_type"]) for it in logged] == [("page_failed", "ValueError")]
    assert "花子" not in text + repr(logged)
    assert "Traceback" not in text


def test_the_same_name_twice_is_the_first(browser: Callable[[], Browser], keyed: Office) -> None:
    """A field that is sent twice, or also in the address, counts once: as it stands first in the form."""
    person = browser()
    person.log_in("sato")
    at = "/hatachi-2026/acts/hold"
    person.open(at)
    twice = httpx.QueryParams(
        [*person.hidden.items(), ("hold.by", "sato"), ("hold.by", "suzuki"), ("hold.reason", "typhoon")]
    )
    answer = person.client.post(
        f"{at}?hold.by=suzuki&token=x",
        content=str(twice),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200
    [held] = entries(keyed, "cycle_held")
    assert held["by"] == "sato"


@pytest.mark.parametrize("who", ["sato", "watanabe", "takahashi"])
def test_the_address_of_a_form_leads_to_where_it_stands(in_year: Callable[..., Browser], who: str) -> None:
    """Whoever opens the address of a form, or comes back to it after a login, gets a page and no bare refusal."""
    person = in_year(who)
    for page in ALL_PAGES:
        if page.takes_a_form:
            answer = person.client.get(_address(page), follow_redirects=True)
            assert answer.status_code in {200, 404}, page.path
            assert "<h1>" in answer.text, page.path
    if who == "sato":
        assert person.client.get("/confirm-people").headers["location"] == "/people"
