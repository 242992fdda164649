"""The clocks: the machine's, and the virtual one of a rehearsal, which lives in a file so that a restart goes on."""

from datetime import datetime
from pathlib import Path

from adapters import disk
from models.clock import TOKYO
from models.errors import BadSetting
from models.words import _

CLOCK = "clock"  # the file in the data directory of a rehearsal


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
        """Return the time that was set last.

        Raises:
            BadSetting: the file does not say when.

        """
        try:
            said = datetime.fromisoformat(self.path.read_text(encoding="ascii").strip())
            return said.astimezone(TOKYO) if said.tzinfo else said.replace(tzinfo=TOKYO)
        except (OSError, ValueError, OverflowError):
            raise BadSetting(
                _("The file {name} of the rehearsal does not say what time it is.").format(name=self.path.name),
                _("Write one line into it, such as 2026-11-02T10:00:00+09:00, or rehearse anew."),
            ) from None

    def set(self, instant: datetime) -> None:
        """Set the time; a kill leaves the old or the new."""
        disk.put(self.path, instant.astimezone(TOKYO).isoformat().encode())
