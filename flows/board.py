"""掲示板: the pages of the board as artifacts with stable keys. Every create is a version: only a change is created."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from prefect import get_client
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas import filters
from prefect.client.schemas.responses import DeploymentResponse

from flows.access import FORM, PAGE, UP
from flows.base import MARK, is_looked_at, office, on_the_server, stage_task
from flows.forms import name_of
from models.words import _
from states.rows import FINAL
from states.table import TABLE
from steps import driving
from steps.office import Office
from views import counting, standing
from views.board import INDEX, Dashboard, Page, index, page
from views.measures import judged_on

AT_MOST = 200  # Prefect's own limit of one answer


def update_the_board(number: int, cycle_id: str) -> None:
    """Write the page of a year and the index, as far as they have changed, as the step of that number of a flow.

    Where no dashboard is shown, as in a rehearsal, nobody reads it.
    """
    if is_looked_at():
        stage_task(f"{number} 掲示板を更新する")(_write)(cycle_id)


def changed_pages(here: Office, cycle_id: str) -> tuple[Page, ...]:
    """Return of a year's page and the index what does not stand on the board as it should."""
    shown = _shown([INDEX, cycle_id])
    return tuple(drawn for drawn in pages(here, cycle_id, served()) if shown.get(drawn.key) != drawn.markdown)


def pages(here: Office, cycle_id: str, dashboard: Dashboard) -> tuple[Page, Page]:
    """Return the index and the page of a year; a closed one as of the day on which it was closed."""
    with here.look(cycle_id) as look:
        ended = replace(look, today=judged_on(look.facts)) if look.facts.state in FINAL else look
        work = () if look.facts.state in FINAL else driving.work_of(here, [look])
        drawn = page(ended, standing.standing(ended), [(one.title, one.words) for one in work], dashboard)
        return index(look.connection, look.today, here.calendar, dashboard), drawn


_LOOKED_UP: ContextVar[Dashboard | None] = ContextVar("_LOOKED_UP", default=None)


@contextmanager
def forms_looked_up_once() -> Generator[None]:
    """Let the run of a year and its stages ask the server once which forms are served."""
    looked_up = _LOOKED_UP.set(served() if is_looked_at() else None)
    try:
        yield
    finally:
        _LOOKED_UP.reset(looked_up)


def served() -> Dashboard:
    """Return where pages stand, and the forms as far as they are served."""
    return _LOOKED_UP.get() or _served()


def _served() -> Dashboard:
    acts = {on_the_server(name_of(row)): row.trigger for row in TABLE}
    with get_client(sync_client=True) as client:
        found = deployments_of_ours(client)
    return dashboard({acts[served.name]: str(served.id) for served in found if served.name in acts})


def deployments_of_ours(client: SyncPrefectClient) -> list[DeploymentResponse]:
    """Return what the server knows of deployments that bear our mark."""
    ours = filters.DeploymentFilter(tags=filters.DeploymentFilterTags(all_=[on_the_server(MARK)]))
    return client.read_deployments(deployment_filter=ours, limit=AT_MOST)


def dashboard(ids: Mapping[str, str]) -> Dashboard:
    """Return where pages stand, and the forms with these ids."""
    return Dashboard(ids=ids, form_at=UP + FORM, page_at=UP + PAGE.format(key=on_the_server("{key}")))


def put(shown: Page) -> None:
    """Put a page on the board, as a version that belongs to the run that is under way."""
    create_markdown_artifact(shown.markdown, key=on_the_server(shown.key), description=shown.description)


def _write(cycle_id: str) -> None:
    here = office()
    for changed in changed_pages(here, cycle_id):
        put(changed)
    key, counted = f"{cycle_id}-counts", _counted(here, cycle_id)
    if json.loads(_shown([key]).get(key, "null")) != counted:
        title = _("Counts of {year}").format(year=cycle_id)
        create_table_artifact(counted, key=on_the_server(key), description=title)


def _counted(here: Office, cycle_id: str) -> list[dict[str, Any]]:
    """Return the counts of a year as a table, each with its source and by how much it differs."""
    return [
        {_("Item"): line.label, _("Count"): line.count, _("Source"): line.source, _("Difference"): line.differs_by}
        for line in here.see(cycle_id, counting.counts).lines
    ]


def _shown(names: list[str]) -> dict[str, str]:
    """Return what stands on the board now, by key."""
    keys = {on_the_server(name): name for name in names}
    with get_client(sync_client=True) as client:
        latest = client.read_latest_artifacts(
            artifact_filter=filters.ArtifactCollectionFilter(key=filters.ArtifactCollectionFilterKey(any_=[*keys]))
        )
    return {keys[artifact.key]: str(artifact.data) for artifact in latest}
