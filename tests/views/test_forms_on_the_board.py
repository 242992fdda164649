"""The board's links to the forms: an act that another form may carry has that form beside its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playing import CYCLE, Played, begun

from states.table import BY_TRIGGER
from views import board, standing

DASHBOARD = board.Dashboard(
    ids={"register_handlers": "ID-1", "submit_work_plan": "ID-2"}, form_at="/run/{id}?{parameters}", page_at=""
)


@pytest.fixture
def contracted(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as year:
        year.play(before="register_handlers")
        yield year


def _shown(year: Played, dashboard: board.Dashboard) -> str:
    page = year.office.see(CYCLE, lambda here: board.page(here, standing.standing(here), (), dashboard).markdown)
    return unquote(page)


def test_an_act_has_the_form_that_carries_it_beside_its_own(contracted: Played) -> None:
    """The notice of handlers links to the form of the work plan too, with a group for it in its manager's name."""
    form = {"year": 2026, "programme": "hatachi", "by": "asahi"}
    own = f"[{BY_TRIGGER['register_handlers'].ja}](/run/ID-1?{json.dumps({'form': form})})"
    group = {"register_handlers": [{"by": "asahi"}]}
    beside = f"[「作業計画書・工程表提出」と併せて](/run/ID-2?{json.dumps({'form': form | group})})"
    assert f"{own}　{beside} |" in _shown(contracted, DASHBOARD)


def test_a_form_that_is_not_served_carries_nothing(contracted: Played) -> None:
    """Where the form of the work plan is not served, nobody is led to it."""
    alone = board.Dashboard(ids={"register_handlers": "ID-1"}, form_at="/run/{id}?{parameters}", page_at="")
    assert "と併せて" not in _shown(contracted, alone)
