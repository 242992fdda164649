"""A restored year goes on; what cannot be restored leaves nothing, and says in a line what is wrong and what to do."""

import hashlib
import io
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from playing import CYCLE, Played, begun, killed_at
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from adapters import schema
from adapters.archive import writing as archived
from adapters.keys import LedgerKey
from adapters.settings import Settings
from models.database import connect, writing
from models.errors import BadInput, BadSetting, Damaged, Refused, Unknown
from rehearsal import cast
from states.signatures import NobodyHere
from states.table import all_rules
from steps import acting, auditing, backup, preparation, restoring
from steps.office import LEDGER_KEY, Office
from steps.restoring import Decision, Restored

FIELDS = {"act": "close", "to": "2027-02-01", "reason": "年度末"}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where an installation is restored, with what outlived the old machine: the disks of keys and of backups."""

    home: Path
    keys: Path
    backups: Path
    safe: Path
    paper: Path

    def restore(self, source: Path | None = None, **options: Any) -> Restored:
        options = {"checkpoints": [self.paper], "keyring": lambda _office: NobodyHere(), **options}
        return restoring.restore(source or self.backups, **options)

    def is_untouched(self) -> bool:
        """Tell whether no data directory is there, nor a draft of one."""
        return not self.home.exists() and not [*self.home.parent.glob(".*")]


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Name a machine by the environment, with nothing on it yet but two disks of keys."""
    for name in ("HOME", "INBOX", "KEYS", "KEY_BACKUP"):
        monkeypatch.setenv(f"TSUDOI_{name}", str(tmp_path / "new" / name.lower()))
    for name in ("backups", "safe", "new"):
        (tmp_path / name).mkdir()
    return Machine(
        home=tmp_path / "new" / "home", keys=tmp_path / "new" / "keys", backups=tmp_path / "backups",
        safe=tmp_path / "safe", paper=tmp_path / "slip.txt",
    )  # fmt: skip


@pytest.fixture
def year(template_home: Path, tmp_path: Path, new: Machine) -> Iterator[Played]:
    """Give a year on the old machine, whose keys lie on the disks that go on to the new one."""
    shutil.copytree(template_home / "keys", new.keys)
    with begun(template_home, tmp_path / "old") as played:
        yield played


def write_slip(year: Played, new: Machine) -> None:
    """Type the newest checkpoint from its slip."""
    new.paper.write_text("\n".join(auditing.latest_checkpoint(year.office).splitlines()[:3]), encoding="utf-8")


def backed_up(year: Played, new: Machine) -> Path:
    path, record = backup.copy(year.office, new.backups, new.safe)
    backup.record_for_open_years(year.office, record)
    write_slip(year, new)
    return path


def test_a_restored_year_goes_on(year: Played, new: Machine, tmp_path: Path) -> None:
    """With data directory and ledger's key gone, all of it comes back elsewhere, and the cast does the next acts."""
    year.play(before="seal_package")
    before, vault = auditing.verify(year.office), year.office.vault(CYCLE).names()
    papers = {path.name for path in year.office.papers.iterdir()}
    backed_up(year, new)
    year.office.engine.dispose()
    shutil.rmtree(year.folder / "home")
    for lost in (new.keys / LEDGER_KEY, new.keys / "ledger.pub"):
        lost.unlink()
    restored = new.restore(keys=new.safe)
    assert (restored.verified.entries, restored.verified.root) == (before.entries, before.root)
    assert (restored.opened, restored.shut, restored.decided) == ((CYCLE,), (), ())
    assert not [*new.home.parent.glob(".*")]
    assert (new.home.stat().st_mode & 0o777, (new.keys / LEDGER_KEY).stat().st_mode & 0o777) == (0o700, 0o600)
    again = replace(year, office=Office.open())
    assert again.office.vault(CYCLE).names() == vault
    assert {path.name for path in (new.home / "papers").iterdir()} == papers - {"specimen-letter.pdf"}
    again.play(before="approve_proof")
    assert {"package_sealed", "medium_handed_over", "receipt_reported"} <= set(again.events())
    assert auditing.verify(again.office, checkpoints=[new.paper]).entries > before.entries
    again.office.engine.dispose()


