"""What can go wrong, worded for the person who must act.

TsudoiError            exit 2, the base: what happened, where, and what to do
├── Unknown            a name that is not on any list: year, programme, person, act, file
├── BadInput           something a person or another system handed in cannot be used
├── BadSetting         a setting or programme key is wrong
├── Damaged            stored evidence does not hold: ledger, package, vault
└── Refused            a step that may not happen yet; carries every unmet guard

No message ever holds a resident's data: rows, columns, serials, counts and codes only.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from models.words import _, bracketed


class TsudoiError(Exception):
    """What happened, and the remedy on a line of its own.

    `act` is the act of the table that the remedy asks for, "" where it is none: the command says how it is typed, the
    desk shows its form. The words name neither, for they are read at both.
    """

    exit_status: ClassVar[int] = 2

    def __init__(self, message: str, remedy: str = "", *, act: str = "") -> None:
        """Take what happened and what the reader should do about it, both in the reader's language."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.act = act

    def __str__(self) -> str:
        """Return both in one line, as a log or a run state shows them."""
        return f"{self.message} → {self.remedy}" if self.remedy else self.message


class Unknown(TsudoiError):
    """A name that is not on any list. Look at the list the remedy names."""


class BadInput(TsudoiError):
    """What was handed in cannot be used. Mend it at its source and hand it in again."""


class BadSetting(TsudoiError):
    """A setting or a key of a programme is wrong. The message names the key."""


class Damaged(TsudoiError):
    """Stored evidence does not hold. Stop, keep everything as it is, and call the person in charge."""


def place_of(error: BaseException) -> str:
    """Return where in the code an unforeseen error was raised: file and line, never what it said."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """One guard that is not met: what is missing, who owes it, by when (ISO date), by which act; "" where none is.

    `names` is what differs, as the sentence ends with it: numbers, serials, days.
    """

    guard: str
    missing: str
    owner: str
    due_on: str = ""
    act: str = ""
    names: str = ""

    def __str__(self) -> str:
        """Return one line for a list of what is missing."""
        by = _("by {date}").format(date=self.due_on) if self.due_on else ""
        return self.missing + (bracketed(" ".join(filter(None, (self.owner, by)))) if self.owner or by else "")


class Refused(TsudoiError):
    """A step that may not happen yet. Every unmet guard is listed."""

    def __init__(self, message: str, unmet: Sequence[Unmet] = (), remedy: str = "") -> None:
        """Take the step in words and everything that is missing for it."""
        super().__init__(message, remedy)
        self.unmet = tuple(unmet)

    def __str__(self) -> str:
        """Return the refusal with its list, one line for each unmet guard."""
        return "\n".join([super().__str__(), *(f"  - {gap}" for gap in self.unmet)])
