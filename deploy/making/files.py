"""A file that is made: written, or compared with what it should be; and the tables in it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

HOUSE = Path(__file__).parents[2]


def made(path: Path, content: bytes, arguments: Sequence[str]) -> str | None:
    """Write it, or with --check return what is amiss, one line: the exit status is then 1."""
    if "--check" not in arguments:
        path.write_bytes(content)
        return None
    current = path.is_file() and path.read_bytes() == content
    return None if current else f"{path.name} is stale. Run: make docs"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Walk over the lines of a table, in which no cell holds what would end it."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "&#124;").replace("\n", " ") for cell in row) + " |"
