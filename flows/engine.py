"""Prefect's environment, set before Prefect is imported: quiet, local, and remembering no more than it must (Law 9)."""

import os
from pathlib import Path

# A season is October to January, and the one before is still there to be compared with. What is older goes, for runs,
# logs and versions of the board name staff. By itself Prefect forgets events after seven days and the rest never.
_KEPT = "P400D"
_ALWAYS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_TASKS_DEFAULT_PERSIST_RESULT": "false",
    "PREFECT_SERVER_API_HOST": "127.0.0.1",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": _KEPT,
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",  # a run's logs and artifacts go with it
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": _KEPT,
    # Relative: the dashboard asks the server that it came from, on whatever port and through whatever tunnel.
    "PREFECT_UI_API_URL": "/api",
    # An act shows on the board within ten seconds, and its run takes some; each poll costs the server. It is ten else.
    "PREFECT_RUNNER_POLL_FREQUENCY": "3",
    # By this a run that nobody ends shows: its process is gone (flows/automations.py).
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # A look at a year that has to wait for another: the default of thirty seconds would leave the board behind.
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    # A server that is busy (503), or away for a moment once it has answered, is asked again, for two minutes.
    "PREFECT_CLIENT_MAX_RETRIES": "5",
}


def prepare(home: Path, *, alone: bool = False) -> None:
    """Point Prefect at the data directory; what the surroundings have set already stays, but for telemetry.

    Alone, as a rehearsal is, it keeps nothing of the surroundings, says nothing and shows no dashboard.
    """
    if alone:
        for key in [key for key in os.environ if key.startswith("PREFECT_")]:
            del os.environ[key]
    os.environ.update({key: _ALWAYS[key] for key in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED")})
    for key, value in _ALWAYS.items():
        os.environ.setdefault(key, value)
    # Relative to where we are now: the server and the runs are started elsewhere.
    os.environ["PREFECT_HOME"] = str(Path(os.environ.get("PREFECT_HOME") or home / "prefect").absolute())
    # What lies in the folder where this was started is not ours to run: no process of a run looks there.
    os.environ["PYTHONSAFEPATH"] = "1"
    if alone:
        os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
        os.environ["PREFECT_LOGGING_TO_API_ENABLED"] = "false"
        os.environ["PREFECT_SERVER_LOGGING_LEVEL"] = "CRITICAL"
        os.environ["PREFECT_SERVER_UI_ENABLED"] = "false"
