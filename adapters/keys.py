"""The ledger's signing key, in a file of its own.

Beside the private key `ledger.pem` (PKCS8, readable by its owner only) stands `ledger.pub`, the verifier key that
auditors and the contractor are given; it also carries the key's name.
"""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from adapters import disk
from models import notes
from models.errors import BadInput, BadSetting, Damaged
from models.words import _

REHEARSAL = "rehearsal."  # how the name of a rehearsal's key begins, on every checkpoint and slip that it signs


@dataclass(frozen=True, kw_only=True)
class LedgerKey:
    """The installation's Ed25519 key that signs checkpoints of the ledger (a models.notes.Signer)."""

    name: str
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def create(cls, path: Path, *, name: str) -> Self:
        """Return the key at `path`, made first if there is none; a repeated call changes nothing.

        Raises:
            BadInput: the name cannot be a key's name.
            BadSetting: a key of another name stands there, or the private key of a known .pub is missing.
            Damaged: what stands there is not a key.

        """
        notes.key_id(name, b"")  # a bad name is refused before anything is written
        # The .pub is written last: where it stands, the private key was there, and a lost one is never replaced.
        if not _public_path(path).exists():
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_once(path, pem, mode=0o600)
        # Made from the key on the disk: whoever was first, or stopped between the two files, the pair fits.
        public_key = _read_private(path).public_key().public_bytes_raw()
        write_once(_public_path(path), f"{notes.verifier_key(name, public_key)}\n".encode(), mode=0o644)
        key = cls.load(path)
        if name not in {key.name, key.name.removeprefix(REHEARSAL)}:
            raise BadSetting(
                _("The ledger's key already has the name {name}.").format(name=key.name),
                _("Keep that name in the settings: checkpoints that were signed with it must stay verifiable."),
            )
        return key

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key.

        Raises:
            BadSetting: there is no key.
            Damaged: a file is not a key, or the two files do not belong together.

        """
        private = _read_private(path)
        line = _read(_public_path(path)).decode("utf-8", "replace")
        try:
            name, public_key = notes.parse_verifier_key(line.removesuffix("\n"))
        except BadInput:
            raise _damaged(_public_path(path)) from None
        if public_key != private.public_key().public_bytes_raw():
            raise Damaged(
                _("The files {private} and {public} do not belong together.").format(
                    private=path.name, public=_public_path(path).name
                ),
                _("Restore both from the same backup."),
            )
        return cls(name=name, _private=private)

    @property
    def is_of_a_rehearsal(self) -> bool:
        """Tell whether the key was made for a rehearsal: what it signed holds under that name only."""
        return self.name.startswith(REHEARSAL)

    @property
    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the message."""
        return self._private.sign(message)


def put_apart(path: Path, folder: Path) -> None:
    """Put the ledger's key at `path`, both of its files, into another folder too; a repeated call changes nothing.

    Raises:
        BadSetting: there is no key, or another one lies in that folder.
        Damaged: what stands at either place is not a key.

    """
    key = LedgerKey.load(path)
    for file in (path, _public_path(path)):  # the .pub last, as when they were made
        if not (target := folder / file.name).exists():
            with disk.replacing(target, lasting=True) as copy:  # no link, as `write_once` makes: FAT has none
                copy.write(file.read_bytes())
    if LedgerKey.load(folder / path.name).public_key != key.public_key:
        raise BadSetting(
            _("In {folder} lies the ledger's key of another installation.").format(folder=folder),
            _("Name another folder, or move away what lies there: each installation keeps its own."),
        )


def _public_path(path: Path) -> Path:
    return path.with_suffix(".pub")


def _read_private(path: Path) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _damaged(path) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise _damaged(path)
    return private


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise BadSetting(
            _("The ledger's key file {name} cannot be read.").format(name=path.name),
            _("Restore it from its backup; a new installation has to be set up first."),
        ) from None


def _damaged(path: Path) -> Damaged:
    return Damaged(_("The file {name} is not a ledger key.").format(name=path.name), _("Restore it from its backup."))


def write_once(path: Path, content: bytes, *, mode: int) -> None:
    """Write a new file whole or not at all, and leave one that is there as it is."""
    with tempfile.NamedTemporaryFile(dir=path.parent) as draft:
        os.fchmod(draft.fileno(), mode)
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
