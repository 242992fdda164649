"""The backup of an installation: one file, opened again before any record says that it is there.

It holds the database, the vault's files and what else the data directory is made of, and of residents' data nothing
that outlives the year's key (decision 0006): no key, no sealed package, no printed notice, nothing of the inbox.
So the erasure of a year reaches every backup of it.
"""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from sqlalchemy.engine import make_url

from adapters import disk
from models.clock import TOKYO
from models.database import connect
from models.errors import BadInput, BadSetting, Damaged
from models.people import SYSTEM
from models.records.oversight import BackupRecorded
from models.words import _
from states.acts import Outcome
from steps import auditing
from steps.acting import by_machine
from steps.office import Office

_ROOT = "home"  # under which the files lie in the copy, as in docs/runbook.md
_NOT_COPIED = ("keys", "outgoing", "papers", "prefect")
_KEYS = frozenset({".key", ".pem"})
_DUMP = "tsudoi.dump"


def copy(office: Office, folder: Path) -> tuple[Path, BackupRecorded]:
    """Copy the installation into one file of a folder outside it, whole or not at all, and open the copy again.

    A dump of PostgreSQL is not restored for this: its ledger is not said to be verified.

    Raises:
        BadInput: the folder is not there, or lies within the installation.
        BadSetting: PostgreSQL's programs are not there, or may not read the database.
        Damaged: the copy's ledger does not hold; the copy is not kept.

    """
    _is_outside(office, folder)
    at = office.clock.now()
    path = folder / f"tsudoi-{at.astimezone(TOKYO):%Y-%m-%d-%H%M%S}.tar"
    with TemporaryDirectory(dir=folder, prefix=".") as inner, disk.replacing(path, lasting=True) as file:
        scratch = Path(inner)
        name, database = _database(office, scratch)
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(database, f"{_ROOT}/{name}")
            for found in _files(office):  # after the database: what it names of them is there already
                archive.add(found, f"{_ROOT}/{found.relative_to(office.home)}", recursive=False)
            files = len(archive.getmembers())
        file.flush()
        written = disk.temporary(path)
        entries = 0 if name == _DUMP else _verified(office, written, name, scratch)
        with written.open("rb") as again:
            digest = hashlib.file_digest(again, "sha256").hexdigest()
        size = written.stat().st_size
    record = BackupRecorded(
        copied_at=at, files=files, size=size, sha256=digest, entries=entries, verified=name != _DUMP
    )
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


def _left_out(office: Office) -> frozenset[Path]:
    settings = office.settings
    places = (
        *(office.home / name for name in _NOT_COPIED), office.papers, settings.inbox, settings.key_folder,
        settings.key_backup,
    )  # fmt: skip
    return frozenset(place.resolve() for place in places if place)


def _files(office: Office) -> Iterator[Path]:
    """Walk over the files and folders of the data directory that are copied as they lie; links are not followed."""
    out, database = _left_out(office), make_url(office.settings.database).database or ""
    own = {Path(database).resolve().with_name(Path(database).name + ending) for ending in ("", "-wal", "-shm")}
    for inner, folders, files in os.walk(office.home):
        folders[:] = sorted(name for name in folders if (Path(inner) / name).resolve() not in out)
        yield from (Path(inner) / name for name in folders)
        for path in (Path(inner) / name for name in sorted(files)):
            if path.suffix not in _KEYS and path.resolve() not in own:
                yield path


def _database(office: Office, scratch: Path) -> tuple[str, Path]:
    """Copy the database as of one moment; return its name in the copy, and where it lies until it is there."""
    url = make_url(office.settings.database)
    if url.get_backend_name() != "sqlite":
        return _DUMP, _dumped(office, scratch / _DUMP)
    original, target = Path(url.database or "").resolve(), scratch / "database"
    with closing(office.engine.raw_connection()) as own, closing(sqlite3.connect(target)) as new:
        cast("sqlite3.Connection", own.driver_connection).backup(new)
    inside = original.is_relative_to(office.home.resolve())
    return str(original.relative_to(office.home.resolve())) if inside else original.name, target


def _dumped(office: Office, target: Path) -> Path:
    url = make_url(office.settings.database)
    tool = shutil.which("pg_dump")
    if tool is None:
        raise BadSetting(
            _("The program pg_dump is not here, without which PostgreSQL's database cannot be copied."),
            _("Install PostgreSQL's programs of the server's version, or back up by the runbook and claim W-SY-09."),
        )
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": url.password} if url.password else {}  # not among the arguments, which others can see
    command = [tool, "--format=custom", "--no-password", f"--file={target}", f"--dbname={address}"]
    done = subprocess.run(command, env=os.environ | secret, capture_output=True, check=False)  # noqa: S603 - no shell, our arguments
    if done.returncode:
        raise BadSetting(
            _("pg_dump could not copy the database (exit status {status}).").format(status=done.returncode),
            _("See that it is of the server's version and may read every table, or back up by the runbook."),
        )
    return target


def _verified(office: Office, written: Path, name: str, scratch: Path) -> int:
    """Take the database out of the finished copy and verify the ledger in it; return how many entries it has."""
    with tarfile.open(written) as archive:
        archive.extract(f"{_ROOT}/{name}", scratch, filter="data")
    engine = connect(f"sqlite:///{scratch / _ROOT / name}")
    try:
        return auditing.verify_copy(office, engine).entries
    except Damaged as damaged:
        raise Damaged(
            _("The copy is not kept, for its ledger does not hold: {why}").format(why=damaged.message), damaged.remedy
        ) from None
    finally:
        engine.dispose()
