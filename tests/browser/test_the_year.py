"""A coordinator at the dashboard in a season with one late act: what is red, who owes it, and that the red goes."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playing import Played
from playwright.sync_api import Page, expect
from serving import Serving, free_port, until

from adapters.clock import VirtualClock
from models.clock import TOKYO
from steps import preparation

pytestmark = pytest.mark.xdist_group("browser")

YEAR, STAGE = "令和8年度 はたちのつどい", "1 準備"
LATE = ("register_handlers", "submit_work_plan", "declare_cloud_use")
CAUSE = "取扱責任者・取扱者届、再委託有無届"
INTERFACES = pytest.mark.parametrize("interface", ["", "/v2"], ids=["V1", "V2"])


class Season:
    """The year 2026, served on the morning of 2026-10-20; what the contractor owed on 10-08 is not done."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(folder / "home" / "clock")
        self.clock.path.parent.mkdir()
        self.clock.set(datetime(2026, 9, 28, 8, 0, tzinfo=TOKYO))
        office = preparation.install(folder / "home", folder / "inbox", rehearsal=True)
        preparation.register_sample_people(office, 2026)
        preparation.open_year(office, 2026)
        self.year = Played(folder=folder, office=office)
        self.year.play(before="register_handlers")
        self.clock.set(datetime(2026, 10, 20, 9, 0, tzinfo=TOKYO))
        self.serving = Serving(folder, free_port())

    def runs(self, name: str, kind: str) -> list[dict[str, Any]]:
        """Return the runs of a name that are in a state, the latest first."""
        wanted = {"flow_runs": {"name": {"like_": name}, "state": {"type": {"any_": [kind]}}}}
        return self.serving.ask("/flow_runs/filter", **wanted, sort="START_TIME_DESC")


@pytest.fixture(scope="module")
def season(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    """Serve the season; whatever is left is killed by its own number."""
    season = Season(tmp_path_factory.mktemp("season"))
    season.serving.wait_until_ready()
    until(lambda: bool(season.runs(YEAR, "FAILED")), or_else=season.serving.out.read_text)
    page.goto(season.serving.link())
    yield season
    season.serving.kill()


def shows(page: Page, address: str, words: str) -> bool:
    """Open a home page and tell whether it shows words once it is drawn; V2 counts up to the minute that is over."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return page.get_by_text(words).count() > 0


@INTERFACES
def test_what_is_late_is_red_and_says_who_owes_it(page: Page, season: Season, interface: str) -> None:
    """The home page counts year and stage as failed; their pages say 期限超過, the act and who owes it."""
    base = f"{season.serving.base}{interface}"
    until(lambda: shows(page, f"{base}/dashboard", "年度業務"), or_else=page.content)
    expect(page.get_by_text(STAGE).first).to_be_visible()
    page.goto(f"{base}/runs")
    expect(page.get_by_text(YEAR).first).to_be_visible()
    for name in (YEAR, STAGE):
        page.goto(f"{base}/runs/flow-run/{season.runs(name, 'FAILED')[0]['id']}")
        expect(page.get_by_text("期限超過").first).to_be_visible()
        expect(page.get_by_text(f"受託事業者の「{CAUSE}」が12日遅れています").first).to_be_visible()


@INTERFACES
def test_what_is_late_is_named_in_the_list_and_leads_to_the_desk(page: Page, season: Season, interface: str) -> None:
    """The list of runs says which act is late and who owes it; the stage's run has a page that leads to the desk."""
    base = f"{season.serving.base}{interface}"
    page.goto(f"{base}/runs")
    expect(page.get_by_text(f"{STAGE}: クラウドサービス利用届（受託事業者）ほか2件").first).to_be_visible()
    page.goto(f"{base}/runs/flow-run/{season.runs(STAGE, 'FAILED')[0]['id']}")
    page.get_by_text("Artifacts", exact=True).last.click()
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    link = page.get_by_role("link", name=CAUSE, exact=True).first
    page.goto(link.evaluate("it => it.href"))  # V1 opens a link of a page in another tab
    expect(page).to_have_url(re.compile(r"/login\?to=/hatachi-\d+/acts/register_handlers$"))


def test_the_red_goes_when_the_late_acts_are_done(page: Page, season: Season) -> None:
    """Done at a desk, the late acts are no red on either home page within what a person waits."""
    for act in LATE:
        if act not in season.year.facts().done:
            season.year.do(act)
    until(lambda: not season.runs(YEAR, "FAILED") and not season.runs(STAGE, "FAILED"))
    page.goto(f"{season.serving.base}/dashboard")
    expect(page.get_by_text("You currently have 0 failed or crashed runs")).to_be_visible()
    page.goto(f"{season.serving.base}/v2/dashboard")
    expect(page.get_by_text("You currently have 0 failed or crashed").first).to_be_visible()
    last = season.runs(YEAR, "COMPLETED")[0]
    assert last["state"]["name"] == "待ち"
    assert CAUSE not in last["state"]["message"]
