"""Killed with kill -9 at random moments of sealing, handing over and receipt: each once, and nobody readable."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playing import CYCLE, Played, copied, morning_of

from adapters.scanner import scan
from models.records.transfer import PackageSealed
from papers.slips import slips_of
from steps.erasure import needles_of

CARRYING = Path(__file__).with_name("carrying.py")
ONCE = ("package_sealed", "medium_handed_over", "password_handed_over", "receipt_reported")
pytestmark = pytest.mark.xdist_group("carrying")


morning = morning_of("seal_package")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One start of the carrying process on a folder."""

    folder: Path

    def lasts(self, seconds: float | None) -> float | None:
        """Let it work so many seconds, or to its end; return how long it took, None where it was killed."""
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TSUDOI_")}
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, CARRYING, self.folder, ready], env={**kept, "TMPDIR": str(temporary)},
            stderr=subprocess.PIPE,
        )  # fmt: skip
        while not ready.exists() and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        began = time.monotonic()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        _out, told = process.communicate()
        if process.returncode == -signal.SIGKILL:
            return None
        assert process.returncode == 0, told.decode()
        return time.monotonic() - began


def _holds_so_far(year: Played, needles: set[str]) -> None:
    counted = Counter(year.events())
    assert max(counted[event] for event in ONCE) <= 1
    assert scan([year.folder / "home", year.folder / "tmp", year.folder / "contractor"], needles).places == ()
    whole = [path.name for path in (year.office.home / "outgoing").glob("*") if path.is_file()]
    assert whole in ([], [f"{CYCLE}.7z"])


def _is_carried_once(year: Played) -> None:
    assert {event: year.events().count(event) for event in ONCE} == dict.fromkeys(ONCE, 1)
    sealed = year.facts().record("seal_package", PackageSealed)
    assert sealed
    package = year.office.outgoing(CYCLE, "7z").read_bytes()
    assert hashlib.sha256(package).hexdigest() == sealed.package_sha256
    for slip in year.office.see(CYCLE, lambda here: slips_of(here.connection, CYCLE)):
        assert (year.office.papers / f"{slip.file}.pdf").exists()
    papers = [entry["data"]["paper"] for entry in year.entries() if entry["event"] == "paper_printed"]
    assert len(papers) == len(set(papers)) == 3
    assert not year.facts().on_hold


def _kill(morning: Played, tmp_path: Path, kills: int, seed: int) -> None:
    """Kill so many times in all: each folder goes on after every kill until its carrying comes to an end."""
    chance, needles = random.Random(seed), needles_of(morning.office, morning.office.vault(CYCLE))
    done = number = 0
    whole = 4.0
    while done < kills:
        number += 1
        with copied(morning, tmp_path / f"year-{number}") as year:
            run, took = Run(folder=year.folder), None
            while took is None:
                took = run.lasts(chance.uniform(0, whole) if done < kills else None)
                done += took is None
                _holds_so_far(year, needles)
            _is_carried_once(year)
        shutil.rmtree(tmp_path / f"year-{number}")


def test_killed_at_a_few_random_moments_it_is_carried_once(morning: Played, tmp_path: Path) -> None:
    """A sample of the two hundred."""
    _kill(morning, tmp_path, 6, seed=6)


# Four parts that the workers share; each plays a morning of its own.
@pytest.mark.long
@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=pytest.mark.xdist_group(f"carrying {part}")) for part in range(4)]
)
def test_killed_at_two_hundred_random_moments_it_is_carried_once(morning: Played, tmp_path: Path, part: int) -> None:
    """No lost and no doubled entry, no second package, no plaintext, and every slip printed and noted once."""
    _kill(morning, tmp_path, 50, seed=200 + part)
