"""People's own keys: an Ed25519 key pair each, its private half sealed under the person's passphrase.

A file names the person, the public half and how the passphrase is stretched (argon2id, cost and salt); what it seals
with AES-256-GCM is bound to all of it. That it opens proves the passphrase: nothing else of it is kept anywhere.
Wrong ones are counted in a file beside it, and must wait ever longer, by the machine's own clock.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self, cast

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters import disk
from adapters.keys import write_once
from adapters.passphrases import typed
from models.errors import BadInput, BadSetting, Damaged
from models.people import key_id
from models.words import _

FREE, LOCKED_AFTER = 3, 10
_FIRST_WAIT, LOCKED_FOR = 30.0, 24 * 3600.0  # seconds
_MOST_MEMORY = 1024 * 1024  # KiB that a file may ask for: more would be an attack on the machine
_SALT, _NONCE, _KEY = 16, 12, 32  # bytes


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a guess costs: by default the low-memory profile of RFC 9106 (64 MiB, 3 passes, 4 lanes)."""

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


REAL, FICTIONAL = Cost(), Cost(passes=1, memory_kib=8, lanes=1)  # a rehearsal's people have nothing to hide


@dataclass(frozen=True, kw_only=True)
class PersonKey:
    """A person's key, unlocked: what the door takes as that person's signer."""

    person: str
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def new(cls, person: str) -> Self:
        """Draw a key pair."""
        return cls(person=person, _private=Ed25519PrivateKey.generate())

    @classmethod
    def of(cls, person: str, secret: bytes) -> Self:
        """Return the key of 32 secret bytes."""
        return cls(person=person, _private=Ed25519PrivateKey.from_private_bytes(secret))

    @property
    def public_key(self) -> str:
        """Return the public half in hexadecimal."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the message."""
        return self._private.sign(message)

    def secret(self) -> bytes:
        """Return the private half, for whoever seals it."""
        return self._private.private_bytes_raw()


class WrongPassphrase(BadInput):
    """The passphrase is not this person's. `failures` counts the wrong ones since the last right one."""

    def __init__(self, person: str, failures: int, wait: float) -> None:
        """Take whose it is not, how often it was wrong, and for how many seconds nobody may try again."""
        super().__init__(
            _("The passphrase is not the one of {person}.").format(person=person),
            _waits(wait) if wait else _("Type it again. If it is forgotten, two people give a new key."),
        )
        self.failures, self.is_locked = failures, failures >= LOCKED_AFTER


class PeopleKeys:
    """The folder of the people's sealed keys."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        """Take the folder, and the machine's own clock."""
        self.folder, self.now = folder, now

    def make(self, person: str, passphrase: str, *, one_use: bool = False, cost: Cost = REAL) -> PersonKey:
        """Draw a key pair and seal its private half under the passphrase; whether it is in force the register says."""
        key = PersonKey.new(person)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        head: dict[str, Any] = {
            "person": person, "public_key": key.public_key, "one_use": one_use,
            "argon2id": asdict(cost) | {"salt": secrets.token_hex(_SALT)},
        }  # fmt: skip
        nonce = secrets.token_bytes(_NONCE)
        with disk.locked(self.folder):  # one passphrase at a time over all processes: stretching takes 64 MiB
            sealing = AESGCM(_stretched(head["argon2id"], passphrase))
        sealed = sealing.encrypt(nonce, key.secret(), _associated(head))
        text = json.dumps(head | {"nonce": nonce.hex(), "sealed": sealed.hex()}, indent=1)
        write_once(self._path(person, key.public_key), f"{text}\n".encode(), mode=0o600)
        return key

    def unlock(self, person: str, public_key: str, passphrase: str) -> PersonKey:
        """Open a person's key; a try is counted before it is made, so that a kill gives no free one.

        Raises:
            WrongPassphrase: it is not the person's.
            BadInput: after wrong ones it is not yet time to try again.
            BadSetting: the file is not there.
            Damaged: the file is not what was written.

        """
        path = self._path(person, public_key)
        sealed = _read(path, person, public_key)
        with disk.locked(self.folder):  # each try is counted
            failures = self._count_a_try(path)
            secret = _opened(sealed, passphrase)
            if secret is None:
                raise WrongPassphrase(person, failures, _wait_after(failures))
            _tries(path).unlink(missing_ok=True)
        return PersonKey.of(person, secret)

    def is_for_one_use(self, person: str, public_key: str) -> bool:
        """Tell whether the passphrase was handed to the person and must be changed before anything else."""
        return bool(_read(self._path(person, public_key), person, public_key)["one_use"])

    def holds(self, person: str, public_key: str) -> bool:
        """Tell whether the file of a person's key is there."""
        return self._path(person, public_key).is_file()

    def discard(self, person: str, public_key: str) -> None:
        """Remove the file of a key that is in force no more, or never was."""
        path = self._path(person, public_key)
        path.unlink(missing_ok=True)
        _tries(path).unlink(missing_ok=True)

    def _path(self, person: str, public_key: str) -> Path:
        return self.folder / f"{person}+{key_id(public_key)}.json"

    def _count_a_try(self, path: Path) -> int:
        """Count one more try, or refuse it before the wait of the last one is over; return how many there were."""
        failures, last = 0, 0.0
        with suppress(OSError, ValueError):
            failures, last = json.loads(_tries(path).read_text(encoding="ascii"))
        now = self.now()
        # A clock that was set back does not shorten the wait.
        left = _wait_after(failures) - max(0.0, now - last)
        if failures and left > 0:
            raise BadInput(_("Too many wrong passphrases were typed for this person."), _waits(left))
        disk.put(_tries(path), json.dumps([failures + 1, now]).encode())
        return failures + 1


