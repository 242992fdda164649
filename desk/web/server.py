"""`python -m desk.web.server`: the process that serves the desk; `tsudoi serve` starts it and ends it.

A process of its own: people's unlocked keys lie in no memory in which a flow runs, and twenty people at work wait for
no flow.
"""

import sys
from collections.abc import Mapping
from typing import Any

import uvicorn

from adapters import disk
from desk.web.app import desk
from steps.office import Office

# No log of addresses, no word of what serves, and no header of a proxy that would change who the peer is.
HOW: Mapping[str, Any] = {
    "log_config": None, "access_log": False, "server_header": False, "proxy_headers": False, "lifespan": "off",
    "ws": "none",
}  # fmt: skip


def main(host: str, port: int, name: str, *, https: bool) -> None:
    """Serve the desk of the office that TSUDOI_HOME names, until it is told to end."""
    disk.leave_no_dumps()
    app = desk(Office.open(), name=name, https=https)
    uvicorn.run(app, host=host, port=port, timeout_graceful_shutdown=5, **HOW)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], https="--https" in sys.argv[4:])
