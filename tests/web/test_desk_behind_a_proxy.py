"""Whom a reverse proxy let in: where the setting says so he reads under his name, and signs with his passphrase."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from browsing import Browser, served
from keyed import entries, size
from starlette.types import Message

from desk.web.asked import Page
from desk.web.guard import Guard
from desk.web.pages import ALL_PAGES
from models.errors import BadSetting
from models.people import Role
from steps.office import Office

NAME, HEADER = "desk.city.example", "X-Remote-User"
HOLD = "/hatachi-2026/acts/hold"


@pytest.fixture
def believed(keyed: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Give an office whose setting believes the header of a proxy."""
    monkeypatch.setenv("TSUDOI_DESK_USER_HEADER", HEADER)
    office = Office.open(keyed.home, keyed.settings.inbox)
    yield office
    office.engine.dispose()


@pytest.fixture
def proxied(believed: Office) -> Iterator[Callable[..., Browser]]:
    """Give browsers that come through the proxy, which names whoever is named here."""
    with served(believed, name=NAME) as address, ExitStack() as stack:

        def through(*names: str, **more: str) -> Browser:
            browser = stack.enter_context(Browser(address))
            browser.client.headers = httpx.Headers([*{"Host": NAME, **more}.items(), *((HEADER, it) for it in names)])
            return browser

        yield through


def test_without_the_setting_a_name_in_a_header_is_nobody(keyed: Office) -> None:
    """By default a header that names somebody is not even looked at: the login is asked for."""
    with served(keyed, name=NAME) as address, Browser(address) as person:
        person.client.headers[HEADER] = "sato"
        assert person.client.get("/").headers["location"] == "/login?to=/"


def test_whom_the_proxy_let_in_reads_under_his_name(proxied: Callable[..., Browser]) -> None:
    """He sees his own work and, as far as his role goes, the year; no page shows more than after a login."""
    assert "佐藤 みどり" in proxied("sato").open("/")
    assert "ledger" in proxied("kansa").open("/hatachi-2026/ledger")
    proxied("watanabe").open("/hatachi-2026/ledger", 404)


def test_what_does_something_asks_for_the_passphrase(proxied: Callable[..., Browser], believed: Office) -> None:
    """No page with a form opens, and no form is taken, before the passphrase was typed: nothing goes in unsigned."""
    person = proxied("sato")
    person.open("/")
    before = size(believed)
    for page in ALL_PAGES:
        if page.takes_a_form and Role.COORDINATOR in page.readers and not page.is_open:
            address = _address(page)
            assert person.client.get(address).headers["location"] == f"/login?to={address}"
            answer = person.client.post(address, data={**person.hidden, "hold.by": "sato", "hold.reason": "typhoon"})
            assert answer.headers["location"] == f"/login?to={address}"
    assert person.client.get("/dashboard").headers["location"] == "/login?to=/dashboard"
    assert size(believed) == before


def _address(page: Page) -> str:
    return page.path.format(cycle="hatachi-2026", act="hold", number="1", person="sato", seq="1", stage="printing")


def test_with_the_passphrase_he_enters_and_signs(proxied: Callable[..., Browser], believed: Office) -> None:
    """The login has his id filled in; after it an act is entered, signed by him."""
    person = proxied("sato")
    assert 'value="sato"' in person.open("/login")
    person.log_in("sato")
    person.open(HOLD)
    person.send(HOLD, **{"hold.by": "sato", "hold.reason": "typhoon"})
    [held] = entries(believed, "cycle_held")
    assert held["data"]["signature"]["by"] == "sato"


def test_nobody_logs_in_under_a_name_that_the_proxy_did_not_pass(proxied: Callable[..., Browser]) -> None:
    """Another person's id, typed or sent by whom the proxy let in, is not looked at: the session is his own or none."""
    person = proxied("kansa")
    person.log_in("sato")
    head = person.open("/").partition("<main")[0]
    assert ("logout" in head, "佐藤 みどり" in head) == (True, False)
    assert person.client.get(HOLD).status_code == 404


def test_a_session_of_another_person_is_none(proxied: Callable[..., Browser]) -> None:
    """A cookie that was taken along opens nothing where the proxy names somebody else."""
    owner, thief = proxied("sato"), proxied("kansa")
    owner.log_in("sato")
    thief.client.cookies.update(owner.client.cookies)
    assert thief.client.get(HOLD).status_code == 404
    assert thief.client.get("/verify").headers["location"] == "/login?to=/verify"
    assert owner.client.get(HOLD).status_code == 200


def test_who_is_not_on_the_register_is_refused(proxied: Callable[..., Browser]) -> None:
    """A name that the proxy passes and the register does not know opens no page, the login neither."""
    for name in ("nobody-of-ours", "sato' OR '1'='1", "system", "SATO"):
        for path in ("/", "/login", "/hatachi-2026/ledger"):
            assert proxied(name).client.get(path).status_code == 403, name


def test_two_names_at_once_are_refused(proxied: Callable[..., Browser]) -> None:
    """A header that somebody sent along with the proxy's own lets nobody in."""
    assert proxied("sato", "kansa").client.get("/").status_code == 403
    assert proxied("sato", "sato").client.get("/").status_code == 403


def test_from_another_machine_the_header_is_refused(believed: Office) -> None:
    """Only a loopback peer is a proxy: whoever else sends the header gets no further than the first door."""
    import anyio

    told: list[int] = []

    async def ask(host: str) -> None:
        async def inner(_scope: object, _receive: object, _send: object) -> None:
            told.append(200)

        async def nothing() -> Message:
            raise AssertionError

        async def send(message: Message) -> None:
            if "status" in message:
                told.append(int(str(message["status"])))

        headers = [(b"host", NAME.encode()), (HEADER.lower().encode(), b"sato")]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (host, 1)}
        await Guard(inner=inner, name=NAME, user_header=HEADER)(scope, nothing, send)

    for host in ("10.0.0.9", "127.0.0.1", "not an address"):
        anyio.run(ask, host)
    assert told == [403, 200, 403]


def test_whom_a_proxy_let_in_is_on_no_machine_of_ours(proxied: Callable[..., Browser]) -> None:
    """What names residents stays shut, even where the proxy rewrites the host and says nothing else of itself."""
    person = proxied("watanabe", Host="127.0.0.1")
    person.log_in("watanabe")
    assert 'type="file"' not in person.open("/hatachi-2026/extract/take_extract")
    answer = person.client.post("/hatachi-2026/extract/take_extract", data=person.hidden, files={"file": b"x"})
    assert answer.status_code == 403


def test_a_setting_that_is_no_header_is_told(keyed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip of the pen in the setting is named, and nothing is served."""
    monkeypatch.setenv("TSUDOI_DESK_USER_HEADER", "X Remote: User")
    with pytest.raises(BadSetting, match="desk_user_header"):
        Office.open(keyed.home)
