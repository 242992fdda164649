"""How a file of the register section arrives: plain in the inbox or elsewhere, or encrypted, to be opened in memory.

An encrypted file is opened by 7-Zip in memory, and what a browser sends is in memory alone; neither touches a disk in
the clear on its way into the vault. What was sent lies where it was sent from still.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from adapters import disk
from adapters.package import how_sealed, open_package
from adapters.register import register_bytes
from adapters.vault import shred
from models.errors import BadInput, Damaged, Unknown
from models.programme import Programme
from models.words import _
from states.facts import Facts
from steps.office import Office

Ask = Callable[[], str]
"""How the password is asked for, once it is known that one is needed."""

Source: TypeAlias = Path | bytes
"""A file of the register section where it lies, or what is in it."""

ORIGINAL, PROTECTED_LIST, LETTERS_FILE = "E", "L", "LF"
_TAKEN = ".taken"
_MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What came in: the CSV as bytes; `travelled_sha256` is the hash of the encrypted file around it, if it had one."""

    content: bytes = field(repr=False)
    travelled_sha256: str = ""


def no_password(remedy: str = "") -> str:
    """Say that nobody is there to be asked, and where it is asked for unless the caller knows better.

    Raises:
        BadInput: always.

    """
    raise BadInput(
        _("The extract is encrypted, and no password was given."),
        remedy or _("Take it at the desk or at a terminal, where the password is asked for."),
    )


def read_in(source: Source, *, programme: Programme, ask: Ask = no_password) -> Arrived:
    """Return the CSV of a file of the register section; an encrypted 7z or zip is opened with the password asked for.

    An archive that is not encrypted comes back as it is: the reader refuses it as no CSV.

    Raises:
        UnreadableExtract: it is no plain file, cannot be read, or is too large.
        BadInput: no password, a wrong one, or not exactly one CSV inside.
        Damaged: it cannot be opened whatever the password.

    """
    data = register_bytes(source, programme=programme)
    try:
        sealed = how_sealed(source)
    except Damaged:
        raise _damaged() from None
    if sealed == "no":
        return Arrived(content=data)
    digest, limit = hashlib.sha256(data).hexdigest(), programme.extract.size_limit_mib * _MIB
    del data
    return Arrived(
        content=_only_csv(source, ask(), sha256=digest, limit=limit, checked=sealed == "checked"),
        travelled_sha256=digest,
    )


def _only_csv(source: Source, password: str, *, sha256: str, limit: int, checked: bool) -> bytes:
    if not password:
        raise BadInput(_("The password is empty."), _("Type the password of the encrypted extract."))
    try:
        members = open_package(source, password=password, sha256=sha256, limit=limit)
    except Damaged:
        raise (_damaged() if checked else _wrong_or_damaged()) from None
    if len(members) != 1 or not all(name.lower().endswith(".csv") for name in members):
        raise BadInput(
            _("The encrypted file must hold exactly one CSV file; it holds {count} files.").format(count=len(members)),
            _("Ask the register section to encrypt the extract alone."),
        )
    return members.popitem()[1]


def _damaged() -> Damaged:
    return Damaged(
        _("The encrypted extract cannot be opened: it is damaged, or not encrypted with AES-256."),
        _("Compare its SHA-256 with the slip, copy it again from its medium, or have it encrypted again."),
    )


def _wrong_or_damaged() -> BadInput:
    """Return what a 7z whose file names are readable leaves open: it has no check of the password alone."""
    return BadInput(
        _("The password is wrong, or the encrypted extract is damaged: with readable file names nothing tells which."),
        _("If its SHA-256 is the one of the slip, it is the password: type it again. Otherwise copy the file again."),
    )


def from_inbox(office: Office, *, beside: Source | None = None) -> Path:
    """Return the one file of the inbox, but for a list that lies beside it.

    Raises:
        Unknown: there is none, or more than one.

    """
    other = beside.resolve() if isinstance(beside, Path) else None
    found = [path for path in inbox_files(office) if path.resolve() != other]
    if len(found) != 1:
        raise Unknown(
            _("The inbox holds {count} files; one extract is expected.").format(count=len(found)),
            _("Put the extract into {inbox}, alone.").format(inbox=office.settings.inbox),
        )
    return found[0]


def inbox_files(office: Office) -> list[Path]:
    """Return what lies in the inbox."""
    inbox = office.settings.inbox
    return sorted(path for path in inbox.glob("*") if not path.name.startswith(".")) if inbox.is_dir() else []


def lies_in_the_inbox(office: Office, source: Source) -> bool:
    """Tell whether a file is ours to erase; one that lies elsewhere, or was sent, is not."""
    return isinstance(source, Path) and source.resolve().parent == office.settings.inbox.resolve()


def emptied(office: Office, source: Source) -> bool:
    """Erase a file from the inbox after taking; tell whether it lay there.

    It is set apart first: a kill leaves it whole, or apart for the next taking to erase, but never half erased for an
    extract. Under which name is noted before, in the data directory: into the inbox others may write too.
    """
    if not (isinstance(source, Path) and lies_in_the_inbox(office, source)):
        return False
    apart = f".{secrets.token_hex(8)}{_TAKEN}"
    disk.put(_note_of(office), apart.encode("ascii"))
    source.rename(source.with_name(apart))
    erase_what_is_taken(office)
    return True


def erase_what_is_taken(office: Office) -> None:
    """Erase what this taking, or one that was killed, set apart; whatever else lies there is not ours."""
    note = _note_of(office)
    if note.is_file():
        shred(office.settings.inbox / note.read_text(encoding="ascii"))
        note.unlink()


def _note_of(office: Office) -> Path:
    return office.home / "set-apart"


def original_of(office: Office, facts: Facts, source: Source, arrived: Arrived) -> str:
    """Return the number under which a plain file that stays where it lies is to be destroyed; "" where none stays.

    An encrypted file has its number from its receipt already.
    """
    if arrived.travelled_sha256 or lies_in_the_inbox(office, source):
        return ""
    return facts.free_number(ORIGINAL)


@contextmanager
def handed_out(into: Path | BytesIO, content: bytes) -> Generator[None]:
    """Write what leaves the vault into a new file, readable by its owner only; it stays if what follows succeeds.

    What follows is the ledger entry: there is no file without its entry. What is to be sent to a browser comes into
    memory instead, after its entry.

    Raises:
        BadInput: something stands at the path already, or it cannot be written.

    """
    if isinstance(into, BytesIO):
        yield
        into.write(content)
        return
    try:
        handle = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError:
        raise BadInput(
            _("The file cannot be written there, or something stands there already."),
            _("Name a new file in a folder that only you can read."),
        ) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield
    except BaseException:
        shred(into)
        raise