def test_nothing_of_an_erased_year_comes_back(year: Played, new: Machine) -> None:
    """A copy from before the erasure has the vault's files; no key in any place opens them, and that is said."""
    year.play(before="seal_package")
    backed_up(year, new)
    vault = year.office.vault(CYCLE)
    names = vault.names()
    assert vault.destroy().absent
    restored = new.restore()
    assert (restored.opened, len(restored.shut)) == ((), 1)
    for words in (CYCLE, "データ廃棄記録"):
        assert words in restored.shut[0]
    again = Office.open()
    assert {path.name for path in (new.home / "vault" / CYCLE).iterdir()} >= set(names)
    with pytest.raises(Unknown, match=CYCLE):
        again.vault(CYCLE)
    for name in names:
        with pytest.raises(Unknown):
            again.vault(CYCLE, as_it_lies=True).read(name)
    again.engine.dispose()


def test_a_key_in_its_second_place_is_named_and_left_there(year: Played, new: Machine) -> None:
    """Who lost the vault's key is told where its backup lies; a person puts it back, and the vault opens."""
    year.play(before="seal_package")
    backed_up(year, new)
    (lost := new.keys / "vault" / f"{CYCLE}.key").unlink()
    (why,) = new.restore().shut
    second = Settings.load().key_backup
    assert second
    assert str(second) in why
    assert not lost.exists()
    shutil.copy(second / lost.name, lost)
    again = Office.open()
    assert again.vault(CYCLE).read(again.vault(CYCLE).names()[0])
    again.engine.dispose()


def test_a_copy_older_than_paper_needs_a_named_decision(year: Played, new: Machine) -> None:
    """Refused without one; with one it stands in the ledger as a deviation of that person, and holds the year."""
    year.play(before="conclude_contract")
    backed_up(year, new)
    year.play(before="take_extract")
    auditing.export(year.office, new.backups / "export")  # signs the ledger as it stands
    write_slip(year, new)
    with pytest.raises(Refused, match="紙より古い") as refused:
        new.restore()
    assert "--decided-by" in refused.value.remedy
    assert new.is_untouched()
    with pytest.raises(Refused) as refused:
        new.restore(decision=Decision(by="nobody", reason="機械の故障"))
    assert [gap.guard for gap in refused.value.unmet] == ["person_is_registered"]
    assert new.is_untouched()
    restored = new.restore(decision=Decision(by=cast.APPROVER, reason="機械の故障"))
    again = replace(year, office=Office.open())
    (entry,) = auditing.latest(again.office, 1)
    assert ([entry["seq"]], entry["event"], entry["by"]) == ([*restored.decided], "deviation_recorded", cast.APPROVER)
    assert entry["data"]["record"]["remark"] == "機械の故障"
    assert again.facts().on_hold
    again.office.engine.dispose()


def test_a_copy_is_compared_with_paper_or_somebody_decides(year: Played, new: Machine) -> None:
    """What was printed after it a copy cannot know: with no checkpoint named it is refused, nobody having decided."""
    backed_up(year, new)
    with pytest.raises(Refused, match="紙と照合") as refused:
        new.restore(checkpoints=())
    assert "--checkpoint" in refused.value.remedy
    assert new.is_untouched()
    assert new.restore(checkpoints=(), decision=Decision(by=cast.COORDINATOR, reason="火災")).decided


def test_a_decision_that_nobody_needs_is_not_recorded(year: Played, new: Machine) -> None:
    """What paper vouches for holds no year, whoever was named."""
    backed_up(year, new)
    assert new.restore(decision=Decision(by=cast.COORDINATOR, reason="念のため")).decided == ()


