"""Two automations as code, by name: what `serve` registers, and everybody may look at beside their own.

A courtesy, like every event: nothing rests on them, for events are lost while the server is away. What has not run is
seen by the letter that does not come in the morning, and a killed run is cleared away when somebody serves again.
"""

from datetime import timedelta

from prefect import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, DoNothing
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.base import MARK, on_the_server
from models.words import _

MORNING = "朝の点検"
_RUN = "prefect.flow-run"
_HEARTBEATS_MISSED = 3
HALF_AN_HOUR = timedelta(minutes=30)


def register(heartbeat: int, *, patience: timedelta = HALF_AN_HOUR) -> None:
    """Register both, or mend what was registered under their names.

    Args:
        heartbeat: the seconds between two signs of life of a run.
        patience: how long a late morning may not begin.

    Raises:
        PrefectHTTPStatusError: the server refuses it.

    """
    with get_client(sync_client=True) as client:
        for wanted in (_stopped_runs(heartbeat), _late_morning(patience)):
            if known := client.read_automations_by_name(wanted.name):
                client.update_automation(known[0].id, wanted.model_copy(update={"enabled": known[0].enabled}))
            else:
                client.create_automation(wanted)


def _stopped_runs(heartbeat: int) -> AutomationCore:
    """Say of a run of ours that no sign of life comes from it any more: it ends as crashed."""
    said = _("No sign of life came from this run any more.")
    return AutomationCore(
        name=on_the_server("止まった実行"),
        description="3回続けて応答のない実行を、中断されたものとして終わらせる。",
        trigger=_silent(
            after="heartbeat", within=timedelta(seconds=_HEARTBEATS_MISSED * heartbeat),
            of={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{on_the_server(MARK)}"},
        ),
        actions=[ChangeFlowRunState(name=None, state=StateType.CRASHED, message=said, force=False)],
    )  # fmt: skip


def _late_morning(patience: timedelta) -> AutomationCore:
    """Tell of a morning that is late and has not begun half an hour later; what to do about it is for others to add."""
    return AutomationCore(
        name=on_the_server("始まらない朝の点検"),
        description="朝の点検が9時30分までに始まらないことを知らせる。通知先は、この自動化に加える。",
        trigger=_silent(
            after="Late", within=patience,
            of={"prefect.resource.role": "deployment", "prefect.resource.name": on_the_server(MORNING)},
        ),
        actions=[DoNothing()],
    )  # fmt: skip


def _silent(*, after: str, within: timedelta, of: dict[str, str | list[str]]) -> EventTrigger:
    """Wait in vain, after an event of a run that is related to something, for any other.

    A state's event bears the state's name, and the names of ours are many.
    """
    return EventTrigger(
        after={f"{_RUN}.{after}"}, expect={f"{_RUN}.*"}, match_related=ResourceSpecification(of),
        for_each={"prefect.resource.id"}, posture=Posture.Proactive, threshold=1, within=within,
    )  # fmt: skip
