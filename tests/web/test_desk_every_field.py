"""Whatever is sent in any field of any form of the desk is refused or shown as words, and nothing stumbles."""

import re
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from browsing import Browser

from desk.web.asked import Page
from desk.web.pages import ALL_PAGES
from states.table import TABLE

YEAR = "/hatachi-2026"
SCRIPT = "<script>alert(1)</script>"
_FIELD = re.compile(r'<(?:input|textarea|select)[^>]*\bname="([^"]+)"')
_HIDDEN = {"token", "key"}
# What a field may be sent as: markup in each context, orders to a template, a shell, SQL, a spreadsheet, a terminal, a
# mail and a log; paths; numbers without end; signs that are none.
ODD = (
    SCRIPT, '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "{{ 7*7 }}{% raw %}${7*7}#{7*7}", "$(id);`id`|id",
    "' OR 1=1 --", '=HYPERLINK("http://elsewhere.invalid")', "\x1b[2J\x07", "a\r\nBcc: x@elsewhere.invalid",
    "../../../../etc/passwd", "9" * 400, "-1", "1e999", "NaN", "\u202egnp.exe", "\ufdd0\U000fffff", "%00%0a",
    "javascript:alert(1)", "]]>", "[x](javascript:alert(1))", "true", "[]", "{}", "2026-02-30", "令和八年",
)  # fmt: skip


def _forms() -> Iterator[str]:
    yield from (f"{YEAR}/acts/{row.trigger}" for row in TABLE)
    for page in ALL_PAGES:
        if page.takes_a_form and page.path not in {"/login", "/logout", "/{cycle}/acts/{act}"}:
            yield _address(page)


def _address(page: Page, **parts: str) -> str:
    """Return a page's address, with these parts of it instead of what is there."""
    known = {"cycle": "hatachi-2026", "act": "compare_imprint", "stage": "printing", "person": "sato"}
    return page.path.format(**dict.fromkeys(re.findall(r"{(\w+)}", page.path), "1") | known | parts)


def _names(page: str) -> set[str]:
    return set(_FIELD.findall(page)) - _HIDDEN


@pytest.fixture
def coordinator(in_year: Callable[..., Browser]) -> Browser:
    """Give the browser of a coordinator in a year under way."""
    return in_year("sato")


def test_no_field_of_any_form_is_obeyed(coordinator: Browser) -> None:
    """What is typed into every field of every form is refused or shown as words: no page obeys it, none stumbles."""
    tried = 0
    for nth, at in enumerate(_forms()):
        page = coordinator.client.get(at)
        names = _names(page.text)
        if page.status_code != 200 or not names:
            continue
        coordinator.open(at)
        for odd in (SCRIPT, ODD[nth % len(ODD)]):
            answer = coordinator.client.post(at, data={**coordinator.hidden, **dict.fromkeys(names, odd)})
            assert answer.status_code < 500, (at, odd)
            assert SCRIPT not in answer.text, at
            assert "onerror=alert(1)>" not in answer.text, at
            tried += len(names)
    assert tried > 500


def test_markup_that_is_recorded_is_words_on_every_page(coordinator: Browser) -> None:
    """What the ledger keeps of a reason that is markup stands as words wherever it is shown, to whoever reads it."""
    at = f"{YEAR}/acts/move_deadline"
    coordinator.open(at)
    moved = {"by": "sato", "act": "close", "to": "2027-03-30", "reason": SCRIPT}
    coordinator.send(at, **{f"move_deadline.{name}": value for name, value in moved.items()})
    entry = re.search(rf'href="({YEAR}/entries/[0-9]+)"', coordinator.open(f"{YEAR}/ledger?words=alert"))
    assert entry
    assert "&lt;script&gt;" in coordinator.open(entry[1])
    assert SCRIPT not in coordinator.open(entry[1])
    for page in ALL_PAGES:
        assert SCRIPT not in coordinator.client.get(_address(page)).text, page.path


def test_no_field_of_a_form_stumbles(coordinator: Browser) -> None:
    """Every odd text, in every field of some forms with each kind of field, is answered in words."""
    forms = (f"{YEAR}/acts/conclude_contract", f"{YEAR}/acts/report_incident", "/new-person", f"{YEAR}/documents/10")
    for at, odd in product(forms, ODD):
        page = coordinator.client.get(at)
        coordinator.open(at)
        fields = dict.fromkeys(_names(page.text), odd)
        answer = coordinator.client.post(at, data={**coordinator.hidden, **fields})
        assert answer.status_code < 500, at
        assert "プログラムの不具合" not in answer.text


def test_a_file_where_words_are_due_and_words_where_a_file_is(coordinator: Browser) -> None:
    """Fields of the wrong kind, sent twice, without a name or with a name that is a path, are answered in words."""
    for at in _forms():
        page = coordinator.client.get(at)
        names = _names(page.text)
        if page.status_code != 200:
            continue
        coordinator.open(at)
        files = [(name, ("../../x.csv", b"\x00\xff words", "text/html")) for name in sorted(names)]
        as_files = coordinator.client.post(at, data=coordinator.hidden, files=files or None)
        twice = {**coordinator.hidden, **{name: ["x", "y"] for name in names}, "": "x", "file": "x", "picture": "x"}
        for answer in (as_files, coordinator.client.post(at, data=twice)):
            assert answer.status_code < 500, at


def test_no_address_and_no_question_stumbles(coordinator: Browser) -> None:
    """Odd texts as any part of an address, and as whatever is asked after a question mark, are answered in words."""
    asked = dict.fromkeys(("words", "by", "page", "act", "to", "mine", "month", "name", "form"), ODD[2])
    for page in ALL_PAGES:
        for part in re.findall(r"{(\w+)}", page.path):
            for odd in ("x", "-1", "9" * 30, "%00", "..%2f..%2fetc", "%3Cscript%3E", "é", "hatachi-2026"):
                address = _address(page, **{part: odd})
                assert coordinator.client.get(address).status_code < 500, address
        assert coordinator.client.get(_address(page), params=asked).status_code < 500, page.path
