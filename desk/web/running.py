"""The desk's process as `tsudoi serve` runs it: begun beside Prefect's server, and ended with it."""

from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from adapters.children import child, ending_with
from adapters.health import wait_until_healthy
from adapters.settings import Settings
from flows.own_server import HOST, free_port
from models.errors import TsudoiError
from models.words import _

PORT = 4300
_READY_WITHIN = 60  # seconds


class Desk:
    """The desk that runs: where people reach it, once it answers."""

    def __init__(self, address: str, people_at: str, failed: TsudoiError) -> None:
        """Take its address on this machine, the one that people have for it, and what says that it does not run."""
        self._address, self._failed = address, failed
        self.people_at = people_at or address

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            TsudoiError: it does not.

        """
        if not wait_until_healthy(f"{self._address}/login", seconds=_READY_WITHIN):
            raise self._failed


@contextmanager
def own_desk(settings: Settings, port: int | None) -> Generator[Desk]:
    """Run the desk on this machine's loopback while this lasts; when it ends by itself, so does this process.

    Whoever is elsewhere reaches it through a proxy that speaks TLS (setting `desk`): passphrases pass no open network.

    Raises:
        BadSetting: the port is taken.
        TsudoiError: it has stopped meanwhile.

    """
    own, at = free_port(port, usual=PORT), urlsplit(settings.desk)
    log = settings.home.absolute() / "desk.log"
    secure = ["--https"] if at.scheme == "https" else []
    failed = TsudoiError(
        _("The desk did not start, or has stopped."),
        _("Its words are in {log}. Start the same command again.").format(log=log),
    )
    command = "desk.web.server", HOST, str(own), at.hostname or ""
    with child(*command, *secure, log=log) as begun, ending_with(begun, failed):
        yield Desk(f"http://{HOST}:{own}", settings.desk.rstrip("/"), failed)
