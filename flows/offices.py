"""Offices that share a Prefect server: each has a credential of its own, which reaches what is its own.

The credential is the office's name and a random word, of which the server's folder keeps the hash. It reads what people
read. What changes something is on the list below, and passes where all that it names is the office's (flows/owning.py).
What is on no list is refused.
"""

import hashlib
import hmac
import json
import re
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from starlette.types import Receive

from adapters import disk
from adapters.settings import OFFICE
from flows.asgi import Closed, body_of, is_object
from flows.owning import UUID, Owner, bears, named_in
from models.errors import BadSetting
from models.words import _

_FOLDER = "offices"
_TEMPLATE = '"__prefect_kind"'  # by it the server fills in a variable of its administrator's
_LARGEST = 16 * 1024 * 1024  # bytes of a page, or of a second's logs

# What workers and runs read beside what people may, under /api.
READING: Mapping[str, tuple[str, ...]] = {
    "GET": (
        "/admin/storage", "/collections/views/{key}", "/work_pools/{key}", "/work_queues/{id}", "/automations/{id}",
    ),
    "POST": ("/work_pools/{key}/queues/filter", "/work_pools/{key}/workers/filter"),
}  # fmt: skip
# What changes something: method and path, whose places in braces must be the office's, and what its body must name.
CHANGING: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "POST": {
        "/flows/": (),  # a flow is a name that all share; one that is there stays as it is
        "/deployments/": ("name",),
        "/deployments/get_scheduled_flow_runs": ("deployment_ids",),
        "/deployments/{deployment_id}/create_flow_run": (),
        "/deployments/{deployment_id}/pause_deployment": (),
        "/deployments/{deployment_id}/resume_deployment": (),
        "/flow_runs/": ("parent_task_run_id",),
        "/flow_runs/{flow_run_id}/set_state": (),
        "/task_runs/": ("flow_run_id",),
        "/logs/": ("flow_run_id",),
        "/artifacts/": ("key",),
        "/events": ("resource",),
        "/automations/": ("name", "trigger"),
        "/work_pools/": ("name",),
        "/work_pools/{work_pool_name}/get_scheduled_flow_runs": (),
        "/work_pools/{work_pool_name}/workers/heartbeat": (),
        "/v2/concurrency_limits/increment-with-lease": ("names",),
        "/v2/concurrency_limits/leases/{lease_id}/renew": (),
    },
    "PATCH": {
        "/deployments/{deployment_id}": (),
        "/flow_runs/{flow_run_id}": (),
        "/flow_runs/{flow_run_id}/labels": (),
        "/artifacts/{artifact_id}": (),
        "/work_pools/{work_pool_name}": (),
    },
    "PUT": {"/automations/{automation_id}": ("name", "trigger")},
    "DELETE": {"/deployments/{deployment_id}": (), "/automations/owned-by/prefect.deployment.{deployment_id}": ()},
}
LISTENING = ("/events/in", "/events/out", "/work_pools/{work_pool_name}/workers/connect")
TELLING = "/events/in"

_Owns = Callable[[Owner, object], Awaitable[bool]]
# By which name something stands in a path, or however deep in a body, and what tells whose it is.
_OWNS: Mapping[str, _Owns] = {
    "deployment_id": Owner.deployment, "deployment_ids": Owner.deployments,
    "flow_run_id": Owner.run, "child_flow_run_id": Owner.run,
    "parent_task_run_id": Owner.task, "task_run_id": Owner.task_or_new,
    "artifact_id": Owner.artifact, "automation_id": Owner.automation,
    "work_pool_name": Owner.named, "work_queue_name": Owner.usual_queue,
    "tags": Owner.tags, "names": Owner.limits,
    "lease_id": Owner.lease, "deployment_concurrency_lease_id": Owner.lease,
    "trigger": Owner.waiting, "actions": Owner.actions, "actions_on_trigger": Owner.actions,
    "actions_on_resolve": Owner.actions,
    "resource": Owner.resource, "related": Owner.resources, "payload": Owner.written,
    # Blocks and limits are the administrator's.
    "infrastructure_document_id": Owner.nothing, "storage_document_id": Owner.nothing,
    "global_concurrency_limit_id": Owner.nothing,
}  # fmt: skip
# What is judged where a request must name it; elsewhere it is the name of something else.
_OWNS_WHERE_NAMED: Mapping[str, _Owns] = {"name": Owner.named, "key": Owner.named}


