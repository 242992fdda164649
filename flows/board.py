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
from flows.base import office, said, stage_flow, stage_task
from flows.forms import name_of
from models.database import reading
from models.words import _
from states.table import TABLE
from steps import driving
from steps.office import Office
from views import standing
from views.board import INDEX, Dashboard, Page, index, is_current, page
from views.measures import judged_on

MARK = "tsudoi"  # the tag of every deployment of ours
AT_MOST = 200  # Prefect's own limit of one answer


def changed_pages(here: Office) -> tuple[Page, ...]:
    """Return the pages that do not stand on the board as they should."""
    with reading(here.engine) as connection:
        shown = _shown([INDEX, *(cycle.id for cycle in standing.all_cycles(connection))])
    return tuple(drawn for drawn in pages(here, _served(), shown) if shown.get(drawn.key) != drawn.markdown)


def pages(here: Office, dashboard: Dashboard, shown: Mapping[str, str] | None = None) -> tuple[Page, ...]:
    """Return the index and the page of every cycle, without those of closed years that are shown as they stand."""
    with here.look_around() as looks:
        work = [(one.cycle_id, one.title, one.words) for one in driving.work_of(here, looks)]
        stands = {look.cycle_id: standing.standing(look) for look in looks}
        drawn = [
            page(look, stands[look.cycle_id], [one[1:] for one in work if one[0] == look.cycle_id], dashboard)
            for look in looks
        ]
    with reading(here.engine) as connection:
        closed = [cycle for cycle in standing.all_cycles(connection) if cycle.state == "closed"]
        shown = shown or {}
        stale = [year.id for year in closed if not is_current(connection, year.id, shown.get(year.id, ""), dashboard)]
    for cycle_id in stale:
        with here.look(cycle_id) as look:
            ended = replace(look, today=judged_on(look.facts))
            drawn.append(page(ended, standing.standing(ended), (), dashboard))
    return index(stands, closed, here.clock.now().date(), dashboard), *drawn


def update_the_board(number: int) -> None:
    """Write what has changed, as the step of that number of the flow that is under way.

    Where no dashboard is shown, as in a rehearsal, nobody reads it.
    """
    if get_current_settings().server.ui.enabled:
        stage_task(f"{number} 掲示板を更新する")(_write)()


@stage_flow("掲示板の更新", "掲示板を今の状態に書き直す。変わったところがなければ何もしない。")
def refresh_board() -> str:
    """Write the pages that have changed; nothing where none has."""
    written = stage_task("1 掲示板を更新する")(_write)()
    return said(_("{count} pages of the board have changed.").format(count=written))


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


def _write() -> int:
    stale = changed_pages(office())
    for changed in stale:
        create_markdown_artifact(changed.markdown, key=changed.key, description=changed.description)
    return len(stale)


def _shown(keys: list[str]) -> dict[str, str]:
    """Return what stands on the board now, by key."""
    with get_client(sync_client=True) as client:
        latest = client.read_latest_artifacts(
            artifact_filter=filters.ArtifactCollectionFilter(key=filters.ArtifactCollectionFilterKey(any_=keys))
        )
    return {artifact.key: str(artifact.data) for artifact in latest}
