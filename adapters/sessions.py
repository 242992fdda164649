"""Sessions: who is logged in at one shell. The unlocked key lies sealed under a token of the shell.

A session ends at logout, after thirty minutes of the real clock in which nobody used it, and in any case after a
working day.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keys import write_once
from adapters.people_keys import PersonKey

IDLE = 30 * 60.0  # seconds
LONGEST = 12 * 3600.0  # seconds, however much it is used
_TOKEN, _NONCE, _KEY, _BEGUN = 32, 12, 32, 8  # bytes


class Sessions:
    """The folder of the sessions that are open."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        """Take the folder, and the machine's own clock."""
        self.folder, self.now = folder, now

    def open(self, key: PersonKey) -> str:
        """Begin a session for whose key is unlocked; return the token, which is nowhere else."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self.folder.iterdir():
            with suppress(OSError):
                if not 0 <= self.now() - path.stat().st_mtime < IDLE:
                    path.unlink()
        token, nonce = secrets.token_hex(_TOKEN), secrets.token_bytes(_NONCE)
        path = self._path(token)
        begun = int(self.now()).to_bytes(_BEGUN, "big")
        held = _sealing(token).encrypt(nonce, key.secret() + begun + key.person.encode(), b"")
        write_once(path, nonce + held, mode=0o600)
        os.utime(path, (self.now(), self.now()))
        return token

    def key_of(self, token: str) -> PersonKey | None:
        """Return the key of a session that goes on, and count it as used; None where it has ended."""
        path = self._path(token)
        try:
            sealed, used = path.read_bytes(), path.stat().st_mtime
        except OSError:
            return None
        if not 0 <= self.now() - used < IDLE:  # used in the future: the clock was set back
            self.close(token)
            return None
        with suppress(InvalidTag, ValueError):
            opened = _sealing(token).decrypt(sealed[:_NONCE], sealed[_NONCE:], b"")
            secret, begun, person = opened[:_KEY], opened[_KEY : _KEY + _BEGUN], opened[_KEY + _BEGUN :]
            if 0 <= self.now() - int.from_bytes(begun, "big") < LONGEST:
                os.utime(path, (self.now(), self.now()))
                return PersonKey.of(person.decode(), secret)
            self.close(token)
        return None

    def close(self, token: str) -> None:
        """End a session."""
        self._path(token).unlink(missing_ok=True)

    def _path(self, token: str) -> Path:
        return self.folder / hashlib.sha256(b"name\n" + token.encode()).hexdigest()


def _sealing(token: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"key\n" + token.encode()).digest())
