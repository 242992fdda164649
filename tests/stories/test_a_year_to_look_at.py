"""A year played to its middle and left served on its own clock: what `make look` shows."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from serving import PATIENCE, TSUDOI, environment, until, with_token

pytestmark = pytest.mark.xdist_group("prefect")

YEAR = "令和8年度 はたちのつどい"


class Look:
    """A rehearsal that ends as a served year; what it says lies in a file."""

    def __init__(self, folder: Path) -> None:
        self.out, command = folder / "out.txt", [TSUDOI, "rehearse", "2026", "--out", "year", "--persons", "60"]
        options = ["--until", "2026-11-16", "--late", "submit_imprint_sample=4", "--serve"]
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [*command, *options], stdout=out, stderr=out, env=environment(folder), cwd=folder
            )
        self.folder = folder

    def said(self) -> str:
        return self.out.read_text()

    def api(self) -> httpx.Client:
        """Ask as its own flows do, with its credential."""
        found = re.search(r"(http://127\.0\.0\.1:\d+)/artifacts", self.said())
        assert found, self.said()
        name, _colon, secret = (self.folder / "year/home/prefect/credential").read_text().partition(":")
        client = httpx.Client(base_url=f"{found[1]}/api", auth=(name, secret), timeout=PATIENCE, trust_env=False)
        with_token(client)
        return client


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Give the year of `make look`, of sixty persons, once it is served; whatever is left is killed by its number."""
    look = Look(tmp_path_factory.mktemp("look"))
    until(lambda: "Ctrl-C" in look.said() or look.process.poll() is not None, or_else=look.said)
    yield look
    if look.process.poll() is None:
        for process in (*psutil.Process(look.process.pid).children(recursive=True), look.process):
            process.kill()
        look.process.wait(PATIENCE)


def test_the_year_is_red_for_what_is_late_on_that_day(look: Look) -> None:
    """On the morning of 2026-11-16 the run of the year is 期限超過 and names the imprint sample and who owes it."""

    def red() -> list[str]:
        wanted = {"flow_runs": {"name": {"any_": [YEAR]}, "state": {"type": {"any_": ["FAILED"]}}}}
        runs = api.post("/flow_runs/filter", json=wanted).json()
        return [f"{run['state']['name']} {run['state']['message']}" for run in runs]

    api = look.api()
    until(lambda: bool(red()), or_else=look.said)
    [said] = red()
    api.close()
    assert said.startswith("期限超過 ")
    assert "受託事業者の「宛名印字見本提出」が" in said


def test_it_ends_as_serve_ends(look: Look) -> None:
    """Ctrl-C ends it with status 0 and without a traceback."""
    look.process.send_signal(signal.SIGINT)
    assert look.process.wait(PATIENCE) == 0, look.said()
    assert "Traceback" not in look.said()


@pytest.mark.parametrize(
    ("options", "words"), [(["--serve"], "--until"), (["--until", "2026-11-16x"], "--until")], ids=["no day", "no date"]
)
def test_what_cannot_be_shown_is_refused(tmp_path: Path, options: list[str], words: str) -> None:
    """To serve a year that is over, or one until no day, is refused with the option's name; nothing is made."""
    command = [TSUDOI, "rehearse", "2026", "--out", "year", *options]
    done = subprocess.run(
        command, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "year").exists()
