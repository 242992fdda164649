"""The way back from a backup: all of it is put together beside the data directory, and takes its place at once.

Before that its ledger is verified and compared with paper. Whoever decides to go on from a copy older than paper, or to
compare with none, is named, and the decision stands in the ledger as a deviation, which holds every open year (Law 8).
What is refused leaves nothing but, perhaps, the ledger's key in its place.
"""

import os
import shutil
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from adapters import archive, disk, log, schema
from adapters.keys import LedgerKey, put_apart
from adapters.settings import Settings
from deploy.verify_ledger import Key
from models.clock import day_of
from models.database import connect, reading
from models.errors import BadInput, BadSetting, Damaged, Refused, TsudoiError, Unknown
from models.notes import parse_verifier_key
from models.words import _
from states import ledger
from states.reading import people
from states.signatures import Keyring
from states.table import all_rules
from steps import acting, auditing, identity, preparation
from steps.backup import DATABASE, HOME, PAPERS, PUBLIC_KEY
from steps.office import LEDGER_KEY, Office, reachable, restored_words

DEVIATION = "restored_from_backup"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who of the register decides to go on from this copy all the same, and why."""

    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What came back: the copy, its ledger as verified in its place, and what a person has to know or to do.

    `decided` are the entries of the decision. `shut` says of each vault that does not open why, `keyless` who of the
    register has no key in the folder of keys.
    """

    copy: Path
    verified: ledger.Verified
    decided: tuple[int, ...]
    opened: tuple[str, ...]
    shut: tuple[str, ...]
    keyless: tuple[str, ...]


def restore(
    source: Path,
    *,
    keys: Path | None = None,
    checkpoints: Sequence[Path] = (),
    decision: Decision | None = None,
    keyring: Callable[[Office], Keyring],
) -> Restored:
    """Put a copy, of a folder the newest, into the data directory and database of the settings, which are empty.

    `keys` is where the ledger's key lies, if not where the settings say; `checkpoints` are files of printed ones, and
    `keyring` is asked for the signature of whoever decides.

    Raises:
        BadInput: there is no copy, or data directory or database is not empty.
        BadSetting: the ledger's key is not there, or is another's; or a newer version made the copy.
        Damaged: the copy is not whole, its ledger does not hold, or it is not what was printed.
        Refused: the ledger ends before a printed checkpoint, or is compared with none, and nobody decided; or whoever
            decided may not.
        Unknown: a checkpoint cannot be read.

    """
    home, copy = Settings.load().home.resolve(), _newest(source)
    _is_free(home)
    with _draft(home) as draft:
        archive.unpack(copy, draft)
        settings = Settings.load(drafted := _is_a_backup(draft, copy))
        log.open_log(drafted)
        office = Office(settings.model_copy(update={"database_url": "", "database_owner_url": ""}))
        office.keyring = keyring(office)
        key = _key_of(draft)
        doubt = _doubt(office, key, checkpoints)
        if doubt and not decision:
            raise doubt
        _put_key(office, key, keys)
        decided = _decided(office, decision) if doubt and decision else ()
        _put_database(office, settings, home)
        _put_papers(office, draft / PAPERS)
        drafted.rename(home)
        disk.sync(home.parent)
    office = Office.open()
    verified = auditing.verify(office)
    opened, shut = _vaults(office)
    return Restored(copy=copy, verified=verified, decided=decided, opened=opened, shut=shut, keyless=_keyless(office))


def _newest(source: Path) -> Path:
    """Return the copy that is named, or the newest of a folder: by its name, which tells its time."""
    found = [source] if source.is_file() else sorted(source.glob("tsudoi-*.tar"))
    if not found:
        raise BadInput(
            _("There is no backup at {place}.").format(place=source),
            _("Name the file that `tsudoi backup` made, or its folder; see that its disk is mounted."),
        )
    return found[-1]


