"""The desk as a browser asks for it: served on a free port, for real offices whose people have keys and passphrases."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browsing import Browser, served
from keyed import keyed_office, year_under_way

from steps.office import Office


@pytest.fixture(scope="session")
def keyed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an installation whose people have keys, with its year open; copied, never used."""
    home = tmp_path_factory.mktemp("keyed") / "home"
    keyed_office(home)
    return home


@pytest.fixture
def keyed(keyed_home: Path, tmp_path: Path) -> Iterator[Office]:
    """Give an installation of its own whose people have keys."""
    shutil.copytree(keyed_home, tmp_path / "home")
    office = Office.open(tmp_path / "home", tmp_path / "inbox")
    yield office
    office.engine.dispose()


@pytest.fixture
def browser(keyed: Office) -> Iterator[Callable[[], Browser]]:
    """Give as many browsers as are asked for, each with cookies of its own, at the desk of one office."""
    with served(keyed) as address, ExitStack() as stack:
        yield lambda: stack.enter_context(Browser(address))


@pytest.fixture(scope="session")
def played_home(keyed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a year under way, its people with keys; copied, never used."""
    folder = tmp_path_factory.mktemp("played")
    year_under_way(keyed_home, folder)
    return folder


@pytest.fixture
def played(played_home: Path, tmp_path: Path) -> Iterator[Office]:
    """Give a year under way of one's own."""
    shutil.copytree(played_home, tmp_path / "played")
    office = Office.open(tmp_path / "played" / "home", tmp_path / "played" / "inbox")
    yield office
    office.engine.dispose()


@pytest.fixture
def in_year(played: Office) -> Iterator[Callable[[str], Browser]]:
    """Give the browser of whoever is named, logged in at the desk of the year under way."""
    with served(played) as address, ExitStack() as stack:

        def logged_in(person: str) -> Browser:
            browser = stack.enter_context(Browser(address))
            browser.log_in(person)
            return browser

        yield logged_in