def new_credential(folder: Path, office: str) -> str:
    """Make the credential of an office on the server of this folder; the one that it had opens nothing any more.

    Raises:
        BadSetting: no office can be called so, or its name and another's could be taken for each other.

    """
    if not re.fullmatch(OFFICE, office):
        raise BadSetting(
            _("An office cannot be called {office}.").format(office=office),
            _("Up to 20 small letters, digits and hyphens, as in the setting office."),
        )
    offices = folder / _FOLDER
    offices.mkdir(exist_ok=True, mode=0o700)
    for other in (it.name for it in offices.iterdir() if it.name != office):
        if bears(office, other) or bears(other, office):
            raise BadSetting(
                _("What is {office}'s could be taken for what is {other}'s.").format(office=office, other=other),
                _("Choose a name that does not begin with the other's and a hyphen."),
            )
    secret = f"{office}:{secrets.token_urlsafe(32)}"
    disk.put(offices / office, _digest(secret).encode())
    return secret


def office_of(folder: Path, credential: str) -> str:
    """Return whose credential this is; of nobody's, nothing."""
    office = credential.partition(":")[0]
    if not re.fullmatch(OFFICE, office):
        return ""
    try:
        known = (folder / _FOLDER / office).read_text(encoding="ascii")
    except FileNotFoundError:
        return ""
    return office if hmac.compare_digest(known, _digest(credential)) else ""


def sent_in(authorization: str) -> str:
    """Return the credential that a client of Prefect sent as Authorization."""
    try:
        return b64decode(authorization.removeprefix("Basic "), validate=True).decode()
    except ValueError:
        return ""


def may_read(method: str, path: str) -> bool:
    """Tell whether an office may ask for a path that people need not."""
    return any(_fitting(pattern, path) for pattern in READING.get(method, ()))


def may_listen(office: str, path: str) -> bool:
    """Tell whether an office may open a websocket: to tell events, to hear them, to hear of its pool."""
    fitting = next(filter(None, (_fitting(pattern, path) for pattern in LISTENING)), None)
    return fitting is not None and all(bears(office, pool) for pool in fitting.groupdict().values())


async def judged(owner: Owner, method: str, path: str, receive: Receive) -> bytes:
    """Return the body of a request that changes something, made anew from what was understood.

    Raises:
        Closed: it is on no list, or something that it names is not the office's.

    """
    fitting, must = _listed(method, path)
    raw = await body_of(
        receive, _LARGEST
    )  # at once: whoever asks for a run waits for 0.3 s, and it counts all the same
    for what, value in fitting.groupdict().items():
        await _must_own(owner, what, value)
    if not raw and not must:
        return raw
    told = _read(raw)
    for one in cast("list[object]", told) if isinstance(told, list) else [told]:
        await _must_own_all(owner, one, must)
    made = json.dumps(told)
    if _TEMPLATE in made:
        raise Closed(HTTPStatus.FORBIDDEN, _("No office's credential may have the server fill in a template."))
    return made.encode()


async def told(owner: Owner, text: str) -> str:
    """Return an event of a worker or a run, made anew; one that is not all the office's is nothing."""
    try:
        event = _read(text.encode())
        await _must_own_all(owner, event, ("resource",))
    except Closed:
        return ""
    return json.dumps(event)


def _listed(method: str, path: str) -> tuple[re.Match[str], tuple[str, ...]]:
    for pattern, must in CHANGING.get(method, {}).items():
        if fitting := _fitting(pattern, path):
            return fitting, must
    words = _("No office's credential may do this: {method} {path}").format(method=method, path=path)
    raise Closed(HTTPStatus.FORBIDDEN, words)


async def _must_own_all(owner: Owner, one: object, must: tuple[str, ...]) -> None:
    """Refuse what does not name what it must, or names what is not the office's."""
    if not is_object(one) or any(one.get(name) is None for name in must):
        raise Closed(HTTPStatus.UNPROCESSABLE_ENTITY, _("This is not a request of Prefect's."))
    if "resource" not in must:  # an event has an id of its own; whatever else brings one could write another's over
        await _must_own(owner, "id", one.get("id"), Owner.nothing)
    for what in must:
        if owns := _OWNS_WHERE_NAMED.get(what):
            await _must_own(owner, what, one.get(what), owns)
    for what, value in named_in(one):
        await _must_own(owner, what, value)


async def _must_own(owner: Owner, what: str, value: object, owns: _Owns | None = None) -> None:
    owns = owns or _OWNS.get(what)
    if owns and value is not None and not await owns(owner, value):
        words = _("The credential of {office} may touch nothing that is not its own: {what} {value}")
        shown = value if isinstance(value, str) else ""
        raise Closed(HTTPStatus.FORBIDDEN, words.format(office=owner.office, what=what, value=shown).rstrip())


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Closed(HTTPStatus.UNPROCESSABLE_ENTITY, _("This is not a request of Prefect's.")) from None


def _fitting(pattern: str, path: str) -> re.Match[str] | None:
    """Return the places in braces of a path that fits."""
    made = re.sub(r"\\{(\w+)\\}", lambda place: f"(?P<{place[1]}>{_PLACES.get(place[1], UUID)})", re.escape(pattern))
    return re.fullmatch(made, path)


_PLACES = {"work_pool_name": "[^/]+", "key": "[^/]+"}  # what stands in a path and is no id


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
