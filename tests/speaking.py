"""What a command said, and what the database held at a moment."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


Tsudoi = Callable[..., Said]


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What the database held at a moment: the ledger's events, and every other row."""

    events: tuple[str, ...]
    rows: frozenset[str]
