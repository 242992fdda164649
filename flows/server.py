"""Prefect's server behind the gate, as a process of its own: `python -P -m flows.server FOLDER HOST PORT`.

It needs neither keys nor vault nor the domain's database, so that it may run under an account of its own. Without
services it is one of several replicas, and what Prefect does by itself is done by another process. Bare, it has no
dashboard either, as a rehearsal needs it.
"""

import os
from argparse import ArgumentParser
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from flows.access import VARIABLE, credential
from flows.gate import Gate

# Paths that would be told apart from those of the gate, or another door beside it.
_NOT_OURS = ("PREFECT_SERVER_API_BASE_PATH", "PREFECT_SERVER_UI_SERVE_BASE", "PREFECT_UI_SERVE_BASE")


def main(folder: Path, host: str, port: int, *, name: str, services: bool, bare: bool) -> None:
    """Serve until a signal ends it."""
    os.environ[VARIABLE] = secret = credential(folder)
    _fence(f"http://{f'[{host}]' if ':' in host else host}:{port}", bare=bare)
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    _wait_for_the_lock()
    server = get_current_settings().server
    uvicorn.run(
        Gate(
            inner=create_app(final=True, webserver_only=bare or not services),
            secret=secret, folder=folder, host=host, name=name,
        ),
        host=host, port=port, timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval, ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(), access_log=False, server_header=False,
    )  # fmt: skip


def _fence(origin: str, *, bare: bool) -> None:
    for name in _NOT_OURS:
        os.environ.pop(name, None)
    os.environ["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] = origin
    os.environ["PREFECT_SERVER_CSRF_PROTECTION_ENABLED"] = "true"
    os.environ["PREFECT_SERVER_UI_ENABLED"] = str(not bare).lower()


def _wait_for_the_lock() -> None:
    """Let each transaction of Prefect's on SQLite ask for the lock when it begins, and wait for it.

    Prefect begins them deferred: of two that read first and then write, SQLite refuses the second at once, whatever it
    is told to wait, and Prefect answers 503. On PostgreSQL nothing changes.
    """
    from prefect.server.database.configurations import AioSqliteConfiguration

    begin = AioSqliteConfiguration.begin_transaction

    def begin_transaction(self: Any, session: Any, **_how: bool) -> AbstractAsyncContextManager[Any]:
        return begin(self, session, with_for_update=True)

    AioSqliteConfiguration.begin_transaction = begin_transaction  # type: ignore[method-assign]  # Prefect has no setting for it


if __name__ == "__main__":
    asked = ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("host")
    asked.add_argument("port", type=int)
    asked.add_argument("--name", default="")
    asked.add_argument("--no-services", action="store_false", dest="services")
    asked.add_argument("--bare", action="store_true")
    main(**vars(asked.parse_args()))
