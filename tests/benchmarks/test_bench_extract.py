"""How long judging an extract takes, and how much memory: 4,000 rows and 1.1 million, all of Japan's 20-year-olds.

Everything runs in a process of its own on one core, so that nothing is warm that would not be warm in life. The
peers: polars only reading and casting the same file, and a pydantic model per row with the same checks.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.sample import sample_extract, write_sample

SMALL, QUARTER, ALL = 4000, 275_000, 1_100_000
ROUNDS = 3

_BEGIN = """
import json, os, sys, time
from pathlib import Path
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
path = Path(sys.argv[1])
"""
_END = """
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "mib": int(peak.split()[1]) / 1024, "rows": rows}))
"""
JUDGE = """
from adapters.fonts import GlyphTable, default_font
from steps.judging import judge_file
from adapters.programmes import programme_files
from models.programme import Programme, text_of
file = next(path for path in programme_files(None) if path.stem == "hatachi")
programme = Programme.parse(text_of(file), name=file.name)
glyphs = GlyphTable.load(default_font())
began = time.perf_counter()
judgement, addressees = judge_file(path, programme=programme, fiscal_year=2026, glyphs=glyphs, expect=(1, 10**7))
seconds, rows = time.perf_counter() - began, judgement.persons
assert judgement.exported > 0.9 * rows
"""
POLARS = """
import polars as pl
began = time.perf_counter()
frame = pl.read_csv(path, infer_schema=False)
frame = frame.with_columns(
    pl.col("宛名番号").cast(pl.Int64), pl.col("郵便番号").cast(pl.UInt32),
    pl.col("生年月日").str.to_date("%Y-%m-%d"), pl.col("異動日").str.to_date("%Y-%m-%d", strict=False),
)
seconds, rows = time.perf_counter() - began, frame.height
"""
PYDANTIC = """
import csv, re
from datetime import date
from typing import Annotated
from pydantic import AfterValidator, BaseModel, Field, model_validator
from adapters.fonts import GlyphTable, default_font
from adapters.programmes import programme_files
from models.programme import Programme, text_of
from adapters.towns import towns_of
file = next(path for path in programme_files(None) if path.stem == "hatachi")
programme = Programme.parse(text_of(file), name=file.name)
glyphs, towns = GlyphTable.load(default_font()), towns_of(programme)
points = re.sub(r"\\\\x\\{([0-9a-f]+)\\}", lambda it: f"\\\\u{int(it[1], 16):04x}", glyphs.plain)
plain = re.compile(f"[{points}]*")
formula, markup = re.compile(r"\\s*[=+\\-@＝＋－＠]"), re.compile(r"<[A-Za-z/!?]|&#?[A-Za-z0-9]+;")
digits = re.compile(r"[0-9０-９]{11}")
room = 80 / glyphs.width_mm("　", 14) - 1.6

def printable(text):
    if not plain.fullmatch(text) and glyphs.judge(text) or formula.match(text) or markup.search(text):
        raise ValueError
    if digits.search(text):
        raise ValueError
    return text

def narrow(text):
    if glyphs.ems((text,))[0] > 2 * room:
        raise ValueError
    return text

Text = Annotated[str, AfterValidator(printable)]

class Row(BaseModel):
    number: Annotated[str, Field(alias="宛名番号", min_length=1)]
    name: Annotated[Text, AfterValidator(narrow), Field(alias="氏名", min_length=1)]
    postal: Annotated[str, Field(alias="郵便番号", pattern=r"^[0-9]{3}-?[0-9]{4}$")]
    address: Annotated[Text, Field(alias="住所", min_length=1)]
    care_of: Annotated[Text, Field(alias="方書")]
    born: Annotated[date, Field(alias="生年月日", ge=date(2006, 4, 2), le=date(2007, 4, 1))]
    protected: Annotated[str, Field(alias="支援措置")]
    reason: Annotated[str, Field(alias="異動事由")]
    changed: Annotated[str, Field(alias="異動日")]

    @model_validator(mode="after")
    def lies_there(self):
        if not any(town in self.address for town in towns.get(self.postal, ("",))):
            raise ValueError
        return self

began = time.perf_counter()
rows, seen, people, doubtful = 0, set(), set(), 0
with path.open(encoding="utf-8", newline="") as file:
    for cells in csv.DictReader(file):
        rows += 1
        try:
            row = Row.model_validate(cells)
        except ValueError:
            doubtful += 1
            continue
        doubtful += row.number in seen or (row.name, row.born, row.address) in people
        seen.add(row.number)
        people.add((row.name, row.born, row.address))
seconds = time.perf_counter() - began
"""


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Write fictional extracts of a usual year, of a quarter of Japan and of all of it, in UTF-8."""
    folder, drawn = tmp_path_factory.mktemp("extracts"), sample_extract(fiscal_year=2026, persons=ALL, seed=3)
    paths = {rows: folder / f"{rows}.csv" for rows in (SMALL, QUARTER, ALL)}
    for rows, path in paths.items():
        write_sample(drawn.head(rows), path, encoding="utf-8")
    return paths


def _measured(script: str, path: Path) -> dict[str, Any]:
    """Run a script in a process of its own, on one core; polars' one thread reads files beside the main one."""
    done = subprocess.run(
        [sys.executable, "-c", _BEGIN + script + _END, path],
        env={**os.environ, "POLARS_MAX_THREADS": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def _best(script: str, path: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    """Return the quickest of some runs, which the machine's other work disturbed least."""
    return min((_measured(script, path) for _round in range(rounds)), key=lambda it: it["seconds"])


def test_judging_a_usual_year(benchmark: BenchmarkFixture, extracts: dict[int, Path], tell: Any) -> None:
    """Four thousand rows: read, checked and measured."""
    judged = benchmark.pedantic(lambda: _best(JUDGE, extracts[SMALL]), rounds=1)
    assert judged["rows"] == SMALL
    tell(seconds=judged["seconds"], mib=judged["mib"])


def test_judging_all_of_japan(benchmark: BenchmarkFixture, extracts: dict[int, Path], tell: Any) -> None:
    """1.1 million rows against both peers, with the peak of memory and how the time grows from a quarter of them."""
    judged = benchmark.pedantic(lambda: _best(JUDGE, extracts[ALL]), rounds=1)
    bare, rowwise = _best(POLARS, extracts[ALL]), _best(PYDANTIC, extracts[ALL], rounds=1)
    quarter = _best(JUDGE, extracts[QUARTER])
    assert judged["rows"] == bare["rows"] == rowwise["rows"] == ALL
    tell(
        seconds=judged["seconds"],
        times_reading=judged["seconds"] / bare["seconds"],
        times_faster_than_pydantic=rowwise["seconds"] / judged["seconds"],
        peak_mib=judged["mib"],
        growth_exponent=math.log(judged["seconds"] / quarter["seconds"]) / math.log(ALL / QUARTER),
    )
