"""`tsudoi serve` as it is started in an office: a process, its server, its schedules, and its end."""

import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest
from pydantic import TypeAdapter
from serving import PATIENCE, TSUDOI, Serving, environment, free_port, is_over, until

from models.clock import fiscal_year_of
from models.database import reading
from models.words import translate
from steps import acting, preparation
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")

TOKYO = ZoneInfo("Asia/Tokyo")
YEAR = fiscal_year_of(datetime.now(TOKYO).date())
SWEEPS = {
    "年度の開始": "0 9 * * 1-5", "朝の点検": "0 9 * * 1-5", "督促の送り直し": "10 10-17 * * 1-5",
    "年末の点検": "0 9 * 12 1-5",
}  # fmt: skip
ASKED = {"年度業務", "掲示板の更新"}
RECORD = "行為の記録"
SERVED = {*SWEEPS, *ASKED, RECORD}
MEMORY = (700 + 120) * 1024 * 1024  # of server, runner and a run under way; and of the desk


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an installation with fictional people and this fiscal year open, on the machine's own clock."""
    folder = tmp_path_factory.mktemp("served")
    office = preparation.install(folder / "home", folder / "inbox")
    preparation.register_sample_people(office, YEAR)
    preparation.open_year(office, YEAR)
    return folder


@pytest.fixture
def serving(folder: Path) -> Iterator[Callable[[], Serving]]:
    """Give a way to start it; whatever a test leaves running is killed by its own number."""
    started: list[Serving] = []
    port = free_port()

    def start() -> Serving:
        started.append(Serving(folder, port))
        started[-1].wait_until_ready()
        return started[-1]

    yield start
    for one in started:
        one.kill()


def test_a_day_of_serving(folder: Path, serving: Callable[[], Serving]) -> None:
    """It serves the table by its schedules, does acts, loses no sweep when it is killed, and ends on SIGTERM."""
    first = serving()
    the_table_is_served(first)
    what_names_staff_is_kept_for_a_season_and_the_last(first)
    cron_deployments_get_their_runs(first)
    an_act_is_done(first, Office.open(folder / "home", folder / "inbox"))
    sweep = begin_a_sweep(first)
    server = first.server()
    first.process.kill()
    first.process.wait(PATIENCE)
    until(lambda: is_over(server))

    second = serving()
    assert second.end_of(sweep)["type"] == "COMPLETED"
    assert tell(folder).returncode == 2, "a second one on the same data is refused"
    family = [psutil.Process(second.process.pid), second.server()]
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(PATIENCE) == 0
    assert all(is_over(process) for process in family)
    assert "Traceback" not in second.out.read_text()


def the_table_is_served(serving: Serving) -> None:
    found = serving.deployments()
    assert set(found) == SERVED
    for name, it in found.items():
        schedules = [(one["schedule"]["cron"], one["schedule"]["timezone"], one["active"]) for one in it["schedules"]]
        assert schedules == ([(SWEEPS[name], "Asia/Tokyo", True)] if name in SWEEPS else []), name
        limit = (it["global_concurrency_limit"] or {}).get("limit"), (it["concurrency_options"] or {})
        others = "CANCEL_NEW" if name in SWEEPS else "ENQUEUE" if name in ASKED else None
        assert (limit[0], limit[1].get("collision_strategy")) == (1 if others else None, others)
        assert it["entrypoint"].startswith("flows."), "found by module, wherever it is installed"


def what_names_staff_is_kept_for_a_season_and_the_last(serving: Serving) -> None:
    server = serving.api.get("/admin/settings").json()["server"]
    vacuum = server["services"]["db_vacuum"]
    assert set(vacuum["enabled"]) == {"events", "flow_runs"}
    kept = TypeAdapter(timedelta).validate_python
    assert kept(vacuum["retention_period"]) == kept(server["events"]["retention_period"]) == timedelta(days=400)


