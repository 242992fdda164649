"""A fictional year at the door, on both databases or on SQLite alone."""

from collections.abc import Callable

import pytest
from scenes import Year
from sqlalchemy import Engine

from adapters.keys import LedgerKey

Engines = Callable[[str], Engine]


@pytest.fixture
def year(database_url: str, engines: Engines, ledger_key: LedgerKey) -> Year:
    """Give the opened year, once on SQLite and once on PostgreSQL."""
    return Year(engines(database_url), ledger_key)


@pytest.fixture
def owners_year(database_url: str, engines: Engines, ledger_key: LedgerKey) -> Year:
    """Give the opened year to the owner of the tables, whom only the triggers hold back."""
    return Year(engines(database_url.replace("tsudoi_app@", "tsudoi@")), ledger_key)


@pytest.fixture
def sqlite_year(sqlite_url: str, engines: Engines, ledger_key: LedgerKey) -> Year:
    """Give the opened year on SQLite."""
    return Year(engines(sqlite_url), ledger_key)
