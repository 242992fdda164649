"""What looks, beside the served flows, whether ledger, inbox or day have changed, and only asks for runs.

Whatever acts asks by itself (AFTER); what was dropped, and a file in the inbox, is seen here. It runs no flow, waits
for nothing and remembers nothing that a restart would miss.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import structlog
from sqlalchemy import func, select
from sqlmodel import col

from models import tables
from models.database import reading
from states.events import LETTER_SENT
from states.table import BY_TRIGGER
from steps import arriving, asking, driving, preparation
from steps.office import Office

_EVERY = 2.0  # seconds: an act shows on the board within ten
_AFTER_TROUBLE = 30.0  # seconds
# A refusal changes nothing: a run that is refused something is not asked for again by what it wrote. Nor does a letter.
# What a morning flags it looks at itself, in one run; with many years a run of each would keep their acts waiting.
_NO_CHANGE = ("act_refused", "extract_refused", "act_flagged", LETTER_SENT)
_WAITING = {state for act in driving.TAKEN_FROM_THE_INBOX for state in BY_TRIGGER[act].froms}
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Looker:
    """What was seen last: the last entry of each open year, and what lies in the inbox on which day."""

    office: Office
    entries: dict[str, tuple[int, bool]] | None = None
    inbox: tuple[tuple[str, int, int], ...] = ()
    day: date | None = None

    def look(self) -> None:
        """Look once, and ask for a run of what has changed; what the server does not take is asked for again."""
        now = self.office.clock.now()
        entries, inbox = self._entries(), self._inbox()
        if self.day != now.date() and preparation.is_to_be_opened(self.office):
            asking.for_all(self.office, asking.OPENING, f"{now.date()}")
        if self.entries is None:  # whatever happened while nobody served, in one run
            if not asking.for_all(self.office, asking.ALL_YEARS, now.isoformat()):
                return
            self.entries = entries
        for cycle_id, (seq, waits) in entries.items():
            lying = f"{inbox}" if waits and inbox != self.inbox else ""
            if (lying or self.entries.get(cycle_id) != (seq, waits)) and not asking.for_a_look(
                self.office, cycle_id, seq, lying
            ):
                return
        self.entries, self.inbox, self.day = entries, inbox, now.date()

    def _entries(self) -> dict[str, tuple[int, bool]]:
        """Return the last entry of each open year, and whether it waits for a file in the inbox."""
        cycle, entry = tables.Cycle, tables.Ledger
        query = (
            select(col(cycle.id), col(cycle.state), func.max(col(entry.seq)))
            .join(entry, col(entry.cycle_id) == col(cycle.id))
            .where(col(entry.event).not_in(_NO_CHANGE))
            .group_by(col(cycle.id), col(cycle.state))
        )
        with reading(self.office.engine) as connection:
            found = connection.execute(query)
            return {cycle_id: (seq, state in _WAITING) for cycle_id, state, seq in found}

    def _inbox(self) -> tuple[tuple[str, int, int], ...]:
        found = [(path.name, path.stat()) for path in arriving.inbox_files(self.office)]
        return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def keep_looking(stop: threading.Event, open_office: Callable[[], Office]) -> None:
    """Look until it is told to stop; trouble is logged by its kind and looked at again a little later."""
    looker, wait = Looker(office=open_office()), 0.0
    while not stop.wait(wait):
        try:
            looker.look()
            wait = _EVERY
        except Exception as error:  # noqa: BLE001 - it lives as long as the runner; the next look may succeed
            _log.warning("looking_in_trouble", error_type=type(error).__name__)
            wait = _AFTER_TROUBLE
