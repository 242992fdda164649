"""The figures of the attack: how much was tried, and how much of it held.

A test that tries a thing many times asks for `figures` and says what came of it, once or as often as it likes:

    def test_every_flipped_byte_is_found(export: Export, figures: Figures) -> None:
        found = sum(is_found(flipped) for flipped in flips(export))
        figures.tell("bytes flipped", where="ledger.jsonl", tried=len(export), held=found)
        assert found == len(export)

`tell` asserts nothing: the test does, afterwards, so that what got through stands in the table too. What is told under
the same `what` and `where` is added up, whichever worker ran it. Every test that asks for `figures` is part of
`make attack`, in whatever room it stands; those marked `attack` are left out of `make test`. The table stands at the
end of the run, and in the file that `--figures FILE` names.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_HEADINGS = ("what", "where", "tried", "held", "got through")
_NAME = "figure"
Row = tuple[str, str, int, int]


@dataclass(frozen=True)
class Figures:
    """What one test tells. `what` is counted in (bytes flipped, kills), `where` says at what."""

    told: list[tuple[str, object]]

    def tell(self, what: str, *, where: str, tried: int, held: int) -> None:
        self.told.append((_NAME, [what, where, tried, held]))


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Give the table of the run, to tell it how often something was tried and how often it held."""
    return Figures(request.node.user_properties)  # they travel from a worker with the test's report


@dataclass(eq=False)  # pytest keeps its plugins in sets
class _Table:
    """All that was told in a run, in the order of what and where."""

    told: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            for name, row in report.user_properties:
                if name == _NAME:
                    self.add(*row)  # type: ignore[misc]  # as `tell` wrote it

    def add(self, what: str, where: str, tried: int, held: int) -> None:
        before = self.told.get((what, where), (0, 0))
        self.told[what, where] = (before[0] + tried, before[1] + held)

    @property
    def rows(self) -> list[Row]:
        return [(*key, *counts) for key, counts in sorted(self.told.items())]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if not self.told:
            return
        terminalreporter.section("what was tried, and what held")
        for line in _lines(self.rows):
            terminalreporter.write_line(line)
        if file := config.getoption("--figures"):
            _write(Path(file), self.rows)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", metavar="FILE", default="", help="write what was tried and what held to a JSON file")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Table(), "figures-table")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "figures" in getattr(item, "fixturenames", ()):
            item.add_marker("figures")


def _lines(rows: Iterable[Row]) -> list[str]:
    table = [_HEADINGS, *((what, where, f"{n:,}", f"{held:,}", f"{n - held:,}") for what, where, n, held in rows)]
    wide = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.rjust(width) if at > 1 else cell.ljust(width) for at, (cell, width) in enumerate(cells))
        for cells in ([*zip(row, wide, strict=True)] for row in table)
    ]


def _write(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [dict(zip(("what", "where", "tried", "held"), row, strict=True)) for row in rows]
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
