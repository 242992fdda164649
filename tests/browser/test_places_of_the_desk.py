"""The desk's pages of a year in a real browser: by keyboard alone, on a telephone's width, and on paper."""

from collections.abc import Iterator

import pytest
from browsing import served
from keyed import keyed_office, year_under_way
from playwright.sync_api import Page, expect

from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

YEAR = "/hatachi-2026"
PAGES = (
    "/", YEAR, f"{YEAR}/stages/printing", f"{YEAR}/stages/oversight", f"{YEAR}/commitments", f"{YEAR}/calendar",
    f"{YEAR}/incidents", f"{YEAR}/decisions", "/people", "/people/ito", "/people/ito/key", "/new-person",
    "/import-people",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the desk of a year under way."""
    home, folder = tmp_path_factory.mktemp("keyed") / "home", tmp_path_factory.mktemp("played")
    keyed_office(home)
    year_under_way(home, folder)
    office = Office.open(folder / "home", folder / "inbox")
    with served(office) as at:
        yield at
    office.engine.dispose()


@pytest.fixture
def desk(page: Page, address: str) -> Page:
    """Log the approver in, who may open every page of a year."""
    page.goto(f"{address}/login")
    page.fill("#person", "takahashi")
    page.fill("#passphrase", SAMPLE_PASSPHRASE)
    page.press("#passphrase", "Enter")
    expect(page.locator("h1")).to_have_text("私の仕事")
    return page


def _go_on_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says these words, as a person without a mouse does."""
    for _nth in range(60):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.innerText"):
            return
    pytest.fail(f"nothing that Tab reaches says {words}")


def test_the_year_is_walked_through_by_keyboard_alone(desk: Page) -> None:
    """Tab and Enter lead from the first page to the year, to its late stage, and to the form that moves a deadline."""
    for words in ("はたちのつどい 令和8年度", "4 印刷", "期限の変更"):
        _go_on_to(desk, words)
        desk.keyboard.press("Enter")
        expect(desk.locator("h1")).to_contain_text(words)
    assert desk.locator("select").first.input_value() == "submit_imprint_sample"


@pytest.mark.parametrize("width", [1280, 640, 390])
def test_no_page_is_wider_than_its_window(desk: Page, address: str, width: int) -> None:
    """At a desk, at 200 per cent and on a telephone nothing is to be pushed sideways, and no script or style fails."""
    told = list[str]()
    desk.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    desk.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        desk.goto(address + path)
        assert desk.evaluate("document.documentElement.scrollWidth") <= width, path
    assert told == []


def test_on_paper_only_what_is_to_be_read_is_left(desk: Page, address: str) -> None:
    """The slip prints alone, and the calendar without its menu and its links to move a day."""
    desk.goto(f"{address}/people/ito/key")
    desk.get_by_role("button", name="票を作る").click()
    desk.emulate_media(media="print")
    expect(desk.locator(".slip")).to_be_visible()
    expect(desk.locator(".no-print").first).to_be_hidden()
    desk.goto(f"{address}{YEAR}/calendar")
    expect(desk.locator("nav")).to_be_hidden()
    expect(desk.locator(".move").first).to_be_hidden()
    expect(desk.locator(".month").first).to_be_visible()
    desk.emulate_media(media="screen")
