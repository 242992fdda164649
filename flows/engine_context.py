"""Prefect made quick for many short flows in one process.

No heartbeat thread, which costs a second at the end of each flow, and one client for all of them: a new one would load
the certificates of the whole world for every flow.
"""

from collections.abc import Generator
from contextlib import contextmanager

from prefect.context import SyncClientContext
from prefect.settings import temporary_settings


@contextmanager
def quick() -> Generator[None]:
    """Run flows without a heartbeat, through one client, while this lasts."""
    with temporary_settings({"flows.heartbeat_frequency": None}), SyncClientContext.get_or_create():
        yield
