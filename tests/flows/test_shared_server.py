"""A server that several offices share: the credential of one reaches what is its own, and nothing of another's."""

import asyncio
import base64
import json
import re
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from figures import Figures

from flows import offices
from flows.gate import READING, Gate
from flows.offices import CHANGING
from models.errors import BadSetting

SECRET = "tsudoi:" + "s3cret-of-the-inner-side-" * 2
OURS, THEIRS = "ward-a", "ward-b"


def an_id(office: str, kind: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{office}/{kind}"))


def known_of(office: str) -> dict[str, Any]:
    """Return what the server tells of an office: a run of its deployment, one within it, a page, an automation."""
    within = {"deployment_id": None, "parent_task_run_id": an_id(office, "task"), "tags": []}
    lost = {"deployment_id": None, "parent_task_run_id": None, "tags": [f"{office}-hatachi-2026"]}
    run = {"deployment_id": an_id(office, "deployment"), "parent_task_run_id": None, "tags": [f"{office}-tsudoi"]}
    return {
        f"/deployments/{an_id(office, 'deployment')}": {"name": f"{office}-年度業務"},
        f"/flow_runs/{an_id(office, 'run')}": run,
        f"/flow_runs/{an_id(office, 'within')}": within,
        f"/flow_runs/{an_id(office, 'lost')}": lost,
        f"/task_runs/{an_id(office, 'task')}": {"flow_run_id": an_id(office, "run")},
        f"/artifacts/{an_id(office, 'artifact')}": {"key": f"{office}-hatachi-2026"},
        f"/automations/{an_id(office, 'automation')}": {"name": f"{office}-止まった実行"},
    }


class Inner:
    """What stands behind the gate: it tells what it knows, and remembers what would have changed it."""

    def __init__(self) -> None:
        self.known = known_of(OURS) | known_of(THEIRS)
        leased = {"deployment_concurrency_lease_id": an_id(OURS, "lease")}
        under_way = [{"id": an_id(OURS, "run"), "state": {"state_details": leased}}]
        self.known["/flow_runs/filter"] = under_way
        self.reached = list[tuple[str, Any]]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix("/api")
        if scope["type"] == "websocket":
            while (message := await receive())["type"] == "websocket.receive":
                self.reached.append((path, json.loads(message["text"])))
            return
        status, said = 200, self.known.get(path)
        if path not in self.known or scope["method"] not in {"GET", "POST"}:
            body = (await receive())["body"]
            status = 404 if scope["method"] == "GET" else 201
            if status == 201:
                self.reached.append((path, json.loads(body) if body else None))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})


