"""Homes for the desk: an office whose people have keys, its year open or under way; and what is told of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from playing import Played

from adapters.clock import VirtualClock
from adapters.people_keys import FICTIONAL
from models.clock import TOKYO
from models.database import reading
from models.people import Side
from states import ledger
from states.sweep import sweep
from steps import identity, preparation
from steps.identity import Together
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE


def keyed_office(home: Path) -> None:
    """Make an installation whose people have keys, with its year open, on a virtual clock."""
    home.mkdir()
    VirtualClock(home / "clock").set(datetime(2026, 9, 1, 9, tzinfo=TOKYO))
    office = preparation.install(home, home.parent / "inbox", rehearsal=True)
    preparation.register_sample_people(office, 2026, passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
    preparation.open_year(office, 2026)
    _at_rest(office)


def year_under_way(keyed_home: Path, folder: Path) -> None:
    """Play the year of such an installation, in a folder of its own, to 2026-11-17: since the 12th a sample is late."""
    shutil.copytree(keyed_home, folder / "home")
    (folder / "inbox").mkdir()
    with staffed(folder) as year:
        year.play(before="submit_imprint_sample")
        year.set_clock(datetime(2026, 11, 17, 9, tzinfo=TOKYO))
        sweep(year.office.door)


@contextmanager
def staffed(folder: Path) -> Iterator[Played]:
    """Give the year in a folder, every key of the ward unlocked; a second coordinator types for the contractor."""
    office = Office.open(folder / "home", folder / "inbox")
    keys = {
        person.id: identity.unlock(office, person.id, SAMPLE_PASSPHRASE)
        for person in preparation.everybody(office)
        if person.side is not Side.CONTRACTOR
    }
    yield Played(folder=folder, office=office.of(Together(keys, typist="suzuki")))
    _at_rest(office)


@contextmanager
def copied_office(of: Path, to: Path) -> Iterator[Office]:
    """Copy a folder with a home and an inbox, and open the office in the copy while this lasts."""
    shutil.copytree(of, to)
    office = Office.open(to / "home", to / "inbox")
    yield office
    office.engine.dispose()


def entries(office: Office, event: str) -> list[dict[str, Any]]:
    """Return what the ledger tells of an event."""
    with reading(office.engine) as connection:
        return [entry for entry in ledger.told(connection) if entry["event"] == event]


def events(office: Office) -> list[str]:
    """Return all the events of the ledger, in their order."""
    with reading(office.engine) as connection:
        return [entry["event"] for entry in ledger.told(connection)]


def size(office: Office) -> int:
    """Return how many entries the ledger has."""
    with reading(office.engine) as connection:
        return ledger.size(connection)


def _at_rest(office: Office) -> None:
    """Bring everything into the one file that the tests copy."""
    with office.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    office.engine.dispose()
