"""掲示板: the pages of the board as artifacts with stable keys. Every create is a version: only a change is created."""

import json
from dataclasses import replace
from typing import Any

from prefect import get_client
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas import filters
from prefect.client.schemas.responses import DeploymentResponse

from flows.access import PAGE, UP
from flows.base import MARK, is_looked_at, office, on_the_server, stage_task
from models.database import reading
from models.words import _
from states.rows import FINAL
from steps import driving
from steps.office import Office
from views import counting, standing
from views.board import Links, Page, index, page
from views.measures import judged_on

AT_MOST = 200  # Prefect's own limit of one answer


def update_the_board(number: int, cycle_id: str, *, with_index: bool) -> None:
    """Write the page of a year and the index, as far as they have changed, as the step of that number of a flow.

    Where no dashboard is shown, as in a rehearsal, nobody reads it. Whoever goes through many years writes the index
    once, after them.
    """
    if is_looked_at():
        stage_task(f"{number} 掲示板を更新する")(_write)(cycle_id, with_index=with_index)


def update_the_index(number: int) -> None:
    """Write the index alone, where it has changed."""
    if is_looked_at():
        stage_task(f"{number} 全年度の一覧を更新する")(_write_index)()


def changed_pages(here: Office, cycle_id: str) -> tuple[Page, ...]:
    """Return of a year's page and the index what does not stand on the board as it should."""
    return _changed(*pages(here, cycle_id))


def _changed(*drawn: Page) -> tuple[Page, ...]:
    shown = _shown([it.key for it in drawn])
    return tuple(it for it in drawn if shown.get(it.key) != it.markdown)


def pages(here: Office, cycle_id: str) -> tuple[Page, Page]:
    """Return the index and the page of a year."""
    return _index(here), _page(here, cycle_id)


def _index(here: Office) -> Page:
    with reading(here.engine) as connection:
        return index(connection, here.clock.now().date(), here.calendar, links(here))


def _page(here: Office, cycle_id: str) -> Page:
    """Return the page of a year; of a closed one as of the day on which it was closed."""
    with here.look(cycle_id) as look:
        ended = replace(look, today=judged_on(look.facts)) if look.facts.state in FINAL else look
        work = () if look.facts.state in FINAL else driving.work_of(here, [look])
        return page(ended, standing.standing(ended), [(one.title, one.words) for one in work], links(here))


def deployments_of_ours(client: SyncPrefectClient) -> list[DeploymentResponse]:
    """Return what the server knows of deployments that bear our mark."""
    ours = filters.DeploymentFilter(tags=filters.DeploymentFilterTags(all_=[on_the_server(MARK)]))
    return client.read_deployments(deployment_filter=ours, limit=AT_MOST)


def links(here: Office) -> Links:
    """Return where the pages of the board stand, and the desk."""
    return Links(page_at=UP + PAGE.format(key=on_the_server("{key}")), desk=here.settings.desk.rstrip("/"))


def put(shown: Page) -> None:
    """Put a page on the board, as a version that belongs to the run that is under way."""
    create_markdown_artifact(shown.markdown, key=on_the_server(shown.key), description=shown.description)


def _write(cycle_id: str, *, with_index: bool) -> None:
    here = office()
    _put(*(pages(here, cycle_id) if with_index else [_page(here, cycle_id)]))
    key, counted = f"{cycle_id}-counts", _counted(here, cycle_id)
    if json.loads(_shown([key]).get(key, "null")) != counted:
        title = _("Counts of {year}").format(year=cycle_id)
        create_table_artifact(counted, key=on_the_server(key), description=title)


def _write_index() -> None:
    _put(_index(office()))


def _put(*drawn: Page) -> None:
    for changed in _changed(*drawn):
        put(changed)


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
