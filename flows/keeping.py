"""The keeper: beside the served flows it looks every second whether the ledger has grown, wherever the act was done.

Then the machine's work that has become possible is done and the board is written: acts of the desk show on the board as
those of the dashboard do. It waits in no flow and remembers nothing that a restart would miss.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import structlog
from sqlalchemy import func, select
from sqlmodel import col

from flows.base import quick
from flows.board import changed_pages, refresh_board
from flows.driving import drive
from flows.preparation import begin_year
from models import tables
from models.database import reading
from steps import arriving, driving, preparation
from steps.office import Office

_LOOK_EVERY = 1.0  # seconds: an act shows on the board within ten
_AFTER_TROUBLE = 30.0  # seconds
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Keeper:
    """What was seen last: the ledger's size, the day and what lies in the inbox; and the work that was tried on it."""

    office: Office
    seen: tuple[object, ...] = ()
    glimpsed: tuple[object, ...] = ()
    opened_on: date | None = None
    tried: set[tuple[object, ...]] = field(default_factory=set[tuple[object, ...]])

    def look(self) -> bool:
        """Look once; return whether there was anything to do: a change that has stood since the look before.

        The run that recorded an act writes the board itself, and is given that moment for it.
        """
        before, now = self.glimpsed, self._present()
        self.glimpsed = now
        if now == self.seen or now != before:
            return False
        self._open_the_year()
        self._drive()
        if changed_pages(self.office):
            refresh_board()
        self.seen = now
        return True

    def _present(self) -> tuple[object, ...]:
        with reading(self.office.engine) as connection:
            size = connection.execute(select(func.max(col(tables.Ledger.seq)))).scalar_one()
        return size, self.office.clock.now().date(), self._inbox()

    def _inbox(self) -> tuple[tuple[str, int, int], ...]:
        found = [(path.name, path.stat()) for path in arriving.inbox_files(self.office)]
        return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)

    def _open_the_year(self) -> None:
        """Open the year that is due once a day, as the schedule does: also when the server comes up late."""
        today = self.office.clock.now().date()
        if self.opened_on != today and preparation.is_to_be_opened(self.office):
            begin_year(return_state=True)
        self.opened_on = today

    def _drive(self) -> None:
        """Do what has become possible; what was tried in vain on the same things is not tried again before tomorrow."""
        today, lying = self.office.clock.now().date(), self._inbox()
        work = [(one.cycle_id, one.act) for one in driving.work(self.office) if one.may_be_done]
        if lying:
            work.append(("", "judge"))
        todo: set[tuple[object, ...]] = {(*one, today, lying) for one in work}
        if todo - self.tried:
            self.tried = todo
            drive(return_state=True)


def keep(stop: threading.Event, open_office: Callable[[], Office]) -> None:
    """Look until it is told to stop; trouble is logged by its kind and looked at again a little later."""
    with quick():
        keeper = Keeper(office=open_office())
        wait = 0.0
        while not stop.wait(wait):
            try:
                keeper.look()
                wait = _LOOK_EVERY
            except Exception as error:  # noqa: BLE001 - the keeper lives as long as the runner; the next look may succeed
                _log.warning("keeper_in_trouble", error_type=type(error).__name__)
                wait = _AFTER_TROUBLE
