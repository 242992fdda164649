"""The two automations on a real server: what they notice, and what they leave alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import PATIENCE, Serving, environment, free_port, until

from steps import preparation

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("prefect")]

STOPPED, LATE, MORNING = "止まった実行", "始まらない朝の点検", "朝の点検"
REGISTER = """
from datetime import timedelta
from flows.automations import MORNING, register
from flows.deployments import TABLE

next(it for it in TABLE if it.name == MORNING).deployment().apply(work_pool_name="empty")
register(4, patience=timedelta(seconds=12))
"""
# One run ends as ours do, under a name that Prefect does not know; the other waits to be killed.
RUNS = """
import signal
from prefect import flow, tags
from prefect.states import Failed

@flow(name="ends", flow_run_name="ends")
def ends():
    return Failed(name="期限超過")

@flow(name="waits", flow_run_name="waits")
def waits():
    signal.pause()

with tags("tsudoi"):
    ends(return_state=True)
    waits()
"""


class Server:
    """A server with a morning in a pool for which nobody works; and our automations, with little patience."""

    def __init__(self, folder: Path, serving: Serving) -> None:
        self.serving = serving
        self.serving.wait_until_ready()
        preparation.install(folder / "home", folder / "inbox")
        self.surroundings = environment(folder) | {
            "PREFECT_API_URL": f"{self.serving.base}/api", "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_AUTH_STRING": (folder / "home" / "prefect" / "credential").read_text(encoding="ascii"),
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        }  # fmt: skip
        self.serving.ask("/work_pools/", name="empty", type="process")
        registering = [sys.executable, "-c", REGISTER]
        subprocess.run(registering, env=self.surroundings, timeout=PATIENCE, check=True)

    def events(self, event: str) -> list[dict[str, Any]]:
        return self.serving.ask("/events/filter", filter={"event": {"name": [event]}})["events"]

    def noticed(self) -> list[tuple[str, str]]:
        """Return which automations have been triggered, and by which run."""
        return [
            (it["resource"]["prefect.resource.name"], it["payload"]["triggering_labels"]["prefect.resource.id"])
            for it in self.events("prefect.automation.triggered")
        ]

    def states(self, name: str) -> list[str]:
        runs = self.serving.ask("/flow_runs/filter", flow_runs={"name": {"any_": [name]}})
        return [f"{run['state']['type']} {run['state']['name']}" for run in runs]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give the server; it is killed by its own number."""
    serving = Serving(tmp_path, free_port(), "--server-only")
    try:
        yield Server(tmp_path, serving)
    finally:
        serving.kill()


def test_both_automations_fire_and_neither_without_cause(server: Server) -> None:
    """A run whose process is killed ends as crashed; a morning that nobody begins is told of; what ended is let be."""
    morning = server.serving.start(MORNING)
    with subprocess.Popen([sys.executable, "-c", RUNS], env=server.surroundings) as runs:
        until(lambda: len(server.events("prefect.flow-run.heartbeat")) == 2)
        runs.kill()
    until(lambda: server.states("waits") == ["CRASHED Crashed"])
    until(lambda: (LATE, f"prefect.flow-run.{morning}") in server.noticed())
    assert server.states("ends") == ["FAILED 期限超過"]
    assert sorted(name for name, _run in server.noticed()) == sorted((STOPPED, LATE))
