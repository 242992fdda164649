"""`tsudoi serve`: the dashboard, the schedules and the forms. Whatever ends it, nothing is lost: the database knows."""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import typer

from adapters.health import wait_until_healthy
from desk.console import say, say_table
from models.errors import BadSetting, TsudoiError
from models.words import _
from steps.office import Office

HOST, PORT = "127.0.0.1", 4200
_HEALTHY_WITHIN = 120  # seconds: a new database on a slow disk takes its time
_ANSWERS_WITHIN = 15  # seconds
_STOPPED_WITHIN = 8  # seconds
_DIE_WITH_PARENT = 1  # prctl(2): PR_SET_PDEATHSIG


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
    with _the_only_one(home), _own_server(home, _free_port(port)) as api:
        os.environ["PREFECT_API_URL"] = api
        _run_the_flows(api, alone=True)


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


@contextmanager
def _own_server(home: Path, port: int) -> Generator[str]:
    """Give the API address of a Prefect server of our own, which ends when this ends or is killed."""
    api, log = f"http://{HOST}:{port}/api", home / "prefect" / "server.log"
    _reach_it_without_a_proxy()
    say(_("The Prefect server is starting; this takes some seconds."))
    with log.open("w", encoding="utf-8") as output:
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
        # In a session of its own, so that Ctrl-C reaches it through us only, after the flows have ended.
        server = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread has been started yet
        )
    try:
        if not wait_until_healthy(api, seconds=_HEALTHY_WITHIN, while_=lambda: server.poll() is None):
            _say_that_it_failed(log)
        threading.Thread(target=_end_with, args=(server,), daemon=True).start()
        yield api
        if server.poll() is not None:
            _say_that_it_failed(log)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # the end has begun; asking twice must not break it off
        _stop(server)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(_STOPPED_WITHIN)
    except subprocess.TimeoutExpired:  # an open dashboard keeps its connections; SQLite bears a kill
        server.kill()
        server.wait()


def _end_with(server: "subprocess.Popen[bytes]") -> None:
    """End this process when the server is gone: flows without it would only knock on its door."""
    server.wait()
    os.kill(os.getpid(), signal.SIGTERM)


def _say_that_it_failed(log: Path) -> NoReturn:
    raise TsudoiError(
        _("The Prefect server did not start, or has stopped."),
        _("Its words are in {log}. Start again with: tsudoi serve").format(log=log),
    )


def _die_with_parent() -> None:
    """Ask Linux to kill this child when its parent is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _free_port(wanted: int | None) -> int:
    """Return the wanted port, or, where none is wanted, the usual one if it is free and a free one if not.

    Raises:
        BadSetting: the wanted port is taken.

    """
    for port in (PORT, 0) if wanted is None else (wanted,):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return probe.getsockname()[1]
    raise BadSetting(
        _("Port {port} is taken by another program.").format(port=wanted),
        _("Name another with --port, or leave it out."),
    )


def _reach_it_without_a_proxy() -> None:
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name, ""), HOST)))
