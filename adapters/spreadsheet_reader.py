"""A process of its own that reads a workbook from standard input and writes its cells as JSON to standard output.

Alone it imports nothing of the project but its bounds.
"""

import json
import re
import sys
import zipfile
from datetime import date, datetime, time
from io import BytesIO
from typing import IO, Any

import python_calamine

from adapters.bounded import TOO_LARGE, bind

_SECONDS = 60  # of the processor
NO_WORKBOOK, HAS_FORMULAS = 3, 5  # exit status
NO_FORMULAS = "--no-formulas"
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_AT_ONCE, _LONGEST_TAG = 1 << 20, 64  # bytes of a sheet


def main() -> int:
    """Read a workbook: a list of sheets, of rows, of cells; a moment is a list of one text.

    What a formula shows is a value like another, unless the workbook may have none.
    """
    bind(_SECONDS)
    try:
        content = BytesIO(sys.stdin.buffer.read())
        if NO_FORMULAS in sys.argv and _has_formulas(content):
            return HAS_FORMULAS
        content.seek(0)
        book: Any = python_calamine.CalamineWorkbook.from_filelike(content)  # pyright: ignore[reportUnknownMemberType]  # its stub leaves a type open
        sheets = [book.get_sheet_by_index(n).to_python(skip_empty_area=False) for n in range(len(book.sheet_names))]
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, python_calamine.CalamineError):
        return NO_WORKBOOK
    except MemoryError:
        return TOO_LARGE
    json.dump([[[_plain(cell) for cell in row] for row in sheet] for sheet in sheets], sys.stdout)
    return 0


def _has_formulas(book: IO[bytes]) -> bool:
    with zipfile.ZipFile(book) as parts:
        return any(_is_calculated(parts, name) for name in parts.namelist() if "sheets/" in name)


def _is_calculated(parts: zipfile.ZipFile, name: str) -> bool:
    """Look through a sheet a piece at a time, each with the end of the one before."""
    with parts.open(name) as sheet:
        end = b""
        while piece := sheet.read(_AT_ONCE):
            if _FORMULA.search(end + piece):
                return True
            end = piece[-_LONGEST_TAG:]
    return False


def _plain(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return [cell.isoformat()]
    return str(cell).strip()


if __name__ == "__main__":
    sys.exit(main())
