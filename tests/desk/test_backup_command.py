"""`tsudoi backup` makes one file, says what is in it, and records it; what cannot be backed up says what to do."""

import json
from collections.abc import Callable
from pathlib import Path

from speaking import Remembered, Tsudoi


def test_a_backup_is_made_told_and_recorded(
    tsudoi: Tsudoi, home: Path, tmp_path: Path, remembered: Callable[[], Remembered]
) -> None:
    """The file, its size and hash and the ledger in it are told; the open year has the entry, and none by a person."""
    (folder := tmp_path / "backups").mkdir()
    said = tsudoi("backup", folder)
    assert said.status == 0, said.err
    (file,) = folder.iterdir()
    for words in (str(file), "SHA-256", "管理簿は正しく", "2026年度の記録"):
        assert words in said.out
    assert remembered().events[-1] == "backup_recorded"
    file.unlink()
    told = json.loads(tsudoi("backup", folder, "--json").out)
    assert (told["verified"], [*told["recorded"]]) == (True, ["2026"])
    assert Path(told["path"]).stat().st_size == told["size"]


def test_the_ledgers_key_is_put_where_it_is_wanted(tsudoi: Tsudoi, home: Path, tmp_path: Path) -> None:
    """It is said that it is there, and that no other key is; in one folder with the backup it is refused."""
    for name in ("backups", "safe"):
        (tmp_path / name).mkdir()
    said = tsudoi("backup", tmp_path / "backups", "--keys", tmp_path / "safe")
    assert (said.status, f"署名鍵だけを {tmp_path / 'safe'}" in said.out) == (0, True)
    assert [path.name for path in sorted((tmp_path / "safe").iterdir())] == ["ledger.pem", "ledger.pub"]
    said = tsudoi("backup", tmp_path / "backups", "--keys", tmp_path / "backups")
    assert (said.status, "一緒に置けません" in said.err) == (2, True)
    assert len([*(tmp_path / "backups").iterdir()]) == 1


def test_what_cannot_be_backed_up_is_refused_and_not_recorded(
    tsudoi: Tsudoi, home: Path, tmp_path: Path, remembered: Callable[[], Remembered]
) -> None:
    """A disk that is not there and a folder within the installation are refused with what to do."""
    before = remembered()
    for folder, words in ((tmp_path / "no", "ディスクがつながっている"), (home, "データフォルダーの外")):
        said = tsudoi("backup", folder)
        assert (said.status, said.out) == (2, "")
        assert words in said.err
    assert remembered() == before
