"""掲示板: the pages of the board as artifacts with stable keys. Every create is a version: only a change is created."""

from collections.abc import Mapping
from dataclasses import replace

from prefect import get_client
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas import filters
from prefect.client.schemas.responses import DeploymentResponse
from prefect.settings import get_current_settings

from flows.access import FORM, PAGE, UP
from flows.base import office, stage_task
from flows.forms import name_of
from states.rows import FINAL
from states.table import TABLE
from steps import driving
from steps.office import Office
from views import standing
from views.board import INDEX, Dashboard, Page, index, page
from views.measures import judged_on

MARK = "tsudoi"  # the tag of every deployment of ours
AT_MOST = 200  # Prefect's own limit of one answer


def update_the_board(number: int, cycle_id: str) -> None:
    """Write the page of a year and the index, as far as they have changed, as the step of that number of a flow.

    Where no dashboard is shown, as in a rehearsal, nobody reads it.
    """
    if get_current_settings().server.ui.enabled:
        stage_task(f"{number} 掲示板を更新する")(_write)(cycle_id)


def changed_pages(here: Office, cycle_id: str) -> tuple[Page, ...]:
    """Return of a year's page and the index what does not stand on the board as it should."""
    shown = _shown([INDEX, cycle_id])
    return tuple(drawn for drawn in pages(here, cycle_id, _served()) if shown.get(drawn.key) != drawn.markdown)


def pages(here: Office, cycle_id: str, dashboard: Dashboard) -> tuple[Page, Page]:
    """Return the index and the page of a year; a closed one as of the day on which it was closed."""
    with here.look(cycle_id) as look:
        ended = replace(look, today=judged_on(look.facts)) if look.facts.state in FINAL else look
        work = () if look.facts.state in FINAL else driving.work_of(here, [look])
        drawn = page(ended, standing.standing(ended), [(one.title, one.words) for one in work], dashboard)
        return index(look.connection, look.today, here.calendar, dashboard), drawn


def _served() -> Dashboard:
    """Return where pages stand, and the forms as far as they are served."""
    acts = {name_of(row): row.trigger for row in TABLE}
    with get_client(sync_client=True) as client:
        found = deployments_of_ours(client)
    return dashboard({acts[served.name]: str(served.id) for served in found if served.name in acts})


def deployments_of_ours(client: SyncPrefectClient) -> list[DeploymentResponse]:
    """Return what the server knows of deployments that bear our mark."""
    ours = filters.DeploymentFilter(tags=filters.DeploymentFilterTags(all_=[MARK]))
    return client.read_deployments(deployment_filter=ours, limit=AT_MOST)


def dashboard(ids: Mapping[str, str]) -> Dashboard:
    """Return where pages stand, and the forms with these ids."""
    return Dashboard(ids=ids, form_at=UP + FORM, page_at=UP + PAGE)


def _write(cycle_id: str) -> None:
    for changed in changed_pages(office(), cycle_id):
        create_markdown_artifact(changed.markdown, key=changed.key, description=changed.description)


def _shown(keys: list[str]) -> dict[str, str]:
    """Return what stands on the board now, by key."""
    with get_client(sync_client=True) as client:
        latest = client.read_latest_artifacts(
            artifact_filter=filters.ArtifactCollectionFilter(key=filters.ArtifactCollectionFilterKey(any_=keys))
        )
    return {artifact.key: str(artifact.data) for artifact in latest}
