"""A coordinator at the dashboard: what it shows, where it leads, and what it lets through."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Page, expect
from serving import Serving, free_port, until

from models.clock import TOKYO, fiscal_year_of
from steps import preparation

pytestmark = pytest.mark.xdist_group("browser")

YEAR = fiscal_year_of(datetime.now(TOKYO).date())
KEY = f"hatachi-{YEAR}"
HOLD, RECORD = "一時停止", "行為の記録"
INTERFACES = pytest.mark.parametrize("interface", ["", "/v2"], ids=["V1", "V2"])
_DRAWN = """() => {
  const images = [...document.querySelectorAll('img[src^="data:image/svg"]')];
  return images.length == 2 && images.every(it => it.complete && it.naturalWidth > 500);
}"""
# Reads, has a shell command run, and listens, as the attack of issue 12 did: PATCH pull_steps, then create_flow_run.
_ATTACK = """async ([base, id]) => {
  const send = (method, path, body, credentials) => fetch(base + "/api/deployments/" + path, {
    method, credentials, headers: {"content-type": "application/json"}, body: JSON.stringify(body),
  }).then(it => String(it.status), () => "refused");
  const shell = [{"prefect.deployments.steps.run_shell_script": {"script": "id"}}];
  const socket = new WebSocket(base.replace("http", "ws") + "/api/events/in");
  const opened = new Promise(done => { socket.onopen = () => done("open"); socket.onerror = () => done("refused"); });
  const answers = [await opened];
  for (const credentials of ["omit", "include"])
    answers.push(
      await send("POST", "filter", {limit: 200}, credentials),
      await send("PATCH", id, {pull_steps: shell}, credentials),
      await send("POST", id + "/create_flow_run", {}, credentials),
    );
  return answers;
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


@INTERFACES
def test_the_pages_that_people_need_are_let_through(page: Page, serving: Serving, interface: str) -> None:
    """Home, runs, flows, deployments, one of them, events: nothing that they ask for is refused or lies elsewhere."""
    refused: list[str] = []
    strange: list[str] = []
    ours = (serving.base, f"blob:{serving.base}", "data:")
    page.on("response", lambda it: refused.append(it.url) if it.status in {401, 403} else None)
    page.on("request", lambda it: strange.append(it.url) if not it.url.startswith(ours) else None)
    board = serving.deployments()["掲示板の更新"]["id"]
    for path, words in (
        ("dashboard", "Flow Runs"), ("runs", "Runs"), ("flows", "Flows"), ("deployments", "Deployments"),
        (f"deployments/deployment/{board}", "掲示板の更新"), ("events", "Event Feed"),
    ):  # fmt: skip
        page.goto(f"{serving.base}{interface}/{path}")
        expect(page.get_by_text(words).first).to_be_visible()
        page.wait_for_load_state("networkidle")
    assert (refused, strange) == ([], [])


def test_a_page_of_another_origin_changes_nothing(page: Page, serving: Serving) -> None:
    """What another page sends in a coordinator's own browser, session and all, does not arrive; no websocket opens."""
    board = serving.deployments()["掲示板の更新"]
    with other_page(page) as elsewhere:
        for way in (elsewhere.url.replace("127.0.0.1", "localhost"), elsewhere.url):
            elsewhere.goto(way)
            assert elsewhere.evaluate(_ATTACK, [serving.base, board["id"]]) == ["refused"] * 7
    assert serving.api.get(f"/deployments/{board['id']}").json()["pull_steps"] == board["pull_steps"]
    asked = page.goto(f"{serving.base}/v2/artifacts/key/{KEY}")
    assert asked is not None
    assert asked.ok, "the session of the coordinator's own page is as it was"


@INTERFACES
def test_the_board_leads_to_the_desk(page: Page, serving: Serving, interface: str) -> None:
    """An act on the board is a link to its place at the desk, which asks who comes before it shows it."""
    page.goto(f"{serving.base}{interface}/artifacts/key/{KEY}")
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    link = page.get_by_role("link", name=HOLD, exact=True).first
    page.goto(link.evaluate("it => it.href"))  # V1 opens a link of a page in another tab
    expect(page).to_have_url(re.compile(r"/login\?to=/hatachi-\d+/acts/hold$"))
    expect(page.get_by_label("合言葉")).to_be_visible()


def test_what_is_done_comes_onto_the_board(page: Page, serving: Serving) -> None:
    """An act that a script records is shown; one that is refused says so on its run's page, in both interfaces."""
    hold = {"act": "hold", "year": YEAR, "by": "sato", "fields": {"reason": "drill"}}
    assert serving.end_of(serving.start(RECORD, parameters=hold))["type"] == "COMPLETED"
    until(lambda: "一時停止中" in serving.board(KEY), or_else=lambda: serving.board(KEY)[:300])
    page.goto(f"{serving.base}/artifacts/key/{KEY}")
    expect(page.get_by_text("一時停止中").first).to_be_visible()
    refused = serving.start(RECORD, parameters=hold | {"key": "2"})
    assert serving.end_of(refused)["name"] == "未記録"
    until(lambda: "満たされていない条件" in log_of(serving, refused))  # a page of an ended run asks once
    for interface in ("", "/v2"):
        page.goto(f"{serving.base}{interface}/runs/flow-run/{refused}")
        expect(page.get_by_text("満たされていない条件").first).to_be_visible()
        expect(page.get_by_text("Traceback")).to_have_count(0)


@contextmanager
def other_page(page: Page) -> Iterator[Page]:
    """Give a page that another server on this machine serves, in the same browser."""
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    elsewhere = page.context.new_page()
    elsewhere.goto(f"http://127.0.0.1:{server.server_port}")
    yield elsewhere
    elsewhere.close()
    server.shutdown()
    server.server_close()


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing on the tests' screen."""


def log_of(serving: Serving, run: str) -> str:
    found = serving.ask("/logs/filter", logs={"flow_run_id": {"any_": [run]}})
    return "".join(it["message"] for it in found)
