"""The desk as a browser asks for it: served on a free port, for real offices whose people have keys and passphrases."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from browsing import Browser, served
from playing import Played

from adapters.clock import VirtualClock
from adapters.people_keys import FICTIONAL
from models.clock import TOKYO
from models.people import Side
from states.sweep import sweep
from steps import identity, preparation
from steps.identity import Together
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE


@pytest.fixture(scope="session")
def keyed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an installation whose people have keys, with its year open, on a virtual clock; copied, never used."""
    home = tmp_path_factory.mktemp("keyed") / "home"
    home.mkdir()
    VirtualClock(home / "clock").set(datetime(2026, 9, 1, 9, tzinfo=TOKYO))
    office = preparation.install(home, home.parent / "inbox", rehearsal=True)
    preparation.register_sample_people(office, 2026, passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
    preparation.open_year(office, 2026)
    _at_rest(office)
    return home


def _at_rest(office: Office) -> None:
    """Bring everything into the one file that the tests copy."""
    with office.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    office.engine.dispose()


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
    """Make a year on 2026-11-17, its imprint sample late since the 12th, its people with keys; copied, never used."""
    folder = tmp_path_factory.mktemp("played")
    shutil.copytree(keyed_home, folder / "home")
    (folder / "inbox").mkdir()
    office = Office.open(folder / "home", folder / "inbox")
    keys = {
        person.id: identity.unlock(office, person.id, SAMPLE_PASSPHRASE)
        for person in preparation.everybody(office)
        if person.side is not Side.CONTRACTOR
    }
    year = Played(folder=folder, office=office.of(Together(keys, typist="sato")))
    year.play(before="submit_imprint_sample")
    year.set_clock(datetime(2026, 11, 17, 9, tzinfo=TOKYO))
    sweep(office.door)
    _at_rest(office)
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
