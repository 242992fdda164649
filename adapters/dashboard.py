"""The one thing that the rest of the house tells Prefect's server: look at this year now. It is asked without Prefect.

Whoever serves the flows leaves where to ask and by which credential, in a file that only the account reads. What cannot
be asked at once is dropped: the morning looks at every year.
"""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from adapters import disk

_FILE = "asking.json"
_WITHIN = 0.3  # seconds, all in all: whoever acts does not wait for the dashboard


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Where a run is asked for: the server's API, its credential, and the id of each deployment by its name."""

    api: str
    credential: str = field(repr=False)
    deployments: Mapping[str, str]


def say_where(home: Path, asking: Asking) -> None:
    """Leave where to ask; whoever may read it may serve anyhow."""
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    disk.put(folder / _FILE, json.dumps(asdict(asking)).encode())


def ask(home: Path, deployment: str, *, key: str, parameters: Mapping[str, object], tags: tuple[str, ...] = ()) -> bool:
    """Ask for a run of a deployment, once for each key; tell whether the server took it.

    It is asked for at most 0.3 s, and nothing that goes wrong is raised.
    """
    try:
        asking = Asking(**json.loads((home / "prefect" / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return False
    body = {"parameters": parameters, "idempotency_key": key, "tags": tags, "state": {"type": "SCHEDULED"}}
    return _post(asking, f"/deployments/{asking.deployments.get(deployment, '')}/create_flow_run", body)


def _post(asking: Asking, path: str, body: Mapping[str, object]) -> bool:
    import httpx

    until, own = time.monotonic() + _WITHIN, uuid.uuid4().hex
    user, _colon, secret = asking.credential.partition(":")
    try:
        with httpx.Client(base_url=asking.api, auth=(user, secret), trust_env=False) as client:
            token = client.get("/csrf-token", params={"client": own}, timeout=until - time.monotonic())
            given = {"Prefect-Csrf-Token": token.json()["token"]} if token.is_success else {}
            marks = {"Prefect-Csrf-Client": own, **given}
            answer = client.post(path, json=body, headers=marks, timeout=max(0.01, until - time.monotonic()))
            return answer.is_success
    except (httpx.HTTPError, ValueError, KeyError):
        return False
