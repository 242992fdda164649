"""How far a work of the machine is: a bar beside its run, with counts alone."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from conftest import Prefect
from playing import Played

from adapters import progress
from steps import preparation
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")

KEY = "hatachi-2026-seal-package"


@pytest.fixture
def sealing(office: Office, tmp_path: Path, prefect: Prefect, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Give a year whose package the next look seals; every single person is told, and every second lasts no time."""
    preparation.open_year(office, 2026)
    year = Played(folder=tmp_path / "office", office=office)
    year.play(before="recheck_before_sealing")
    year.do("recheck_before_sealing")
    monkeypatch.setattr(progress, "_OFTEN", 1)
    monkeypatch.setattr(prefect.flow_module("progress"), "_EVERY", 0.0)
    return office


def bars() -> dict[UUID, Any]:
    """Return every bar of a sealing that is on the server."""
    from prefect import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[KEY])))
    return {bar.id: bar for bar in found}


def test_the_sealing_shows_how_far_it_is(prefect: Prefect, sealing: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a package is sealed its bar goes on, person by person, to 100 percent, and says how many of how many."""
    shown, module = list[tuple[float, str]](), prefect.flow_module("progress")
    update = module.update_progress_artifact

    def updated(bar: UUID, *sent: Any) -> None:
        update(bar, *sent)
        shown.append((bars()[bar].data, bars()[bar].description))

    monkeypatch.setattr(module, "update_progress_artifact", updated)
    prefect.flow_module("year").year(2026, return_state=True)
    percents = [float(percent) for percent, _words in shown]
    with sealing.look("hatachi-2026") as here:
        persons = here.facts.pieces.count(origin="extract")
    assert percents == sorted(percents)
    assert len({*percents}) > 3
    assert percents[-1] == 100
    assert shown[-1][1] == f"暗号化パッケージ作成: {persons} / {persons} 件"


def test_nobody_waits_for_a_bar_where_no_dashboard_is(prefect: Prefect, sealing: Office) -> None:
    """Where no dashboard is shown, as in a rehearsal, the package is sealed and nothing is told of how far it is."""
    from prefect.settings import temporary_settings

    before = bars()
    with temporary_settings({"server.ui.enabled": False}):
        prefect.flow_module("year").year(2026, return_state=True)
    assert "seal_package" in sealing.facts("hatachi-2026").done
    assert bars() == before


def test_a_bar_that_the_server_does_not_take_holds_up_no_work(
    prefect: Prefect, sealing: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What shows how far a work is may fail: the package is sealed all the same."""
    monkeypatch.setattr(prefect.flow_module("progress"), "create_progress_artifact", _no_server)
    prefect.flow_module("year").year(2026, return_state=True)
    assert "seal_package" in sealing.facts("hatachi-2026").done


def _no_server(*_sent: Any, **_more: Any) -> None:
    raise ConnectionError