@pytest.mark.parametrize("changed", ["root", "ledger"])
def test_no_decision_helps_a_copy_that_is_not_what_was_printed(year: Played, new: Machine, changed: str) -> None:
    """A checkpoint within the copy's ledger of another root or another ledger is told, and nothing is restored."""
    backed_up(year, new)
    name, count, root = new.paper.read_text(encoding="utf-8").splitlines()
    lines = (name, count, "A" + root[1:]) if changed == "root" else ("elsewhere.invalid/ledger", count, root)
    new.paper.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Damaged):
        new.restore(decision=Decision(by=cast.APPROVER, reason="機械の故障"))
    assert new.is_untouched()


def cut_short(path: Path) -> None:
    """Keep the first half: the medium was full."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_at_a_member(path: Path) -> None:
    """Keep what comes before the sums: cut between two files, a tar reads as if it were whole."""
    with tarfile.open(path) as archive:
        sums = archive.getmember("SHA256SUMS")
    path.write_bytes(path.read_bytes()[: sums.offset])


def change_a_byte(path: Path) -> None:
    """Change one byte of a file in the vault."""
    with tarfile.open(path) as archive:
        place = next(it for it in archive if it.isreg() and "/vault/" in it.name).offset_data
    content = bytearray(path.read_bytes())
    content[place + 30] ^= 1
    path.write_bytes(content)


def leave_a_file_out(path: Path) -> None:
    """Write it anew without one file of evidence."""
    _written_anew(path, lambda member: "/vault/" not in member.name or member.isdir())


def lay_a_link_in(path: Path) -> None:
    """Write it anew with a link that leads out of the data directory."""
    _written_anew(path, lambda _member: True, link=True)


def put_text_in_its_place(path: Path) -> None:
    """Give something else the name of a backup."""
    path.write_text("no tar", encoding="ascii")


def take_the_database_out(path: Path) -> None:
    """Write it anew, with sums of its own, as what tsudoi never made."""
    _written_anew(path, lambda member: not member.name.endswith(("tsudoi.db", "SHA256SUMS")), sums=True)


def _written_anew(
    path: Path, keep: Callable[[tarfile.TarInfo], bool], *, link: bool = False, sums: bool = False
) -> None:
    with tarfile.open(path) as old, tarfile.open(path.with_suffix(".new"), "w") as archive:
        lines = list[str]()
        for member in filter(keep, old):
            content = old.extractfile(member)
            archive.addfile(member, content)
            if member.isreg() and content:
                content.seek(0)
                lines.append(f"{hashlib.sha256(content.read()).hexdigest()}  {member.name}\n")
        if link:
            (leading := tarfile.TarInfo("home/evidence/away")).type = tarfile.SYMTYPE
            leading.linkname = "/etc/passwd"
            archive.addfile(leading)
        if sums:
            (member := tarfile.TarInfo("SHA256SUMS")).size = len(text := "".join(lines).encode())
            archive.addfile(member, io.BytesIO(text))
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut_short, "途中で切れて"), (cut_at_a_member, "途中で切れて"), (change_a_byte, "1個のファイル"),
        (leave_a_file_out, "個のファイル"), (lay_a_link_in, "控えではない"), (put_text_in_its_place, "控えではない"),
        (take_the_database_out, "tsudoi の控えではありません"), (Path.unlink, "控えがありません"),
    ],
)  # fmt: skip
def test_a_copy_that_is_not_whole_is_told_in_a_line(
    year: Played, new: Machine, spoil: Callable[[Path], None], words: str
) -> None:
    """Cut off, changed, incomplete or something else: one line says which, and nothing is restored."""
    year.play(before="seal_package") if spoil in {change_a_byte, leave_a_file_out} else None
    spoil(backed_up(year, new))
    with pytest.raises((Damaged, BadInput), match=words) as told:
        new.restore()
    assert "\n" not in told.value.message
    assert told.value.remedy
    assert new.is_untouched()


def test_the_ledger_of_the_copy_is_verified_before_it_takes_its_place(year: Played, new: Machine) -> None:
    """Who changes an entry and makes all sums anew is found by the ledger itself; who drops a trigger, by the code."""
    path = backed_up(year, new)

    def change(statement: str) -> None:
        with tarfile.open(path) as archive:
            archive.extractall(new.backups / "in", filter="data")
        with closing(sqlite3.connect(new.backups / "in/home/tsudoi.db")) as database:
            triggers = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
            for name, _sql in triggers:
                database.execute(f'DROP TRIGGER "{name}"')
            database.execute(statement)
            for _name, sql in triggers if statement.startswith("UPDATE") else ():
                database.execute(sql)
            database.commit()
        with tarfile.open(path) as old:
            content = {it.name: (new.backups / "in" / it.name).read_bytes() for it in old if it.isreg()}
        content["home/tsudoi.db"] = (new.backups / "in/home/tsudoi.db").read_bytes()
        sums = (f"{hashlib.sha256(it).hexdigest()}  {name}\n" for name, it in content.items() if name != "SHA256SUMS")
        content["SHA256SUMS"] = "".join(sums).encode()
        with tarfile.open(path, "w") as archive:
            for name, it in content.items():
                (member := tarfile.TarInfo(name)).size = len(it)
                archive.addfile(member, io.BytesIO(it))

    change('UPDATE ledger SET entry = replace(entry, \'"via":"desk"\', \'"via":"form"\') WHERE seq = 2')
    with pytest.raises(Damaged, match="第2号"):
        new.restore()
    assert new.is_untouched()
    change("DELETE FROM checkpoint")
    with pytest.raises(Damaged, match="書き換え"):
        new.restore()
    assert new.is_untouched()


def test_nothing_is_restored_over_what_is_there(year: Played, new: Machine) -> None:
    """A data directory with a file in it stays as it is; one that is empty, or not there, is filled."""
    backed_up(year, new)
    new.home.mkdir()
    (new.home / "settings.toml").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="空ではありません"):
        new.restore()
    assert [path.name for path in new.home.iterdir()] == ["settings.toml"]
    (new.home / "settings.toml").unlink()
    assert new.restore().opened == ()


def test_the_root_of_a_disk_is_no_data_directory(year: Played, new: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can take its place at once: that is told before anything is unpacked."""
    backed_up(year, new)
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == new.home)
    with pytest.raises(BadSetting, match="最上位"):
        new.restore()
    assert new.is_untouched()


