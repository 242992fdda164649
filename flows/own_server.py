"""The Prefect server that this process speaks to: one of our own, or one that somebody else runs.

Our own is a child on 127.0.0.1 or where it is told, and ends with this process, however it ends: Prefect's own
ephemeral server would stay behind after a kill -9.
"""

import os
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from adapters.children import child, ending_with
from adapters.health import wait_until_healthy
from flows import access
from models.errors import BadSetting, TsudoiError
from models.words import _

HOST, PORT = "127.0.0.1", 4200
API, CREDENTIAL = "PREFECT_API_URL", "PREFECT_API_AUTH_STRING"  # by these a client of Prefect finds its server
_HEALTHY_WITHIN = 120  # seconds: a new database on a slow disk takes its time
_ANSWERS_WITHIN = 60  # seconds: at the machine's start ours may be there first, and is started only so often


@contextmanager
def own_server(
    home: Path,
    port: int,
    *,
    host: str = HOST,
    people_at: str = "",
    dashboard: bool = True,
    services: bool = True,
    meanwhile: str = "",
) -> Generator[str]:
    """Give the API address of a Prefect server of our own; without a dashboard it also runs no services.

    Without services it is one of several on a database and a data directory, each with a log of its own.

    This process, and the flows that it runs, have the server's credential from here on. Where it listens on every
    address it is reached on loopback; where people reach it at an address of its own, links lead there. While it
    starts, the module `meanwhile` is imported: Prefect takes as long to import as its server to start.

    Raises:
        BadSetting: a credential is set that is too weak.
        TsudoiError: it does not start, or has stopped meanwhile.

    """
    own = HOST if ip_address(host).is_unspecified else host
    base = f"http://{f'[{own}]' if ':' in own else own}:{port}"
    folder = access.folder_of(home)
    api, log = f"{base}/api", folder / ("server.log" if services else f"server-{port}.log")
    failed = TsudoiError(
        _("The Prefect server did not start, or has stopped."),
        _("Its words are in {log}. Start the same command again.").format(log=log),
    )
    os.environ[CREDENTIAL] = access.credential(folder)
    access.say_where(folder, people_at.rstrip("/") or base)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name, ""), HOST, own)))
    name = urlsplit(people_at).hostname or ""
    shown = ["--name", name, *([] if services else ["--no-services"])]
    kind = shown if dashboard else ["--bare"]
    with child("flows.server", str(folder), host, str(port), *kind, log=log, folder=folder) as server:
        os.environ[API] = api
        if meanwhile:
            import_module(meanwhile)
        if not wait_until_healthy(f"{api}/health", seconds=_HEALTHY_WITHIN, while_=lambda: server.poll() is None):
            raise failed
        with ending_with(server, failed):  # flows without it would only knock on its door
            yield api


def become_the_services(home: Path) -> NoReturn:
    """Go on as what Prefect does by itself, for replicas that leave it: schedules, late runs, automations, retention.

    It stands behind no gate, for it listens nowhere.
    """
    os.chdir(access.folder_of(home))  # Prefect reads settings where it is started
    command = [sys.executable, "-P", "-m", "prefect", "server", "services", "start"]
    os.execv(sys.executable, command)  # noqa: S606 - the command is ours


def reach_another(api: str) -> bool:
    """Wait for a server that somebody else runs; tell whether it runs on this machine.

    Raises:
        BadSetting: it does not answer, or runs elsewhere and is spoken to without a credential worth the name.

    """
    name = urlsplit(api).hostname or ""
    here = ip_address(name).is_loopback if is_address(name) else name == "localhost"
    if not here:
        access.judge(CREDENTIAL, os.environ.get(CREDENTIAL, ""))
    if not wait_until_healthy(f"{api}/health", seconds=_ANSWERS_WITHIN):
        raise BadSetting(
            _("The Prefect server at {api} does not answer.").format(api=api),
            _("Start it, or mend PREFECT_API_URL; without it tsudoi starts its own server."),
        )
    return here


def is_address(host: str) -> bool:
    """Tell an IP address from a name."""
    with suppress(ValueError):
        return bool(ip_address(host))
    return False


def free_port(wanted: int | None, host: str = HOST, *, usual: int = PORT) -> int:
    """Return the wanted port, or, where none is wanted, the usual one if it is free and a free one if not.

    Raises:
        BadSetting: the wanted port is taken.

    """
    for port in (usual, 0) if wanted is None else (wanted,):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return probe.getsockname()[1]
    raise BadSetting(
        _("Port {port} is taken by another program.").format(port=wanted),
        _("Name another with --port, or leave it out."),
    )
