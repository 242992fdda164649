"""The board's links to the desk: what may be done now leads to its place there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun

from states.table import BY_TRIGGER
from views import board, standing

DESK = "https://desk.example"


@pytest.fixture
def contracted(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as year:
        year.play(before="register_handlers")
        yield year


def _shown(year: Played, desk: str) -> str:
    links = board.Links(page_at="{key}", desk=desk)
    return year.office.see(CYCLE, lambda here: board.page(here, standing.standing(here), (), links).markdown)


def test_what_may_be_done_leads_to_the_desk(contracted: Played) -> None:
    """An act that is due, and one that may come at any time, are links to the page of that act of that year."""
    shown = _shown(contracted, DESK)
    for act in ("register_handlers", "report_incident"):
        assert f"[{BY_TRIGGER[act].ja}]({DESK}/{CYCLE}/acts/{act})" in shown


def test_without_a_desk_an_act_is_named_and_leads_nowhere(contracted: Played) -> None:
    """Where no desk is known the acts that are due stand there without links."""
    shown = _shown(contracted, "")
    assert f"| {BY_TRIGGER['register_handlers'].ja} |" in shown
    assert "/acts/" not in shown
