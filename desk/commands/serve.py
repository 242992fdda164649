"""`tsudoi serve`: the desk, the dashboard and the schedules. Whatever ends it, nothing is lost: the database knows."""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, TextIO

import structlog
from typer import Option, Typer

from adapters.settings import Settings
from desk.console import say, say_table
from desk.web.running import Desk, own_desk
from flows import access, offices
from flows.engine import prepare
from flows.own_server import API, HOST, become_the_services, free_port, is_address, own_server, reach_another
from models.errors import BadSetting, TsudoiError
from models.words import _
from steps.office import Office
from views.board import INDEX

app = Typer()

_log = structlog.get_logger()


@app.command(help=_("Serve the desk, the dashboard and the schedules, until Ctrl-C."))
def serve(
    port: Annotated[
        int | None,
        Option(
            "--port", min=0, max=65535, help=_("Port of the Prefect server; 0 takes a free one. 4200 if it is free.")
        ),
    ] = None,
    desk_port: Annotated[
        int | None,
        Option("--desk-port", min=0, max=65535, help=_("Port of the desk; 0 takes a free one. 4300 if it is free.")),
    ] = None,
    host: Annotated[str, Option("--host", help=_("IP address to listen on."))] = HOST,
    link: Annotated[
        bool,
        Option("--link", help=_("Only print a new link to the dashboard of the server that runs; it opens it once.")),
    ] = False,
    server_only: Annotated[
        bool,
        Option("--server-only", help=_("Only the Prefect server, for an account that has neither keys nor vault.")),
    ] = False,
    no_services: Annotated[
        bool,
        Option(
            "--no-services",
            help=_("With --server-only: one of several replicas on one database and one data directory."),
        ),
    ] = False,
    services_only: Annotated[
        bool,
        Option("--services-only", help=_("Only what such replicas leave: schedules, late runs, automations.")),
    ] = False,
    office: Annotated[
        str,
        Option(
            "--office",
            metavar="NAME",
            help=_("Only make and print the credential of an office that shares this server; its earlier one is void."),
        ),
    ] = "",
) -> None:
    if not is_address(host):
        raise BadSetting(
            _("--host takes an IP address."), _("Write 127.0.0.1 for this machine, 0.0.0.0 for every network.")
        )
    if no_services and not server_only:
        raise BadSetting(
            _("--no-services is for a server alone: without schedules no year goes on."),
            _("Write --server-only --no-services, and run tsudoi serve --services-only once beside all replicas."),
        )
    of_a_server = link or office or server_only or services_only
    settings = Settings.load() if of_a_server else Office.open().settings
    if link:
        _print_a_link(settings.home)
        return
    if office:
        print(offices.new_credential(access.folder_of(settings.home), office))
        return
    configured = os.environ.get(API, "")
    if configured and (server_only or port is not None):
        raise BadSetting(
            _("--port is for tsudoi's own Prefect server, but PREFECT_API_URL names another."),
            _("Leave out one of the two."),
        )
    home = settings.home.absolute()
    os.environ["TSUDOI_HOME"] = str(home)
    prepare(home)
    if services_only:
        become_the_services(home)
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell in the background has them ignored
        signal.signal(number, signal.default_int_handler)
    threading.excepthook = _log_its_kind
    with suppress(KeyboardInterrupt):
        if configured:
            here = reach_another(configured)
            with _the_only_one(home), own_desk(settings, desk_port) as desk:
                _run_the_flows(lambda: _say_address(settings, configured.removesuffix("/api")), desk, alone=here)
        elif server_only:
            _serve_prefect_alone(settings, host, port, services=not no_services)
        else:
            _serve_from_here(settings, host, port, desk_port)


def _log_its_kind(died: threading.ExceptHookArgs) -> None:
    """Log what ended a thread, where Python would print a traceback, which might quote data (Law 4)."""
    _log.warning("thread_died", error_type=died.exc_type.__name__)


