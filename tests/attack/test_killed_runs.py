"""A run of Prefect's that is killed anywhere loses nothing: the next run puts it right."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from deeds import forking
from figures import Figures
from test_killed_anywhere import Eye, Killing, Morning, finder, kill, played

from adapters.scanner import Finder
from flows.engine import prepare
from flows.own_server import free_port, own_server

__all__ = ["finder"]  # the fixture
pytestmark = [pytest.mark.attack, pytest.mark.xdist_group("killed-runs")]
RUNS = ("conclude_contract", "take_extract", "extract", "seal_package", "morning", "erase_ward_data")
POINTS = 10


@pytest.fixture(scope="module")
def mornings(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Morning]:
    return played(template_home, tmp_path_factory.mktemp("runs"), RUNS)


@contextmanager
def running_prefect(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run Prefect's own server; give the variables by which a run finds it."""
    with patch.dict(os.environ):
        prepare(folder, alone=True)
        with own_server(folder, free_port(0), dashboard=False):
            found = {key: value for key, value in os.environ.items() if key.startswith("PREFECT_")}
            yield {**found, "NO_PROXY": "127.0.0.1"}


@pytest.fixture(scope="module")
def killing(finder: Finder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    year = tmp_path_factory.mktemp("killed") / "year"
    here = {"TSUDOI_HOME": str(year / "home"), "TSUDOI_INBOX": str(year / "inbox")}
    server = tmp_path_factory.mktemp("server")
    with running_prefect(server) as prefect, forking("runs", **prefect) as forks:
        yield Killing(forks=forks, eye=Eye(finder=finder), year=year, variables=here)


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_was_killed_anywhere_is_put_right_by_the_next(
    mornings: Mapping[str, Morning], killing: Killing, run: str, figures: Figures
) -> None:
    """Killed before any statement, change of a file or request to Prefect: whole or not there, and done by the next."""
    kill(killing, mornings[run], run, points=POINTS, where="through Prefect", figures=figures)
