"""Prefect's settings for many short flows in one process: no heartbeat thread, which costs a second at each end."""

from collections.abc import Generator
from contextlib import contextmanager

from prefect.settings import temporary_settings


@contextmanager
def quick() -> Generator[None]:
    """Run flows without a heartbeat while this lasts."""
    with temporary_settings({"flows.heartbeat_frequency": None}):
        yield
