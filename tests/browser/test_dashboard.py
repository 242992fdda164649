"""A coordinator at the dashboard: from the board to a form, wrongly and rightly, and back to the board."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect
from serving import Serving, free_port, until

from models.clock import TOKYO, fiscal_year_of
from steps import preparation

pytestmark = pytest.mark.xdist_group("browser")

YEAR = fiscal_year_of(datetime.now(TOKYO).date())
KEY = f"hatachi-{YEAR}"
HOLD = "一時停止"
INTERFACES = pytest.mark.parametrize("interface", ["", "/v2"], ids=["V1", "V2"])
BUSY = 503  # the server's SQLite was busy
_DRAWN = """() => {
  const images = [...document.querySelectorAll('img[src^="data:image/svg"]')];
  return images.length == 2 && images.every(it => it.complete && it.naturalWidth > 500);
}"""


@pytest.fixture(scope="module")
def serving(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Serve fictional people's office with this fiscal year open; whatever is left is killed by its own number."""
    folder = tmp_path_factory.mktemp("looked_at")
    office = preparation.install(folder / "home", folder / "inbox")
    preparation.register_sample_people(office, YEAR)
    preparation.open_year(office, YEAR)
    served = Serving(folder, free_port())
    served.wait_until_ready()
    until(lambda: served.board(KEY) != "", or_else=served.out.read_text)
    page.goto(served.link())
    yield served
    served.kill()


@INTERFACES
def test_the_board_is_read_in_both_interfaces(page: Page, serving: Serving, interface: str) -> None:
    """The stable address tells the state in either of Prefect's interfaces, and leads to the board and its pictures."""
    page.goto(f"{serving.base}{interface}/artifacts/key/{KEY}")
    expect(page.get_by_text("契約準備中").first).to_be_visible()
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    expect(page.get_by_role("heading", name="次の手続: 契約締結")).to_be_visible()
    page.wait_for_function(_DRAWN)


def test_a_form_is_sent_wrongly_and_rightly(page: Page, serving: Serving) -> None:
    """What is wrong on a form is refused at its field, or on the run's page by a guard; what is right is done."""
    follow_the_link(page, serving)
    fill_in(page, reason="ヒミツ")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text(re.compile("does not match")).first).to_be_visible()
    assert runs(serving) == 0

    follow_the_link(page, serving)
    fill_in(page, reason="drill")
    assert serving.end_of(submitted(page))["type"] == "COMPLETED"
    until(lambda: "一時停止中" in serving.board(KEY), or_else=lambda: serving.board(KEY)[:300])
    page.goto(f"{serving.base}/artifacts/key/{KEY}")
    expect(page.get_by_text("一時停止中").first).to_be_visible()

    follow_the_link(page, serving)
    fill_in(page, reason="drill", again="2")
    refused = submitted(page)
    assert serving.end_of(refused)["type"] == "FAILED"
    until(lambda: "満たされていない条件" in log_of(serving, refused))  # a page of an ended run asks once
    for interface in ("", "/v2"):
        page.goto(f"{serving.base}{interface}/runs/flow-run/{refused}")
        expect(page.get_by_text("満たされていない条件").first).to_be_visible()
        expect(page.get_by_text("Traceback")).to_have_count(0)


def follow_the_link(page: Page, serving: Serving) -> None:
    """Open the board and follow its link to the form, which knows the year."""
    page.goto(f"{serving.base}/v2/artifacts/key/{KEY}")
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    page.get_by_role("link", name=HOLD, exact=True).click()
    expect(page.get_by_label("年度（西暦）")).to_have_value(str(YEAR))


def fill_in(page: Page, *, reason: str, again: str = "") -> None:
    page.get_by_label("理由コード").fill(reason)
    page.get_by_label("行った人").fill("sato")
    if again:
        page.get_by_label("同じ内容を本日もう一度").fill(again)


def submitted(page: Page) -> str:
    """Send the form, again where the server was busy, as a person would; return the run that it began."""
    while True:
        with page.expect_response(lambda response: response.url.endswith("/create_flow_run")) as answer:
            page.get_by_role("button", name="Submit").click()
        if answer.value.status != BUSY:
            return answer.value.json()["id"]


def runs(serving: Serving) -> int:
    return len(serving.ask("/flow_runs/filter", flows={"name": {"any_": ["行為の記録"]}}))


def log_of(serving: Serving, run: str) -> str:
    found = serving.ask("/logs/filter", logs={"flow_run_id": {"any_": [run]}})
    return "".join(it["message"] for it in found)
