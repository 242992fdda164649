"""The attack tries what the other rooms' tests try, many times over: it plays their years and opens their exports."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest

from adapters.sample import additional_extract, sample_extract
from deploy import verify_ledger as verifier
from rehearsal.plan import Plan
from steps import auditing

sys.path += [str(Path(__file__).parents[1] / room) for room in ("deploy", "stories")]

from direct import YEAR, rehearsed
from exporting import Export
from watching import Watched

PERSONS = 60


@pytest.fixture(scope="session")
def watched() -> Watched:
    """Give what was seen of the closed year while it ran."""
    return Watched()


@pytest.fixture(scope="session")
def closed_year(template_home: Path, tmp_path_factory: pytest.TempPathFactory, watched: Watched) -> Export:
    """Rehearse a whole year with its mornings and reminders, and export its ledger; copied, never changed."""
    folder = tmp_path_factory.mktemp("closed")
    plan = Plan(year=YEAR, out=folder / "year", persons=PERSONS, extract=None, late={}, seed=1, keep=False)
    with rehearsed(template_home, plan) as rehearsal:
        with watched.watching():
            rehearsal.run(lambda _today, _facts: None)
        auditing.export(rehearsal.office, folder / "export")
        return Export(folder=folder / "export", key=auditing.key_of(rehearsal.office))


@pytest.fixture(scope="session")
def invited() -> Sequence[pl.DataFrame]:
    """Draw the extract of the closed year, and its late move-ins, anew."""
    first = sample_extract(fiscal_year=YEAR, persons=PERSONS, seed=1)
    return first, additional_extract(fiscal_year=YEAR, persons=1, seed=2, after=first)


@pytest.fixture
def export(closed_year: Export, tmp_path: Path) -> Iterator[Export]:
    """Give a copy of the closed year's export that may be changed."""
    copy = closed_year.copy(tmp_path / "export")
    yield copy
    shutil.rmtree(copy.folder)


@pytest.fixture
def _lines_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge the same bytes once: eighty thousand exports that differ in a byte have all other lines in common.

    Only what depends on nothing but bytes is remembered; every change is compared anew with every checkpoint.
    """
    for pure in ("signature_holds", "read_line", "parse_entry", "opening_of"):
        monkeypatch.setattr(verifier, pure, lru_cache(maxsize=4096)(getattr(verifier, pure)))
