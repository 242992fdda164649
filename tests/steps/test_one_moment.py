"""One moment: what is seen is read once, nothing of it outlives its transaction, nothing slow is done within one."""

from collections.abc import Iterator
from typing import Any

import pytest
from playing import CYCLE, Played, copy_of, morning_of

from adapters import package
from adapters.press import Press
from adapters.vault import Vault
from papers import referring, reporting
from states.door import Door
from steps import papers
from views import board, standing
from views.board import Links

pytestmark = pytest.mark.xdist_group("transfer")

extracted = morning_of("seal_package")
year = copy_of("extracted")
NO_LINKS = Links(page_at="{key}", desk="")


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count how often the facts of a cycle are loaded."""
    told, real = list[str](), Door.facts

    def counted(door: Door, connection: Any, cycle_id: str) -> Any:
        told.append(cycle_id)
        return real(door, connection, cycle_id)

    monkeypatch.setattr(Door, "facts", counted)
    return told


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count how often the addressees are decrypted."""
    told, real = list[str](), Vault.stream

    def counted(vault: Vault, name: str) -> Iterator[bytes]:
        told.append(name)
        return real(vault, name)

    monkeypatch.setattr(Vault, "stream", counted)
    return told


def test_a_sealing_loads_the_facts_four_times_and_decrypts_the_addressees_once(
    year: Played, loads: list[str], passes: list[str]
) -> None:
    """A moment to know what is sealed, the door's two, and one for the papers; text, copy and hash are of one pass."""
    year.seal()
    assert len(loads) <= 4
    assert sum(name.startswith("addressees") for name in passes) == 1


def test_no_transaction_is_open_while_packager_and_press_work(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """7-Zip and typst take their time; meanwhile nobody holds a moment of the database open."""
    held = dict[str, int]()

    def watched(what: str, real: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            held[what] = max(held.get(what, 0), year.office.engine.pool.checkedout())  # type: ignore[attr-defined]  # SQLite's file has a queue
            return real(*given, **named)

        return call

    monkeypatch.setattr(package, "_pack", watched("7-Zip", package._pack))
    monkeypatch.setattr(Press, "make", watched("typst", Press.make))
    year.seal()
    papers.print_sheets(year.office, CYCLE, reporting.report, *referring.PRINTS.values())
    assert held == {"7-Zip": 0, "typst": 0}


def test_a_page_of_the_board_loads_the_facts_once(year: Played, loads: list[str]) -> None:
    """Standing, schedule, counts, people and reminders of a page are of one moment."""
    with year.office.look(CYCLE) as here:
        page = board.page(here, standing.standing(here), (), NO_LINKS)
    assert loads == [CYCLE]
    assert page.markdown


def test_the_papers_of_one_moment_load_the_facts_once(year: Played, loads: list[str]) -> None:
    """The report, the referral, both checklists and the memorandum are made of one moment."""
    made = papers.print_sheets(year.office, CYCLE, reporting.report, *referring.PRINTS.values())
    assert (len(made), loads) == (5, [CYCLE])


def test_facts_do_not_outlive_their_moment(year: Played) -> None:
    """Whoever keeps a moment and asks it later is stopped, for by then other facts may hold."""
    with year.office.look(CYCLE) as here:
        assert here.facts.cycle_id == CYCLE
    with pytest.raises(RuntimeError, match="outlive"):
        _ = here.facts