def _is_free(home: Path) -> None:
    if os.path.ismount(home):
        raise BadSetting(
            _("The data directory {home} is the root of a disk, whose place nothing else can take.").format(home=home),
            _("Let TSUDOI_HOME name a folder on that disk."),
        )
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise BadInput(
            _("The data directory {home} is not empty; nothing is restored over what is there.").format(home=home),
            _("Stop tsudoi, move it away and keep it: mv {home} {home}-broken").format(home=home),
        )


@contextmanager
def _draft(home: Path) -> Generator[Path]:
    """Give a folder beside the data directory, which goes at the end; one that a kill left goes at the beginning."""
    draft = disk.temporary(home)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _is_a_backup(draft: Path, copy: Path) -> Path:
    """Return the data directory of an unpacked copy."""
    if not all((draft / name).is_file() for name in (f"{HOME}/{DATABASE}", PUBLIC_KEY)):
        raise Damaged(
            _("The file {name} is no backup of tsudoi's.").format(name=copy.name),
            _("Name the file that `tsudoi backup` made, or its folder; see that its disk is mounted."),
        )
    (draft / HOME).chmod(0o700)
    return draft / HOME


def _key_of(draft: Path) -> Key:
    """Return the public half of the ledger's key as the copy has it: what is signed can be verified without more."""
    return Key(*parse_verifier_key((draft / PUBLIC_KEY).read_text(encoding="utf-8").strip()))


def _doubt(office: Office, key: Key, checkpoints: Sequence[Path]) -> Refused | None:
    """Verify the copy's ledger and compare it with paper; return why a person must decide, None where nobody need."""
    with reachable():
        if wrong := schema.upgrade(office.engine, all_rules()):
            raise Damaged(restored_words(wrong), _("Somebody changed this backup; take another one."))
    with reading(office.engine) as connection:
        entries, own = ledger.size(connection), ledger.checkpoints(connection)
    printed = auditing.on_paper(checkpoints, key)
    auditing.verify_copy(office.engine, key, [note for note in printed if note.size <= entries])
    if missing := max((note.size for note in printed if note.size > entries), default=0):
        words = _(
            "The backup is older than what is on paper: its ledger ends at entry {entries}, and a checkpoint was"
            " printed at entry {size}."
        )
        return Refused(
            words.format(entries=entries, size=missing),
            (),
            _(
                "Take a newer backup. If there is none, a person decides: --decided-by PERSON --reason TEXT; that is"
                " recorded as a deviation, which holds the open years until what is missing is entered again."
            ),
        )
    if own and not printed:
        words = _(
            "The backup is to be compared with paper: its ledger ends at entry {entries}, and whether a checkpoint"
            " was printed later, it cannot know."
        )
        return Refused(
            words.format(entries=entries),
            (),
            _(
                "Name the newest checkpoint on a slip: --checkpoint FILE, with its three lines. If there is no paper, a"
                " person decides: --decided-by PERSON --reason TEXT"
            ),
        )
    return None


def _put_key(office: Office, key: Key, keys: Path | None) -> None:
    """Let the ledger's key be in its folder: the one that signed this ledger, and no other."""
    place = office.settings.key_folder / LEDGER_KEY
    source = place if keys is None or place.exists() else keys / LEDGER_KEY
    if not source.exists():
        raise BadSetting(
            _("The ledger in the backup holds, but its key is not at {place}: nothing could be signed from now on.")
            .format(place=source.parent),
            _("Name the folder that `tsudoi backup --keys` put it into: --keys FOLDER. No other can take its place."),
        )  # fmt: skip
    if LedgerKey.load(source).public_key != key.public:
        raise BadSetting(
            _("The ledger's key at {place} is not the one that signed the ledger in the backup.").format(
                place=source.parent
            ),
            _("Move it away, and name the folder of this one with --keys FOLDER: {key}").format(key=key.text),
        )
    if source != place:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        put_apart(source, place.parent)


