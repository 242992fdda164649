"""Nobody who was invited can be found in what is left of a year, nor in what its processes were told meanwhile."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from exporting import Export
from figures import Figures
from watching import Watched

from adapters.sample import write_sample
from adapters.scanner import scan
from steps.residents import needles_in

pytestmark = pytest.mark.attack


def test_nobody_is_left_in_a_closed_year(
    closed_year: Export, invited: Sequence[pl.DataFrame], tmp_path: Path, figures: Figures
) -> None:
    """Data directory, database, logs, mail, papers, export: nobody; and the search finds everybody where they are."""
    needles = {it for frame in invited for it in needles_in(frame) if len(it.strip()) >= 4}
    write_sample(invited[0], tmp_path / "extract.csv")
    seen = scan([tmp_path], needles).found
    found = scan([closed_year.folder.parent], needles)
    figures.tell("residents' data sought", where="a closed year", tried=len(needles), held=len(needles) - found.found)
    assert seen >= invited[0].height
    assert found.places == ()


def test_nobody_is_told_to_a_process_while_a_year_runs(
    closed_year: Export, invited: Sequence[pl.DataFrame], watched: Watched, figures: Figures
) -> None:
    """No argument, variable or open file of any process names a resident or a password; all is written in the year."""
    sought = [*watched.passwords, *(it for frame in invited for it in needles_in(frame) if len(it.strip()) >= 4)]
    seen = "\n".join(watched.told | set(map(str, watched.written)))
    told = [it for it in sought if it in seen]
    figures.tell(
        "data sought in processes",
        where="arguments, variables, open files",
        tried=len(sought),
        held=len(sought) - len(told),
    )
    elsewhere = {it for it in watched.written if not it.is_relative_to(closed_year.folder.parent)}
    assert told == []
    assert {it for it in elsewhere if "__pycache__" not in it.parts and it.parts[1] != "dev"} == set()
    assert watched.passwords
    assert watched.started
    assert watched.looks > watched.started
