"""Attacks on the desk, as OWASP ASVS 5 lists what a web application must bear: each is refused and changes nothing."""

import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from browsing import Browser, served
from keyed import entries, size
from starlette.routing import Route

from desk.web.asked import Page
from desk.web.pages import ALL_PAGES
from models.people import Role
from steps import preparation
from steps.office import Office

HOLD = "/hatachi-2026/acts/hold"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
PEOPLE = {
    "coordinator": "sato", "registrar": "watanabe", "approver": "suzuki", "auditor": "kansa",
}  # fmt: skip


@pytest.mark.parametrize("role", PEOPLE)
def test_a_page_opens_for_those_it_is_for(browser: Callable[[], Browser], keyed: Office, role: str) -> None:
    """Of every page of the desk each person gets what is for a role of his, and of the others nothing."""
    person, known = browser(), {it.id: it for it in preparation.everybody(keyed)}[PEOPLE[role]]
    person.log_in(known.id)
    for page in ALL_PAGES:
        if page.readers & known.roles or page.is_open:
            continue
        address = _address(page)
        answer = person.client.get(address)
        assert answer.status_code == 404, address
        assert "<form method" not in answer.text.partition("<main")[2]


def _address(page: Page) -> str:
    names = dict.fromkeys(Route(page.path, lambda _request: None).param_convertors, "1") | {"cycle": "hatachi-2026"}
    return page.path.format(**names | {"act": "hold", "stage": "printing"})