class Machine:
    """The machine of an office, before the gate of a server that it shares."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inner = folder, Inner()
        self.gate = Gate(inner=self.inner, secret=SECRET, folder=folder, host="127.0.0.1")
        self.credential = offices.new_credential(folder, OURS)
        offices.new_credential(folder, THEIRS)

    def ask(self, method: str, path: str, body: Any = None) -> int:
        sent = self.hold("http", path, [{"type": "http.request", "body": json.dumps(body).encode()}], method)
        return sent[0]["status"]

    def hold(self, kind: str, path: str, messages: list[dict[str, Any]], method: str = "") -> list[Any]:
        """Send messages, and return the answer; a websocket is closed after the last."""
        shown = "Basic " + base64.b64encode(self.credential.encode()).decode()
        headers = {"host": "127.0.0.1:4200"} | ({"authorization": shown} if kind == "http" else {})
        scope = {
            "type": kind, "method": method, "path": f"/api{path}", "scheme": "http", "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        sent, left = list[Any](), [*messages, {"type": "websocket.disconnect", "code": 1000}]

        async def receive() -> Any:
            return left.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))  # type: ignore[arg-type]
        return sent

    def tells(self, path: str, *events: Any) -> list[Any]:
        """Open a websocket and send these; return what reached the server behind the proof of who comes."""
        proof = {"type": "auth", "token": self.credential}
        self.hold("websocket", path, [{"type": "websocket.receive", "text": json.dumps(it)} for it in (proof, *events)])
        (_path, first), *others = self.inner.reached
        assert first["type"] == "auth"
        return [told for _path, told in others] if first["token"] == SECRET else ["refused"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def holding(lease: str) -> dict[str, Any]:
    return {"state": {"type": "COMPLETED", "state_details": {"deployment_concurrency_lease_id": lease}}}


def waiting_for(office: str) -> dict[str, Any]:
    about = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{office}-tsudoi"}
    return {"type": "event", "match_related": about, "within": 90}


def event_about(office: str, kind: str = "flow-run", which: str = "run") -> dict[str, Any]:
    tag = {"prefect.resource.id": f"prefect.tag.{office}-tsudoi", "prefect.resource.role": "tag"}
    about = {"prefect.resource.id": f"prefect.{kind}.{an_id(office, which)}"}
    return {"event": "prefect.flow-run.heartbeat", "id": an_id(office, "event"), "resource": about, "related": [tag]}


def body_of(office: str, must: tuple[str, ...]) -> Any:
    """Return a body that names what it must, of an office."""
    named = {
        "name": f"{office}-年度業務", "key": f"{office}-hatachi-2026", "deployment_ids": [an_id(office, "deployment")],
        "flow_run_id": an_id(office, "run"), "parent_task_run_id": an_id(office, "task"),
        "names": [f"tag:{office}-hatachi-2026"], "trigger": waiting_for(office),
        "resource": event_about(office)["resource"],
    }  # fmt: skip
    return {name: named[name] for name in must}


def path_of(office: str, pattern: str) -> str:
    """Fill the places of a path with what an office has."""
    placed = pattern.replace("{work_pool_name}", office).replace("{flow_run_id}", an_id(office, "run"))
    return PLACES.sub(lambda place: an_id(office, place[1]), placed)


A_DEPLOYMENT, THEIR_DEPLOYMENT = an_id(OURS, "deployment"), an_id(THEIRS, "deployment")
PLACES = re.compile(r"{(\w+)_id}")
ROWS = [(method, pattern, must) for method, rows in CHANGING.items() for pattern, must in rows.items()]


@pytest.mark.parametrize(("method", "pattern", "must"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_what_is_listed_is_done_to_ones_own_and_to_nothing_of_anothers(
    machine: Machine, method: str, pattern: str, must: tuple[str, ...], figures: Figures
) -> None:
    """Each line of the list lets an office change what is its own; of the same of another office nothing changes."""
    if pattern != "/flows/":
        status = machine.ask(method, path_of(THEIRS, pattern), body_of(THEIRS, must))
        figures.tell("requests refused", where="another office's things", tried=1, held=int(status == 403))
        assert status == 403
        assert machine.inner.reached == []
    assert machine.ask(method, path_of(OURS, pattern), body_of(OURS, must) or {}) == 201
    assert [path for path, _body in machine.inner.reached] == [path_of(OURS, pattern)]


def test_every_door_that_is_not_listed_is_closed_to_an_office(
    machine: Machine, doors: list[tuple[str, str, str, bool]], figures: Figures
) -> None:
    """Whatever else changes something on Prefect's server, now or in its next version, is refused to an office."""
    listed = {
        (method, PLACES.sub("{id}", pattern.replace("{work_pool_name}", "{key}"))) for method, pattern, _must in ROWS
    }
    for reading in (READING, offices.READING):
        listed |= {(method, path) for method, paths in reading.items() for path in paths}
    closed = [
        (method, path) for method, path, *_more in doors if method != "WEBSOCKET" and (method, path) not in listed
    ]
    named = {"{id}": an_id(OURS, "run"), "{key}": OURS}
    wrong = [
        (it, path) for it, path in closed if machine.ask(it, re.sub("{id}|{key}", lambda at: named[at[0]], path)) != 403
    ]
    figures.tell(
        "requests refused", where="doors closed to an office", tried=len(closed), held=len(closed) - len(wrong)
    )
    assert wrong == []
    assert len(closed) > 80


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/deployments/", {"name": "ward-a-x", "work_pool_name": "ward-b"}),
        ("POST", "/deployments/", {"name": "ward-a-x", "tags": ["ward-b-tsudoi"]}),
        ("POST", "/deployments/", {"name": "ward-a-x", "storage_document_id": an_id(THEIRS, "block")}),
        ("POST", "/deployments/", {"name": "ward-a-x", "parameters": {"x": {"__prefect_kind": "workspace_variable"}}}),
        ("POST", "/deployments/", {"name": "ward-ax"}),
        ("POST", "/deployments/", {"name": "年度業務"}),
        ("PATCH", "/deployments/{deployment_id}", {"work_pool_name": "ward-b"}),
        ("PATCH", "/deployments/{deployment_id}", {"global_concurrency_limit_id": an_id(THEIRS, "limit")}),
        ("POST", "/deployments/{deployment_id}/create_flow_run", {"parent_task_run_id": an_id(THEIRS, "task")}),
        ("POST", "/deployments/{deployment_id}/create_flow_run", {"tags": ["ward-b-hatachi-2026"]}),
        ("POST", "/deployments/{deployment_id}/create_flow_run", {"work_queue_name": "theirs"}),
        ("POST", "/deployments/get_scheduled_flow_runs", {"deployment_ids": [A_DEPLOYMENT, THEIR_DEPLOYMENT]}),
        ("POST", "/flow_runs/", {"parent_task_run_id": an_id(OURS, "task"), "deployment_id": THEIR_DEPLOYMENT}),
        ("POST", "/flow_runs/", {"parent_task_run_id": an_id(OURS, "task"), "work_pool_name": "ward-b"}),
        ("PATCH", "/flow_runs/{flow_run_id}", {"tags": ["ward-b-hatachi-2026"]}),
        ("POST", "/flow_runs/{flow_run_id}/set_state", holding(an_id(THEIRS, "lease"))),
        ("POST", "/task_runs/", {"flow_run_id": an_id(OURS, "run"), "id": an_id(THEIRS, "task")}),
        ("POST", "/logs/", [{"flow_run_id": an_id(OURS, "run")}, {"flow_run_id": an_id(THEIRS, "run")}]),
        ("POST", "/logs/", [{"flow_run_id": an_id(OURS, "run"), "task_run_id": an_id(THEIRS, "task")}]),
        ("POST", "/artifacts/", {"key": "ward-a-hatachi-2026", "flow_run_id": an_id(THEIRS, "within")}),
        ("POST", "/automations/", {"name": "ward-a-x", "trigger": waiting_for(THEIRS)}),
        ("POST", "/automations/", {"name": "ward-a-x", "trigger": waiting_for(OURS), "actions": [{"type": "x"}]}),
        ("POST", "/automations/", {"name": "ward-a-x", "trigger": {"type": "compound", "triggers": []}}),
        ("POST", "/v2/concurrency_limits/increment-with-lease", {"names": [f"deployment:{THEIR_DEPLOYMENT}"]}),
        ("POST", "/events", [event_about(OURS), event_about(THEIRS)]),
        ("POST", "/work_pools/ward-b/get_scheduled_flow_runs", {}),
        ("POST", "/flow_runs/{flow_run_id}/set_state/", {}),
    ],
)  # fmt: skip
def test_nothing_of_another_office_is_named_within_a_request_of_ones_own(
    machine: Machine, method: str, path: str, more: Any, figures: Figures
) -> None:
    """A request about what is the office's own is refused whole where it names a thing of another's."""
    status = machine.ask(method, path_of(OURS, path), more)
    figures.tell("requests refused", where="another office's things", tried=1, held=int(status == 403))
    assert status == 403
    assert machine.inner.reached == []


