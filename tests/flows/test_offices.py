"""Several offices on one Prefect server: nothing of two collides, and no run gets into a home that is another's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Prefect

from adapters.settings import Settings
from models.errors import BadSetting
from steps import preparation
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture
def named(opened: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Give the office with the year 2026 open, called shinjuku on the server."""
    monkeypatch.setenv("TSUDOI_OFFICE", "shinjuku")
    return Office.open(opened.home, opened.settings.inbox)


def test_an_office_stands_before_everything_that_it_has_on_the_server(prefect: Prefect, named: Office) -> None:
    """Deployments, tags and pages bear the office's name; the links of its board lead to its own pages."""
    from prefect import get_client

    served = prefect.flow_module("deployments").TABLE[0].deployment()
    assert (served.name, "shinjuku-tsudoi" in served.tags, "tsudoi" in served.tags) == (
        "shinjuku-年度業務",
        True,
        False,
    )
    state = prefect.flow_module("year").year(2026, return_state=True)
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
        keys = {artifact.key for artifact in client.read_artifacts(limit=200)}
    assert run.tags == ["shinjuku-hatachi-2026"]
    assert {"shinjuku-tsudoi-index", "shinjuku-hatachi-2026", "shinjuku-hatachi-2026-counts"} <= keys
    assert "/artifacts/key/shinjuku-hatachi-2026" in state.message


@pytest.mark.parametrize("mark", ["nakano-tsudoi", "tsudoi"])
def test_a_run_of_another_office_does_nothing_here(prefect: Prefect, named: Office, mark: str) -> None:
    """A flow that finds itself in another office's home refuses, in words, before it has opened or changed anything."""
    from prefect import tags

    size = len((named.home / "tsudoi.db").read_bytes())
    with tags(mark):
        state = prefect.flow_module("year").year(2026, return_state=True)
    assert state.is_failed()
    assert "別の役所" in state.message
    assert len((named.home / "tsudoi.db").read_bytes()) == size


def test_nothing_is_opened_for_a_run_of_another_office(
    prefect: Prefect, named: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of another office is refused for that alone, and called as its flow is, where there is no home to open."""
    from prefect import get_client, tags

    monkeypatch.setenv("TSUDOI_HOME", str(tmp_path / "nowhere"))
    with tags("nakano-tsudoi"):
        state = prefect.flow_module("year").year(2026, return_state=True)
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
    assert (state.is_failed(), "別の役所" in state.message, run.name) == (True, True, "年度業務")
    assert not (tmp_path / "nowhere").exists()


def test_a_run_whose_year_nobody_knows_ends_in_words(prefect: Prefect, named: Office) -> None:
    """A run of a programme that is not there is called as its flow is, and ends with what is wrong."""
    state = prefect.flow_module("year").year(2026, "no-such-mailing", return_state=True)
    assert (state.is_completed(), state.name) == (True, "未記録")
    assert "no-such-mailing" in state.message


@pytest.mark.parametrize("office", ["新宿", "Shinjuku", "-a", "a b", "a" * 21])
def test_an_office_is_called_by_what_a_page_can_be_called(office: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters, digits and hyphens alone: any other name is refused as a setting."""
    monkeypatch.setenv("TSUDOI_OFFICE", office)
    with pytest.raises(BadSetting, match="office"):
        Settings.load()


@pytest.fixture
def pools(prefect: Prefect) -> Iterator[Any]:
    """Give Prefect's client, with two work pools; they and what is registered with them are gone afterwards."""
    from prefect import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    with get_client(sync_client=True) as client:
        for name in ("ward-a", "ward-b"):
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        yield client
        for deployment in client.read_deployments(limit=200):
            client.delete_deployment(deployment.id)
        for name in ("ward-a", "ward-b"):
            client.delete_work_pool(name)


def test_what_one_pool_has_is_not_moved_to_another(prefect: Prefect, named: Office, pools: Any) -> None:
    """To register with a second pool is refused; another office registers its own, and both stand side by side."""
    deployments = prefect.flow_module("deployments")
    deployments.hand_to_pool("ward-a")
    with pytest.raises(BadSetting, match="ward-a"):
        deployments.hand_to_pool("ward-b")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TSUDOI_OFFICE", "nakano")
        deployments.hand_to_pool("ward-b")
    found = {it.name: it.work_pool_name for it in pools.read_deployments(limit=200)}
    assert found["shinjuku-年度業務"] == "ward-a"
    assert found["nakano-年度業務"] == "ward-b"
    assert (named.home / "prefect" / "asking.json").exists()


def test_a_second_machine_makes_no_second_key(opened: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation on a database that has a ledger is refused where its key is not, and leaves no key behind."""
    monkeypatch.setenv("TSUDOI_DATABASE_URL", f"sqlite:///{opened.home / 'tsudoi.db'}")
    monkeypatch.setenv("TSUDOI_HOME", str(tmp_path / "second"))
    with pytest.raises(BadSetting, match="鍵"):
        preparation.install(tmp_path / "second", tmp_path / "inbox")
    assert not list((tmp_path / "second" / "keys").glob("ledger*"))
