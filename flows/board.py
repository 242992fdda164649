"""掲示板: the pages of the board as artifacts with stable keys. Every create is a version: only a change is created."""

from collections.abc import Mapping
from dataclasses import replace

from prefect import get_client
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    DeploymentFilter,
    DeploymentFilterTags,
)
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
_AT_MOST = 200  # Prefect's own limit of one answer


def changed_pages(here: Office) -> tuple[Page, ...]:
    """Return the pages that do not stand on the board as they should."""
    with reading(here.engine) as connection:
        shown = _shown([INDEX, *(cycle.id for cycle in standing.all_cycles(connection))])
    return tuple(it for it in pages(here, _served(), shown) if shown.get(it.key) != it.markdown)


def pages(here: Office, dashboard: Dashboard, shown: Mapping[str, str] | None = None) -> tuple[Page, ...]:
    """Return the index and the page of every cycle, without those of closed years that are shown as they stand."""
    with here.look_around() as looks:
        work = driving.work_of(here, looks)
        stands = {look.cycle_id: standing.standing(look) for look in looks}
        drawn = [
            page(look, stands[look.cycle_id], [it for it in work if it.cycle_id == look.cycle_id], dashboard)
            for look in looks
        ]
    with reading(here.engine) as connection:
        closed = [cycle for cycle in standing.all_cycles(connection) if cycle.state == "closed"]
        shown = shown or {}
        stale = [it.id for it in closed if not is_current(connection, it.id, shown.get(it.id, ""), dashboard)]
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
        found = client.read_deployments(
            deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[MARK])), limit=_AT_MOST
        )
    return dashboard({acts[it.name]: str(it.id) for it in found if it.name in acts})


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
            artifact_filter=ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=keys))
        )
    return {it.key: str(it.data) for it in latest}
