"""A process of its own that reads a workbook from standard input and writes its cells as JSON to standard output.

A workbook of a kilobyte can ask for more memory than there is, and the library ends the process then: this one, which
has bounds and nothing to lose. Alone it imports nothing of the project.
"""

import json
import resource
import sys
from datetime import date, datetime, time
from typing import Any

import python_calamine

_MEMORY = 2 << 30  # bytes
_SECONDS = 60  # of the processor
NO_WORKBOOK, TOO_LARGE = 3, 4  # exit status


def main() -> int:
    """Read a workbook: a list of sheets, of rows, of cells; a moment is a list of one text."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        book: Any = python_calamine.CalamineWorkbook.from_filelike(sys.stdin.buffer)  # pyright: ignore[reportUnknownMemberType]  # its stub leaves a type open
        sheets = [book.get_sheet_by_index(n).to_python(skip_empty_area=False) for n in range(len(book.sheet_names))]
    except (OSError, python_calamine.CalamineError):
        return NO_WORKBOOK
    except MemoryError:
        return TOO_LARGE
    json.dump([[[_plain(cell) for cell in row] for row in sheet] for sheet in sheets], sys.stdout)
    return 0


def _plain(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return [cell.isoformat()]
    return str(cell).strip()


if __name__ == "__main__":
    sys.exit(main())
