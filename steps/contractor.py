"""The contractor's side, from the encrypted package alone: open it, print the letters, erase everything again.

Nothing here reads the ward's database or vault. A contractor without a variable-data system of its own can use it as it
stands; the counts it makes are its own.
"""

import csv
import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.fonts import default_font
from adapters.package import open_package
from adapters.password import check
from adapters.press import Addressee, Press
from adapters.vault import shred
from models.errors import BadInput, Damaged, Unknown
from models.words import _
from steps.transfer import FILE, MANIFEST, WORDS

_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the contractor read: its own count and the hash it computed."""

    persons: int
    package_sha256: str


def open_to(folder: Path, package: Path, *, password: str, sha256: str = "") -> Opened:
    """Open the encrypted package into a folder of the contractor's and count the persons.

    Raises:
        BadInput: the password has a slip, or the folder is not empty.
        Damaged: the package is not what was sealed.

    """
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(
            _("The folder is not empty."), _("Choose an empty folder: what is opened must be erasable as a whole.")
        )
    members = open_package(package, password=check(password), sha256=sha256 or None)
    _compare(members)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in members.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    return Opened(persons=sum(1 for _row in addressees(folder)), package_sha256=digest)


def addressees(folder: Path) -> Iterator[Addressee]:
    """Walk over the addressees of an opened package in serial order."""
    text = (folder / FILE).read_text(encoding="utf-8-sig")
    for serial, name, postal_code, address in list(csv.reader(io.StringIO(text, newline="")))[1:]:
        yield Addressee(serial=int(serial), name=name, postal_code=postal_code, address=address)


def print_letters(folder: Path, into: Path, *, workers: int = 2) -> int:
    """Print every letter of an opened package, in serial order, as a few PDF files; return how many letters.

    Raises:
        Unknown: no package was opened into this folder.

    """
    if not (folder / FILE).is_file():
        raise Unknown(
            _("No package was opened into this folder."), _("Open it first: tsudoi contractor open PACKAGE FOLDER")
        )
    into.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(number: int, pdf: bytes) -> None:
        (into / f"letters-{number:03}.pdf").write_bytes(pdf)

    return _press(folder).letters(addressees(folder), into=put, words=_words(folder), batch=_BATCH, workers=workers)


def print_sample(folder: Path, into: Path, serials: frozenset[int]) -> Path:
    """Print the imprint sample: the letters of the named serials, marked as a specimen."""
    people = [person for person in addressees(folder) if person.serial in serials]
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = into / "imprint-sample.pdf"
    path.write_bytes(_press(folder).specimen(_words(folder), people))
    return path


def write_digests(printed: Path, package_sha256: str, into: Path) -> int:
    """Write a check value of each row that a print system is about to print; return how many rows.

    `printed` is a CSV with a header and serial, name, postal code and address, as that system holds them. The ward
    compares the values with its own: a name that stands with another's address is named by its serial. The values hold
    nothing that can be read, and nobody without the hash of the package can make them.

    Raises:
        BadInput: the file is not such a CSV.

    """
    try:
        rows = list(csv.reader(io.StringIO(printed.read_text(encoding="utf-8-sig"), newline="")))[1:]
        lines = [f"{int(row[0])},{row_digest(package_sha256, *row[:4])}" for row in rows if row]
    except (OSError, ValueError, TypeError, csv.Error):
        raise BadInput(
            _("The rows to be printed cannot be read."),
            _("Export them as CSV in UTF-8: serial, name, postal code, address, with a header."),
        ) from None
    into.touch(mode=0o600)
    into.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def row_digest(package_sha256: str, serial: str, name: str, postal_code: str, address: str) -> str:
    """Return the check value of a row: keyed with the package's hash, the postal code with or without its hyphen."""
    text = "\x1f".join((str(int(serial)), name, postal_code.replace("-", ""), address))
    return hmac.new(bytes.fromhex(package_sha256), text.encode(), hashlib.sha256).hexdigest()


def erase(folder: Path) -> int:
    """Overwrite and remove everything under a folder of the contractor's; return how many files."""
    erased = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            shred(path)
            erased += 1
    if folder.exists():
        folder.rmdir()
    return erased


def _compare(members: dict[str, bytes]) -> None:
    hashes: dict[str, str] = json.loads(members.get(MANIFEST, b"{}")).get("sha256", {})
    found = {name: hashlib.sha256(content).hexdigest() for name, content in members.items() if name != MANIFEST}
    if not hashes or found != hashes:
        raise Damaged(
            _("The files in the package are not those of its manifest."), _("Do not use it; call the other side.")
        )


def _words(folder: Path) -> Any:
    return json.loads((folder / WORDS).read_text(encoding="utf-8"))


def _press(folder: Path) -> Press:
    font = default_font()
    return Press(templates=folder, fonts=(font.path,), family=font.family)
