"""How far a work of the machine is, as a bar beside its run: counts alone, and nothing rests on it."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

import structlog
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from adapters import progress
from models.words import _

_EVERY = 1.0  # seconds: nobody looks more often, and the server has something else to do
_UNFINISHED = 99.0  # percent: after the last of what is counted comes what is not, such as to read back
_log = structlog.get_logger()


class _Bar:
    """The bar of one work. It comes with the first count; whatever the server says of it holds up no work."""

    def __init__(self, key: str, title: str) -> None:
        self.key, self.title = key, title
        self.id: UUID | None = None
        self.told_at = -_EVERY
        self.counts = 0, 0

    def tell(self, done: int, of: int) -> None:
        self.counts = done, of
        if time.monotonic() - self.told_at >= _EVERY:
            self.show(min(_UNFINISHED, 100 * done / of if of else 0.0))

    def show(self, percent: float) -> None:
        self.told_at, (done, of) = time.monotonic(), self.counts
        words = _("{title}: {done} of {all}").format(title=self.title, done=f"{done:,}", all=f"{of:,}")
        try:
            if self.id:
                update_progress_artifact(self.id, percent, words)
            else:
                made = create_progress_artifact(percent, key=self.key, description=words)
                assert isinstance(made, UUID)
                self.id = made
        except Exception as error:  # noqa: BLE001 - whatever Prefect raises: a bar that cannot be shown stops no sealing
            _log.warning("progress_not_shown", error_type=type(error).__name__)


@contextmanager
def shown(key: str, title: str) -> Generator[None]:
    """Show how far the work within is, if it tells it."""
    bar = _Bar(key, title)
    with progress.listened_to(bar.tell):
        yield
    if bar.id:
        bar.show(100.0)
