"""`tsudoi serve` as a process of a test: its dashboard's API, its runs, its memory, and its end."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

TSUDOI = Path(sys.executable).with_name("tsudoi")
# How long a test waits for a fact before it gives up, in seconds; no measure of anything. Prefect's server itself waits
# a minute where its SQLite is busy.
PATIENCE = 240


class Serving:
    """A running `tsudoi serve`."""

    def __init__(self, folder: Path, port: int, *options: str, secret: str = "", **variables: str) -> None:
        folder.mkdir(exist_ok=True)
        self.out, self.port, self.most = folder / "out.txt", port, 0
        if secret:  # of a server elsewhere; our own makes one and keeps it in a file
            variables |= {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_API_AUTH_STRING": secret}
        command = [TSUDOI, "serve", "--desk-port", "0", *([] if secret else ["--port", str(port)]), *options]
        surroundings, self.secret = environment(folder) | variables, secret
        with self.out.open("w") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=surroundings, cwd=folder)
        self.known: dict[str, Any] = {}
        self.base = f"http://127.0.0.1:{port}"
        self.folder = folder
        # No connection is kept: the server closes idle ones, now and then just when the next request is sent.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.api = httpx.Client(base_url=f"{self.base}/api", timeout=PATIENCE, trust_env=False, limits=limits)

    def wait_until_healthy(self) -> None:
        until(lambda: "Ctrl-C" in self.out.read_text(), or_else=self.out.read_text)
        assert self.process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait for it, and ask from here on as its own flows do, with its credential."""
        self.wait_until_healthy()
        secret = self.secret or (self.folder / "home" / "prefect" / "credential").read_text()
        self.api.auth = tuple(secret.split(":", 1))  # type: ignore[assignment]
        with_token(self.api)

    def link(self) -> str:
        """Ask for a link to the dashboard, as a coordinator at this machine does."""
        made = subprocess.run(
            [TSUDOI, "serve", "--link"], env=environment(self.folder), capture_output=True, text=True, check=True
        )
        return made.stdout.strip()

    def end(self) -> None:
        """Stop it as a service manager does, by its own number."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.out.read_text()

    def kill(self) -> None:
        """Leave nothing of it behind."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in (*psutil.Process(self.process.pid).children(recursive=True), self.process):
                process.kill()
        self.process.wait(PATIENCE)

    def server(self, module: str = "flows.server") -> psutil.Process:
        (child,) = [it for it in psutil.Process(self.process.pid).children() if module in _command(it)]
        return child

    def ask(self, path: str, **body: Any) -> Any:
        response = self.api.post(path, json=body)
        while response.status_code == 503:  # the server's SQLite was busy: Prefect's own clients ask again too
            response = self.api.post(path, json=body)
        assert response.is_success, response.text
        return response.json()

    def deployments(self) -> dict[str, Any]:
        return {found["name"]: found for found in self.ask("/deployments/filter", limit=200)}

    def board(self, key: str) -> str:
        found = self.ask("/artifacts/latest/filter", artifacts={"key": {"any_": [key]}})
        return str(found[0]["data"]) if found else ""

    def memory(self) -> int:
        """Return what the server, the served flows and their runs hold together, shared pages counted once."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        held = 0
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                held += process.memory_full_info().pss
        return held

    def start(self, name: str, **more: Any) -> str:
        self.known = self.known or self.deployments()
        path = f"/deployments/{self.known[name]['id']}/create_flow_run"
        return self.ask(path, **{"state": {"type": "SCHEDULED"}, **more})["id"]

    def end_of(self, run: str, *, measured: bool = False) -> dict[str, Any]:
        """Wait for a run's end and return its last state; on request keep the most memory that was held meanwhile."""
        state: dict[str, Any] = {}

        def is_over() -> bool:
            if measured:
                self.most = max(self.most, self.memory())
            state.update(self.api.get(f"/flow_runs/{run}").json()["state"])
            return state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

        until(is_over, or_else=lambda: f"{state} {self.out.read_text()}")
        return state


def with_token(client: httpx.Client) -> None:
    """Let a client say with each request that it is itself, as Prefect's own clients and dashboard do."""
    client.headers["Prefect-Csrf-Client"] = own = uuid.uuid4().hex
    client.headers["Prefect-Csrf-Token"] = client.get("/csrf-token", params={"client": own}).json()["token"]


def until(condition: Callable[[], bool], *, or_else: Callable[[], str] = str) -> None:
    """Look until it is so; fail when the time is over."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, or_else()
        time.sleep(0.05)


def _command(process: psutil.Process) -> list[str]:
    """Return its command line; a run that has just ended has none."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.cmdline()
    return []


def environment(folder: Path) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TSUDOI_", "PREFECT_"))}
    return clean | {"TSUDOI_HOME": str(folder / "home"), "TSUDOI_INBOX": str(folder / "inbox"), "COLUMNS": "100"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_over(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