def _wait_after(failures: int) -> float:
    """Return for how many seconds nobody may try again: nothing at first, then ever longer, in the end a day."""
    if failures >= LOCKED_AFTER:
        return LOCKED_FOR
    return _FIRST_WAIT * 2 ** (failures - FREE) if failures >= FREE else 0.0


def _waits(seconds: float) -> str:
    minutes = int(seconds // 60) + 1
    return _("Wait {minutes} minutes. If it is forgotten, two people give a new key.").format(minutes=minutes)


def _tries(path: Path) -> Path:
    return path.with_suffix(".tries")


def _read(path: Path, person: str, public_key: str) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="ascii")
    except OSError:
        raise BadSetting(
            _("The key of {person} is not in the key folder.").format(person=person),
            _("Restore the folder `people` of the keys from its backup, or let two people give a new key."),
        ) from None
    except ValueError:
        raise _damaged(person) from None
    try:
        known = cast("dict[str, Any]", json.loads(text))
        cost = known["argon2id"]
        fits = (known["person"], known["public_key"]) == (person, public_key) and type(known["one_use"]) is bool
        fits = fits and 1 <= cost["passes"] <= 100 and 8 * cost["lanes"] <= cost["memory_kib"] <= _MOST_MEMORY  # noqa: PLR2004 - RFC 9106
    except (ValueError, KeyError, TypeError):
        raise _damaged(person) from None
    if not fits:
        raise _damaged(person)
    return known


def _opened(sealed: Mapping[str, Any], passphrase: str) -> bytes | None:
    try:
        opening = AESGCM(_stretched(sealed["argon2id"], passphrase))
        return opening.decrypt(bytes.fromhex(sealed["nonce"]), bytes.fromhex(sealed["sealed"]), _associated(sealed))
    except InvalidTag:
        return None
    except (ValueError, TypeError, KeyError):
        raise _damaged(str(sealed["person"])) from None


def _stretched(cost: Mapping[str, Any], passphrase: str) -> bytes:
    return hash_secret_raw(
        typed(passphrase), bytes.fromhex(cost["salt"]), time_cost=cost["passes"], memory_cost=cost["memory_kib"],
        parallelism=cost["lanes"], hash_len=_KEY, type=Type.ID,
    )  # fmt: skip


def _associated(head: Mapping[str, Any]) -> bytes:
    bound = {name: head[name] for name in ("person", "public_key", "one_use", "argon2id")}
    return b"tsudoi/person/1\n" + json.dumps(bound, sort_keys=True).encode()


def _damaged(person: str) -> Damaged:
    return Damaged(
        _("The key file of {person} was changed.").format(person=person),
        _("Restore the folder `people` of the keys from its backup, or let two people give a new key."),
    )