def test_without_the_ledgers_key_it_is_told_that_the_ledger_holds(year: Played, new: Machine) -> None:
    """The public half in the copy verifies its ledger; without the private one nothing is restored."""
    backed_up(year, new)
    public = (new.keys / "ledger.pub").read_text(encoding="utf-8").strip()
    for lost in (new.keys / LEDGER_KEY, new.keys / "ledger.pub"):
        lost.unlink()
    for options in ({}, {"keys": new.backups}):
        with pytest.raises(BadSetting, match="控えの管理簿は正しい") as told:
            new.restore(**options)
        assert "--keys" in told.value.remedy
        assert new.is_untouched()
    LedgerKey.create(new.keys / LEDGER_KEY, name="rehearsal.tsudoi.invalid/ledger")  # as a new `tsudoi init` makes one
    with pytest.raises(BadSetting, match="署名した鍵ではありません") as told:
        new.restore(keys=new.safe)
    assert public in told.value.remedy
    assert new.is_untouched()
    (new.keys / LEDGER_KEY).unlink()
    (new.keys / "ledger.pub").unlink()
    assert new.restore(keys=new.safe).verified.entries
    assert (new.keys / "ledger.pub").read_text(encoding="utf-8").strip() == public


def test_a_copy_of_a_newer_version_is_refused(year: Played, new: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its schema is named, and which version to install."""
    backed_up(year, new)
    monkeypatch.setattr("adapters.schema.SCHEMA", "0010")
    with pytest.raises(BadSetting, match="0011") as told:
        new.restore()
    assert "新しい版" in told.value.remedy
    assert new.is_untouched()


def older(new: Machine, tmp_path: Path, home: str) -> int:
    """Make a backup of a home that an older version wrote, and type its newest checkpoint; return how many entries."""
    with tarfile.open(Path(__file__).parents[1] / f"vectors/{home}-5c2c5e6.tar.xz") as archive:
        archive.extractall(tmp_path / "older", filter="data")
    (folder := tmp_path / "older/home").joinpath("keys").rename(new.keys)
    with closing(sqlite3.connect(folder / "tsudoi.db")) as database:
        (entries,) = database.execute("SELECT COUNT(*) FROM ledger").fetchone()
        (note,) = database.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    new.paper.write_text(note, encoding="utf-8")
    with (new.backups / "tsudoi-2026-11-24-190000.tar").open("wb") as file, archived(file) as written:
        for path in folder.rglob("*"):
            written.add(path, f"home/{path.relative_to(folder)}")
        written.add(new.keys / "ledger.pub", "ledger.pub")
    return entries


def test_a_copy_of_an_older_version_is_brought_to_todays_schema(new: Machine, tmp_path: Path) -> None:
    """The year that it holds opens as one that `tsudoi init` migrated, with every entry as it was."""
    entries = older(new, tmp_path, "home-in-mid-year")
    restored = new.restore()
    assert (restored.verified.entries, restored.opened) == (entries, (CYCLE,))


def test_a_decision_that_could_stand_nowhere_is_refused(new: Machine, tmp_path: Path) -> None:
    """Where every year of the copy is closed no entry could tell it, and a newer copy is asked for."""
    entries = older(new, tmp_path, "home-closed")
    name, _count, root, *_signed = new.paper.read_text(encoding="utf-8").splitlines()
    new.paper.write_text("\n".join((name, str(entries + 1), root)), encoding="utf-8")
    with pytest.raises(Refused, match="開いている年度がない"):
        new.restore(decision=Decision(by=cast.APPROVER, reason="機械の故障"))
    assert new.is_untouched()


def test_papers_come_back_where_none_of_the_name_is(
    year: Played, new: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of papers that outlived the machine keeps its own; what it lacks is put there."""
    year.play(before="take_extract")
    backed_up(year, new)
    first, *others = sorted(path.name for path in year.office.papers.iterdir())
    monkeypatch.setenv("TSUDOI_PAPERS", str(papers := tmp_path / "papers"))
    papers.mkdir()
    (papers / first).write_bytes(b"newer")
    new.restore()
    assert sorted(path.name for path in papers.iterdir()) == [first, *others]
    assert (papers / first).read_bytes() == b"newer"
    assert others
    assert not (new.home / "papers").exists()


def test_of_a_folder_the_newest_copy_is_taken(year: Played, new: Machine) -> None:
    """By the time in its name; the record of the older copy tells of itself."""
    older = backed_up(year, new)
    year.set_clock(year.now + timedelta(days=1))
    newer = backed_up(year, new)
    assert new.restore().copy == newer
    shutil.rmtree(new.home)
    assert new.restore(older).copy == older


def test_a_copy_is_of_one_moment_while_others_write(year: Played, new: Machine) -> None:
    """Copied again and again while somebody enters one act after another, each copy's ledger and tables hold."""
    enough, written = Event(), list[int]()

    def write() -> None:
        office = Office.open(year.office.home, year.office.settings.inbox)
        while not enough.is_set():
            outcome = acting.perform(office, CYCLE, "move_deadline", by=cast.COORDINATOR, fields=FIELDS)
            written.append(outcome.seq)
        office.engine.dispose()

    (writer := Thread(target=write)).start()
    try:
        copies = list[int]()
        while len({*copies}) < 4:  # it wrote between the copies
            year.set_clock(year.now + timedelta(seconds=1))
            copies.append(backup.copy(year.office, new.backups)[1].entries)
            assert writer.is_alive()
    finally:
        enough.set()
        writer.join()
    assert copies == sorted(copies)
    assert copies[-1] <= written[-1]
    write_slip(year, new)
    assert new.restore().verified.entries == copies[-1]


def owners_of(url: str) -> str:
    """Return the address under which the tables' owner opens a database of the tests."""
    return url.replace("tsudoi_app@", "tsudoi@")


def served_from(url: str, year: Played) -> Played:
    """Give the year from an empty database of PostgreSQL, into which it is poured."""
    changed = {"database_url": url, "database_owner_url": owners_of(url)}
    preparation.make_tables(settings := year.office.settings.model_copy(update=changed))
    schema.pour(year.office.engine, owners := connect(owners_of(url)), all_rules())
    owners.dispose()
    return replace(year, office=Office(settings))


@pytest.mark.xdist_group("postgresql")
def test_a_copy_of_postgresql_is_of_one_moment(year: Played, new: Machine, postgresql: Any) -> None:
    """An act between the reading of two tables is in neither: ledger and tables of the copy agree."""
    with postgresql.empty() as url:
        served, acted = served_from(url, year), list[int]()
        other = Office(served.office.settings)

        def act(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if "FROM ledger" in statement and not acted:
                acted.append(0)
                acted[0] = acting.perform(other, CYCLE, "move_deadline", by=cast.COORDINATOR, fields=FIELDS).seq

        before = auditing.verify(served.office).entries
        event.listen(served.office.engine, "after_cursor_execute", act)
        _path, record = backup.copy(served.office, new.backups)
        assert (record.entries, acted) == (before, [before + 1])
        for office in (served.office, other):
            office.engine.dispose()


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("back_into", ["sqlite", "postgresql"])
def test_a_year_on_postgresql_comes_back(
    year: Played, new: Machine, postgresql: Any, monkeypatch: pytest.MonkeyPatch, back_into: str
) -> None:
    """Its copy is a file of SQLite, verified; it goes on in another database of PostgreSQL, or in none."""
    year.play(before="conclude_contract")
    before = auditing.verify(year.office)
    with postgresql.empty() as url:
        served = served_from(url, year)
        assert auditing.verify(served.office) == before
        served.play(before="deliver_manuscript")
        path = backed_up(served, new)
        there = auditing.verify(served.office)
        served.office.engine.dispose()
    assert path.is_file()
    with postgresql.empty() as url:
        if back_into == "postgresql":
            monkeypatch.setenv("TSUDOI_DATABASE_URL", url)
            monkeypatch.setenv("TSUDOI_DATABASE_OWNER_URL", owners_of(url))
        restored = new.restore()
        assert restored.verified.entries == there.entries - 1, "all but the record of the copy itself"
        assert (new.home / "tsudoi.db").exists() is (back_into == "sqlite")
        again = replace(year, office=Office.open())
        again.play(before="take_extract")
        assert auditing.verify(again.office, checkpoints=[new.paper]).entries > there.entries
        again.office.engine.dispose()
        if back_into == "postgresql":
            with pytest.raises(DBAPIError, match="tsudoi:"), writing(engine := connect(owners_of(url))) as connection:
                connection.execute(text("DELETE FROM cycle"))
            engine.dispose()
            shutil.rmtree(new.home)
            with pytest.raises(BadInput, match="データベースは空ではありません"):
                new.restore()
            assert new.is_untouched()


@pytest.mark.xdist_group("postgresql")
def test_a_restore_killed_after_it_filled_the_database_goes_on(
    year: Played, new: Machine, postgresql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the data directory is in its place, the same restore again takes the database as it filled it."""
    backed_up(year, new)
    with postgresql.empty() as url:
        monkeypatch.setenv("TSUDOI_DATABASE_URL", url)
        monkeypatch.setenv("TSUDOI_DATABASE_OWNER_URL", owners_of(url))
        with killed_at(restoring, "_put_papers", "before"):
            new.restore()
        assert new.is_untouched()
        restored = new.restore()
        again = replace(year, office=Office.open())
        assert auditing.verify(again.office).root == restored.verified.root
        again.play(before="register_handlers")
        again.office.engine.dispose()
