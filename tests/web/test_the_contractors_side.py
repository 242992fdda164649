"""Where the contractor may reach the desk, its people see their own acts and nothing else."""

import re
from collections.abc import Callable

import pytest
from browsing import Browser

from desk.web.asked import CONTRACTOR, Page
from desk.web.pages import ALL_PAGES
from papers.entry_forms import CONTRACTORS
from states.table import TABLE
from steps.office import Office

CYCLE = "hatachi-2026"
THEIRS = {row.trigger for row in TABLE if set(row.who) & CONTRACTORS}
OF_THE_WARD = ("03-0000-", "@ward.example")  # of the register: telephones and addresses of mail


def _addresses(page: Page) -> list[str]:
    path = page.path.replace("{cycle}", CYCLE).replace("{seq}", "1")
    acts = [path.replace("{act}", row.trigger) for row in TABLE] if "{act}" in path else [path]
    return [re.sub(r"\{[a-z_:]+\}", "1", one) for one in acts]


@pytest.mark.parametrize("who", ["asahi", "kobayashi"])
@pytest.mark.usefixtures("contracted")
def test_every_page_shows_the_contractors_people_their_own_acts_alone(browser: Callable[[], Browser], who: str) -> None:
    """Whatever address they open, it is either not for them, or says nothing that the ward has for itself."""
    person = browser()
    person.log_in(who)
    for page in (page for page in ALL_PAGES if not page.is_open and page.path not in {"/logout", "/passphrase"}):
        for address in _addresses(page):
            answer = person.client.get(address, follow_redirects=True)
            assert answer.status_code in {200, 404}, address
            if not page.readers & CONTRACTOR or ("/acts/" in address and address.rpartition("/")[2] not in THEIRS):
                assert answer.status_code == 404, address
            assert not [words for words in OF_THE_WARD if words in answer.text], address


@pytest.mark.usefixtures("contracted")
def test_the_first_page_and_the_menu_are_their_own(browser: Callable[[], Browser]) -> None:
    """The manager reads what is due from the contractor; what waits for others stands nowhere, nor does their menu."""
    person = browser()
    person.log_in("asahi")
    page = person.open("/")
    assert "作業計画書・工程表提出" in page
    assert "ほかの人の作業" not in page
    linked = set(re.findall(r'href="(/[^"]*)"', page)) - {"/", "/passphrase"}
    assert {address for address in linked if "/acts/" in address} <= {f"/{CYCLE}/acts/{act}" for act in THEIRS}
    for address in linked:
        assert person.client.get(address).status_code == 200, address


def test_a_refusal_tells_the_contractor_no_figure_of_the_wards(
    browser: Callable[[], Browser], contracted: Office
) -> None:
    """What is missing is said with whom it waits for, without a button for the ward's act; the ward has the button."""
    manager, coordinator = browser(), browser()
    manager.log_in("asahi")
    coordinator.log_in("sato")
    address = f"/{CYCLE}/acts/report_receipt"
    assert contracted.door.missing(CYCLE, "report_receipt")
    buttons = re.compile(rf'href="/{CYCLE}/acts/([a-z_]+)"')
    assert set(buttons.findall(manager.open(address))) <= THEIRS
    assert set(buttons.findall(coordinator.open(address))) - THEIRS
