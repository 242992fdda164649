"""One moment of a cycle: its facts and the transaction they were read in. Views and papers are made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from models.programme import Programme
from states.calendar import Calendar
from states.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Look:
    """A cycle as it stands at one moment, seen as of a day; whoever asks anything of it after its end is stopped.

    `kept` names the files of evidence that lie with the office. What the facts ask later (history, pieces) and every
    statement on the connection read the same moment.
    """

    connection: Connection
    calendar: Calendar
    today: date
    kept: Callable[[], frozenset[str]]
    _facts: Facts

    @property
    def facts(self) -> Facts:
        """Return the facts of the cycle.

        Raises:
            RuntimeError: the moment is over, and other facts may hold by now.

        """
        if self.connection.closed:
            message = "facts do not outlive the moment in which they were read"
            raise RuntimeError(message)
        return self._facts

    @property
    def cycle_id(self) -> str:
        """Return which cycle is seen."""
        return self._facts.cycle_id

    @property
    def programme(self) -> Programme:
        """Return the programme as the cycle stored it when it was opened."""
        return self._facts.programme
