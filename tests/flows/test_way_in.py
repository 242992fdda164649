"""The attacks on Prefect's API, replayed on a served system as a browser with a session, a script and a stranger."""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import psutil
import pytest
from serving import PATIENCE, TSUDOI, Serving, environment, free_port, with_token
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from flows.gate import COOKIE
from models.clock import fiscal_year_of
from steps import preparation

pytestmark = pytest.mark.xdist_group("prefect")

YEAR = fiscal_year_of(datetime.now(ZoneInfo("Asia/Tokyo")).date())
BOARD, RECORD = "掲示板の更新", "行為の記録"
NOBODY = "山田太郎 新宿区歌舞伎町1-4-1"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Serve an office with fictional people from a folder in which somebody has put a click.py."""
    folder = tmp_path_factory.mktemp("attacked")
    office = preparation.install(folder / "home", folder / "inbox")
    preparation.register_sample_people(office, YEAR)
    preparation.open_year(office, YEAR)
    (folder / "click.py").write_text("from pathlib import Path\nPath('imported').touch()\n")
    (folder / "tmp").mkdir()
    served = Serving(folder, free_port(), TMPDIR=str(folder / "tmp"))
    served.wait_until_ready()
    yield served
    served.kill()


@pytest.fixture
def person(serving: Serving) -> Iterator[httpx.Client]:
    """Give a client that came in by a link, as a browser does."""
    with httpx.Client(base_url=f"{serving.base}/api", timeout=PATIENCE, trust_env=False) as client:
        assert client.get(serving.link()).status_code == 303
        with_token(client)
        yield client


def deployment(serving: Serving, name: str) -> str:
    return next(it["id"] for known, it in serving.deployments().items() if known.endswith(name))


def test_nothing_but_its_own_folder_is_worked_in(serving: Serving) -> None:
    """What lies where it was started is not imported, and nothing is left in the temporary directory for others."""
    assert not (serving.folder / "imported").exists()
    assert not (serving.folder / "tmp" / "runner_storage").exists()
    assert (serving.folder / "home" / "prefect" / "runner_storage").stat().st_mode & 0o777 == 0o700


def test_a_stranger_gets_nothing(serving: Serving) -> None:
    """Without session and credential every account of the machine is refused: reading, writing, and websockets."""
    with httpx.Client(base_url=serving.base, timeout=PATIENCE, trust_env=False) as client:
        board = deployment(serving, BOARD)
        for method, path in (
            ("GET", "/"), ("GET", "/api/admin/settings"), ("POST", "/api/deployments/filter"),
            ("PATCH", f"/api/deployments/{board}"), ("POST", f"/api/deployments/{board}/create_flow_run"),
        ):  # fmt: skip
            assert client.request(method, path, json={}).status_code == 401, path
        assert client.get("/api/version", headers={"Host": "rebound.example"}).status_code == 421
    for path in ("/events/in", "/events/out", "/logs/out"):
        with pytest.raises(InvalidStatus):
            connect(f"ws://127.0.0.1:{serving.port}/api{path}", origin="http://evil.example:9998")  # type: ignore[arg-type]
        with connect(f"ws://127.0.0.1:{serving.port}/api{path}", subprotocols=["prefect"]) as socket:  # type: ignore[list-item]
            socket.send(json.dumps({"type": "auth", "token": "guessed"}))
            with pytest.raises(Exception, match=r"1008|policy"):
                socket.recv()


def test_the_web_does_not_choose_what_runs(serving: Serving, person: httpx.Client) -> None:
    """The report's attack: a shell command among a deployment's pull steps is refused, and the run is the old one."""
    proof, board = serving.folder / "a_shell_ran", deployment(serving, BOARD)
    steps = [{"prefect.deployments.steps.run_shell_script": {"script": f"touch {proof}"}}]
    for method, path, body in (
        ("PATCH", f"/deployments/{board}", {"pull_steps": steps}),
        ("PATCH", f"/deployments/{board}", {"entrypoint": "flows.closing.watch_the_closing"}),
        ("PATCH", f"/deployments/{board}", {"enforce_parameter_schema": False}),
        ("POST", "/deployments/", {"name": "x", "flow_id": board, "pull_steps": steps}),
        ("DELETE", f"/deployments/{board}", None),
        ("POST", "/work_pools/", {"name": "x", "type": "process"}),
        ("POST", "/block_documents/", {}),
        ("POST", "/variables/", {"name": "x", "value": "x"}),
        ("POST", "/automations/", {}),
        ("POST", "/artifacts/", {"key": "hatachi", "type": "markdown", "data": "x"}),
        ("POST", "/flow_runs/", {}),
        ("POST", f"/deployments/{board}/create_flow_run", {"job_variables": {"env": {"PYTHONPATH": "."}}}),
        ("PUT", "/admin/storage", {}),
    ):  # fmt: skip
        answer = person.request(method, path, json=body)
        assert answer.status_code == 403, path
        assert answer.json()["detail"], "a refusal has its words"
    run = person.post(f"/deployments/{board}/create_flow_run", json={"parameters": {}})
    assert run.status_code == 201, run.text
    assert serving.end_of(run.json()["id"])["type"] == "COMPLETED"
    assert not proof.exists()


def test_acts_are_for_the_desk_and_for_scripts(serving: Serving, person: httpx.Client) -> None:
    """A person in the dashboard records nothing, and what was typed does not come into Prefect; a script does."""
    claim = {"measures": ["W-OP-01"], "evidence": "契約書"}
    asked = {"act": "claim_measures", "year": YEAR, "by": "sato", "fields": claim}
    path = f"/deployments/{deployment(serving, RECORD)}/create_flow_run"
    for parameters in (asked, asked | {"by": NOBODY}, {"act": "claim_measures"}):
        refused = person.post(path, json={"parameters": parameters})
        assert (refused.status_code, "業務画面" in refused.json()["detail"]) == (403, True)
    assert person.post(path, json={}).status_code == 409, "without an act there is nothing to record"
    for by, name in (("nobody", "未記録"), ("sato", "Completed")):
        said = serving.end_of(serving.start(RECORD, parameters=asked | {"by": by}))
        assert (said["type"], said["name"]) == ("COMPLETED", name)
        assert "nobody" not in said["message"]
    assert NOBODY not in json.dumps(serving.ask("/flow_runs/filter"), ensure_ascii=False)


def test_a_run_is_cancelled_and_not_forced(serving: Serving, person: httpx.Client) -> None:
    """A person ends a run that waits; no other state is hers to give."""
    later = {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": f"{YEAR + 2}-01-04T00:00:00Z"}}}
    run = person.post(f"/deployments/{deployment(serving, BOARD)}/create_flow_run", json=later).json()["id"]
    forced = person.post(f"/flow_runs/{run}/set_state", json={"state": {"type": "COMPLETED"}, "force": True})
    assert forced.status_code == 403
    cancelled = person.post(f"/flow_runs/{run}/set_state", json={"state": {"type": "CANCELLED"}, "force": True})
    assert cancelled.status_code == 201, cancelled.text
    assert serving.end_of(run)["type"] == "CANCELLED"


def test_what_people_read_holds_no_secret(serving: Serving, person: httpx.Client) -> None:
    """The credential is in no settings that people read, no command line, no log; two files of 0600 hold it."""
    secret = (serving.folder / "home" / "prefect" / "credential").read_text().partition(":")[2]
    assert secret not in person.get("/admin/settings").text
    assert person.get(f"{serving.base}/ui-settings").json()["auth"] is None
    family = [psutil.Process(serving.process.pid), *psutil.Process(serving.process.pid).children(recursive=True)]
    assert not [it for it in family if secret in " ".join(it.cmdline())]
    for path in serving.folder.rglob("*"):
        if path.is_file() and path.name not in {"credential", "asking.json"}:
            assert secret.encode() not in path.read_bytes(), path
        if path.is_file() and secret.encode() in path.read_bytes():
            assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_used_once(serving: Serving) -> None:
    """A link is made without stopping anything; the second browser that opens it is refused in words."""
    link = serving.link()
    first, second = (httpx.get(link, trust_env=False) for _time in range(2))
    assert (first.status_code, second.status_code) == (303, 403)
    assert COOKIE in first.cookies
    assert COOKIE not in second.cookies
    assert "新しいリンク" in second.text


def test_no_link_without_a_server(tmp_path: Path) -> None:
    """Where nothing is served there is nothing to open: exit 2, and how to begin."""
    (tmp_path / "home").mkdir()
    told = subprocess.run(
        [TSUDOI, "serve", "--link"], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (2, "")
    assert "tsudoi serve" in told.stderr


def test_the_server_runs_without_the_office(tmp_path: Path) -> None:
    """Server and flows run apart: the web's process has no database, no key and no vault, and still has flows run."""
    office = preparation.install(tmp_path / "home", tmp_path / "inbox")
    preparation.register_sample_people(office, YEAR)
    preparation.open_year(office, YEAR)
    port, secret = free_port(), "tsudoi:0123456789abcdefghijklmn"
    web = Serving(tmp_path / "web", port, "--server-only", PREFECT_SERVER_API_AUTH_STRING=secret)
    flows = None
    try:
        web.wait_until_healthy()
        flows = Serving(tmp_path, port, secret=secret)
        flows.wait_until_ready()
        assert flows.end_of(flows.start(BOARD))["type"] == "COMPLETED"
        assert {path.name for path in (tmp_path / "web" / "home").iterdir()} == {"prefect"}
        flows.end()
        web.end()
    finally:
        for one in filter(None, (flows, web)):
            one.kill()
