"""What the benchmarks share: figures that are told and kept, and no assertion about time.

A figure is compared with a peer in the same run wherever there is one: the machine may be busy, the ratio stays.
"""

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

Tell = Callable[..., None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave every benchmark out of `make test`."""
    for item in items:
        if item.path.parent.name == "benchmarks":
            item.add_marker(pytest.mark.long)


@pytest.fixture
def tell(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Tell:
    """Print figures in one line and keep them beside the measurement."""

    def told(**figures: float | str) -> None:
        benchmark.extra_info.update(figures)
        words = "  ".join(f"{name}={_short(value)}" for name, value in figures.items())
        with capsys.disabled():
            request.config.get_terminal_writer().line(f"\n{request.node.name}: {words}")

    return told


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"
