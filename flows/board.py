"""掲示板: the pages of the board as artifacts with stable keys. Every create is a version: only a change is created."""

from collections.abc import Mapping

from prefect import get_client
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    DeploymentFilter,
    DeploymentFilterTags,
)

from flows.access import FORM, PAGE, UP
from flows.base import office, said, stage_flow, stage_task
from flows.forms import name_of
from models.words import _
from states.table import TABLE
from steps.office import Office
from views.board import Dashboard, Page, pages

MARK = "tsudoi"  # the tag of every deployment of ours
_AT_MOST = 200  # Prefect's own limit of one answer


def changed_pages(here: Office) -> tuple[Page, ...]:
    """Return the pages that do not stand on the board as they should."""
    wanted = pages(here, _served())
    shown = _shown([page.key for page in wanted])
    return tuple(page for page in wanted if shown.get(page.key) != page.markdown)


def update_the_board(number: int) -> None:
    """Write what has changed, as the step of that number of the flow that is under way."""
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
    for page in stale:
        create_markdown_artifact(page.markdown, key=page.key, description=page.description)
    return len(stale)


def _shown(keys: list[str]) -> dict[str, object]:
    """Return what stands on the board now, by key."""
    with get_client(sync_client=True) as client:
        latest = client.read_latest_artifacts(
            artifact_filter=ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=keys))
        )
    return {it.key: it.data for it in latest}
