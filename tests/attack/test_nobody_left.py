"""After a whole year nobody who was invited can be found in anything that is left of it."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from exporting import Export
from figures import Figures

from adapters.scanner import scan
from steps.extraction import needles_in
from steps.sample import write_sample

pytestmark = pytest.mark.attack


def test_nobody_is_left_in_a_closed_year(
    closed_year: Export, invited: Sequence[pl.DataFrame], tmp_path: Path, figures: Figures
) -> None:
    """Data directory, database, logs, mail, papers, export: nobody; and the search finds everybody where they are."""
    needles = {it for frame in invited for it in needles_in(frame) if len(it.strip()) >= 4}
    write_sample(invited[0], tmp_path / "extract.csv")
    assert scan([tmp_path], needles).found >= invited[0].height
    found = scan([closed_year.folder.parent], needles)
    figures.tell("residents' data sought", where="a closed year", tried=len(needles), held=len(needles) - found.found)
    assert found.places == ()
