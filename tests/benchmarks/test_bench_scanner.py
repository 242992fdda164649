"""How fast the search for residents' data goes over what an office keeps, against grep -F -f and a plain read.

Twelve thousand needles (4,000 persons) in all their forms; grep gets the same forms that hold no line break. Both run
alone, one after the other, and are told in MB a second of wall clock and, of the scanner, of processor time too.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Tell
from pytest_benchmark.fixture import BenchmarkFixture
from stored import forms

from adapters.finder import CHUNK, Finder

PERSONS, SIZE = 4000, 128 * 2**20
CHARACTERS = "新宿区西百人町大久保高田馬場北余丁霞岳二十騎中落合上"
LINE = '{{"at":"2026-11-10T10:00:00+09:00","by":"sato","event":"item_moved","seq":{n},"data":{{"to":"{n}"}}}} 管理簿\n'


def needles() -> set[str]:
    """Make a name, an address and a number for each fictional person."""
    pick = random.Random(1)

    def word(length: int) -> str:
        return "".join(pick.choice(CHARACTERS) for _ in range(length))

    found: set[str] = set()
    for n in range(PERSONS):
        found |= {word(5), f"{word(8)}{n % 9}丁目{n % 30}番{n % 17}号", str(10_000_000 + n * 7)}
    return found


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write what an office keeps: half lines of a ledger, half bytes that mean nothing (a database's pages, papers)."""
    path = tmp_path_factory.mktemp("scan") / "kept"
    block = "".join(LINE.format(n=n) for n in range(8000)).encode()[: 2**20]
    noise = random.Random(2).randbytes(2**20)
    with path.open("wb") as file:
        for _ in range(SIZE // 2**21):
            file.write(block)
            file.write(noise)
    return path


def test_the_search_for_residents_data(benchmark: BenchmarkFixture, tell: Tell, kept: Path, tmp_path: Path) -> None:
    """Search 128 MB for twelve thousand needles in every form."""
    sought, size = needles(), kept.stat().st_size / 1e6
    finder = Finder(sought)
    processor = time.process_time()

    def search() -> int:
        with kept.open("rb") as file:
            return sum(1 for _ in finder.found(file, CHUNK))

    assert benchmark.pedantic(search, rounds=1) == 0
    processor = time.process_time() - processor
    if not benchmark.stats:  # a benchmark that is only run once has no figures
        return
    seconds = benchmark.stats.stats.min
    plain, grep = _plain_read(kept), _grep(kept, sought, tmp_path / "forms")
    tell(
        mb_per_second=size / seconds, mb_per_processor_second=size / processor, grep_mb_per_second=size / grep,
        times_grep=grep / seconds, times_plain_read=seconds / plain,
    )  # fmt: skip


@pytest.mark.parametrize("persons", [4000, 100_000])
def test_the_memory_of_the_needles(benchmark: BenchmarkFixture, tell: Tell, persons: int) -> None:
    """Make and hold what 100,000 persons are searched by; the whole process, with the drawing of the persons."""

    def peak() -> float:
        command = [sys.executable, str(Path(__file__).with_name("needles_of_many.py")), str(persons)]
        return float(subprocess.run(command, capture_output=True, check=True, text=True, env=_here()).stdout)

    tell(persons=persons, peak_mib=benchmark.pedantic(peak, rounds=1))


def _here() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(__file__).parents[up]) for up in (1, 2))}


def _plain_read(path: Path) -> float:
    began = time.perf_counter()
    with path.open("rb") as file:
        while file.read(CHUNK):
            pass
    return time.perf_counter() - began


def _grep(path: Path, sought: set[str], patterns: Path) -> float:
    every = {form for needle in sought for form in forms(needle) if b"\n" not in form and b"\0" not in form}
    patterns.write_bytes(b"\n".join(sorted(every)))
    began = time.perf_counter()
    found = subprocess.run(
        ["grep", "-a", "-c", "-F", "-f", str(patterns), str(path)],
        env={"LC_ALL": "C"}, capture_output=True, check=False,
    )  # fmt: skip
    assert found.stdout.strip() == b"0"
    return time.perf_counter() - began
