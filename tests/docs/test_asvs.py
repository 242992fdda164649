"""The page about OWASP ASVS: each row names a requirement once, and a test that there is or a page that decides it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (PROJECT / "docs" / "asvs.md").read_text(encoding="utf-8").splitlines() if line.startswith("| V")
]  # fmt: skip


@cache
def _tests() -> frozenset[str]:
    """Return every test there is, as `module::test`."""
    return frozenset(
        f"{path.stem}::{it.name}"
        for path in (PROJECT / "tests").rglob("test_*.py")
        for it in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(it, ast.FunctionDef) and it.name.startswith("test_")
    )


def test_requirements_stand_once_and_in_their_order() -> None:
    """Each has a number of the standard's form; none stands twice."""
    numbers = [tuple(map(int, row[0].removeprefix("V").split("."))) for row in ROWS]
    assert len(numbers) > 100
    assert numbers == sorted(set(numbers))
    assert {len(number) for number in numbers} == {3}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_names_what_tries_it(row: list[str]) -> None:
    """Every test that it names is there; where it names none, it names a page that is."""
    _number, asks, how, tried = row
    assert asks
    assert how
    for cited in tried.split("<br>"):
        found = re.fullmatch(r"`(\w+::\w+)`", cited)
        pages = [PROJECT / cited, PROJECT / "docs" / cited]
        assert found[1] in _tests() if found else any(page.is_file() for page in pages), cited


def test_what_is_not_met_is_tried_by_nothing_alone() -> None:
    """A row that says only that it is not met claims no test for it."""
    bare = [row for row in ROWS if row[2].startswith("not met")]
    assert bare
    assert [row[0] for row in bare if "::" in row[3]] == []
