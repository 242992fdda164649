"""`tsudoi serve`: the dashboard, the schedules and the forms. Whatever ends it, nothing is lost: the database knows."""

import fcntl
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from adapters.health import wait_until_healthy
from desk.console import say, say_table
from desk.own_server import free_port, own_server
from models.errors import BadSetting, TsudoiError
from models.words import _
from steps.office import Office

_ANSWERS_WITHIN = 15  # seconds


def furnish(app: typer.Typer) -> None:
    """Put the command on the desk."""
    app.command("serve", help=_("Serve the dashboard, the schedules and the forms, until Ctrl-C."))(serve)


def serve(
    port: int | None = typer.Option(
        None, "--port", min=0, max=65535, help=_("Port of the Prefect server; 0 takes a free one. 4200 if it is free.")
    ),
) -> None:
    office = Office.open()
    configured = os.environ.get("PREFECT_API_URL", "")
    if configured and port is not None:
        raise BadSetting(
            _("--port is for tsudoi's own Prefect server, but PREFECT_API_URL names another."),
            _("Leave out one of the two."),
        )
    os.environ["TSUDOI_HOME"] = str(office.home)
    from flows.engine import prepare  # noqa: PLC0415 - only a desk that serves waits for the flows

    prepare(office.home)
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell in the background has them ignored
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        if configured:
            _serve_from_elsewhere(configured)
        else:
            _serve_from_here(office.home, port)


def _serve_from_here(home: Path, port: int | None) -> None:
    say(_("The Prefect server is starting; this takes some seconds."))
    with _the_only_one(home), own_server(home, free_port(port)) as api:
        os.environ["PREFECT_API_URL"] = api
        try:
            _run_the_flows(api, alone=True)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)  # the end has begun; asking twice must not break it off


def _serve_from_elsewhere(api: str) -> None:
    if not wait_until_healthy(api, seconds=_ANSWERS_WITHIN):
        raise BadSetting(
            _("The Prefect server at {api} does not answer.").format(api=api),
            _("Start it, or mend PREFECT_API_URL; without it tsudoi starts its own server."),
        )
    _run_the_flows(api, alone=False)


def _run_the_flows(api: str, *, alone: bool) -> None:
    from flows import deployments  # noqa: PLC0415 - Prefect reads its environment when it is imported

    def say_what_is_served() -> None:
        say(_("Dashboard: {address}").format(address=api.removesuffix("/api")), style="bold")
        say_table(
            [_("What runs"), _("When")],
            [[it.name, _("weekdays at 9:00") if it.cron else _("when asked")] for it in deployments.TABLE],
        )
        say(_("Ctrl-C stops it. Nothing is lost: what comes due meanwhile runs when it is started again."))
        sys.stdout.flush()

    deployments.serve(ready=say_what_is_served, alone=alone)


@contextmanager
def _the_only_one(home: Path) -> Generator[None]:
    """Refuse a second server on the same data; a kill releases the lock."""
    folder = home / "prefect"
    folder.mkdir(exist_ok=True, mode=0o700)
    with (folder / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TsudoiError(
                _("tsudoi serve is running already on {home}.").format(home=home),
                _("Use its dashboard, or stop it first."),
            ) from None
        yield
