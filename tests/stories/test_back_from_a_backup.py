"""What docs/runbook.md says about backups, by its commands: a year goes on from one; one erased stays erased."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun
from speaking import Tsudoi

from models.errors import Unknown
from rehearsal import cast
from steps import auditing
from steps.office import Office


@pytest.fixture
def year(template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    """Give a year whose data directory, paper and keys lie on disks of their own, as the runbook has them."""
    for name in ("HOME", "INBOX", "PAPERS", "KEYS", "KEY_BACKUP"):
        monkeypatch.setenv(f"TSUDOI_{name}", str(tmp_path / name.lower()))
    shutil.copytree(template_home / "keys", tmp_path / "keys")
    for folder in ("backup", "safe"):
        (tmp_path / folder).mkdir()
    with begun(template_home, tmp_path) as played:
        yield played


def typed_from_paper(year: Played, slip: Path) -> Path:
    """Type the three lines of the newest checkpoint, as the last slip shows them."""
    slip.write_text("\n".join(auditing.latest_checkpoint(year.office).splitlines()[:3]), encoding="utf-8")
    return slip


def opened_again(year: Played) -> Played:
    return replace(year, office=Office.open())


def test_a_year_lost_in_its_middle_goes_on_to_its_close(year: Played, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """With the machine gone the last backup and the ledger's key are put back, and the cast closes the year."""
    year.play(before="report_printing")
    entries = auditing.verify(year.office).entries
    assert tsudoi("backup", tmp_path / "backup", "--keys", tmp_path / "safe").status == 0
    assert {path.name for path in (tmp_path / "safe").iterdir()} == {"ledger.pem", "ledger.pub"}
    slip = typed_from_paper(year, tmp_path / "slip.txt")
    year.office.engine.dispose()
    shutil.rmtree(tmp_path / "home")
    for lost in ("ledger.pem", "ledger.pub"):
        (tmp_path / "keys" / lost).unlink()
    said = tsudoi("restore", tmp_path / "backup", "--keys", tmp_path / "safe", "--checkpoint", slip)
    assert said.status == 0, said.err
    for words in (f"{entries} 件", f"{CYCLE} の保管庫は開きます"):
        assert words in said.out
    again = opened_again(year)
    again.play(before="close")
    again.do("close")
    assert again.facts().state == "closed"
    assert tsudoi("ledger", "verify", "--checkpoint", slip).status == 0
    again.office.engine.dispose()


def test_a_backup_from_before_the_erasure_brings_no_resident_back(year: Played, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Older than the paper of the erasure it needs a decision; its vault opens with nothing, and that is said."""
    year.play(before="erase_ward_data")
    assert tsudoi("backup", tmp_path / "backup").status == 0
    assert year.erase().state == "erased"
    year.play(before="close")
    year.do("close")
    slip = typed_from_paper(year, tmp_path / "slip.txt")
    year.office.engine.dispose()
    shutil.rmtree(tmp_path / "home")
    restore = ("restore", tmp_path / "backup", "--checkpoint", slip)
    said = tsudoi(*restore)
    assert (said.status, "紙より古い" in said.err, (tmp_path / "home").exists()) == (2, True, False)
    decided = ("--decided-by", cast.APPROVER, "--reason", "新しい控えも故障")
    said = tsudoi(*restore, *decided, "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    (why,) = told["shut"]
    assert (told["opened"], CYCLE in why, "データ廃棄記録" in why) == ([], True, True)
    again = opened_again(year)
    assert again.facts().on_hold
    left = again.office.vault(CYCLE, as_it_lies=True)
    assert left.names()
    for name in left.names():
        with pytest.raises(Unknown):
            left.read(name)
    again.office.engine.dispose()
