"""Files that appear whole or not at all, no core dumps, locks that a kill opens, and what a disk refuses, in words.

Where a disk refuses, the steps before are whole, or have not happened.
"""

import ctypes
import errno
import fcntl
import os
import resource
import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from models.errors import BadSetting, TsudoiError
from models.words import N_, _

# What is raised, the sentence and the remedy.
_NO_ROOM = (
    TsudoiError,
    N_("The disk has no room left ({where}). What was not finished has not happened."),
    N_("Make room on it, then do the same again."),
)
_TOO_LARGE = (
    TsudoiError,
    N_("The disk did not take what was written ({where}). What was not finished has not happened."),
    N_("See whether it has room, whether files may grow (ulimit -f, LimitFSIZE) and whether it is failing."),
)
_SHUT = (
    BadSetting,
    N_("This cannot be written or read: it is read-only, or belongs to another account ({where})."),
    N_("Work as tsudoi's own account, on a disk that is mounted for writing. What only reads goes on a copy too."),
)
_BY_ERRNO = {
    errno.ENOSPC: _NO_ROOM, errno.EDQUOT: _NO_ROOM, errno.EFBIG: _TOO_LARGE, errno.EROFS: _SHUT, errno.EACCES: _SHUT,
    errno.EPERM: _SHUT,
}  # fmt: skip
# SQLite tells a file that may not grow from a failing disk no more than by this.
_BY_SQLITE = {
    sqlite3.SQLITE_FULL: _NO_ROOM, sqlite3.SQLITE_IOERR: _TOO_LARGE, sqlite3.SQLITE_READONLY: _SHUT,
    sqlite3.SQLITE_CANTOPEN: _SHUT, sqlite3.SQLITE_PERM: _SHUT,
}  # fmt: skip
_PRIMARY = 0xFF  # of an extended result code
_DUMPABLE = 4  # prctl(2): PR_SET_DUMPABLE; a limit alone does not reach a core that is piped to a program


@contextmanager
def replacing(path: Path, *, lasting: bool = False) -> Generator[BinaryIO]:
    """Give a file for this account alone that takes the place of `path` at the end of the block, whole or not at all.

    A kill leaves the old one or the new, and where it is `lasting` a power cut too; of what fails, such as where there
    is no room, nothing is left.
    """
    waiting = temporary(path)
    try:
        with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        waiting.replace(path)
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise
    if lasting:
        sync(path.parent)


def temporary(path: Path) -> Path:
    """Return where a file is written before it takes its place; a kill may leave it there."""
    return path.with_name(f".{path.name}.tmp")


def put(path: Path, content: bytes) -> None:
    """Write a file for this account alone, whole or not at all."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def _opened(folder: Path) -> Generator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def sync(folder: Path) -> None:
    """See that what was named, renamed or removed in a folder is so on the disk."""
    with _opened(folder) as handle:
        os.fsync(handle)


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Keep other processes and threads out for the block; a kill opens the lock."""
    with _opened(folder) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def alone(path: Path) -> Generator[bool]:
    """Tell whether nobody else holds the lock that this file is; it is held until the end of the block."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def in_turn(path: Path) -> Generator[None]:
    """Wait until nobody else holds the lock that this file is; it is held until the end of the block."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def leave_no_dumps() -> None:
    """Leave no core dump, neither this process nor what it starts; nobody else of this account may trace it.

    What a process holds of residents in its memory does not lie in a folder when it dies.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)


def in_words(error: BaseException) -> TsudoiError | None:
    """Say what the disk refused and what to do; None of an error that is not the disk's."""
    cause = getattr(error, "orig", None) or error  # of a database's error the driver's own
    if isinstance(cause, sqlite3.Error):
        refused = _BY_SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & _PRIMARY)
        where = _("the database in the data directory")
    else:
        refused = _BY_ERRNO.get(cause.errno or 0) if isinstance(cause, OSError) else None
        where = _folder(cause)
    if refused is None:
        return None
    kind, sentence, remedy = refused
    return kind(_(sentence).format(where=where), _(remedy))


def _folder(error: BaseException) -> str:
    """Name the folder, not the file: its name might name somebody."""
    name = getattr(error, "filename2", None) or getattr(error, "filename", None)
    return str(Path(name).parent) if isinstance(name, str) else _("a file")