def _decided(office: Office, decision: Decision) -> tuple[int, ...]:
    """Record the decision for every open year, in the name of whoever decides; return its entries."""
    with office.look_around() as looks:
        cycles = [look.cycle_id for look in reversed(looks)]
    if not cycles:
        raise Refused(
            _("No fiscal year is open in this backup, so that the decision could be recorded nowhere."),
            (),
            _("Take a newer backup."),
        )
    fields = {"what": DEVIATION, "happened_on": day_of(office.clock.now()), "remark": decision.reason}
    done = [acting.perform(office, cycle, "record_deviation", by=decision.by, fields=fields) for cycle in cycles]
    return tuple(outcome.seq for outcome in done)


def _put_papers(office: Office, folder: Path) -> None:
    """Put papers where they are printed from; where one of that name is already, it is the newer."""
    for paper in folder.glob("*"):
        office.papers.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (place := office.papers / paper.name).exists():
            disk.put(place, paper.read_bytes())


def _put_database(office: Office, settings: Settings, home: Path) -> None:
    """Let the database be where the settings have it: in the data directory as it is, elsewhere row by row."""
    own, file = office.home / DATABASE, Path(make_url(settings.database).database or "").absolute()
    if not settings.database_url:
        office.engine.dispose()
    elif make_url(settings.database).get_backend_name() == "sqlite" and file.is_relative_to(home):
        office.engine.dispose()
        (place := office.home / file.relative_to(home)).parent.mkdir(parents=True, exist_ok=True)
        own.rename(place)
    else:
        _pour(office.engine, settings)
        office.engine.dispose()
        own.unlink()


def _pour(source: Engine, settings: Settings) -> None:
    target = connect(settings.owner_database)
    try:
        with reachable():
            if schema.is_empty(target):
                preparation.make_tables(settings)
                schema.pour(source, target, all_rules())
            elif not _tell_the_same(source, target):
                raise BadInput(
                    _("The database is not empty; nothing is restored over what is there."),
                    _(
                        "Name an empty one in TSUDOI_DATABASE_URL, and keep the other as it is; one that only a restore"
                        " which was broken off has filled may be dropped."
                    ),
                )
    finally:
        target.dispose()


def _tell_the_same(source: Engine, target: Engine) -> bool:
    """Tell whether a database has this copy's ledger to the last entry: a restore that was killed has left it.

    It is filled in one transaction, so that all the rest of the copy is in it too.
    """
    with reading(source) as one, reading(target) as other:
        size = ledger.size(one)
        return ledger.size(other) == size and ledger.root(other, size) == ledger.root(one, size)


def _vaults(office: Office) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read every vault to its end; return which open, and of the others why they do not."""
    opened, shut = list[str](), list[str]()
    for cycle in sorted(path.name for path in (office.home / "vault").glob("*") if path.is_dir()):
        try:
            vault = office.vault(cycle)
            for name in vault.names():
                deque(vault.stream(name), maxlen=0)
            opened.append(cycle)
        except TsudoiError as trouble:
            shut.append(str(_put_away(office, cycle) or trouble))
    return tuple(opened), tuple(shut)


def _put_away(office: Office, cycle: str) -> Unknown | None:
    """Say of a vault whose key is in its second place alone what to do; a person does it, who knows of no erasure."""
    key, second = office.settings.key_folder / "vault" / f"{cycle}.key", office.settings.key_backup
    if key.exists() or second is None or not (second / key.name).exists():
        return None
    return Unknown(
        _("The key of cycle {cycle} lies in its second place alone, {place}, and opens no vault from there.").format(
            cycle=cycle, place=second
        ),
        _("See that there is no erasure record of that year, then copy the key to {folder}.").format(folder=key.parent),
    )


def _keyless(office: Office) -> tuple[str, ...]:
    """Return who of the register has a key that is not in the folder of keys."""
    with reading(office.engine) as connection:
        keyed = [person for person in people(connection).values() if person.public_key]
    keys = identity.keys_of(office)
    return tuple(person.id for person in keyed if not keys.holds(person.id, person.public_key))
