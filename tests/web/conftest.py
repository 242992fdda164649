"""The desk as a browser asks for it: served on a free port, for real offices whose people have keys and passphrases."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browsing import Browser, at_the_desk, served
from keyed import copied_office, keyed_office, year_under_way
from playing import YEAR, Played

from adapters.people_keys import FICTIONAL
from adapters.sample import sample_extract, write_sample
from rehearsal import cast
from steps import acting, identity
from steps.identity import Together
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE


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
    with copied_office(played_home, tmp_path / "played") as office:
        yield office


@pytest.fixture
def in_year(played: Office) -> Iterator[Callable[..., Browser]]:
    """Give the browser of whoever is named, logged in at the desk of the year under way."""
    with at_the_desk(played) as logged_in:
        yield logged_in


@pytest.fixture(scope="session")
def morning(keyed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play a year whose people have keys up to the morning on which the extract is taken; copied, never used."""
    folder = tmp_path_factory.mktemp("morning") / "year"
    shutil.copytree(keyed_home, folder / "home")
    (folder / "inbox").mkdir()
    office = cast.at_their_desks(Office.open(folder / "home", folder / "inbox"))
    keys = {person: key for person in ("sato", "takahashi", "watanabe") if (key := office.keyring.signer_of(person))}
    office.keyring = identity.Together(keys, typist="sato")
    Played(folder=folder, office=office).play(before="take_extract")
    office.engine.dispose()
    return folder


@pytest.fixture
def at_work(morning: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Give a copy of that morning, with an empty folder for temporary files of its own."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with copied_office(morning, tmp_path / "year") as office:
        yield office


@pytest.fixture
def desk(at_work: Office) -> Iterator[Callable[..., Browser]]:
    """Give browsers at the desk, each of a person who is logged in, with headers of its own."""
    with at_the_desk(at_work) as logged_in:
        yield logged_in


@pytest.fixture
def at(office: Office) -> Iterator[Callable[..., Browser]]:
    """Give browsers at the desk of the module's office, each of a person who is logged in, with headers of its own."""
    with at_the_desk(office) as logged_in:
        yield logged_in


@pytest.fixture(scope="session")
def extract(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give a fictional extract with rows that are held."""
    path = tmp_path_factory.mktemp("extract") / "extract.csv"
    write_sample(sample_extract(fiscal_year=YEAR, persons=400), path)
    return path.read_bytes()


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
