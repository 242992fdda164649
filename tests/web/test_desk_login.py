"""Who comes in at the desk, and what a session is worth."""

import html
import json
import re
from collections.abc import Callable
from datetime import datetime

from browsing import Browser

from adapters.clock import VirtualClock
from models.clock import TOKYO
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE


def test_nobody_sees_anything_without_a_session(browser: Callable[[], Browser]) -> None:
    """Every page leads to the login, and after it to where the person wanted to go, with what a link fills in."""
    stranger, wanted = browser(), "/hatachi-2026/acts/conclude_contract?contract_number=K-77&x=1"
    answer = stranger.client.get(wanted)
    assert answer.status_code == 303
    assert wanted in html.unescape(stranger.open(answer.headers["location"]))
    assert "K-77" in stranger.send("/login", person="sato", passphrase=SAMPLE_PASSPHRASE, to=wanted)


def test_a_wrong_passphrase_opens_nothing_and_is_told(browser: Callable[[], Browser], keyed: Office) -> None:
    """It is refused in words, counted, and after three even the right one waits."""
    person = browser()
    for _nth in range(3):
        assert "行えません" not in (text := person.log_in("sato", "not the right words"))
        assert 'role="alert"' in text
    assert 'role="alert"' in person.log_in("sato")
    assert person.client.get("/").status_code == 303


def test_an_unknown_person_is_told_nothing(browser: Callable[[], Browser]) -> None:
    """Whoever tries names learns from the answer to none of them whether it stands on the register."""
    assert "登録ID又は合言葉が違います" in browser().log_in("nobody-of-ours")


def test_a_session_is_worth_nothing_after_logout(browser: Callable[[], Browser]) -> None:
    """A cookie that somebody has copied opens nothing once its person has logged out."""
    person, thief = browser(), browser()
    person.log_in("sato")
    thief.client.cookies.update(person.client.cookies)
    thief.open("/")
    person.open("/")
    gone = person.client.post("/logout", data=person.hidden)
    assert gone.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert thief.client.get("/").status_code == 303


def test_a_login_makes_a_new_session(browser: Callable[[], Browser]) -> None:
    """A token that was laid into a browser before the login is not the session afterwards, and opens nothing."""
    person = browser()
    person.client.cookies.set("tsudoi_desk", "ab" * 32, domain="127.0.0.1")
    person.log_in("sato")
    assert person.client.cookies["tsudoi_desk"] != "ab" * 32


def test_the_way_on_stays_within_the_desk(browser: Callable[[], Browser]) -> None:
    """An address elsewhere behind the login is not followed."""
    for to in ("//elsewhere.invalid/", "https://elsewhere.invalid/", "/\\elsewhere.invalid"):
        person = browser()
        person.open("/login")
        fields = {**person.hidden, "person": "sato", "passphrase": SAMPLE_PASSPHRASE, "to": to}
        assert person.client.post("/login", data=fields).headers["location"] == "/"


def test_whose_entry_has_ended_comes_in_no_more(browser: Callable[[], Browser], keyed: Office) -> None:
    """From the day after the last of the entry neither an open session nor the passphrase opens a page."""
    gone, before = browser(), browser()
    before.log_in("kansa")
    VirtualClock(keyed.home / "clock").set(datetime(2027, 4, 1, 9, tzinfo=TOKYO))
    assert before.client.get("/").status_code == 303
    assert 'role="alert"' in gone.log_in("kansa")
    assert gone.client.get("/").status_code == 303


def test_keepers_whose_entries_have_all_ended_still_come_in(browser: Callable[[], Browser], keyed: Office) -> None:
    """Where nobody else is left to fill the register, who kept it until yesterday may: 1 April locks no office out."""
    VirtualClock(keyed.home / "clock").set(datetime(2027, 4, 1, 9, tzinfo=TOKYO))
    person = browser()
    person.log_in("sato")
    assert "名簿" in person.open("/people")


def test_who_came_and_who_was_refused_stands_in_the_log(browser: Callable[[], Browser], keyed: Office) -> None:
    """A login, one of nobody's id and a page of another role are lines of the log; what was typed is in none."""
    person = browser()
    person.log_in("nobody-of-ours", "what I guess today")
    person.log_in("kansa")
    person.open("/hatachi-2026/acts/hold", 404)
    text = (keyed.home / "log" / "tsudoi.jsonl").read_text(encoding="utf-8")
    told = [(it["event"], it.get("by", ""), it.get("page", "")) for it in map(json.loads, text.splitlines())]
    assert told[-3:] == [
        ("login_refused", "", ""), ("logged_in", "kansa", ""), ("page_refused", "kansa", "/{cycle}/acts/{act}"),
    ]  # fmt: skip
    assert not [it for it in ("guess", "nobody-of-ours", SAMPLE_PASSPHRASE) if it in text]


def test_a_way_in_lets_a_password_manager_help(browser: Callable[[], Browser]) -> None:
    """The passphrase is masked, and id and passphrase bear the names by which browsers and managers know them."""
    text = browser().open("/login")
    assert re.search(r'name="passphrase" type="password" autocomplete="current-password"', text)
    assert re.search(r'name="person"[^>]*autocomplete="username"', text)
    assert "onpaste" not in text


def test_a_long_passphrase_is_taken_whole(browser: Callable[[], Browser]) -> None:
    """Two hundred characters are taken, and all of them count: without the last one nothing opens."""
    person, words = browser(), "馬 電池 staple ☂ correct " * 10
    person.log_in("sato")
    person.open("/passphrase")
    person.send("/passphrase", old=SAMPLE_PASSPHRASE, new=words, again=words)
    assert 'role="alert"' in browser().log_in("sato", words[:-2])
    assert "logout" in browser().log_in("sato", words)


def test_a_changed_passphrase_ends_the_other_sessions(browser: Callable[[], Browser]) -> None:
    """Whoever changed it goes on; every other session of that person is none any more."""
    person, elsewhere = browser(), browser()
    person.log_in("sato")
    elsewhere.log_in("sato")
    person.open("/passphrase")
    new = "horse battery staple correct"
    assert "logout" in person.send("/passphrase", old=SAMPLE_PASSPHRASE, new=new, again=new)
    assert elsewhere.client.get("/").status_code == 303
