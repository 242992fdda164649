"""The vault: the one place of residents' data, encrypted a cycle at a time under a key kept apart from them (law 4).

A vault file is a header (magic, 16 random bytes of salt) and the plaintext in blocks of 1 MiB, each AES-256-GCM. The
key of a file comes from the cycle's key, the salt, the cycle and the file's name (HKDF-SHA256, RFC 5869); the nonce of
a block is its number in 11 bytes and one byte that marks the last. This is the STREAM construction (Hoang,
Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015) as age
uses it (C2SP, age.md, "Payload"): a block that is changed, moved, cut off, added or taken from another file does not
decrypt.

What it does not see is an older file of the same name put back: compare the hash that `write` returned.
"""

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters import disk
from models.errors import BadInput, BadSetting, Damaged, Unknown
from models.words import _

MAGIC = b"TSUDOIV1"
BLOCK = 1 << 20
_SALT = 16
_TAG = 16
_KEY = 32
_PLAIN_ID = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class Destruction:
    """What `Vault.destroy` found and destroyed, for the erasure record.

    `files_destroyed` counts vault files and what a killed write left; `bytes_destroyed` are their bytes as stored.
    `keys_destroyed` is 2 for a key and its backup. `absent` says that nothing was there on looking again.
    """

    files_destroyed: int
    bytes_destroyed: int
    keys_destroyed: int
    absent: bool


