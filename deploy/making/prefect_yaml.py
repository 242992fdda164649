"""Writes deploy/prefect.yaml from the table of flows/deployments.py; with `--check` it says whether it is stale."""

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import yaml

from deploy.making.files import HOUSE, made
from flows.engine import prepare

FILE = HOUSE / "deploy" / "prefect.yaml"
_WIDE = 1000
HEAD = """\
# For those who run Prefect with a work pool instead of `tsudoi serve`: what runs by the clock. Made from
# flows/deployments.py by `make docs`; do not edit it.
#   prefect work-pool create tsudoi --type process
#   python -m flows.deployments tsudoi      # registers all of this and the form of each act, made from states/table.py
#   TSUDOI_HOME=... TSUDOI_INBOX=... prefect worker start --pool tsudoi
# The worker is started on the machine that holds the data directory, in the virtual environment of tsudoi. It has no
# keeper: an act done at the desk shows on the board with the next act of the dashboard, or in the morning.
"""


def text() -> str:
    """Return the whole file."""
    from flows.board import MARK
    from flows.deployments import ONE_AT_A_TIME, SWEEPS, TIMEZONE

    limit = {"limit": ONE_AT_A_TIME.limit, "collision_strategy": ONE_AT_A_TIME.collision_strategy.value}
    deployments = [
        {"name": flow.name, "entrypoint": flow.entrypoint, "description": flow.description, "tags": [MARK, *flow.tags]}
        | (
            {"schedules": [{"cron": flow.cron, "timezone": TIMEZONE}], "concurrency_limit": dict(limit)}
            if flow.cron
            else {}
        )
        | {"work_pool": {"name": "tsudoi"}}
        for flow in SWEEPS
    ]
    file = {"name": "tsudoi", "prefect-version": version("prefect"), "pull": [], "deployments": deployments}
    return HEAD + yaml.safe_dump(file, allow_unicode=True, sort_keys=False, width=_WIDE)


def main(arguments: list[str]) -> str | None:
    """Write the file, or with --check return what is amiss: the exit status is then 1."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        return made(FILE, text().encode(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
