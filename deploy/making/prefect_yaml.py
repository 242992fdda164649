"""Writes prefect.yaml from the table of flows/deployments.py; with `--check` it says whether it is stale.

With `--office NAME` it prints the file of an office that shares a server: its name stands before names, tags and pages,
and its work pool is called as it is.
"""

import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from deploy.making.files import HOUSE, made
from flows.engine import prepare

FILE = HOUSE / "prefect.yaml"
_WIDE = 1000
HEAD = """\
# For those who run Prefect with a work pool instead of `tsudoi serve`: what runs by the clock, or is asked for after
# every act. Made from flows/deployments.py by `make docs`; do not edit it.
#   prefect work-pool create tsudoi --type process
#   prefect --no-prompt deploy --all
#   python -m flows.deployments tsudoi      # the same, and tells the data directory where acts ask for a look
#   TSUDOI_HOME=... TSUDOI_INBOX=... prefect worker start --pool tsudoi
# The worker is started on the machine that holds the data directory, in the virtual environment of tsudoi. Without the
# third line the morning looks at all years. The setting desk tells the board where people act.
# An office that shares a server has its own: python -m deploy.making.prefect_yaml --office NAME > prefect.yaml
"""


def text(office: str = "") -> str:
    """Return the whole file, of an office that shares a server or of one that has its own."""
    from flows.base import MARK, on_the_server
    from flows.deployments import TABLE, TIMEZONE

    os.environ["TSUDOI_OFFICE"] = office  # whatever the settings of this machine say
    deployments = list[dict[str, Any]]()
    for flow in TABLE:
        one: dict[str, Any] = {"name": flow.known_as, "entrypoint": flow.entrypoint, "description": flow.description}
        one["tags"] = [on_the_server(MARK), *flow.tags]
        if flow.cron:
            one["schedules"] = [{"cron": flow.cron, "timezone": TIMEZONE}]
        if flow.limit and flow.limit.collision_strategy:
            how = flow.limit.collision_strategy.value
            one["concurrency_limit"] = {"limit": flow.limit.limit, "collision_strategy": how}
        deployments.append(one | {"work_pool": {"name": office or MARK}})
    file = {"name": "tsudoi", "prefect-version": version("prefect"), "pull": [], "deployments": deployments}
    return HEAD + yaml.safe_dump(file, allow_unicode=True, sort_keys=False, width=_WIDE)


def main(arguments: list[str]) -> str | None:
    """Write the file, or with --check return what is amiss: the exit status is then 1."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        if arguments[:1] == ["--office"]:
            sys.stdout.write(text(*arguments[1:]))
            return None
        return made(FILE, text().encode(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
