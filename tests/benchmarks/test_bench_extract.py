"""How long judging an extract of 4,000 rows takes, against polars only reading and casting the same file."""

import time
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.fonts import GlyphTable, default_font
from models.programme import Programme
from steps.judging import judge_file
from steps.office import programme_files
from steps.sample import sample_extract, write_sample

ROWS, ROUNDS = 4000, 5


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a fictional extract of a usual year."""
    path = tmp_path_factory.mktemp("extract") / "extract.csv"
    write_sample(sample_extract(fiscal_year=2026, persons=ROWS, seed=1), path)
    return path


def read_and_cast(path: Path) -> pl.DataFrame:
    """Read and cast: the least that anybody could do with the file."""
    frame = pl.read_csv(path, infer_schema=False, quote_char=None)
    return frame.with_columns(pl.col("生年月日").str.to_date("%Y-%m-%d", strict=False))


def read_seconds(path: Path) -> float:
    times: list[float] = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        read_and_cast(path)
        times.append(time.perf_counter() - began)
    return median(times)


def test_judging_an_extract(benchmark: BenchmarkFixture, extract: Path, tell: Any) -> None:
    """The judge reads, checks and measures every cell of a usual year's extract."""
    programme = Programme.load(next(path for path in programme_files(None) if path.stem == "hatachi"))
    glyphs = GlyphTable.load(default_font())

    def judge() -> int:
        judgement, _addressees = judge_file(extract, programme=programme, fiscal_year=2026, glyphs=glyphs)
        return judgement.persons

    assert benchmark.pedantic(judge, rounds=ROUNDS, warmup_rounds=1) == ROWS
    timing: Any = benchmark.stats
    if timing:
        seconds, bare = timing.stats.median, read_seconds(extract)
        tell(seconds=seconds, polars_reads_in=bare, times_reading=seconds / bare, rows_a_second=ROWS / seconds)
