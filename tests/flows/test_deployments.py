"""The examples of deploy/: they say what the project does."""

import importlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Prefect
from typer.main import get_command

import deploy
from adapters.settings import Settings
from desk.commands import serve

pytestmark = pytest.mark.xdist_group("prefect")

FOLDER = Path(deploy.__file__).parent


def test_the_example_for_work_pools_is_the_same_table(prefect: Prefect) -> None:
    """prefect.yaml deploys what `tsudoi serve` does: flows, descriptions, tags, schedules, limits."""
    example = yaml.safe_load((FOLDER.parent / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    served = prefect.flow_module("deployments")
    assert [(it["name"], it["entrypoint"], it["description"]) for it in example] == [
        (it.name, it.entrypoint, it.description) for it in served.TABLE
    ]
    assert [it["tags"] for it in example] == [["tsudoi", *it.tags] for it in served.TABLE]
    assert [it.get("schedules", []) for it in example] == [
        [{"cron": it.cron, "timezone": served.TIMEZONE}] if it.cron else [] for it in served.TABLE
    ]
    others = {"CANCEL_NEW" if it.cron else "ENQUEUE" for it in served.TABLE if it.cron or it.waits}
    limits = {it["name"]: it["concurrency_limit"]["collision_strategy"] for it in example if "concurrency_limit" in it}
    assert limits.keys() == {it["name"] for it in example} - {"行為の記録"}
    assert {*limits.values()} == others
    assert {it["work_pool"]["name"] for it in example} == {"tsudoi"}


def test_the_example_settings_are_settings(tmp_path: Path) -> None:
    """settings.example.toml loads with every line switched on, and names every setting but the data directory."""
    text = (FOLDER / "settings.example.toml").read_text(encoding="utf-8")
    (tmp_path / "settings.toml").write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE), encoding="utf-8")
    loaded = Settings.load(tmp_path)
    assert loaded.origin.endswith("/tsudoi")
    assert loaded.mail.startswith("smtp://")
    assert loaded.model_fields_set == set(Settings.model_fields)


