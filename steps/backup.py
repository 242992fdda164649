"""The backup of an installation: one file, opened again before any record says that it is there.

It holds the database, the vault's files, evidence, papers and what else the data directory is made of, and of
residents' data nothing that outlives the year's key (decision 0006): no key, no sealed package, no printed notice, no
letter, nothing of the inbox. So the erasure of a year reaches every backup of it. Of the keys the ledger's alone is put
apart, which opens no vault. `steps/restoring.py` is the way back.
"""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from sqlalchemy.engine import make_url

from adapters import archive, disk, schema
from adapters.keys import put_apart
from deploy.verify_ledger import parse_key
from models.clock import TOKYO
from models.database import connect
from models.errors import BadInput, Damaged
from models.people import SYSTEM
from models.records.oversight import BackupRecorded
from models.words import _
from states.acts import Outcome
from states.table import all_rules
from steps import auditing
from steps.acting import by_machine
from steps.office import LEDGER_KEY, Office

# What lies where in the file: the data directory with the database in SQLite, whatever the installation's is; papers,
# which may lie elsewhere; the public half of the ledger's key.
HOME, PAPERS, DATABASE, PUBLIC_KEY = "home", "papers", "tsudoi.db", "ledger.pub"
NAME = "tsudoi-{at:%Y-%m-%d-%H%M%S}.tar"
_NOT_COPIED = ("keys", "outgoing", "papers", "prefect")
_KEYS = frozenset({".key", ".pem"})
# The papers that tsudoi prints and no resident stands on. Neither password notice nor letter is one, nor what somebody
# else laid into the folder.
_PAPER = re.compile(
    r"(checklist|contractor-forms|control-ledger|control-sheet|document|erasure-record|erasure-report|extract-report"
    r"|form|handover-memo|incident|ledger|posting-paper|pull-list|referral|report|return-note)(-[a-z0-9_-]+)?\.(pdf|xlsx)"
    r"|slip-.+\.pdf"  # by its number, as it was typed
)


def copy(office: Office, folder: Path, keys: Path | None = None) -> tuple[Path, BackupRecorded]:
    """Copy the installation into one file of a folder outside it, whole or not at all, and open the copy again.

    The ledger's key is put into the folder `keys`, where one is named.

    Raises:
        BadInput: a folder is not there, lies within the installation, or the two are not apart; or a link stands in the
            data directory, which is not followed.
        BadSetting: another ledger's key lies in the folder for it.
        Damaged: the copy does not hold, or the ledger in it; it is not kept.

    """
    for place in filter(None, (folder, keys)):
        _is_outside(office, place)
    if keys:
        _put_the_key(office, folder, keys)
    at = office.clock.now()
    path = folder / NAME.format(at=at.astimezone(TOKYO))
    with TemporaryDirectory(dir=folder, prefix=".") as inner, disk.replacing(path, lasting=True) as file:
        _database(office, database := Path(inner) / DATABASE)
        with archive.writing(file) as written:
            written.add(database, f"{HOME}/{DATABASE}")
            for found in _files(office):  # after the database: what it names of them is there already
                written.add(found, f"{HOME}/{found.relative_to(office.home)}")
            for paper in _papers(office):
                written.add(paper, f"{PAPERS}/{paper.name}")
            written.add_text(PUBLIC_KEY, f"{auditing.key_of(office)}\n")
            files = len(written.sums)
        file.flush()
        whole = disk.temporary(path)
        entries = _verified(office, whole, Path(inner))
        with whole.open("rb") as again:
            digest = hashlib.file_digest(again, "sha256").hexdigest()
        size = whole.stat().st_size
    record = BackupRecorded(copied_at=at, files=files, size=size, sha256=digest, entries=entries, verified=True)
    return path, record


def record_backup(
    office: Office, cycle_id: str, record: BackupRecorded, *, by: str = SYSTEM, via: str = "timer"
) -> Outcome:
    """Record for a year that a copy was made: in the name of whoever asked for it, or in the system's own.

    Raises:
        Refused: a guard is not met.

    """
    return by_machine(office, cycle_id, "record_backup", record, by=by, via=via, key=record.sha256)


