"""`tsudoi serve`: the dashboard, the schedules and the forms. Whatever ends it, nothing is lost: the database knows."""

import fcntl
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import typer

from adapters.health import wait_until_healthy
from desk.console import say, say_table
from desk.own_server import HOST, free_port, own_server
from models.errors import BadSetting, TsudoiError
from models.words import _
from steps.office import Office

_ANSWERS_WITHIN = 15  # seconds
_SHORTEST_CREDENTIAL = 16  # characters


def furnish(app: typer.Typer) -> None:
    """Put the command on the desk."""
    app.command("serve", help=_("Serve the dashboard, the schedules and the forms, until Ctrl-C."))(serve)


def serve(
    port: int | None = typer.Option(
        None, "--port", min=0, max=65535, help=_("Port of the Prefect server; 0 takes a free one. 4200 if it is free.")
    ),
    host: str = typer.Option(
        HOST, "--host", help=_("IP address to listen on. Anything but loopback needs PREFECT_SERVER_API_AUTH_STRING.")
    ),
) -> None:
    if not _is_address(host):
        raise BadSetting(
            _("--host takes an IP address."), _("Write 127.0.0.1 for this machine, 0.0.0.0 for every network.")
        )
    _only_guarded_beyond_this_machine(host, "PREFECT_SERVER_API_AUTH_STRING")
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
            _serve_from_here(office.home, host, port)


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(host))
    return False


def _only_guarded_beyond_this_machine(host: str, variable: str) -> None:
    """Refuse to be reached from other machines without a credential: whoever reaches Prefect may force any state."""
    alone = ip_address(host).is_loopback if _is_address(host) else host == "localhost"
    if not alone and len(os.environ.get(variable, "")) < _SHORTEST_CREDENTIAL:
        raise BadSetting(
            _(
                "{host} can be reached from other machines, and there is no credential of at least {count} characters."
            ).format(host=host, count=_SHORTEST_CREDENTIAL),
            _("Set {variable} to NAME:PASSWORD, or stay on 127.0.0.1.").format(variable=variable),
        )


def _serve_from_here(home: Path, host: str, port: int | None) -> None:
    say(_("The Prefect server is starting; this takes some seconds."))
    with _the_only_one(home), own_server(home, free_port(port, host), host=host) as api:
        os.environ["PREFECT_API_URL"] = api
        try:
            _run_the_flows(api, alone=True)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)  # the end has begun; asking twice must not break it off


def _serve_from_elsewhere(api: str) -> None:
    _only_guarded_beyond_this_machine(urlsplit(api).hostname or "", "PREFECT_API_AUTH_STRING")
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
            [[it.name, _when(it.cron)] for it in deployments.SWEEPS],
        )
        forms = len(deployments.TABLE) - len(deployments.SWEEPS)
        say(_("{count} forms of acts, one for each act of the table. The board leads to them: {address}").format(
            count=forms, address=f"{api.removesuffix('/api')}/artifacts/key/tsudoi-index"
        ))  # fmt: skip
        say(_("Ctrl-C stops it. Nothing is lost: what comes due meanwhile runs when it is started again."))
        sys.stdout.flush()

    deployments.serve(ready=say_what_is_served, alone=alone)


def _when(cron: str) -> str:
    if not cron:
        return _("after every act, or when asked")
    if "-17 " in cron:
        return _("weekdays, hourly from 10:10 to 17:10")
    return _("weekdays of December at 9:00") if " 12 " in cron else _("weekdays at 9:00")


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
