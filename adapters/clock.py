"""The clocks: the machine's, and the virtual one of a rehearsal, which lives in a file so that a restart goes on."""

from datetime import datetime
from pathlib import Path

from models.clock import TOKYO, Clock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present in Tokyo."""
        return datetime.now(TOKYO)


class VirtualClock:
    """A rehearsal's clock: it stands until it is set."""

    def __init__(self, path: Path) -> None:
        """Take the file in which the time stands."""
        self.path = path

    def now(self) -> datetime:
        """Return the time that was set last."""
        return datetime.fromisoformat(self.path.read_text(encoding="ascii"))

    def set(self, instant: datetime) -> None:
        """Set the time; a kill leaves the old or the new."""
        waiting = self.path.with_suffix(".new")
        waiting.write_text(instant.astimezone(TOKYO).isoformat(), encoding="ascii")
        waiting.replace(self.path)


def clock_of(home: Path) -> Clock:
    """Return the clock of a data directory: virtual where a rehearsal put one."""
    virtual = home / "clock"
    return VirtualClock(virtual) if virtual.exists() else SystemClock()