@pytest.mark.parametrize("which", ["within", "lost"])
def test_a_run_within_a_run_is_whose_that_one_is(machine: Machine, which: str) -> None:
    """A run without a deployment belongs to the office whose run it is within, or whose tag it bears."""
    state = {"state": {"type": "COMPLETED"}}
    assert machine.ask("POST", f"/flow_runs/{an_id(OURS, which)}/set_state", state) == 201
    assert machine.ask("POST", f"/flow_runs/{an_id(THEIRS, which)}/set_state", state) == 403
    assert machine.ask("POST", f"/flow_runs/{an_id('nobody', which)}/set_state", state) == 403


def test_only_events_about_ones_own_reach_the_server(machine: Machine) -> None:
    """Of what a worker tells, what is about another office's runs, or writes over a task of its, goes nowhere."""
    new = {
        "event": "prefect.task-run.Running",
        "resource": {"prefect.resource.id": f"prefect.task-run.{an_id('x', 'new')}"},
    }
    over = new | {"payload": {"task_run": {"id": an_id(THEIRS, "task")}}}
    posing = event_about(OURS) | {
        "related": [{"prefect.resource.id": "prefect.flow.x", "prefect.resource.role": "deployment"}]
    }
    theirs = [
        event_about(THEIRS),
        event_about(THEIRS, "task-run", "task"),
        event_about(THEIRS, "deployment", "deployment"),
    ]
    bad = [*theirs, over, posing, {"event": "x", "resource": {"prefect.resource.id": "prefect.block-type.x"}}, [], "x"]
    assert machine.tells("/events/in", *bad, event_about(OURS), new) == [event_about(OURS), new]


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("/work_pools/ward-a/workers/connect", [{"type": "hello"}]),
        ("/work_pools/ward-b/workers/connect", ["refused"]),
        ("/events/out", [{"type": "hello"}]), ("/task_runs/subscriptions/scheduled", ["refused"]),
    ],
)  # fmt: skip
def test_a_worker_listens_to_its_own_pool_alone(machine: Machine, path: str, reached: list[Any]) -> None:
    """The orders of another office's pool, and whatever is on no list, are told to nobody with this credential."""
    assert machine.tells(path, {"type": "hello"}) == reached


def test_the_credential_of_an_office_is_kept_as_a_hash_and_can_be_replaced(machine: Machine) -> None:
    """The server's folder holds no credential that opens anything; a new one makes the earlier one void at once."""
    kept = machine.folder / "offices" / OURS
    assert machine.credential.partition(":")[2] not in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert machine.ask("POST", "/flows/", {"name": "年度業務"}) == 201
    old, machine.credential = machine.credential, offices.new_credential(machine.folder, OURS)
    assert machine.ask("POST", "/flows/", {"name": "年度業務"}) == 201
    for machine.credential in (old, f"{THEIRS}:{old.partition(':')[2]}", "../credential:x", "ward-c:x", ":", ""):
        assert machine.ask("POST", "/flows/", {"name": "年度業務"}) == 401


@pytest.mark.parametrize("office", ["ward", "ward-a-b", "新宿", "Ward-C", "", "../x", "a" * 21])
def test_no_office_is_called_so_that_it_could_be_taken_for_another(machine: Machine, office: str) -> None:
    """A name that begins another's, or is no name of an office, gets no credential."""
    with pytest.raises(BadSetting):
        offices.new_credential(machine.folder, office)
    assert {it.name for it in (machine.folder / "offices").iterdir()} == {OURS, THEIRS}
