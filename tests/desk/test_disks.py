"""A disk that is full, or may not be written to: words and nothing half done; what only reads goes on."""

import ctypes
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from figures import Figures
from speaking import Remembered

_TSUDOI = Path(sys.executable).with_name("tsudoi")
_MOVE = (_TSUDOI, "deadline", "move", "2026", "close", "--to", "2027-02-01", "--reason", "延" * 80, "--by", "sato")
# The command whose database may not grow: SQLite's own full disk, the same error in the same place on every machine.
_FULL = """
import sys
from sqlalchemy import Engine, event
@event.listens_for(Engine, "connect")
def full(connection, _entry):
    connection.execute("PRAGMA max_page_count=1")
from desk.main import main
main(sys.argv[1:])
"""
_DROP_FROM_BOUNDS, _OVERRIDES = 24, (1, 3)  # prctl(2): PR_CAPBSET_DROP; CAP_DAC_OVERRIDE and CAP_FOWNER


def _run(*command: str | Path, before: Callable[[], None] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=before)


def _is_told(said: "subprocess.CompletedProcess[str]") -> None:
    assert said.returncode == 2, said.stderr
    assert "→ " in said.stderr
    assert [it for it in ("Traceback", "不具合", "Error") if it in said.stderr] == []


def _bound_by_permissions() -> None:
    """Let permissions bind this process as they bind everybody, also where the tests are run by root."""
    if os.geteuid() == 0:
        for capability in _OVERRIDES:
            assert ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDS, capability, 0, 0, 0) == 0


@pytest.mark.parametrize("limit", [0, 4096, 32767])
@pytest.mark.parametrize("command", [_MOVE, (_TSUDOI, "ledger", "export", "out"), (_TSUDOI, "watch")])
def test_a_limit_of_file_sizes_is_told_in_words(
    home: Path, remembered: Callable[[], Remembered], command: tuple[str | Path, ...], limit: int, figures: Figures
) -> None:
    """Where no file may grow a deed is refused with what to look at, and database and folder are as they were."""
    before = remembered()
    said = _run(*command, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    held = remembered() == before and not Path("out").exists()
    figures.tell("limits of file sizes", where=str(command[1]), tried=1, held=int(held and said.returncode == 2))
    _is_told(said)
    assert held


def test_a_full_disk_is_told_in_words(home: Path, remembered: Callable[[], Remembered], figures: Figures) -> None:
    """Where the database finds no room any more an act is refused for it, and nothing of it is kept."""
    before = remembered()
    while (said := _run(sys.executable, "-c", _FULL, *_MOVE[1:])).returncode == 0:  # the last pages had room
        before = remembered()
    held = remembered() == before
    figures.tell("full disks", where="deadline", tried=1, held=int(held and said.returncode == 2))
    _is_told(said)
    assert "空き" in said.stderr
    assert held


def test_what_is_said_into_a_full_disk_is_told_too(home: Path) -> None:
    """Output that finds no room ends with words, not with a traceback after the command's end."""
    with Path("/dev/full").open("wb") as full:
        said = subprocess.run([_TSUDOI, "people", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    _is_told(said)


@pytest.fixture(params=["clean", "with its log", "with its log and index"])
def shut(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Give a copy of the data directory that may not be written to, the last entry perhaps only in SQLite's log."""
    copy, left_out = tmp_path / "backup", {"clean": "*-wal", "with its log": "*-shm"}.get(request.param, "nothing")
    with closing(sqlite3.connect(home / "tsudoi.db")) as reader:  # as a service that is at work: the log stays
        reader.execute("SELECT count(*) FROM ledger").fetchone()
        if request.param != "clean":
            assert _run(*_MOVE).returncode == 0
        shutil.copytree(
            home, copy, ignore=shutil.ignore_patterns(left_out, "*-shm" if left_out == "*-wal" else left_out)
        )
    monkeypatch.setenv("TSUDOI_HOME", str(copy))
    everything = (copy, *copy.rglob("*"))
    for path in everything:
        path.chmod(path.stat().st_mode & ~0o222)
    yield copy
    for path in everything:
        path.chmod(0o700)


def test_what_only_reads_works_on_a_copy_that_may_not_be_written_to(home: Path, shut: Path, tmp_path: Path) -> None:
    """An auditor verifies, shows and exports a backup that is mounted read-only; nothing in it changes."""
    before = {path: path.read_bytes() for path in shut.rglob("*") if path.is_file()}
    with closing(sqlite3.connect(home / "tsudoi.db")) as database:
        (entries,) = database.execute("SELECT count(*) FROM ledger").fetchone()
    for words in ("ledger verify", "ledger show --last 3", "next", "people list", "measures 2026"):
        said = _run(_TSUDOI, *words.split(), before=_bound_by_permissions)
        assert said.returncode == 0, f"{words}: {said.stderr}"
    assert str(entries) in _run(_TSUDOI, "ledger", "verify", before=_bound_by_permissions).stdout
    said = _run(_TSUDOI, "ledger", "export", tmp_path / "out", before=_bound_by_permissions)
    assert said.returncode == 0, said.stderr
    checked = _run(sys.executable, tmp_path / "out" / "verify_ledger.py", tmp_path / "out" / "ledger.jsonl")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{entries:09}.txt" in {path.name for path in (tmp_path / "out" / "checkpoints").iterdir()}
    assert {path: path.read_bytes() for path in shut.rglob("*") if path.is_file()} == before


def test_an_act_on_a_copy_that_may_not_be_written_to_is_told(shut: Path, figures: Figures) -> None:
    """Who would act on a read-only copy is told that it is one, by its place, and that it is no bug."""
    for command in (_MOVE, (_TSUDOI, "watch")):
        said = _run(*command, before=_bound_by_permissions)
        figures.tell("read-only disks", where=str(command[1]), tried=1, held=int(said.returncode == 2))
        _is_told(said)
        assert "読み取り専用" in said.stderr