def test_the_example_of_the_environment_names_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every TSUDOI_ variable of tsudoi.env.example, switched on or not, is a setting that loads."""
    text = (FOLDER / "systemd" / "tsudoi.env.example").read_text(encoding="utf-8")
    named = re.findall(r"^#?(TSUDOI_\w+)=(.*)$", text, flags=re.MULTILINE)
    known = {f"TSUDOI_{name.upper()}" for name in Settings.model_fields} | {"TSUDOI_WEBHOOKS__ASAHI__SECRET"}
    assert {name for name, _value in named} <= known
    for name, value in named:
        if name in known - {"TSUDOI_WEBHOOKS__ASAHI__SECRET"}:
            monkeypatch.setenv(name, value)
    assert str(Settings.load().home) == "/var/lib/tsudoi/home"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))


def test_the_compose_file_names_what_there_is(compose: dict[str, Any]) -> None:
    """Files that are mounted exist, and so do services that others wait for; secrets and volumes are those declared."""
    services = compose["services"].values()
    mounted = [it.split(":")[0] for service in services for it in service.get("volumes", [])]
    ours = [it for it in mounted if it.startswith("./")]
    assert ours
    assert all((FOLDER / path).is_file() for path in ours)
    assert {it for it in mounted if not it.startswith((".", "/"))} == set(compose["volumes"])
    assert {name for service in services for name in service.get("secrets", [])} == set(compose["secrets"])
    assert {name for service in services for name in service.get("depends_on", [])} <= set(compose["services"])
    for copied in {service["env_file"] for service in services if "env_file" in service}:
        assert list(FOLDER.rglob(f"{Path(copied).name}.example")), f"there is an example to make {copied} from"


def test_a_shared_server_is_two_replicas_and_their_services(compose: dict[str, Any]) -> None:
    """Of the profile the database is upgraded first, then the replicas start in turn, each on a port of its own."""
    shared = {name: it for name, it in compose["services"].items() if it.get("profiles") == ["shared"]}
    assert set(shared) == {"redis", "upgrade", "api-1", "api-2", "services"}
    assert not [name for name, it in compose["services"].items() if name not in shared and "profiles" in it]
    waits = {
        name: {which: it["condition"] for which, it in shared[name].get("depends_on", {}).items()} for name in shared
    }
    assert waits["upgrade"] == {"database": "service_healthy"}
    assert waits["services"] == {"upgrade": "service_completed_successfully", "redis": "service_healthy"}
    assert waits["api-1"] == waits["services"]
    assert waits["api-2"] == waits["api-1"] | {"api-1": "service_healthy"}
    told = {name: it["command"] for name, it in shared.items() if it.get("command", [""])[0] == "serve"}
    known = {option for it in get_command(serve.app).params for option in it.opts}
    assert {word for words in told.values() for word in words if word.startswith("--")} <= known
    assert told["services"] == ["serve", "--services-only"]
    assert all("--no-services" in told[name] for name in ("api-1", "api-2"))
    assert told["api-1"][-1] in str(shared["api-1"]["healthcheck"]["test"])
    assert told["api-1"][-1] != told["api-2"][-1]
    published = [port for it in compose["services"].values() for port in it.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_what_a_shared_server_is_told_are_settings(prefect: Prefect, compose: dict[str, Any]) -> None:
    """Each variable of the profile is a setting of tsudoi, of the installed Prefect, or of its package for Redis."""
    settings = importlib.import_module("prefect.settings.legacy")
    prefects = settings._get_valid_setting_names(importlib.import_module("prefect.settings").Settings)
    example = (FOLDER / "compose" / "shared.env.example").read_text(encoding="utf-8")
    named = {*compose["x-of-the-server"]["environment"], *re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE)}
    ours = {f"TSUDOI_{name.upper()}" for name in Settings.model_fields}
    others = named - {*prefects, *ours}
    assert others == {"DO_NOT_TRACK", "PREFECT_REDIS_MESSAGING_URL", "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL"}


UNITS = FOLDER / "systemd"
SERVES = ("tsudoi.service", "tsudoi-dashboard.service")


def lines_of(unit: str) -> list[str]:
    return (UNITS / unit).read_text(encoding="utf-8").splitlines()


def test_a_service_that_dies_is_started_again_and_then_told_of() -> None:
    """Both services start again on failure, five times an hour at most; then a letter goes."""
    for unit in SERVES:
        told = {
            "Restart=on-failure",
            "StartLimitIntervalSec=1h",
            "StartLimitBurst=5",
            "OnFailure=tsudoi-stopped@%n.service",
        }
        assert told <= set(lines_of(unit)), unit
        assert "KillMode=mixed" in lines_of(unit), (
            "else its Prefect server would be ended beside it, and taken for dead"
        )
    tells = lines_of("tsudoi-stopped@.service")
    assert "ExecStart=/opt/tsudoi/bin/tsudoi watch --stopped %i" in tells
    assert not [line for line in tells if line.startswith(("OnFailure=", "Restart="))], "it calls nobody itself"
    fence = lines_of("tsudoi-watch.service")
    assert tells[tells.index("TimeoutStartSec=10min") :] == fence[fence.index("TimeoutStartSec=10min") :]


@pytest.mark.skipif(
    not shutil.which("systemd-analyze") and os.environ.get("CI") != "true",
    reason="no systemd on this machine: whether it understands the units was not looked at",
)
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say about any unit, once its command is one that is installed here."""
    for unit in UNITS.glob("tsudoi*.*"):
        if unit.suffix in {".service", ".timer"}:
            text = unit.read_text(encoding="utf-8").replace("/opt/tsudoi/bin/tsudoi", "/bin/true")
            (tmp_path / unit.name).write_text(text, encoding="utf-8")
    made = sorted(map(str, tmp_path.iterdir()))
    said = subprocess.run(["systemd-analyze", "verify", *made], capture_output=True, text=True, check=False)
    assert (len(made), said.returncode, said.stderr) == (5, 0, "")


def test_when_the_server_is_away_another_runner_goes_on(prefect: Prefect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's runner gives up after three failures; the next begins once the table can be registered again."""
    deployments = prefect.flow_module("deployments")
    began: list[str] = []

    class Runs:
        def __init__(self, name: str, *, gives_up: bool) -> None:
            self.name, self.gives_up = name, gives_up

        async def start(self) -> None:
            began.append(self.name)
            if self.gives_up:
                raise ExceptionGroup(self.name, [RuntimeError("Service exceeded error threshold.")])

    answers = iter([ConnectionError(), ConnectionError(), Runs("second", gives_up=False)])

    def registered(*, alone: bool) -> Runs:
        assert alone
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(deployments, "_registered", registered)
    monkeypatch.setattr(deployments, "_AFTER_TROUBLE", 0)
    deployments._run(Runs("first", gives_up=True), alone=True)
    assert began == ["first", "second"]
