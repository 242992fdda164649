"""Two offices with a worker each on one Prefect server, each by its own credential: neither touches the other.

The server stands on PostgreSQL, as a shared one does, and the two have databases of their own there.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from figures import Figures
from postgresqls import Postgresql
from serving import PATIENCE, TSUDOI, Serving, environment, free_port, until, with_token
from sqlalchemy import func, select
from sqlmodel import col

from models import tables
from models.database import reading
from steps import acting, preparation
from steps.office import Office

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("prefect")]

YEAR = 2026
CYCLE = f"hatachi-{YEAR}"
MEASURES = {"measures": ["W-OP-01"], "evidence": "契約書"}
RECORD = "行為の記録"
PREFECT = Path(sys.executable).with_name("prefect")
LINE = {"name": "x", "level": 20, "message": "x", "timestamp": "2026-12-01T00:00:00Z"}


class Ward:
    """One office: its data directory and database, name, credential, work pool and, while it works, its worker."""

    def __init__(self, folder: Path, name: str, server: Serving, postgresql: Postgresql) -> None:
        folder.mkdir()
        self.folder, self.name, self.server = folder, name, server
        self.worker: subprocess.Popen[bytes] | None = None
        database = name.replace("-", "_")
        postgresql.run(f"CREATE DATABASE {database}")
        (folder / "home").mkdir()
        settings = f'office = "{name}"\ndatabase_url = "{postgresql.url(database)}"\n'
        (folder / "home" / "settings.toml").write_text(settings, encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TSUDOI_DATABASE_OWNER_URL", postgresql.url(database, "tsudoi"))
            preparation.install(folder / "home", folder / "inbox")
        self.office = Office.open(folder / "home", folder / "inbox")
        preparation.register_sample_people(self.office, YEAR)
        preparation.open_year(self.office, YEAR)
        making = [TSUDOI, "serve", "--office", name]
        made = subprocess.run(making, env=environment(server.folder), capture_output=True, text=True, check=True)
        self.credential = made.stdout.strip()
        self.surroundings = environment(folder) | {
            "PREFECT_API_URL": f"{server.base}/api", "PREFECT_API_AUTH_STRING": self.credential,
            "PREFECT_HOME": str(folder / "prefect"), "PREFECT_WORKER_QUERY_SECONDS": "1",
        }  # fmt: skip
        self.run(PREFECT, "work-pool", "create", name, "--type", "process")
        self.run(sys.executable, "-m", "flows.deployments", name)

    def run(self, *command: str | Path) -> None:
        done = subprocess.run(
            command, env=self.surroundings, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def work(self) -> None:
        log = (self.folder / "worker.log").open("a")
        command = [PREFECT, "worker", "start", "--pool", self.name]
        self.worker = subprocess.Popen(command, env=self.surroundings, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.worker and self.worker.poll() is None:
            for process in (*psutil.Process(self.worker.pid).children(recursive=True), self.worker):
                process.kill()
            self.worker.wait(PATIENCE)

    def sends(self, key: str) -> str:
        """Have this office record a claim; return the id of its run."""
        asked = {"act": "claim_measures", "year": YEAR, "by": "sato", "key": key, "fields": MEASURES}
        return self.server.start(f"{self.name}-{RECORD}", parameters=asked)

    def claims(self) -> int:
        """Return how many claims of measures its ledger holds."""
        entry = tables.Ledger
        query = select(func.count()).where(col(entry.event) == "measures_claimed")
        with reading(self.office.engine) as connection:
            return connection.execute(query).scalar_one()

    def api(self) -> httpx.Client:
        """Give the server's API as this ward's machine asks it."""
        user, _colon, secret = self.credential.partition(":")
        client = httpx.Client(
            base_url=f"{self.server.base}/api", auth=(user, secret), timeout=PATIENCE, trust_env=False
        )
        with_token(client)
        return client

    def page(self) -> str:
        return self.server.board(f"{self.name}-{CYCLE}")


@pytest.fixture(scope="module")
def wards(tmp_path_factory: pytest.TempPathFactory, postgresql_for_prefect: Postgresql) -> Iterator[tuple[Ward, Ward]]:
    """Give two wards on one server, both at work; whatever is left is killed by its own number."""
    folder = tmp_path_factory.mktemp("shared")
    postgresql = postgresql_for_prefect
    database = postgresql.url("prefect", "prefect").replace("postgresql:", "postgresql+asyncpg:")
    server = Serving(folder, free_port(), "--server-only", PREFECT_SERVER_DATABASE_CONNECTION_URL=database)
    server.wait_until_ready()
    both = Ward(folder / "a", "ward-a", server, postgresql), Ward(folder / "b", "ward-b", server, postgresql)
    for ward in both:
        ward.work()
    yield both
    for ward in both:
        ward.kill()
    server.kill()


def test_acts_land_in_the_ledger_of_the_ward_they_are_sent_to(wards: tuple[Ward, Ward]) -> None:
    """Of acts sent to both at once each lands in its own ledger, and each board shows its own."""
    sent = [(ward, ward.sends(f"{number}")) for number in range(2) for ward in wards]
    for ward, run in sent:
        assert ward.server.end_of(run)["type"] == "COMPLETED"
    assert [ward.claims() for ward in wards] == [2, 2]
    for ward in wards:
        other = next(it for it in wards if it is not ward)
        looks = ward.server.start(f"{ward.name}-年度業務", parameters={"fiscal_year": YEAR})
        ward.server.end_of(looks)  # what the acts asked for is dropped where the machine is busy
        assert ward.page()
        assert f"{other.name}-" not in ward.page()


def test_an_act_at_the_desk_shows_without_anybody_serving(wards: tuple[Ward, Ward]) -> None:
    """With workers alone the board of a ward tells of an act at its desk: the act itself asked for it."""
    ward, _other = wards
    done = acting.perform(ward.office, CYCLE, "claim_measures", by="sato", fields=MEASURES)
    until(lambda: f"管理簿 {done.seq} 番まで" in ward.page(), or_else=ward.page)


def test_a_ward_whose_worker_is_killed_goes_on_when_it_is_back(wards: tuple[Ward, Ward]) -> None:
    """While its worker is dead what is sent to a ward waits, and nobody else takes it; then it is done, once."""
    dead, alive = wards
    dead.kill()
    before = dead.claims(), alive.claims()
    waits, goes = dead.sends("dead"), alive.sends("alive")
    assert alive.server.end_of(goes)["type"] == "COMPLETED"
    assert (dead.claims(), alive.claims()) == (before[0], before[1] + 1)
    assert dead.server.api.get(f"/flow_runs/{waits}").json()["state"]["type"] == "SCHEDULED"
    dead.work()
    assert dead.server.end_of(waits)["type"] == "COMPLETED"
    assert (dead.claims(), alive.claims()) == (before[0] + 1, before[1] + 1)


def test_the_credential_of_a_ward_changes_nothing_of_another(wards: tuple[Ward, Ward], figures: Figures) -> None:
    """Asked for with one ward's credential, each thing of the other is refused in words and stays as it is."""
    (ward, other), server = wards, wards[0].server
    other.kill()
    waits = other.sends("stays")
    name = f"{other.name}-{RECORD}"
    deployment, flow = (server.deployments()[name][it] for it in ("id", "flow_id"))
    page = f"{other.name}-{CYCLE}"
    before = _all_of(other)
    tried: list[tuple[str, str, Any]] = [
        ("POST", f"/deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}}),
        ("DELETE", f"/deployments/{deployment}", None),
        ("PATCH", f"/deployments/{deployment}", {"work_pool_name": ward.name}),
        ("POST", "/deployments/", {"name": name, "flow_id": flow, "work_pool_name": ward.name}),
        ("POST", f"/flow_runs/{waits}/set_state", {"state": {"type": "CANCELLED"}, "force": True}),
        ("PATCH", f"/flow_runs/{waits}", {"tags": [f"{ward.name}-tsudoi"]}),
        ("DELETE", f"/flow_runs/{waits}", None),
        ("POST", "/artifacts/", {"key": page, "type": "markdown", "data": "x"}),
        ("POST", "/logs/", [{**LINE, "flow_run_id": waits}]),
        ("POST", f"/work_pools/{other.name}/get_scheduled_flow_runs", {}),
        ("PATCH", f"/work_pools/{other.name}", {"is_paused": True}),
        ("DELETE", f"/work_pools/{other.name}", None),
    ]
    with closing(ward.api()) as client:
        answers = [client.request(method, path, json=body) for method, path, body in tried]
    refused = [answer.status_code == 403 and "detail" in answer.json() for answer in answers]
    figures.tell("requests refused", where="another ward's things, on a server", tried=len(tried), held=sum(refused))
    assert all(refused), [answer.text for answer in answers]
    assert _all_of(other) == before
    other.work()
    assert server.end_of(waits)["type"] == "COMPLETED"


def _all_of(ward: Ward) -> list[Any]:
    """Return what stands of a ward on the server, but for when its worker last asked and what the clock adds."""
    server, mine = ward.server, {"deployments": {"name": {"like_": f"{ward.name}-"}}}
    kept = ("id", "name", "flow_id", "entrypoint", "pull_steps", "parameters", "tags", "paused", "work_pool_name")
    deployments = [[it[name] for name in kept] for it in server.ask("/deployments/filter", sort="NAME_ASC", **mine)]
    asked = [it for it in server.ask("/flow_runs/filter", sort="ID_DESC", **mine) if not it["auto_scheduled"]]
    runs = [(it["id"], it["state"]["type"], it["tags"]) for it in asked]
    logs = server.ask("/logs/filter", logs={"flow_run_id": {"any_": [it["id"] for it in asked]}})
    return [deployments, runs, logs, server.api.get(f"/work_pools/{ward.name}").json()["is_paused"], ward.page()]