def _print_a_link(home: Path) -> None:
    """Print a link, for the browser of whoever may read the data directory; the server finds it there."""
    with _lock_of(home) as lock:
        if _is_mine(lock):
            raise TsudoiError(
                _("tsudoi serve is not running on {home}.").format(home=home), _("Start it: it prints a link itself.")
            )
    print(access.new_link(access.folder_of(home)))


def _serve_from_here(settings: Settings, host: str, port: int | None, desk_port: int | None) -> None:
    home = settings.home.absolute()
    say(_("The Prefect server is starting; this takes some seconds."))
    with (
        _the_only_one(home),
        own_desk(settings, desk_port) as desk,  # first: a child is forked before there are threads
        own_server(home, free_port(port, host), host=host, people_at=settings.dashboard, meanwhile="flows.deployments"),
        _not_broken_off(),
    ):
        _run_the_flows(lambda: _say_the_way_in(settings), desk, alone=True)


def _serve_prefect_alone(settings: Settings, host: str, port: int | None, *, services: bool) -> None:
    home = settings.home.absolute()
    say(_("The Prefect server is starting; this takes some seconds."))
    with (
        _the_only_one(home, among_replicas=not services),
        own_server(home, free_port(port, host), host=host, people_at=settings.dashboard, services=services),
        _not_broken_off(),
    ):
        _say_the_way_in(settings)
        _say_that_it_lasts()
        threading.Event().wait()


@contextmanager
def _not_broken_off() -> Generator[None]:
    """Let the end, once it has begun, go on: asking twice must not break it off."""
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)


def _run_the_flows(say_where: Callable[[], None], desk: Desk, *, alone: bool) -> None:
    from flows import deployments

    os.environ["TSUDOI_DESK"] = desk.people_at  # the board leads there

    def say_what_is_served() -> None:
        desk.wait()
        say(_("Desk: {address}"), address=desk.people_at, style="bold")
        say_where()
        whens = [[served.name, _(deployments.WHEN[served.cron])] for served in deployments.TABLE]
        say_table([_("What runs"), _("When")], whens)
        _say_that_it_lasts()

    deployments.serve(ready=say_what_is_served, alone=alone)


def _say_that_it_lasts() -> None:
    say(_("Ctrl-C stops it. Nothing is lost: what comes due meanwhile runs when it is started again."))
    sys.stdout.flush()


def _say_the_way_in(settings: Settings) -> None:
    """Say how the dashboard is opened. A link is never written into the machine's journal."""
    folder = access.folder_of(settings.home)
    _say_address(settings, access.where(folder))
    if "JOURNAL_STREAM" not in os.environ:
        say(_("This link opens it, once, within ten minutes. Another: tsudoi serve --link"))
        print(access.new_link(folder))
    else:
        say(_("A link opens it, once, within ten minutes: tsudoi serve --link"))


def _say_address(settings: Settings, address: str) -> None:
    board = access.PAGE.format(key=settings.on_the_server(INDEX))
    say(_("Dashboard: {address}"), address=address, style="bold")
    say(_("The board: {address}"), address=address + board)


@contextmanager
def _the_only_one(home: Path, *, among_replicas: bool = False) -> Generator[None]:
    """Hold what one `tsudoi serve` holds, until the end or a kill; refuse a second one on the same data.

    Replicas hold it together, and keep all others out.
    """
    with _lock_of(home) as lock:
        if not _is_mine(lock, among_replicas=among_replicas):
            raise TsudoiError(
                _("tsudoi serve is running already on {home}.").format(home=home),
                _("Use its dashboard, or stop it first."),
            )
        yield


def _lock_of(home: Path) -> TextIO:
    return (access.folder_of(home) / "serve.lock").open("w")


def _is_mine(lock: TextIO, *, among_replicas: bool = False) -> bool:
    """Take the lock, unless another `tsudoi serve` holds it, or one that is no replica."""
    with suppress(BlockingIOError):
        fcntl.flock(lock, (fcntl.LOCK_SH if among_replicas else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        return True
    return False
