"""One Prefect for the session, pointed at a folder of its own before Prefect is imported; an office for each test."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest
from serving import PATIENCE

from adapters.clock import VirtualClock
from flows import engine
from models.clock import TOKYO
from steps import preparation
from steps.office import Office

sys.path.append(str(Path(__file__).parents[1] / "steps"))  # the cast's year, which is played there


@dataclass(frozen=True, kw_only=True)
class Prefect:
    """The session's Prefect: where its files are, and the flows, which are imported once it is there."""

    folder: Path
    database: Path
    flow_module: Callable[[str], ModuleType]


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    folder = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(folder))
        engine.prepare(folder)
        testing = importlib.import_module("prefect.testing.utilities")
        settings = importlib.import_module("prefect.settings")
        quick = importlib.import_module("flows.base").quick
        # Prefect sets up logging with its first run and would take pytest's own handler away from that test.
        importlib.import_module("prefect.logging.configuration").setup_logging()
        with testing.prefect_test_harness(server_startup_timeout=PATIENCE), quick():
            url = settings.PREFECT_SERVER_DATABASE_CONNECTION_URL.value()
            yield Prefect(
                folder=folder,
                database=Path(url.removeprefix("sqlite+aiosqlite:///")),
                flow_module=lambda name: importlib.import_module(f"flows.{name}"),
            )


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an installation to copy from: passphrases of ten people take a second to hash."""
    folder = tmp_path_factory.mktemp("installed")
    _stop_the_clock(folder / "home")
    preparation.register_sample_people(preparation.install(folder / "home", folder / "inbox", rehearsal=True), 2026)
    return folder


@pytest.fixture
def office(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Give an office with fictional people, on the morning of Monday 2026-09-07; its year is not open yet."""
    shutil.copytree(installed, tmp_path / "office")
    monkeypatch.setenv("TSUDOI_HOME", str(tmp_path / "office" / "home"))
    monkeypatch.setenv("TSUDOI_INBOX", str(tmp_path / "office" / "inbox"))
    return Office.open()


@pytest.fixture
def opened(office: Office) -> Office:
    """Give the office with the year 2026 open."""
    preparation.open_year(office, 2026)
    return office


_LOOK = """
import inspect, json, re
from prefect.server.api.server import API_ROUTERS
print(json.dumps([
    (method, re.sub(r"{\\w+:uuid}", "{id}", re.sub(r"{\\w+(:str)?}", "{key}", route.path)), route.endpoint.__name__,
     "begin_transaction=True" in inspect.getsource(route.endpoint))
    for router in API_ROUTERS for route in router.routes for method in getattr(route, "methods", None) or ["WEBSOCKET"]
]))
"""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str, bool]]:
    """Give every door of the installed server: method, path, what is behind it, and whether it writes."""
    surroundings = os.environ | {"PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")), "DO_NOT_TRACK": "1"}
    look = [sys.executable, "-P", "-c", _LOOK]
    told = subprocess.run(look, env=surroundings, capture_output=True, text=True, check=True)
    found = [tuple(door) for door in json.loads(told.stdout)]
    assert len(found) > 150
    return found


def go_to(office: Office, year: int, month: int, day: int) -> None:
    """Let it be nine in the morning of a day."""
    assert isinstance(office.clock, VirtualClock)
    office.clock.set(datetime(year, month, day, 9, 0, tzinfo=TOKYO))


def _stop_the_clock(home: Path) -> None:
    home.mkdir()
    VirtualClock(home / "clock").set(datetime(2026, 9, 7, 9, 0, tzinfo=TOKYO))
