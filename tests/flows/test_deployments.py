"""The examples of deploy/: they say what the project does."""

import re
from pathlib import Path

import pytest
import yaml
from conftest import Prefect

import deploy
from adapters.settings import Settings

pytestmark = pytest.mark.xdist_group("prefect")

FOLDER = Path(deploy.__file__).parent


def test_the_example_for_work_pools_is_the_same_table(prefect: Prefect) -> None:
    """prefect.yaml deploys what `tsudoi serve` runs by the clock: flows, descriptions, tags, schedules, limits."""
    example = yaml.safe_load((FOLDER / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    served = prefect.flow_module("deployments")
    limit = {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert example == [
        {
            "name": it.name, "entrypoint": it.entrypoint, "description": it.description, "tags": ["tsudoi", *it.tags],
            "work_pool": {"name": "tsudoi"},
        }
        | (
            {"schedules": [{"cron": it.cron, "timezone": served.TIMEZONE}], "concurrency_limit": limit}
            if it.cron
            else {}
        )
        for it in served.SWEEPS
    ]  # fmt: skip


def test_the_example_settings_are_settings(tmp_path: Path) -> None:
    """settings.example.toml loads with every line switched on, and names every setting but the data directory."""
    text = (FOLDER / "settings.example.toml").read_text(encoding="utf-8")
    (tmp_path / "settings.toml").write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE), encoding="utf-8")
    loaded = Settings.load(tmp_path)
    assert loaded.origin.endswith("/tsudoi")
    assert loaded.mail.startswith("smtp://")
    assert loaded.model_fields_set == set(Settings.model_fields)
