"""`tsudoi restore` brings an installation back and says what came; what it cannot do is told, and nothing is left."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playing import CYCLE
from speaking import Said, Tsudoi

from adapters.people_keys import FICTIONAL
from steps import auditing, identity
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE as WORDS

Restore = Callable[..., Said]
APPROVER = "takahashi"
DECIDED = ("--decided-by", APPROVER, "--reason", "機械の故障")


@pytest.fixture
def disks(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder with the disks that outlive the machine: two people's keys are on one of them."""
    (home / "keys").rename(tmp_path / "keys")
    monkeypatch.setenv("TSUDOI_KEYS", str(tmp_path / "keys"))
    for name in ("backups", "safe"):
        (tmp_path / name).mkdir()
    office = Office.open()
    for person in ("sato", APPROVER):
        identity.give_key(office, person, by="system", passphrase=WORDS, cost=FICTIONAL)
    office.engine.dispose()
    return tmp_path


def checkpoint(slip: Path) -> Path:
    """Type the newest checkpoint as the slip shows it."""
    office = Office.open()
    slip.write_text("\n".join(auditing.latest_checkpoint(office).splitlines()[:3]), encoding="utf-8")
    office.engine.dispose()
    return slip


@pytest.fixture
def restore(tsudoi: Tsudoi, home: Path, disks: Path, monkeypatch: pytest.MonkeyPatch) -> Restore:
    """Back the installation up, lose the machine, and give the command that restores it, with what is typed into it."""
    assert tsudoi("backup", disks / "backups", "--keys", disks / "safe").status == 0

    def run(*options: object, typed: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return tsudoi("restore", disks / "backups", *options)

    return run


def test_what_came_back_is_told(restore: Restore, tsudoi: Tsudoi, home: Path, disks: Path) -> None:
    """The file, the ledger as verified before and after, and what is to be looked at next; as JSON the same."""
    slip = checkpoint(disks / "slip.txt")
    shutil.rmtree(home)
    said = restore("--checkpoint", slip)
    assert (said.status, said.err) == (0, "")
    for words in ("を戻しました", "前も後も正しい", "tsudoi reminders"):
        assert words in said.out
    assert "人の鍵がありません" not in said.out
    shutil.rmtree(home)
    shutil.rmtree(disks / "keys/people")
    told = json.loads(restore("--checkpoint", slip, "--json").out)
    assert (told["opened"], told["shut"], told["decided"]) == ([], [], [])
    assert told["keyless"] == ["sato", APPROVER]
    assert told["verified"]["entries"] > told["verified"]["checkpoints"] > 0
    assert tsudoi("next").status == 0
    shutil.rmtree(home)
    assert "人の鍵がありません: sato, takahashi" in restore("--checkpoint", slip).out


def test_a_checkpoint_is_typed_at_the_keyboard(restore: Restore, home: Path, disks: Path) -> None:
    """The three lines come from standard input where the file is called by a hyphen, as `ledger verify` takes them."""
    typed = checkpoint(disks / "slip.txt").read_text(encoding="utf-8")
    shutil.rmtree(home)
    assert restore("--checkpoint", "-", typed=typed).status == 0


def test_whoever_decides_signs_it(restore: Restore, tsudoi: Tsudoi, home: Path, disks: Path) -> None:
    """The passphrase is asked for before anything takes its place; with a wrong one nothing has."""
    assert tsudoi("ledger", "export", disks / "export").status == 0
    slip = checkpoint(disks / "slip.txt")
    shutil.rmtree(home)
    for options, words in (
        ((), "紙より古い"), (("--decided-by", APPROVER), "人と理由"), (("--reason", "機械の故障"), "人と理由"),
    ):  # fmt: skip
        said = restore("--checkpoint", slip, *options)
        assert (said.status, words in said.err, home.exists()) == (2, True, False), said.err
    said = restore("--checkpoint", slip, *DECIDED, typed="not the passphrase\n")
    assert (said.status, home.exists()) == (2, False)
    said = restore("--checkpoint", slip, *DECIDED, typed=f"{WORDS}\n")
    assert said.status == 0, said.err
    assert "一時停止" in said.out
    (entry,) = json.loads(tsudoi("ledger", "show", "--last", 1, "--json").out)
    assert (entry["event"], entry["by"], entry["cycle"]) == ("deviation_recorded", APPROVER, CYCLE)
    assert entry["data"]["record"]["what"] == "restored_from_backup"
    assert entry["data"]["signature"]["by"] == APPROVER


def test_what_cannot_be_restored_says_so(restore: Restore, home: Path, disks: Path) -> None:
    """Over an installation, and without paper, nothing is restored."""
    said = restore("--checkpoint", checkpoint(disks / "slip.txt"))
    assert (said.status, said.out, "空ではありません" in said.err) == (2, "", True)
    shutil.rmtree(home)
    said = restore()
    assert (said.status, said.out, "紙と照合" in said.err) == (2, "", True)
    assert not home.exists()
