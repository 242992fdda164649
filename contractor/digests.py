"""Check values of what a print system is about to print, for a contractor who prints with a system of its own."""

import csv
from pathlib import Path

from adapters import disk
from models.errors import BadInput
from models.package import row_digest
from models.words import _


def write_digests(printed: Path, package_sha256: str, into: Path) -> int:
    """Write a check value of each row that a print system is about to print; return how many rows.

    `printed` is a CSV with a header and serial, name, postal code and address, as that system holds them. The ward
    compares the values with its own: a name that stands with another's address is named by its serial. The values hold
    nothing that can be read, and nobody without the hash of the package can make them.

    Raises:
        BadInput: the file is not such a CSV.

    """
    try:
        with printed.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))[1:]
        lines = [f"{int(row[0])},{row_digest(package_sha256, *row[:4])}" for row in rows if row]
    except (OSError, ValueError, TypeError, csv.Error):
        raise BadInput(
            _("The rows to be printed cannot be read."),
            _("Export them as CSV in UTF-8: serial, name, postal code, address, with a header."),
        ) from None
    disk.put(into, ("\n".join(lines) + "\n").encode())
    return len(lines)