def test_every_page_asks_who_comes(browser: Callable[[], Browser]) -> None:
    """No page but the login answers a browser without a session with anything but the way to the login."""
    stranger = browser()
    for page in ALL_PAGES:
        if not page.is_open:
            answer = stranger.client.get(_address(page))
            assert (answer.status_code, answer.headers["location"][:7]) == (303, "/login?"), page.path


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "elsewhere.invalid"}, 421),
        ({"Host": "127.0.0.1.elsewhere.invalid"}, 421),
        ({"Origin": "https://elsewhere.invalid"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_what_comes_from_elsewhere_is_refused(
    browser: Callable[[], Browser], keyed: Office, headers: dict[str, str], status: int
) -> None:
    """Another name for this machine, or a page of another origin, sends nothing that is taken, session and all."""
    person = browser()
    person.log_in("sato")
    person.open(HOLD)
    before = size(keyed)
    form = {**person.hidden, "hold.by": "sato", "hold.reason": "typhoon"}
    assert person.client.post(HOLD, data=form, headers=headers).status_code == status
    assert size(keyed) == before


def test_the_headers_forbid_what_a_page_does_not_need(browser: Callable[[], Browser]) -> None:
    """Every answer, also of an error, forbids frames, foreign scripts, sniffing and being kept."""
    person = browser()
    person.log_in("sato")
    for path in ("/", "/login", "/nothing-here", HOLD, "/hatachi-2099/acts/hold"):
        answer = person.client.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_cookies_are_for_this_site_and_no_script(browser: Callable[[], Browser]) -> None:
    """The session's cookie is HttpOnly and SameSite=Strict, and holds nothing but a random token."""
    person = browser()
    person.open("/login")
    answer = person.client.post(
        "/login", data={**person.hidden, "person": "sato", "passphrase": "swallow pencil blue desk"}
    )
    [cookie] = [it for it in answer.headers.get_list("set-cookie") if it.startswith("tsudoi_desk=")]
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()


def test_behind_a_proxy_of_tls_every_cookie_is_for_tls_alone(keyed: Office) -> None:
    """Where the setting says https, no cookie goes over plain HTTP or comes from another host, nor does a page."""
    with served(keyed, https=True) as address, httpx.Client(base_url=address, trust_env=False) as client:
        page = client.get("/login")
        token = re.search(r'name="token" value="([0-9a-f]+)"', page.text)
        assert token
        before = page.headers["set-cookie"].partition(";")[0]  # a browser of TLS would send it back
        form = {"token": token[1], "person": "sato", "passphrase": "swallow pencil blue desk"}
        answer = client.post("/login", data=form, headers={"Cookie": before})
        told = [*page.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
        assert {it.partition("=")[0] for it in told} == {"__Host-tsudoi_before", "__Host-tsudoi_desk"}
        assert all("; secure" in it.lower() and "; path=/" in it.lower() for it in told)
        assert all("domain=" not in it.lower() for it in told)
        session = next(it.partition(";")[0] for it in told if "tsudoi_desk" in it)
        assert client.get("/", headers={"Cookie": session}).status_code == 200
        laid = session.removeprefix("__Host-")  # as another host, or a page without TLS, could lay it into a browser
        assert client.get("/", headers={"Cookie": laid}).status_code == 303
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_a_proxy_that_says_nothing_of_itself_makes_nobody_local(keyed: Office) -> None:
    """Whoever comes by the name that others have for the desk is elsewhere, though the proxy adds no header."""
    with served(keyed, name="desk.city.example") as address, Browser(address) as person:
        person.log_in("watanabe")
        here = person.open("/hatachi-2026/extract/take_extract")
        person.client.headers["Host"] = "desk.city.example"
        assert 'type="file"' in here
        assert 'type="file"' not in person.open("/hatachi-2026/extract/take_extract")


def test_an_idle_session_ends(browser: Callable[[], Browser], keyed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """After thirty minutes of the machine's own clock in which nobody used it, the login is asked for again."""
    import os
    import time

    person = browser()
    person.log_in("sato")
    old = time.time() - timedelta(minutes=31).total_seconds()
    for path in (keyed.settings.key_folder / "sessions").iterdir():
        os.utime(path, (old, old))
    assert person.client.get("/").status_code == 303


def test_a_text_is_text_wherever_it_is_shown(browser: Callable[[], Browser]) -> None:
    """Markup that somebody types into a field, an address or a search is shown as text and never obeyed."""
    person = browser()
    person.log_in("sato")
    at = "/hatachi-2026/acts/conclude_contract"
    person.open(at)
    text = person.send(at, 422, **{"conclude_contract.by": "sato", "conclude_contract.contract_number": SCRIPT})
    assert SCRIPT not in text
    assert "&lt;script&gt;" in text
    assert SCRIPT not in person.open(f"/hatachi-2026/ledger?words={SCRIPT}")


def test_another_years_id_and_odd_addresses_are_told_so(browser: Callable[[], Browser]) -> None:
    """A year that is not open, an act that does not exist, a number that is none: not found, in words."""
    person = browser()
    person.log_in("sato")
    for path in (
        "/hatachi-2031/acts/hold", "/other-2026/acts/hold", "/hatachi-2026/acts/no_such_act", "/hatachi-x/acts/hold",
        "/hatachi-2026/proposals/hold/99999", "/hatachi-99999999999/acts/hold", "/static/../app.py",
        "/static/%2e%2e/app.py",
    ):  # fmt: skip
        assert person.client.get(path).status_code in {404, 400}, path


def test_a_replayed_form_is_one_act(browser: Callable[[], Browser], keyed: Office) -> None:
    """The same form sent ten times at once is done once."""
    from concurrent.futures import ThreadPoolExecutor

    person = browser()
    person.log_in("sato")
    person.open(HOLD)
    form = {**person.hidden, "hold.by": "sato", "hold.reason": "typhoon"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _nth: person.client.post(HOLD, data=form).status_code, range(10)))
    assert len(entries(keyed, "cycle_held")) == 1, answers


def test_two_people_on_one_act_at_once_do_it_once(browser: Callable[[], Browser], keyed: Office) -> None:
    """Of two who send the same act at the same time one has done it, and the other is told so in words."""
    from concurrent.futures import ThreadPoolExecutor

    people = [browser(), browser()]
    for one, name in zip(people, ("sato", "suzuki"), strict=True):
        one.log_in(name)
        one.open(HOLD)

    def send(one: Browser, name: str) -> httpx.Response:
        return one.client.post(HOLD, data={**one.hidden, "hold.by": name, "hold.reason": "typhoon"})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, people, ("sato", "suzuki")))
    assert {answer.status_code for answer in answers} <= {200, 422}
    assert all("バグ" not in answer.text for answer in answers)


def test_a_form_too_large_is_refused(browser: Callable[[], Browser], keyed: Office) -> None:
    """A field or a form beyond its bounds is refused in words, and nothing is recorded."""
    person = browser()
    person.log_in("sato")
    person.open(HOLD)
    before = size(keyed)
    person.send(HOLD, 422, **{"hold.by": "sato", "hold.reason": "x" * 1_000_000})
    broken = person.client.post(
        HOLD, content=b"--x\r\nbroken", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code == 422
    assert person.client.post(HOLD, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 422
    assert size(keyed) == before


def test_guessing_passphrases_is_slowed_and_locked(browser: Callable[[], Browser]) -> None:
    """Two hundred wrong passphrases let nobody in, and no answer differs by whether the person exists."""
    person = browser()
    for nth in range(200):
        person.open("/login")
        person.send("/login", person="suzuki", passphrase=f"wrong words {nth}")
    assert person.client.get("/").status_code == 303


def test_who_only_reads_changes_nothing_by_any_form(browser: Callable[[], Browser], keyed: Office) -> None:
    """An auditor who sends a form to every page that takes one, with the session's own token, changes no entry."""
    auditor = browser()
    auditor.log_in("kansa")
    auditor.open("/verify")
    before = size(keyed)
    for page in ALL_PAGES:
        assert page.readers <= set(Role)
        if page.takes_a_form and page.path not in {"/logout", "/passphrase", "/{cycle}/bundle"}:
            answer = auditor.client.post(_address(page), data=auditor.hidden)
            assert answer.status_code in {200, 303, 404, 409, 422}, page.path
    assert size(keyed) == before
