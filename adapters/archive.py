"""One file of many: a tar that ends with the SHA-256 of all that is in it, so that one cut off or changed is noticed.

The sums are in the form of `sha256sum`: who has no tsudoi unpacks it with tar, and checks it with `sha256sum -c`.
"""

import hashlib
import io
import tarfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from models.errors import Damaged
from models.words import _

SUMS = "SHA256SUMS"
_ODD = "surrogateescape"  # a name that is no UTF-8, as somebody's old medium gave it


class Archive:
    """An archive while it is written; `sums` are of the files that are in it so far, by name."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """Take the tar that is open for writing."""
        self._tar = tar
        self.sums = dict[str, str]()

    def add(self, path: Path, name: str) -> None:
        """Add a file, or a folder without what is in it; what is gone meanwhile, such as a draft, is left out."""
        with suppress(FileNotFoundError):
            if path.is_dir():
                self._tar.add(path, name, recursive=False)
                return
            with path.open("rb") as file:
                self._put(self._tar.gettarinfo(arcname=name, fileobj=file), file)

    def add_text(self, name: str, text: str) -> None:
        """Add a text as a file."""
        member = tarfile.TarInfo(name)
        member.size = len(content := text.encode(errors=_ODD))
        self._put(member, io.BytesIO(content))

    def _put(self, member: tarfile.TarInfo, file: BinaryIO) -> None:
        self._tar.addfile(member, hashing := _Hashing(file))
        self.sums[member.name] = hashing.digest.hexdigest()


class _Hashing:
    """A file that is hashed as it is read: what the archive holds is what its sum is of."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


@contextmanager
def writing(file: BinaryIO) -> Generator[Archive]:
    """Give an archive that is written into a file; at the end of the block the sums follow."""
    with tarfile.open(fileobj=file, mode="w") as tar:
        archive = Archive(tar)
        yield archive
        archive.add_text(SUMS, "".join(f"{digest}  {name}\n" for name, digest in archive.sums.items()))


def unpack(path: Path, into: Path, *, only: str = "") -> None:
    """Hold all that is in an archive against its sums, and unpack it, or one file of it alone.

    Raises:
        Damaged: it is no archive, is cut off, or a file in it is missing or not what was written.

    """
    sums, found = dict[str, str](), dict[str, str]()
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                file = _file_of(tar, member)
                if file and member.name == SUMS:
                    sums = dict(
                        line.split("  ", 1)[::-1] for line in file.read().decode(errors=_ODD).split("\n") if line
                    )
                    continue
                if file:
                    found[member.name] = hashlib.file_digest(cast("io.BufferedReader", file), "sha256").hexdigest()
                if only in {"", member.name}:
                    tar.extract(member, into, filter="data")
    except (tarfile.TarError, EOFError, ValueError):
        raise _damaged(_("The file {name} is no backup, or is cut off.").format(name=path.name)) from None
    if not sums:
        raise _damaged(_("The backup {name} is cut off: it ends before its sums.").format(name=path.name))
    if wrong := sorted(name for name in sums.keys() | found.keys() if sums.get(name) != found.get(name)):
        words = _("Of the backup {name} {count} files are missing or were changed; the first is {first}.")
        raise _damaged(words.format(name=path.name, count=len(wrong), first=wrong[0]))


def _file_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes] | None:
    """Return a member to be read, None of a folder; a link or a device is nothing of ours."""
    file = tar.extractfile(member) if member.isreg() else None
    if file is None and not member.isdir():
        raise tarfile.TarError
    return file


def _damaged(message: str) -> Damaged:
    return Damaged(message, _("Copy it again from where it is kept, or take another backup."))
