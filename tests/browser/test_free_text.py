"""What somebody typed, as a coordinator's browser shows it: words, whatever they look like."""

import threading
from collections.abc import Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect
from serving import Serving, free_port, until

from models.clock import TOKYO, fiscal_year_of
from models.records.oversight import DeadlineMoved
from states.acts import ActRequest
from steps import preparation

pytestmark = pytest.mark.xdist_group("browser")

YEAR = fiscal_year_of(datetime.now(TOKYO).date())
KEY = f"hatachi-{YEAR}"
ACTS = ("close", "confirm_erasure", "return_media", "post", "complete_enclosing", "complete_printing", "approve_proof")


class Beacon(ThreadingHTTPServer):
    """Whoever loads anything from it is remembered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Remembers)
        self.asked: list[str] = []


class _Remembers(BaseHTTPRequestHandler):
    server: Beacon

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def beacon() -> Iterator[Beacon]:
    beacon = Beacon()
    threading.Thread(target=beacon.serve_forever, args=(0.05,), daemon=True).start()
    yield beacon
    beacon.shutdown()
    beacon.server_close()


@pytest.fixture(scope="module")
def serving(page: Page, beacon: Beacon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Serve an office whose deadlines were moved for reasons that an older installation took as they were typed."""
    folder, host = tmp_path_factory.mktemp("typed"), f"http://127.0.0.1:{beacon.server_port}"
    reasons = (
        f"![x]({host}/picture)", f"<img src={host}/tag>", "a\n\n# 完結しました", "[x](javascript:document.title=1)",
        f"<svg onload=fetch('{host}/svg')>", f"<iframe src={host}/frame>", f"![][x]\n\n[x]: {host}/reference",
    )  # fmt: skip
    office = preparation.install(folder / "home", folder / "inbox")
    preparation.register_sample_people(office, YEAR)
    preparation.open_year(office, YEAR)
    for act, reason in zip(ACTS, reasons, strict=True):
        record = DeadlineMoved(act=act, to=date(YEAR + 1, 3, 31), reason=reason)
        ask = ActRequest(cycle_id=KEY, trigger="move_deadline", by="sato", record=record, key=f"{KEY}/{act}")
        office.door.perform(ask)
    served = Serving(folder, free_port())
    served.wait_until_ready()
    until(lambda: "javascript" in served.board(KEY), or_else=served.out.read_text)
    page.goto(served.link())
    yield served
    served.kill()


@pytest.mark.parametrize("interface", ["", "/v2"], ids=["V1", "V2"])
def test_nothing_is_loaded_and_nothing_is_made_of_what_was_typed(
    page: Page, serving: Serving, beacon: Beacon, interface: str
) -> None:
    """Pictures, tags, headings and links that were typed as a reason are words: no request, no part of the page."""
    page.goto(f"{serving.base}{interface}/artifacts/key/{KEY}")
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    expect(page.get_by_role("heading", name="次の手続: 契約締結")).to_be_visible()
    expect(page.get_by_text(f"<img src=http://127.0.0.1:{beacon.server_port}/tag>").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", name="完結しました")).to_have_count(0)
    expect(page.locator("a[href^='javascript']")).to_have_count(0)
    links = page.locator(f"a[href*='127.0.0.1:{beacon.server_port}']")
    assert all(link.inner_text().startswith("http://127.0.0.1") for link in links.all())  # it says where it leads
    expect(page.locator("img:not([src^='data:']):not([src^='/'])")).to_have_count(0)
    assert beacon.asked == []