def cron_deployments_get_their_runs(serving: Serving) -> None:
    def scheduled(name: str) -> list[dict[str, Any]]:
        wanted = {"deployments": {"name": {"any_": [name]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        return serving.ask("/flow_runs/filter", **wanted)

    for name in SWEEPS:
        until(lambda name=name: len(scheduled(name)) >= 3)
        times = [datetime.fromisoformat(run["expected_start_time"]).astimezone(TOKYO) for run in scheduled(name)]
        assert all(at.weekday() < 5 and f"{at:%-M}" == SWEEPS[name].split()[0] for at in times)


def an_act_is_done(serving: Serving, office: Office) -> None:
    """Record an act by a script; it comes onto the board, and the memory stays within its limit."""
    claim = {"measures": ["W-OP-01"], "evidence": "契約書"}
    asked = {"act": "claim_measures", "year": YEAR, "by": "sato", "fields": claim}
    state = serving.end_of(serving.start(RECORD, parameters=asked), measured=True)
    assert state["type"] == "COMPLETED", state
    with reading(office.engine) as connection:
        assert "W-OP-01" in office.door.facts(connection, f"hatachi-{YEAR}").claims
    done = acting.perform(
        office, f"hatachi-{YEAR}", "claim_measures", by="sato", fields={"measures": ["W-OP-03"], "evidence": "届書"}
    )
    until(
        lambda: f"管理簿 {done.seq} 番まで" in serving.board(f"hatachi-{YEAR}"),
        or_else=serving.out.read_text,
    )
    assert serving.most <= MEMORY, f"{serving.most >> 20} MiB with a run under way"


def begin_a_sweep(serving: Serving) -> str:
    """Leave a sweep Running, as a kill in its middle does; it holds the only slot of its deployment."""
    later = (datetime.now(TOKYO) + timedelta(hours=1)).isoformat()
    sweep = serving.start("朝の点検", state={"type": "SCHEDULED", "state_details": {"scheduled_time": later}})
    for kind, force in (("PENDING", False), ("RUNNING", True)):
        set_state = serving.ask(f"/flow_runs/{sweep}/set_state", state={"type": kind}, force=force)
        assert set_state["status"] == "ACCEPT"
    return sweep


def tell(folder: Path, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TSUDOI, "serve", *options], env=environment(folder) | variables, cwd=folder, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("flows.server", "The Prefect server did not start, or has stopped."),
        ("desk.web.server", "The desk did not start, or has stopped."),
    ],
)
def test_it_does_not_outlive_its_servers(serving: Callable[[], Serving], module: str, words: str) -> None:
    """When its Prefect server or desk is dead it says so, with the remedy, without a traceback, and ends with 2."""
    served = serving()
    served.server(module).kill()
    assert served.process.wait(PATIENCE) == 2, served.out.read_text()
    _before, _lasts, after = served.out.read_text().partition("Ctrl-C")
    assert "Traceback" not in after
    assert translate(words, "ja") in after


def test_without_an_office_there_is_nothing_to_serve(tmp_path: Path) -> None:
    """Where `tsudoi init` has not been, it says so with the remedy, exit 2, and makes nothing."""
    told = tell(tmp_path)
    assert told.returncode == 2
    assert "tsudoi init" in told.stderr
    assert not (tmp_path / "home").exists()


def test_a_taken_port_is_refused(folder: Path) -> None:
    """A port that another program holds is refused with the remedy, exit 2."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = tell(folder, "--port", str(other.getsockname()[1]))
    assert told.returncode == 2
    assert "--port" in told.stderr


def test_a_port_beside_a_configured_server_is_refused(folder: Path) -> None:
    """With PREFECT_API_URL set no server is started, so that --port beside it is a contradiction, exit 2."""
    told = tell(folder, "--port", "0", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert told.returncode == 2
    assert "PREFECT_API_URL" in told.stderr


@pytest.mark.parametrize("credential", ["short:one", "a" * 16, "aaaaaaaa:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_credential_of_ones_own_is_worth_the_name(folder: Path, host: str, credential: str) -> None:
    """A credential that somebody sets and that can be guessed is refused, exit 2; left out, tsudoi makes one."""
    told = tell(folder, "--host", host, "--port", "0", PREFECT_SERVER_API_AUTH_STRING=credential)
    assert told.returncode == 2
    assert "PREFECT_SERVER_API_AUTH_STRING" in told.stderr
    assert credential not in told.stderr


def test_a_server_elsewhere_needs_a_credential(folder: Path) -> None:
    """A Prefect server on another machine is not spoken to without a credential worth the name, exit 2."""
    for credential in ("", "a" * 16):
        told = tell(folder, PREFECT_API_URL="http://192.0.2.1:4200/api", PREFECT_API_AUTH_STRING=credential)
        assert told.returncode == 2
        assert "PREFECT_API_AUTH_STRING" in told.stderr
