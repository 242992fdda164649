"""The desk as a browser asks for it: served on a free port, for real offices whose people have keys and passphrases."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from browsing import Browser, served

from adapters.clock import VirtualClock
from adapters.people_keys import FICTIONAL
from models.clock import TOKYO
from steps import acting, identity, preparation
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
    with office.engine.connect() as connection:  # everything into the one file that the tests copy
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    office.engine.dispose()
    return home


@pytest.fixture
def keyed(keyed_home: Path, tmp_path: Path) -> Iterator[Office]:
    """Give an installation of its own whose people have keys."""
    shutil.copytree(keyed_home, tmp_path / "home")
    office = Office.open(tmp_path / "home", tmp_path / "inbox")
    yield office
    office.engine.dispose()


@pytest.fixture
def with_their_keys(keyed: Office) -> Office:
    """Give the contractor's people keys as well: the contractor may reach the desk."""
    for person in ("asahi", "kobayashi"):
        office = _typing(keyed, "sato")
        _shown, proposed = identity.give_key(office, person, by="sato", passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
        assert proposed
        acting.confirm(_typing(keyed, "suzuki"), "hatachi-2026", "give_key", by="suzuki", proposal=proposed.seq)
    return keyed


@pytest.fixture
def contracted(with_their_keys: Office) -> Office:
    """Conclude the contract, so that the contractor owes its first reports; a coordinator enters all of it."""
    office = _typing(with_their_keys, "sato")
    for by, measures in (("sato", "W-OP-01"), ("asahi", "C-OP-01")):
        fields = {"measures": measures, "evidence": "点検表"}
        acting.perform(office, "hatachi-2026", "claim_measures", by=by, fields=fields)
    contract = {
        "contract_number": "8-1", "begins_on": "2026-09-01", "ends_on": "2026-12-25",
        "special_provisions_attached": "true", "certificate_number": "1", "certificate_until": "2027-03-31",
        "decision_number": "8-総総-101", "approved_on": "2026-09-01",
    }  # fmt: skip
    acting.perform(office, "hatachi-2026", "conclude_contract", by="sato", fields=contract)
    return with_their_keys


def _typing(office: Office, person: str) -> Office:
    return office.of(Together({person: identity.unlock(office, person, SAMPLE_PASSPHRASE)}, typist=person))


@pytest.fixture
def browser(keyed: Office) -> Iterator[Callable[[], Browser]]:
    """Give as many browsers as are asked for, each with cookies of its own, at the desk of one office."""
    with served(keyed) as address, ExitStack() as stack:
        yield lambda: stack.enter_context(Browser(address))
