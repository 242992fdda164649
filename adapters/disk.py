"""What a disk refuses, in words: no room, a limit, read-only. The steps before it are whole, or have not happened."""

import errno
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from models.errors import BadSetting, TsudoiError
from models.words import _

_NO_ROOM, _TOO_LARGE, _SHUT = "no room", "too large", "shut"
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


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """Give a file for this account alone that takes the place of `path` at the end of the block, whole or not at all.

    A kill leaves the old one or the new; of what fails, such as where there is no room, nothing is left.
    """
    waiting = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            yield file
        waiting.replace(path)
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise


def put(path: Path, content: bytes) -> None:
    """Write a file for this account alone, whole or not at all."""
    with replacing(path) as file:
        file.write(content)


def in_words(error: BaseException) -> TsudoiError | None:
    """Say what the disk refused and what to do; None of an error that is not the disk's."""
    cause = getattr(error, "orig", None) or error  # of a database's error the driver's own
    if isinstance(cause, sqlite3.Error):
        refused = _BY_SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & _PRIMARY)
        return _told(refused, _("the database in the data directory")) if refused else None
    refused = _BY_ERRNO.get(cause.errno or 0) if isinstance(cause, OSError) else None
    return _told(refused, _folder(cause)) if refused else None


def _folder(error: BaseException) -> str:
    """Name the folder, not the file: its name might name somebody."""
    name = getattr(error, "filename2", None) or getattr(error, "filename", None)
    return str(Path(name).parent) if isinstance(name, str) else _("a file")


def _told(refused: str, where: str) -> TsudoiError:
    if refused == _NO_ROOM:
        return TsudoiError(
            _("The disk has no room left ({where}). What was not finished has not happened.").format(where=where),
            _("Make room on it, then give the same command again."),
        )
    if refused == _TOO_LARGE:
        return TsudoiError(
            _("The disk did not take what was written ({where}). What was not finished has not happened.").format(
                where=where
            ),
            _("See whether it has room, whether files may grow (ulimit -f, LimitFSIZE) and whether it is failing."),
        )
    return BadSetting(
        _("This cannot be written or read: it is read-only, or belongs to another account ({where}).").format(
            where=where
        ),
        _("Work as tsudoi's own account, on a disk that is mounted for writing. What only reads goes on a copy too."),
    )