@dataclass(frozen=True, kw_only=True)
class Vault:
    """One cycle's vault: `files/<cycle>/<name>` under the key `keys/<cycle>.key` and its backup.

    Get one with `create` or `open`. Only `destroy` is for a vault taken up directly, `Vault(cycle=…, …).destroy()`: it
    ends a destruction that was killed after the key was gone. The key is read for every use and never kept in memory.
    """

    cycle: str
    files: Path
    keys: Path
    key_backup: Path | None = None

    def __post_init__(self) -> None:
        """Check the cycle's name and that keys, backup and files lie apart (law 4); raise BadInput or BadSetting."""
        _must_be_plain(self.cycle)
        places = [place.resolve() for place in (self.files, self.keys, self.key_backup) if place]
        if any(a.is_relative_to(b) for a in places for b in places if a is not b):
            raise BadSetting(
                _("The vault's files, its keys and their backup must lie in three separate directories."),
                _("Set a directory of its own for each, the backup on another medium."),
            )

    @classmethod
    def create(cls, *, cycle: str, files: Path, keys: Path, key_backup: Path | None = None) -> Self:
        """Make the cycle's directory, key and backup where they are missing; a second call changes nothing.

        Raises Damaged where files or a backup are there without their key: a new key would lock them for ever.
        """
        vault = cls(cycle=cycle, files=files, keys=keys, key_backup=key_backup)
        _make_private(keys)
        with disk.locked(keys):
            if not vault._key_file.exists():
                vault._refuse_to_replace_the_key()
                _place_key(vault._key_file, secrets.token_bytes(_KEY))
            vault._back_the_key_up()
            _make_private(vault.directory)
        return vault

    @classmethod
    def open(cls, *, cycle: str, files: Path, keys: Path, key_backup: Path | None = None) -> Self:
        """Take up the vault of a cycle; raise Unknown where its key or its directory is gone."""
        vault = cls(cycle=cycle, files=files, keys=keys, key_backup=key_backup)
        vault._key()
        if not vault.directory.exists():
            raise Unknown(
                _("The vault of cycle {cycle} has its key, but its directory is gone.").format(cycle=cycle),
                _("Put the medium of the vault in its place, or finish the destruction that was begun."),
            )
        return vault

    @property
    def directory(self) -> Path:
        """The cycle's own directory of encrypted files."""
        return self.files / self.cycle

    @property
    def exists(self) -> bool:
        """True while the cycle's key is there: while anything in the vault can be read."""
        return self._key_file.exists()

    def names(self) -> tuple[str, ...]:
        """Return the names of the files, sorted; what a killed write left is not among them."""
        if not self.directory.exists():
            return ()
        return tuple(sorted(path.name for path in self.directory.iterdir() if _PLAIN_ID.fullmatch(path.name)))

    def write(self, name: str, chunks: bytes | Iterable[bytes]) -> str:
        """Encrypt chunks of any size into `name`, whole or not at all, and return the SHA-256 of the plaintext in hex.

        One writer at a time and cycle, others wait; so the chunks must not come from something that writes here too.
        A kill or an exception leaves the old file. Raises BadInput for a name that is no plain id, Unknown without key.
        """
        path = self._path(name)
        digest = hashlib.sha256()
        with self._alone(), disk.replacing(path, lasting=True) as file:
            salt = secrets.token_bytes(_SALT)
            cipher = self._cipher(name, salt)
            file.write(MAGIC + salt)
            for number, (block, last) in enumerate(_blocks(chunks)):
                digest.update(block)
                file.write(cipher.encrypt(_nonce(number, last=last), block, None))
        return digest.hexdigest()

    def read(self, name: str) -> bytes:
        """Return the whole plaintext, or raise: Unknown for no such file or key, Damaged for one that does not hold."""
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the plaintext in blocks of at most 1 MiB, each verified.

        Raises as `read` does. Only the end tells that nothing was cut off: act on the data after the last block.
        """
        with self._opened(name) as file:
            header = file.read(len(MAGIC) + _SALT)
            if len(header) < len(MAGIC) + _SALT or not header.startswith(MAGIC):
                raise self._damaged(name)
            cipher = self._cipher(name, header[len(MAGIC) :])
            for number, (sealed, last) in enumerate(_sealed_blocks(file)):
                try:
                    block = cipher.decrypt(_nonce(number, last=last), sealed, None)
                except InvalidTag:
                    raise self._damaged(name) from None
                yield block

    def erase(self, name: str) -> None:
        """Overwrite and remove one file and what a killed write of it left; nothing happens where there is none."""
        path = self._path(name)
        if not self.directory.exists():
            return
        with self._alone():
            for found in (path, disk.temporary(path)):
                shred(found)
            disk.sync(self.directory)

    def destroy(self) -> Destruction:
        """Destroy the key's backup, the key and then every file; a second call finds nothing and says so.

        Overwriting does not reach every copy that a disk or its journal may keep; what makes the data unreadable is
        the destroyed key (cryptographic erase, NIST SP 800-88). The key goes after its backup and is set apart before
        it is overwritten, so that a kill or a full disk leaves either a vault that opens or one without any key. The
        backup's medium must be in its place.
        """
        keys = self._shred_keys()
        files = self._shred_files()
        return Destruction(
            files_destroyed=len(files),
            bytes_destroyed=sum(files),
            keys_destroyed=len(keys),
            absent=not any(os.path.lexists(path) for path in (*self._key_files, self.directory)),
        )

    def _shred_keys(self) -> list[int]:
        with disk.locked(self.keys) if self.keys.exists() else nullcontext():
            sizes = [size for key in self._key_files for size in (shred(disk.temporary(key)), shred(_set_apart(key)))]
            for place in {key.parent for key in self._key_files if key.parent.exists()}:
                disk.sync(place)
        return [size for size in sizes if size is not None]

    def _shred_files(self) -> list[int]:
        if not self.directory.exists():
            return []
        with disk.locked(self.directory):
            found = sorted(self.directory.rglob("*"), reverse=True)
            sizes = [shred(path) for path in found if path.is_symlink() or not path.is_dir()]
            for inner in (path for path in found if path.is_dir()):
                inner.rmdir()
            self.directory.rmdir()
        disk.sync(self.files)
        return [size for size in sizes if size is not None]

    @property
    def _key_file(self) -> Path:
        return self.keys / f"{self.cycle}.key"

    @property
    def _backup_file(self) -> Path | None:
        return self.key_backup / f"{self.cycle}.key" if self.key_backup else None

    @property
    def _key_files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self._backup_file, self._key_file) if path)

    def _key(self) -> bytes:
        try:
            key = self._key_file.read_bytes()
        except FileNotFoundError:
            raise Unknown(
                _(
                    "The key of cycle {cycle} is gone: its vault was destroyed, or the key's medium is not in place."
                ).format(cycle=self.cycle),
                _("Look for the erasure record; if there is none, put the key or its backup back in its place."),
            ) from None
        if len(key) != _KEY:
            raise self._key_does_not_hold()
        return key

    def _refuse_to_replace_the_key(self) -> None:
        backed_up = self._backup_file is not None and self._backup_file.exists()
        if backed_up or self.names():
            raise Damaged(
                _("The key of cycle {cycle} is missing, but its backup or its files are there.").format(
                    cycle=self.cycle
                ),
                _("Put the key back from its backup, or finish the destruction that was begun."),
            )

    def _back_the_key_up(self) -> None:
        if not self._backup_file:
            return
        if not self._backup_file.exists():
            _place_key(self._backup_file, self._key())
        if self._backup_file.read_bytes() != self._key():
            raise self._key_does_not_hold()

    def _key_does_not_hold(self) -> Damaged:
        return Damaged(
            _("The key of cycle {cycle} and its backup do not agree, or one is damaged.").format(cycle=self.cycle),
            _("Keep both as they are and call the person in charge of the keys."),
        )

    def _damaged(self, name: str) -> Damaged:
        return Damaged(
            _("The vault file {name} of cycle {cycle} was changed, cut off or exchanged.").format(
                name=name, cycle=self.cycle
            ),
            _("Keep it as it is and call the person in charge; the register section can extract again."),
        )

    def _cipher(self, name: str, salt: bytes) -> AESGCM:
        info = b"\0".join((MAGIC, self.cycle.encode(), name.encode()))
        return AESGCM(HKDF(algorithm=SHA256(), length=_KEY, salt=salt, info=info).derive(self._key()))

    def _path(self, name: str) -> Path:
        _must_be_plain(name)
        return self.directory / name

    def _opened(self, name: str) -> BinaryIO:
        path = self._path(name)
        self._key()
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise Unknown(
                _("The vault of cycle {cycle} holds no file {name}.").format(cycle=self.cycle, name=name),
                _("Do the step that makes it first; if it was erased, nothing can bring it back."),
            ) from None

    @contextmanager
    def _alone(self) -> Generator[None]:
        self._key()  # before the lock: a destroyed vault has no directory to lock
        with disk.locked(self.directory):
            self._key()  # after it: whoever held the lock may have destroyed the vault
            yield


def _must_be_plain(name: str) -> None:
    if not _PLAIN_ID.fullmatch(name):
        raise BadInput(
            _("A vault's cycle and files have plain names of a-z, 0-9, point, hyphen and underscore."),
            _("Name the kind of file, never a person."),
        )


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _blocks(chunks: bytes | Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the plaintext in full blocks, the last one marked; an empty plaintext is one empty last block."""
    pending = bytearray()
    for chunk in (chunks,) if isinstance(chunks, bytes) else chunks:
        pending += chunk
        while len(pending) > BLOCK:
            yield bytes(pending[:BLOCK]), False
            del pending[:BLOCK]
    yield bytes(pending), True


