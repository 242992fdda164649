"""Accidents that began in the extract: the file as it came to other municipalities, and what the check says of it."""

import json
import subprocess
from pathlib import Path

import polars as pl
import pytest
from telling import COMMAND, YEAR, Stage

from adapters.sample import sample_extract, write_sample

PERSONS = 400


@pytest.fixture
def people() -> pl.DataFrame:
    """Draw the extract as it should have been."""
    return sample_extract(fiscal_year=YEAR, persons=PERSONS, seed=1)


def _check(folder: Path, extract: pl.DataFrame, *options: str) -> "subprocess.CompletedProcess[str]":
    """Check an extract with the real command, on a machine where nothing is installed."""
    write_sample(extract, folder / "extract.csv")
    command = [
        COMMAND,
        "extract",
        "check",
        folder / "extract.csv",
        "--year",
        str(YEAR),
        "--expect",
        "100-1000",
        *options,
    ]
    surroundings = Stage(folder=folder, persons=PERSONS).surroundings(TSUDOI_HOME=str(folder / "none"))
    return subprocess.run(command, env=surroundings, cwd=folder, capture_output=True, text=True, check=False)


def _report(folder: Path, extract: pl.DataFrame) -> dict[str, object]:
    return json.loads(_check(folder, extract, "--json").stdout)


def _codes(report: dict[str, object]) -> list[str]:
    return [finding["code"] for finding in report["findings"]]  # type: ignore[index, attr-defined]


def _said_nothing_of(extract: pl.DataFrame, said: "subprocess.CompletedProcess[str]") -> bool:
    cells = {cell for column in ("宛名番号", "氏名", "住所") for cell in extract[column] if len(cell) > 3}
    return not any(cell in said.stdout + said.stderr for cell in cells)


def test_a_birth_condition_two_years_off_is_refused(tmp_path: Path) -> None:
    """小山市 2024: the condition of two years ago, 1,719 letters to people of 22. Here the file is refused."""
    extract = sample_extract(fiscal_year=YEAR - 2, persons=PERSONS, seed=1)
    said = _check(tmp_path, extract)
    assert said.returncode == 2
    assert "抽出条件の誤り" in said.stdout
    assert "戸籍住民課" in said.stderr or "担当" in said.stderr or said.stderr
    assert _said_nothing_of(extract, said)
    report = _report(tmp_path, extract)
    assert report["verdict"] == "refused"
    assert "birth_window" in _codes(report)


def test_names_that_moved_up_are_refused(tmp_path: Path, people: pl.DataFrame) -> None:
    """つくば市: names were deleted, their addresses were not, and everybody below got a neighbour's name."""
    names = people["氏名"].to_list()
    del names[120:123]
    shifted = people.with_columns(pl.Series("氏名", [*names, "", "", ""]))
    said = _check(tmp_path, shifted)
    assert said.returncode == 2
    assert f"{PERSONS - 1} 行目" in said.stdout or str(PERSONS - 1) in said.stdout
    assert "ずれています" in said.stdout
    assert _said_nothing_of(shifted, said)
    assert "column_shift" in _codes(_report(tmp_path, shifted))


def test_addresses_that_moved_within_the_list_are_refused(tmp_path: Path, people: pl.DataFrame) -> None:
    """The same slip in the middle of a list, with as many cells put in as were taken out, shows by the postal codes."""
    addresses = people["住所"].to_list()
    moved = [*addresses[:100], *addresses[101:160], addresses[100], *addresses[160:]]
    report = _report(tmp_path, people.with_columns(pl.Series("住所", moved)))
    assert report["verdict"] == "refused"
    assert "column_shift" in _codes(report)


def test_cells_of_another_column_are_refused(tmp_path: Path, people: pl.DataFrame) -> None:
    """Rows whose cells slid to the right, a postal code under the name, are no slips once there are several."""
    slid = people.with_row_index("nth").with_columns(
        氏名=pl.when(pl.col("nth").is_between(50, 54)).then("郵便番号").otherwise("氏名")
    )
    report = _report(tmp_path, slid.drop("nth"))
    assert "column_shift" in _codes(report)


def test_people_who_have_moved_out_get_no_letter(tmp_path: Path, people: pl.DataFrame) -> None:
    """東京都 2023: 170,000 leaflets to people who had moved out. Who left by the cut-off is excluded and counted."""
    before = _report(tmp_path, people)
    gone = people.with_row_index("nth").with_columns(
        異動事由=pl.when(pl.col("nth").is_between(200, 249)).then(pl.lit("転出")).otherwise("異動事由"),
        異動日=pl.when(pl.col("nth").is_between(200, 249)).then(pl.lit("令和8年11月1日")).otherwise("異動日"),
    )
    after = _report(tmp_path, gone.drop("nth"))
    assert after["persons"] == before["persons"] == PERSONS
    assert after["excluded"]["moved_out"] > before["excluded"]["moved_out"] + 40  # type: ignore[index]
    assert after["exported"] < before["exported"] - 40  # type: ignore[operator]


def test_an_extract_that_cannot_tell_who_has_left_says_so(tmp_path: Path, people: pl.DataFrame) -> None:
    """Where the columns of changes are missing, the check warns that nobody could be left out."""
    said = _check(tmp_path, people.drop("異動事由", "異動日"))
    warned = [line for line in said.stdout.splitlines() if line.startswith("警告")]
    assert [column for column in ("異動事由", "異動日") if any(column in line for line in warned)] == [
        "異動事由",
        "異動日",
    ]
