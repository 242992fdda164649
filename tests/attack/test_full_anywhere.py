"""A disk that is full from any moment on, or finds no room for one thing: told in words, nothing half done, goes on."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from deeds import Forks
from figures import Figures
from test_killed_anywhere import Eye, Killing, Morning, finder, forks, kill, played

from adapters.scanner import Finder

__all__ = ["finder", "forks"]  # the fixtures
pytestmark = [pytest.mark.attack, pytest.mark.xdist_group("full-disk")]
DEEDS = ("take_extract", "seal_package", "erase_ward_data")
POINTS = 6


@pytest.fixture(scope="module")
def mornings(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Morning]:
    return played(template_home, tmp_path_factory.mktemp("full"), DEEDS)


@pytest.fixture(params=["is full", "refuses"])
def filling(request: pytest.FixtureRequest, forks: Forks, finder: Finder, tmp_path: Path) -> Killing:
    return Killing(forks=forks, eye=Eye(finder=finder), year=tmp_path / "year", harm=request.param)


@pytest.mark.parametrize("deed", DEEDS)
def test_where_there_is_no_room_nothing_is_half_done(
    mornings: Mapping[str, Morning], filling: Killing, deed: str, figures: Figures
) -> None:
    """No room anywhere: exit 2 in words without a name, every law holds; with room again, all is as it should be."""
    where = f"the disk {filling.harm}"
    kill(filling, mornings[deed], deed, points=POINTS, where=where, figures=figures, what="writes without room")
