"""What belongs to an office on a Prefect server that several share, as the server itself tells.

Deployments, pools, pages and automations bear the office's name; a run is its deployment's, or that of the run which it
is within; a tag is whose name stands before its hyphen.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from flows.asgi import is_object

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# A tag that is some office's, whichever; what Prefect itself gives is nobody's.
_SOMEBODYS, _PREFECTS_OWN = re.compile(r"[a-z0-9][a-z0-9-]*-"), {"auto-scheduled"}
_LIMIT = "tag:"  # before the name of a concurrency limit that is a tag's; others are the server's own
_UNDER_WAY = {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}
_ACTIONS = {"change-flow-run-state", "do-nothing"}  # of an automation: end the run that it is about, or nothing


class Look(Protocol):
    """What the server says at a path under /api, to somebody who may see all; where nothing is, None."""

    async def __call__(self, path: str, asked: Mapping[str, Any] | None = None, /) -> Any: ...


def bears(office: str, name: object) -> bool:
    """Tell whether a name is the office's: it is called so, or begins so."""
    return isinstance(name, str) and (name == office or name.startswith(f"{office}-"))


@dataclass(frozen=True, kw_only=True)
class Owner:
    """An office, asked of one thing after the other whether it is its own. What is no such thing is not."""

    office: str
    look: Look = field(repr=False)

    async def named(self, name: object) -> bool:
        return bears(self.office, name)

    async def deployment(self, deployment: object) -> bool:
        return await self._found_named("deployments", deployment, "name")

    async def artifact(self, artifact: object) -> bool:
        return await self._found_named("artifacts", artifact, "key")

    async def automation(self, automation: object) -> bool:
        return await self._found_named("automations", automation, "name")

    async def deployments(self, deployments: object) -> bool:
        return isinstance(deployments, list) and all(
            [await self.deployment(one) for one in cast("list[object]", deployments)]
        )

    async def run(self, run: object) -> bool:
        """Tell of a run by its deployment, else by the run that it is within, else by its tags."""
        found = await self._found("flow_runs", run)
        if not found:
            return False
        if found["deployment_id"]:
            return await self.deployment(found["deployment_id"])
        within = found["parent_task_run_id"]
        return bool(within and await self.task(within)) or any(bears(self.office, tag) for tag in found["tags"])

    async def task(self, task: object) -> bool:
        found = await self._found("task_runs", task)
        return bool(found) and bool(found["flow_run_id"]) and await self.run(found["flow_run_id"])

    async def task_or_new(self, task: object) -> bool:
        """Tell of a task of which the server may not have heard: it learns of it only after what the task writes."""
        return _is_id(task) and (await self._found("task_runs", task) is None or await self.task(task))

    async def lease(self, lease: object) -> bool:
        """Tell whether a slot is held by a run that is under way; a lease itself says not by whom."""
        ours = {"flow_runs": _UNDER_WAY, "deployments": {"name": {"like_": f"{self.office}-"}}}
        for run in await self.look("/flow_runs/filter", ours):
            if run["state"]["state_details"]["deployment_concurrency_lease_id"] == lease:
                return await self.run(run["id"])
        return False

    async def tag(self, tag: object) -> bool:
        """Tell whether a tag is the office's, or nobody's."""
        if not isinstance(tag, str):
            return False
        return bears(self.office, tag) or tag in _PREFECTS_OWN or not _SOMEBODYS.match(tag)

    async def tags(self, tags: object) -> bool:
        return isinstance(tags, list) and all([await self.tag(tag) for tag in cast("list[object]", tags)])

    async def limits(self, names: object) -> bool:
        """Tell whether limits are those of tags, and these tags not another office's."""
        known = [str(name) for name in cast("list[object]", names)] if isinstance(names, list) else [""]
        return all(name.startswith(_LIMIT) for name in known) and (
            await self.tags([name.removeprefix(_LIMIT) for name in known])
        )

    async def usual_queue(self, queue: object) -> bool:
        return queue == "default"

    async def nothing(self, _value: object) -> bool:
        return False

    async def waiting(self, trigger: object) -> bool:
        """Tell whether an automation waits for events about what bears the office's name."""
        about = trigger.get("match_related") if is_object(trigger) and trigger.get("type") == "event" else None
        if not is_object(about):
            return False
        tag, name = about.get("prefect.resource.id"), about.get("prefect.resource.name")
        return bears(self.office, name) if tag is None else tag == f"prefect.tag.{self.office}-tsudoi"

    async def actions(self, actions: object) -> bool:
        return isinstance(actions, list) and all(
            is_object(one) and one.get("type") in _ACTIONS for one in cast("list[object]", actions)
        )

    async def resources(self, resources: object) -> bool:
        return isinstance(resources, list) and all([await self.resource(it) for it in cast("list[object]", resources)])

    async def resource(self, resource: object) -> bool:
        """Tell of what an event is about: by events automations act, and the runs of tasks are written down."""
        if not is_object(resource):
            return False
        kind, _dot, which = str(resource.get("prefect.resource.id", "")).removeprefix("prefect.").partition(".")
        if kind not in {*_TOLD, *_IN_PASSING} or resource.get("prefect.resource.role", kind) != kind:
            return False
        name = resource.get("prefect.resource.name")
        if kind in _NAMED and name is not None and not bears(self.office, name):
            return False
        return kind in _IN_PASSING or await _TOLD[kind](self, which)

    async def written(self, payload: object) -> bool:
        """Tell whether what an event carries writes nothing over: by an id of its own it could, for a task's run."""
        return is_object(payload) and all(name != "id" for name, _value in named_in(payload))

    async def _found_named(self, kind: str, which: object, by: str) -> bool:
        found = await self._found(kind, which)
        return bool(found) and bears(self.office, found[by])

    async def _found(self, kind: str, which: object) -> Any:
        return await self.look(f"/{kind}/{which}") if _is_id(which) else None


# What an event may be about, what of it has a name that is an office's, and what is named in passing only.
_TOLD = {"flow-run": Owner.run, "task-run": Owner.task_or_new, "deployment": Owner.deployment, "tag": Owner.tag}
_IN_PASSING = {"artifact", "work-pool", "work-queue", "flow", "worker", "runner"}
_NAMED = {"artifact", "work-pool", "deployment"}
# What a person or flow has filled in names nothing on the server.
_FILLED_IN = {"parameters", "parameter_openapi_schema", "base_job_template", "job_variables", "data", "labels"}


def named_in(told: object) -> Iterable[tuple[str, object]]:
    """Go through what a body names by field, however deep, but for what somebody has filled in."""
    if is_object(told):
        for name, value in told.items():
            yield name, value
            if name not in _FILLED_IN:
                yield from named_in(value)
    elif isinstance(told, list):
        for one in cast("list[object]", told):
            yield from named_in(one)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(UUID, value) is not None
