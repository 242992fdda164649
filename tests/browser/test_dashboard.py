"""A coordinator at the dashboard: from the board to a form, wrongly and rightly, and back to the board."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect
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
    assert serving.end_of(refused)["name"] == "未記録"
    until(lambda: "満たされていない条件" in log_of(serving, refused))  # a page of an ended run asks once
    for interface in ("", "/v2"):
        page.goto(f"{serving.base}{interface}/runs/flow-run/{refused}")
        expect(page.get_by_text("満たされていない条件").first).to_be_visible()
        expect(page.get_by_text("Traceback")).to_have_count(0)


@INTERFACES
def test_a_date_is_left_blank_or_filled_in(page: Page, serving: Serving, interface: str) -> None:
    """A form is taken with its dates that may be left out blank and filled in, as either interface sends it."""
    claim = {"year": YEAR, "by": "sato", "measures": ["W-OP-01"], "evidence": "契約書", "key": f"blank{interface[1:]}"}
    form = next(it for name, it in serving.deployments().items() if name.endswith(" 対策の実施記録"))
    for day, evidence in (("", "契約書"), (f"{YEAR}-04-01", "契約書の写し")):
        parameters = quote(json.dumps({"form": claim | {"evidence": evidence}}))
        page.goto(f"{serving.base}{interface}/deployments/deployment/{form['id']}/run?parameters={parameters}")
        expect(line(page, "行った人")).to_have_value("sato")
        line(page, "証跡の日付").fill(day)
        run = submitted(page)
        assert serving.end_of(run)["type"] == "COMPLETED"
        sent = serving.api.get(f"/flow_runs/{run}").json()["parameters"]["form"]
        assert sent.get("happened_on", "") == day


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


def line(page: Page, label: str) -> Locator:
    """Return the line below a label; V1's labels are words that belong to no line."""
    below = "following::*[self::input or self::textarea][1]"
    return page.locator(f"xpath=//*[starts-with(normalize-space(text()), '{label}')]/{below}")


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
