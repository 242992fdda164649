"""A backup holds the installation without its keys, is opened again before it is recorded, and erasure reaches it."""

import hashlib
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from playing import CYCLE, YEAR, Played, begun

from adapters.keys import LedgerKey
from models.errors import BadInput, BadSetting, Damaged, Refused
from models.people import SYSTEM
from models.records.base import Nothing
from models.records.transfer import PackageSealed
from papers import control_ledger, referring, reporting
from rehearsal import cast
from states.table import BY_TRIGGER
from steps import auditing, backup, papers
from steps.office import Office
from views import measures


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (outside := tmp_path / "backups").mkdir()
    return outside


def standing(year: Played) -> measures.MeasureStanding:
    found = year.office.see(CYCLE, measures.standings)
    return next(it for it in found if it.measure.id == "W-SY-09")


def asked_at_readiness(year: Played) -> bool:
    """Tell whether readiness asks for a claim of W-SY-09."""
    row = BY_TRIGGER["confirm_readiness"]
    asks = next(guard for guard in row.guards if guard.owes == "claim_measures")
    verdict = year.office.see(CYCLE, lambda here: asks.check(here.facts, Nothing()))
    return "W-SY-09" in getattr(verdict, "names", "").split()


def test_what_comes_back_is_the_installation_that_went_in(year: Played, folder: Path) -> None:
    """Unpacked elsewhere beside the keys, the copy is the ledger up to the moment of the backup, and work goes on."""
    year.play(before="seal_package")
    before = auditing.verify(year.office)
    path, record = backup.copy(year.office, folder)
    assert (path.stat().st_mode & 0o777, [*folder.iterdir()]) == (0o600, [path])
    assert (record.verified, record.entries) == (True, before.entries)
    content = path.read_bytes()
    assert (record.size, record.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    with tarfile.open(path) as archive:
        archive.extractall(folder / "again", filter="data")
    home = folder / "again" / "home"
    (year.office.settings.key_folder).rename(home / "keys")
    restored = Office.open(home, year.office.settings.inbox)
    assert auditing.verify(restored) == before
    assert restored.vault(CYCLE).names() == year.office.vault(CYCLE, as_it_lies=True).names() != ()
    restored.engine.dispose()


def test_no_key_and_nothing_that_outlives_the_years_key_is_in_it(year: Played, folder: Path) -> None:
    """Neither the keys, wherever they lie, nor the sealed package, a printed notice or the extract are copied."""
    year.play(before="hand_over_medium")
    keys = [path for path in year.office.settings.key_folder.rglob("*") if path.is_file()]
    (year.office.home / "evidence").mkdir(exist_ok=True)
    for key in keys:
        (year.office.home / "evidence" / key.name).write_bytes(key.read_bytes())  # where somebody may have put it
    sealed, notice = year.facts().record("seal_package", PackageSealed), b"password of the notice"
    assert sealed
    package = year.office.outgoing(CYCLE, sealed.form)
    year.office.papers.mkdir(exist_ok=True)
    (year.office.papers / "password-notice.pdf").write_bytes(notice)
    path, _record = backup.copy(year.office, folder)
    content = path.read_bytes()
    secret = [key for key in keys if key.suffix in {".key", ".pem"}]
    assert {key.name for key in secret} == {f"{CYCLE}.key", "ledger.pem"}
    for hidden in (*(key.read_bytes() for key in secret), package.read_bytes()[-200:], notice):
        assert hidden not in content
    with tarfile.open(path) as archive:
        tops = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert not tops & {"keys", "outgoing", "papers", "prefect"}, "papers are chosen one by one"
    assert {"vault", "evidence", "tsudoi.db"} <= tops


def test_the_erasure_of_the_year_reaches_its_backups(year: Played, folder: Path) -> None:
    """Once the year's key is destroyed, the vault's files of a backup open with nothing that is left."""
    year.play(before="seal_package")
    path, _record = backup.copy(year.office, folder)
    names = year.office.vault(CYCLE).names()
    year.office.vault(CYCLE).destroy()
    with tarfile.open(path) as archive:
        archive.extractall(folder / "again", filter="data")
    restored = folder / "again" / "home" / "vault"
    assert {it.name for it in (restored / CYCLE).iterdir()} >= set(names)
    settings = year.office.settings
    with pytest.raises(Exception, match=CYCLE):
        type(year.office.vault(CYCLE, as_it_lies=True)).open(
            cycle=CYCLE, files=restored, keys=settings.key_folder / "vault", key_backup=settings.key_backup
        )


def test_the_record_of_a_backup_shows_the_measure(year: Played, folder: Path) -> None:
    """Readiness asks for a claim until a backup that was opened again is recorded, by the system in its own name."""
    assert asked_at_readiness(year)
    _path, record = backup.copy(year.office, folder)
    assert asked_at_readiness(year), "a copy that no record tells of shows nothing"
    backup.record_for_open_years(year.office, record.model_copy(update={"verified": False, "sha256": "0" * 64}))
    assert (asked_at_readiness(year), standing(year).standing) == (True, "open")
    assert [*backup.record_for_open_years(year.office, record)] == [YEAR]
    assert (asked_at_readiness(year), standing(year).standing) == (False, "proved")
    entry = year.entries()[standing(year).proved_by[0] - 1]
    assert (entry["event"], entry["by"]) == ("backup_recorded", SYSTEM)
    said = entry["data"]["record"]
    assert (said["sha256"], said["size"], said["verified"]) == (record.sha256, record.size, True)


def test_the_same_copy_is_recorded_once(year: Played, folder: Path) -> None:
    """The key of the entry is the copy itself, also where a hold or another state stands."""
    _path, record = backup.copy(year.office, folder)
    for _time in range(2):
        backup.record_for_open_years(year.office, record, by=cast.COORDINATOR, via="rehearsal")
    assert year.events().count("backup_recorded") == 1


def test_only_the_machine_brings_the_figures(year: Played, folder: Path) -> None:
    """Who may not back up is refused, and a copy of the future is none."""
    _path, record = backup.copy(year.office, folder)
    with pytest.raises(Refused) as refused:
        backup.record_for_open_years(year.office, record, by=cast.MANAGER, via="rehearsal")
    assert [gap.guard for gap in refused.value.unmet] == ["role_may_do_it"]
    later = record.model_copy(update={"copied_at": record.copied_at.replace(year=YEAR + 1)})
    with pytest.raises(Refused) as refused:
        backup.record_for_open_years(year.office, later)
    assert [gap.guard for gap in refused.value.unmet] == ["backup_is_not_of_the_future"]


def test_a_ledger_that_does_not_hold_is_no_backup(year: Played, folder: Path) -> None:
    """Where the copied ledger was changed, the copy is not kept, nothing is recorded, and the reason is told."""
    year.office.engine.dispose()
    with closing(sqlite3.connect(year.office.home / "tsudoi.db")) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("UPDATE ledger SET entry = entry || ' ' WHERE seq = 3")
        database.commit()
    with pytest.raises(Damaged, match="控えは残していません"):
        backup.copy(year.office, folder)
    assert [*folder.iterdir()] == []
    assert "backup_recorded" not in year.events()


@pytest.mark.parametrize("place", ["nowhere", "home", "keys", "inbox"])
def test_a_backup_lies_outside_of_what_it_copies(year: Played, folder: Path, place: str) -> None:
    """A folder that is not there (a disk that is not mounted), or lies within the installation, is refused."""
    office = year.office
    places = {
        "nowhere": folder / "no", "home": office.home / "evidence", "keys": office.settings.key_folder,
        "inbox": office.settings.inbox,
    }  # fmt: skip
    for existing in set(places.values()) - {places["nowhere"]}:
        existing.mkdir(exist_ok=True)
    with pytest.raises(BadInput):
        backup.copy(office, places[place])


def test_of_the_keys_the_ledgers_alone_is_put_apart(year: Played, folder: Path, tmp_path: Path) -> None:
    """The folder for keys gets both files of the ledger's key, once, readable by this account; no vault opens by it."""
    year.play(before="seal_package")
    (safe := tmp_path / "safe").mkdir()
    for _time in range(2):
        backup.copy(year.office, folder, safe)
        year.set_clock(year.now + timedelta(seconds=1))
    keys = year.office.settings.key_folder
    assert {path.name for path in safe.iterdir()} == {"ledger.pem", "ledger.pub"}
    for path in safe.iterdir():
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == ((keys / path.name).read_bytes(), 0o600)


def test_the_key_lies_apart_from_the_backup(year: Played, folder: Path) -> None:
    """Neither in the same folder, nor in one within the other, nor where another installation's key lies."""
    (inner := folder / "inner").mkdir()
    for backups, safe in ((folder, folder), (folder, inner), (inner, folder)):
        with pytest.raises(BadInput, match="一緒に置けません"):
            backup.copy(year.office, backups, safe)
    for safe in (folder / "no", year.office.home, year.office.settings.key_folder):
        with pytest.raises(BadInput):
            backup.copy(year.office, inner, safe)
    (other := folder.parent / "other").mkdir()
    LedgerKey.create(other / "ledger.pem", name="elsewhere.invalid/ledger")
    before = (other / "ledger.pem").read_bytes()
    with pytest.raises(BadSetting, match="別の設置"):
        backup.copy(year.office, folder, other)
    assert (other / "ledger.pem").read_bytes() == before
    assert [path for path in folder.rglob("*") if path != inner] == []


def test_the_papers_of_a_year_are_in_it_but_no_notice_and_no_letter(year: Played, folder: Path) -> None:
    """All that a whole year prints is copied, and what is printed on demand; what somebody laid beside it is not."""
    year.play(before="close")
    year.do("close")
    on_demand = (*referring.PRINTS.values(), reporting.report, control_ledger.ledger_print)
    papers.print_sheets(year.office, CYCLE, *on_demand)
    laid = ("letters-of-the-additions.pdf", "specimen-letter.pdf", "report-2.docx", "住民票.pdf", ".report.pdf.tmp")
    for name in laid:
        (year.office.papers / name).write_bytes(b"a resident's")
    (year.office.papers / "report-link.pdf").symlink_to(year.office.papers / laid[0])
    path, _record = backup.copy(year.office, folder)
    with tarfile.open(path) as archive:
        inside = {name.removeprefix("papers/") for name in archive.getnames() if name.startswith("papers/")}
    there = {it.name for it in year.office.papers.iterdir()}
    notices = {name for name in there if name.startswith("password-notice")}
    assert notices
    assert there - inside == notices | {*laid, "report-link.pdf"}
    assert b"a resident's" not in path.read_bytes()


def test_a_link_in_the_data_directory_is_told(year: Played, folder: Path, tmp_path: Path) -> None:
    """Links are not followed, and a copy without what they lead to would be none."""
    year.play(before="seal_package")
    (year.office.home / "vault").rename(tmp_path / "vault")
    (year.office.home / "vault").symlink_to(tmp_path / "vault")
    with pytest.raises(BadInput, match="リンク"):
        backup.copy(year.office, folder)
    assert [*folder.iterdir()] == []


def test_its_sums_are_those_of_sha256sum(year: Played, folder: Path) -> None:
    """Who has no tsudoi unpacks it with tar and checks each file with the list that it ends with."""
    path, record = backup.copy(year.office, folder)
    with tarfile.open(path) as archive:
        archive.extractall(folder / "again", filter="data")
        assert archive.getnames()[-1] == "SHA256SUMS"
    lines = (folder / "again/SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = [it for it in (folder / "again").rglob("*") if it.is_file() and it.name != "SHA256SUMS"]
    sums = {str(it.relative_to(folder / "again")): hashlib.sha256(it.read_bytes()).hexdigest() for it in found}
    assert (listed, len(listed)) == (sums, record.files)


def test_what_is_taken_away_meanwhile_is_left_out(year: Played, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft that took its place, or a file that was erased, while the copy was made, is no fault of the copy."""
    draft = year.office.home / ".evidence.tmp"
    draft.write_bytes(b"")
    real = backup._files

    def gone(office: Office) -> Iterator[Path]:
        for path in real(office):
            if path == draft:
                draft.unlink()
            yield path

    monkeypatch.setattr(backup, "_files", gone)
    path, record = backup.copy(year.office, folder)
    assert record.verified
    with tarfile.open(path) as archive:
        assert "home/.evidence.tmp" not in archive.getnames()
