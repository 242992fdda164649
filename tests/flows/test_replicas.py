"""A server of several replicas: one data directory and one database, and their services in a process of their own.

Here the database is SQLite, and what one process hears by events the others do not: that takes Redis.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from serving import PATIENCE, TSUDOI, Serving, environment, free_port, until

from desk.commands.serve import _print_a_link, _the_only_one
from flows import access
from models.errors import TsudoiError

pytestmark = pytest.mark.xdist_group("prefect")

PREFECT = Path(sys.executable).with_name("prefect")
NOT_ITSELF = {"PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false"}


def test_replicas_hold_a_data_directory_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two replicas run on one data directory and a link is made beside them; whoever is no replica is kept out."""
    access.say_where(access.folder_of(tmp_path), "http://127.0.0.1:4201")
    with _the_only_one(tmp_path, among_replicas=True):
        with _the_only_one(tmp_path, among_replicas=True), pytest.raises(TsudoiError), _the_only_one(tmp_path):
            pass
        _print_a_link(tmp_path)
    assert "http://127.0.0.1:4201/enter" in capsys.readouterr().out
    with _the_only_one(tmp_path), pytest.raises(TsudoiError), _the_only_one(tmp_path, among_replicas=True):
        pass
    with pytest.raises(TsudoiError):
        _print_a_link(tmp_path)


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Serving]]:
    """Start two, one after the other, after the database was made by itself; whatever is left is killed."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    (one / "home" / "prefect").mkdir(parents=True)
    (two / "home").symlink_to(one / "home")
    upgrade = [PREFECT, "server", "database", "upgrade", "-y"]
    at = environment(one) | {"PREFECT_HOME": str(one / "home" / "prefect"), "DO_NOT_TRACK": "1"}
    subprocess.run(upgrade, env=at, check=True, capture_output=True, timeout=PATIENCE)
    started = list[Serving]()
    try:
        for folder in (one, two):
            started.append(Serving(folder, free_port(), "--server-only", "--no-services", **NOT_ITSELF))
            started[-1].wait_until_ready()
        yield started[0], started[1]
    finally:
        for it in started:
            it.kill()


@pytest.mark.long
def test_a_link_opens_either_and_is_used_up_on_both(replicas: tuple[Serving, Serving]) -> None:
    """A link opens the dashboard of whichever replica is asked, once; the session holds on the other."""
    first, second = replicas
    for opened, other in ((first, second), (second, first)):
        link = urlsplit(first.link())
        at = f"{link.path}?{link.query}"
        with httpx.Client(timeout=PATIENCE, trust_env=False) as person:
            assert person.get(opened.base + at).status_code == 303
            assert person.get(other.base + at).status_code == 403, "it is used up"
            page = person.get(f"{other.base}/")
            assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
            token = person.get(f"{other.base}/api/csrf-token", params={"client": "x"}).json()["token"]
            shown = {"Prefect-Csrf-Client": "x", "Prefect-Csrf-Token": token}
            assert person.post(f"{opened.base}/api/flow_runs/count", json={}, headers=shown).status_code == 200


@pytest.mark.long
def test_what_is_asked_of_one_is_seen_by_the_other_and_the_services_do_the_rest(
    replicas: tuple[Serving, Serving],
) -> None:
    """A run is asked for, begun and looked at through whichever; schedules are the services', and theirs alone."""
    first, second = replicas
    flow = first.ask("/flows/", name="年度業務")["id"]
    every = {"schedule": {"cron": "0 9 * * 1-5", "timezone": "Asia/Tokyo"}, "active": True}
    deployment = first.ask("/deployments/", name="ward-a-朝の点検", flow_id=flow, schedules=[every])["id"]
    run = second.ask(f"/deployments/{deployment}/create_flow_run", state={"type": "SCHEDULED"})["id"]
    assert first.ask(f"/flow_runs/{run}/set_state", state={"type": "CANCELLED"})["status"] == "ACCEPT"
    assert second.end_of(run)["type"] == "CANCELLED"
    waiting = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    assert second.ask("/flow_runs/filter", **waiting) == []

    log = (first.folder / "services.log").open("w")
    command = [TSUDOI, "serve", "--services-only"]
    services = subprocess.Popen(command, env=environment(first.folder), stdout=log, stderr=log)
    try:
        until(lambda: len(second.ask("/flow_runs/filter", **waiting)) >= 3, or_else=lambda: str(services.poll()))
        assert services.poll() is None
    finally:
        services.terminate()
        services.wait(PATIENCE)


@pytest.mark.long
def test_a_replica_ends_alone(replicas: tuple[Serving, Serving]) -> None:
    """One that ends leaves the other at work, each with a log of its own; another server is refused beside it."""
    first, second = replicas
    first.end()
    assert second.api.get("/ready").status_code == 200
    assert {f"server-{it.port}.log" for it in replicas} <= {
        path.name for path in (first.folder / "home" / "prefect").iterdir()
    }
    whole = subprocess.run(
        [TSUDOI, "serve", "--server-only", "--port", "0"], env=environment(first.folder), capture_output=True,
        text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert whole.returncode == 2
    assert str(first.folder / "home") in whole.stderr


def test_an_office_does_not_go_without_services(tmp_path: Path) -> None:
    """Without services beside flows of its own no schedule would ever begin: refused with the remedy, exit 2."""
    told = subprocess.run(
        [TSUDOI, "serve", "--no-services"], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "--server-only --no-services" in told.stderr


def test_a_credential_is_made_where_no_office_is(tmp_path: Path) -> None:
    """The machine of a shared server has no office: a credential is made there all the same, and nothing else."""
    told = subprocess.run(
        [TSUDOI, "serve", "--office", "ward-a"], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("ward-a:")
    assert {path.name for path in (tmp_path / "home").iterdir()} == {"prefect"}
