"""The package as it came: opened into a folder that can be erased as a whole, and its persons counted.

Nothing of this room reads the ward's database or vault; the counts are the contractor's own.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from adapters import disk
from adapters.package import open_package
from adapters.password import check
from adapters.press import Addressee
from models.errors import BadInput, Damaged, Unknown
from models.package import FILE, MANIFEST
from models.words import _


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
    hashes: dict[str, str] = json.loads(members.get(MANIFEST, b"{}")).get("sha256", {})
    found = {name: hashlib.sha256(content).hexdigest() for name, content in members.items() if name != MANIFEST}
    if not hashes or found != hashes:
        raise Damaged(
            _("The files in the package are not those of its manifest."), _("Do not use it; call the other side.")
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in members.items():
        disk.put(folder / name, content)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    return Opened(persons=sum(1 for _row in addressees(folder)), package_sha256=digest)


def addressees(folder: Path) -> Iterator[Addressee]:
    """Walk over the addressees of an opened package in serial order.

    Raises:
        Unknown: no package was opened into this folder.

    """
    look_for(folder / FILE)
    with (folder / FILE).open(encoding="utf-8-sig", newline="") as file:
        for serial, name, postal_code, address in islice(csv.reader(file), 1, None):
            yield Addressee(serial=int(serial), name=name, postal_code=postal_code, address=address)


def look_for(path: Path) -> None:
    """Refuse a folder in which a file of the package does not lie.

    Raises:
        Unknown: no package was opened into this folder.

    """
    if not path.is_file():
        raise Unknown(
            _("No package was opened into this folder."), _("Open it first: tsudoi contractor open PACKAGE FOLDER")
        )
