"""The desk in a real browser: every page is looked at by axe, at two widths, by keyboard, and at twice its size."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import served
from playwright.sync_api import Page, expect

from adapters.people_keys import FICTIONAL
from desk.web.pages import ALL_PAGES
from steps import preparation
from steps.preparation import SAMPLE_PASSPHRASE

pytestmark = pytest.mark.xdist_group("browser")

_LEVELS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
_PARTS = {"cycle": "hatachi-2026", "stage": "preparation", "seq": "1", "person": "sato", "number": "1"}
_ACTS = ("conclude_contract", "hand_over_medium", "report_incident", "recheck_before_sealing")
# Every page that is opened by such an address and is no file.
ADDRESSES = sorted({
    page.path.format(**_PARTS, act=act)
    for page in ALL_PAGES for act in _ACTS
    if {*re.findall(r"{([a-z]+)}", page.path)} <= {*_PARTS, "act"}
    and not page.path.endswith((".ics", ".xlsx", "/logout", "/dashboard"))
})  # fmt: skip


@pytest.fixture(scope="module")
def desk(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the desk of an open year to a coordinator who is logged in."""
    folder = tmp_path_factory.mktemp("desk")
    office = preparation.install(folder / "home", folder / "inbox", rehearsal=True)
    preparation.register_sample_people(office, 2026, passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
    preparation.open_year(office, 2026)
    with served(office) as address:
        page.goto(f"{address}/login")
        _log_in(page)
        yield address
    office.engine.dispose()


def _log_in(page: Page) -> None:
    page.get_by_label("登録ID").fill("sato")
    page.get_by_label("合言葉", exact=True).fill(SAMPLE_PASSPHRASE)
    page.get_by_role("button", name="ログイン", exact=True).click()


@pytest.mark.parametrize("address", ADDRESSES)
def test_everybody_can_read_and_reach_it(page: Page, desk: str, address: str) -> None:
    """Axe finds nothing against level A or AA, and nothing is wider than the page at 1280, 390 and 640 pixels."""
    for width in (1280, 640, 390):  # 640 is 1280 at 200 %
        page.set_viewport_size({"width": width, "height": 900})
        answer = page.goto(desk + address)
        assert answer is not None
        assert answer.status in {200, 404, 422}, address  # what is for another role, or lacks what it is about, is said
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} at {width}"
    found = Axe().run(page, options={"resultTypes": ["violations"], **_LEVELS})
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_alone_suffices(page: Page, desk: str) -> None:
    """From the login to a form that is open: tab and enter, and what has the focus is seen."""
    page.goto(desk)
    page.get_by_role("button", name="ログアウト").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("ログイン")
    page.keyboard.type("sato")
    page.keyboard.press("Tab")
    page.keyboard.type(SAMPLE_PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("私の仕事")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("本文へ")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_it_works_without_scripts(page: Page, desk: str) -> None:
    """With scripts off a person logs in, opens a form and is told at its fields what is missing."""
    browser = page.context.browser
    assert browser
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{desk}/login")
    _log_in(plain)
    plain.goto(f"{desk}/hatachi-2026/acts/conclude_contract")
    expect(plain.get_by_role("heading", level=1)).to_have_text("契約締結")
    context.close()


def test_the_ledger_is_searched_while_somebody_types(page: Page, desk: str) -> None:
    """What is found is shown without a click, its address can be kept, and no console complains of the page's rules."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{desk}/hatachi-2026/ledger")
    expect(page.locator("#found tbody tr")).to_have_count(1)  # that the year was opened
    page.get_by_label("語句").fill("締結")
    expect(page.locator("#found tbody tr")).to_have_count(0)
    assert "words=" in page.url
    assert not complaints