def _sealed_blocks(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    block = file.read(BLOCK + _TAG)
    while following := file.read(BLOCK + _TAG):
        yield block, False
        block = following
    yield block, True


def _set_apart(path: Path) -> Path:
    """Take a file out of its place, if it is there; return where it, or an earlier one, is to be destroyed."""
    apart = disk.temporary(path)
    with suppress(FileNotFoundError):
        path.rename(apart)
    return apart


def _make_private(directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
    disk.sync(directory.parent)


def _place_key(path: Path, key: bytes) -> None:
    _make_private(path.parent)
    with disk.replacing(path, lasting=True) as file:
        file.write(key)


def shred(path: Path) -> int | None:
    """Overwrite and remove a file, or remove a link; return its size in bytes, None where there was nothing.

    Raises:
        Damaged: something else was put in its place meanwhile; that is neither overwritten nor removed.

    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISREG(found.st_mode):
        _overwrite(path, found)
    path.unlink()
    return found.st_size


def _overwrite(path: Path, found: os.stat_result) -> None:
    """Overwrite the very file that was found: who may write into its folder could lay a link to another's file."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # nor wait at a pipe
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.ENOENT}:
            raise _was_exchanged() from None
        raise
    with os.fdopen(handle, "wb") as file:
        if not os.path.samestat(os.fstat(handle), found):
            raise _was_exchanged()
        for start in range(0, found.st_size, BLOCK):
            file.write(os.urandom(min(BLOCK, found.st_size - start)))
        file.flush()
        os.fsync(handle)


def _was_exchanged() -> Damaged:
    return Damaged(
        _("A file was exchanged for something else while it was being erased; neither is erased."),
        _("Find out who writes into its folder, then erase what lies there by hand."),
    )
