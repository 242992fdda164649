"""`prefect deploy --all` with the file at the root, for those who run Prefect with a work pool."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from serving import PATIENCE, TSUDOI, Serving, environment, free_port

import deploy

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("prefect")]

ROOT = Path(deploy.__file__).parents[1]
PREFECT = Path(sys.executable).with_name("prefect")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("deploying"), free_port(), "--server-only")
    server.wait_until_ready()
    yield server
    server.kill()


@pytest.mark.parametrize("office", ["", "ward-a"])
def test_all_is_deployed_without_a_question(server: Serving, tmp_path: Path, office: str) -> None:
    """The sweeps stand on the server with schedule, tags, limit and pool: under no name, or as an office's own."""
    folder, credential, pool = ROOT, _said(server, "credential"), office or "tsudoi"
    if office:
        folder, credential = tmp_path, _done(environment(server.folder), TSUDOI, "serve", "--office", office).strip()
        made = _done(environment(tmp_path), sys.executable, "-m", "deploy.making.prefect_yaml", "--office", office)
        (folder / "prefect.yaml").write_text(made, encoding="utf-8")
    surroundings = environment(tmp_path) | {
        "PREFECT_API_URL": f"{server.base}/api", "PREFECT_API_AUTH_STRING": credential, "PREFECT_HOME": str(tmp_path),
    }  # fmt: skip
    _done(surroundings, PREFECT, "work-pool", "create", pool, "--type", "process")
    for _time in range(2):  # the second changes nothing
        _done(surroundings, PREFECT, "--no-prompt", "deploy", "--all", folder=folder)

    found = {name: it for name, it in server.deployments().items() if it["work_pool_name"] == pool}
    wanted = yaml.safe_load((folder / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {*found} == {it["name"] for it in wanted}
    assert len(found) == 7
    for it in wanted:
        stands = found[it["name"]]
        assert it["name"].startswith(office)
        assert stands["tags"] == it["tags"]
        assert f"{office}-tsudoi".strip("-") in stands["tags"]
        assert (stands["entrypoint"], stands["pull_steps"]) == (it["entrypoint"], [])
        assert [one["schedule"]["cron"] for one in stands["schedules"]] == [
            one["cron"] for one in it.get("schedules", [])
        ]
        assert all(one["active"] and one["schedule"]["timezone"] == "Asia/Tokyo" for one in stands["schedules"])
        limit = {"limit": 1, **stands["concurrency_options"]} if stands["global_concurrency_limit"] else {}
        assert {**it.get("concurrency_limit", {})}.items() <= limit.items()
        assert bool(limit) == ("concurrency_limit" in it)


def _said(server: Serving, name: str) -> str:
    return (server.folder / "home" / "prefect" / name).read_text(encoding="ascii")


def _done(surroundings: dict[str, str], *command: str | Path, folder: Path | None = None) -> str:
    """Run a command as it is typed, with no answer to a question; return what it said."""
    done = subprocess.run(
        command, env=surroundings, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
