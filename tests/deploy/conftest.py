"""An exported ledger of twenty-odd entries, made once by the writer; every test changes a copy of its own."""

import shutil
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from exporting import Export

from deploy import verify_ledger as verifier
from models.database import reading, writing
from models.records.base import FreeText
from states import ledger
from steps import auditing
from steps.office import Office

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNED_AT = (13, 17)  # beside the opening of the year at 12, and the end, where the export itself signs


@pytest.fixture(scope="session")
def untouched(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Write a ledger with checkpoints and export it."""
    home = tmp_path_factory.mktemp("exporting") / "home"
    shutil.copytree(template_home, home)
    office = Office.open(home, home.parent / "inbox")
    for size in (*SIGNED_AT, 23):
        write(office, size)
    auditing.export(office, home.parent / "export")
    office.engine.dispose()
    return Export(folder=home.parent / "export", key=auditing.key_of(office))


def write(office: Office, size: int) -> None:
    """Let the ledger grow to a size, and sign it unless the export will."""
    with reading(office.engine) as connection:
        first = ledger.size(connection) + 1
    entries = [
        ledger.Entry(at=office.clock.now(), event="measures_claimed", by="sato", via="desk", cycle_id="hatachi-2026",
                     data={"record": {"evidence": FreeText(f"点検表 {number}"), "measures": ["W-OP-01"]}})
        for number in range(first, size + 1)
    ]  # fmt: skip
    with writing(office.engine) as connection:
        ledger.append_all(connection, entries)
        if size in SIGNED_AT:
            ledger.checkpoint(connection, signer=office.signer, at=office.clock.now(), reason="medium_handed_over")


@pytest.fixture
def export(untouched: Export, tmp_path: Path) -> Export:
    """Give a copy that may be changed."""
    return untouched.copy(tmp_path / "export")


@pytest.fixture
def _signatures_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify each signature once: thousands of exports that differ in a byte carry the same four."""
    known: Callable[[bytes, bytes, bytes], bool] = lru_cache(verifier.signature_holds)
    monkeypatch.setattr(verifier, "signature_holds", known)