def record_for_open_years(
    office: Office, record: BackupRecorded, *, by: str = SYSTEM, via: str = "timer"
) -> dict[int, Outcome]:
    """Record it for every year that is not closed, in which it shows W-SY-09; return what came of it by year."""
    with office.look_around() as looks:
        years = {look.facts.fiscal_year: look.cycle_id for look in reversed(looks)}
    return {year: record_backup(office, cycle_id, record, by=by, via=via) for year, cycle_id in years.items()}


def _is_outside(office: Office, folder: Path) -> None:
    if not folder.is_dir():
        raise BadInput(
            _("There is no folder {folder} to back up into.").format(folder=folder),
            _("See that the disk for backups is mounted, or make the folder."),
        )
    if any(folder.resolve().is_relative_to(place) for place in (office.home.resolve(), *_left_out(office))):
        raise BadInput(
            _("A backup cannot lie within what it copies, nor with the keys."),
            _("Name a folder outside of the data directory, best on another disk."),
        )


def _put_the_key(office: Office, folder: Path, keys: Path) -> None:
    one, other = folder.resolve(), keys.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise BadInput(
            _("The ledger's key cannot lie with the backup: who has both can write another history."),
            _("Name two folders, neither within the other, best on two disks."),
        )
    put_apart(office.settings.key_folder / LEDGER_KEY, keys)


def _left_out(office: Office) -> frozenset[Path]:
    settings = office.settings
    places = (
        *(office.home / name for name in _NOT_COPIED), office.papers, settings.inbox, settings.key_folder,
        settings.key_backup,
    )  # fmt: skip
    return frozenset(place.resolve() for place in places if place)


def _files(office: Office) -> Iterator[Path]:
    """Walk over the files and folders of the data directory that are copied as they lie."""
    out, database = _left_out(office), Path(make_url(office.settings.database).database or "")
    databases = (database.resolve(), office.home.resolve() / DATABASE)
    own = {path.with_name(path.name + ending) for path in databases for ending in ("", "-wal", "-shm")}
    for inner, folders, files in os.walk(office.home):
        folders[:] = sorted(name for name in folders if (Path(inner) / name).resolve() not in out)
        for path in (Path(inner) / name for name in (*folders, *sorted(files))):
            if path.is_symlink():
                raise BadInput(
                    _("{path} is a link, which is not followed: what it leads to would be missing.").format(path=path),
                    _("Put into its place what it leads to, or name that place in the settings."),
                )
            if path.suffix not in _KEYS and path.resolve() not in own:
                yield path


def _papers(office: Office) -> list[Path]:
    """Return what is copied of the papers; the folder is one that others write to, who may lay anything there."""
    found = (path for path in office.papers.glob("*") if _PAPER.fullmatch(path.name))
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _database(office: Office, target: Path) -> None:
    """Copy the database as of one moment into a file of SQLite, while others write."""
    if office.engine.dialect.name == "sqlite":
        with closing(office.engine.raw_connection()) as own, closing(sqlite3.connect(target)) as new:
            cast("sqlite3.Connection", own.driver_connection).backup(new)
        return
    engine = connect(f"sqlite:///{target}")
    try:
        schema.upgrade(engine, all_rules())
        schema.pour(office.engine, engine, all_rules())
    finally:
        engine.dispose()


def _verified(office: Office, written: Path, scratch: Path) -> int:
    """Hold the finished copy against its sums, take the database out of it and verify the ledger in it."""
    try:
        archive.unpack(written, scratch, only=f"{HOME}/{DATABASE}")
        engine = connect(f"sqlite:///{scratch / HOME / DATABASE}")
        try:
            return auditing.verify_copy(engine, parse_key(auditing.key_of(office))).entries
        finally:
            engine.dispose()
    except Damaged as damaged:
        raise Damaged(
            _("The copy is not kept, for it does not hold: {why}").format(why=damaged.message), damaged.remedy
        ) from None
