"""What `tsudoi serve` offers in Prefect: one table, and the runner that lives from it."""

import asyncio
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import structlog
from prefect import Flow, get_client
from prefect.client.schemas import filters
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.settings import get_current_settings
from prefect.states import Crashed, Scheduled
from prefect.types.entrypoint import EntrypointType

from adapters import dashboard
from adapters.dashboard import Asking
from flows import access, automations, board, closing, record, reminding, year
from flows.base import MARK, office, on_the_server, one_office
from flows.board import AT_MOST
from flows.looking import keep_looking
from models.errors import BadSetting
from models.words import N_, _, translate
from views.board import INDEX

TIMEZONE = "Asia/Tokyo"
WEEKDAYS_AT_NINE = "0 9 * * 1-5"
HOURLY_AFTER_THAT = "10 10-17 * * 1-5"
DECEMBER_AT_NINE = "0 9 * 12 1-5"
WHEN = {
    WEEKDAYS_AT_NINE: N_("weekdays at 9:00"), HOURLY_AFTER_THAT: N_("weekdays, hourly from 10:10 to 17:10"),
    DECEMBER_AT_NINE: N_("weekdays of December at 9:00"), "": N_("after every act, or when asked"),
}  # fmt: skip
# Of several sweeps that an outage has left over, one runs and the others are cancelled: no burst.
ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
ONE_AFTER_THE_OTHER = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
_LOOKER_ENDS_WITHIN, _AFTER_TROUBLE = 10, 5  # seconds
_log = structlog.get_logger()
_BEGUN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


@dataclass(frozen=True, kw_only=True)
class Served:
    """One deployment. What has a schedule is a sweep: it may be run at any time and any number of times.

    What is asked for after every act `waits` for the run that is under way, which takes its place if it has not begun.
    """

    flow: Flow[..., Any]
    tags: tuple[str, ...]
    cron: str = ""
    waits: bool = False

    @property
    def name(self) -> str:
        """The flow's own name: people find it once, not twice."""
        return self.flow.name

    @property
    def known_as(self) -> str:
        """Its name on the server: where several offices share it, with the office before it."""
        return on_the_server(self.name)

    @property
    def description(self) -> str:
        """When the flow runs and what it does, in Japanese as the flow says it."""
        when = f"{translate(WHEN[self.cron], 'ja')}。" if self.cron or self.waits else ""
        return f"{when}{self.flow.description}掲示板: {_index()}"

    @property
    def entrypoint(self) -> str:
        """Where the flow is imported from, wherever the project is installed."""
        return f"{self.flow.fn.__module__}.{self.flow.fn.__name__}"

    @property
    def limit(self) -> ConcurrencyLimitConfig | None:
        """How many run at once, and what becomes of the others; of acts as many as are sent."""
        return ONE_AT_A_TIME if self.cron else ONE_AFTER_THE_OTHER if self.waits else None

    def deployment(self) -> RunnerDeployment:
        """Return it as Prefect wants it."""
        made = self.flow.to_deployment(
            self.known_as,
            schedule=Cron(self.cron, timezone=TIMEZONE) if self.cron else None,
            description=self.description,
            version_type="prefect:simple",  # type: ignore[arg-type]  # its type is private; without it git is asked
            tags=[on_the_server(MARK), *self.tags],
            concurrency_limit=self.limit,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        assert isinstance(made, RunnerDeployment)
        made.entrypoint = self.entrypoint
        return made


def _index() -> str:
    return f"[{INDEX}]({access.UP}{access.PAGE.format(key=on_the_server(INDEX))})"


TABLE = (
    Served(flow=year.year, tags=("年度",), waits=True),
    Served(flow=year.begin_year, cron=WEEKDAYS_AT_NINE, tags=("定期",)),
    Served(flow=reminding.morning, cron=WEEKDAYS_AT_NINE, tags=("定期", "督促")),
    Served(flow=reminding.carry, cron=HOURLY_AFTER_THAT, tags=("定期", "督促")),
    Served(flow=closing.watch_the_closing, cron=DECEMBER_AT_NINE, tags=("定期",)),
    Served(flow=year.every_year, tags=("年度",), waits=True),
    Served(flow=record.enter, tags=("行為",)),
)


def serve(*, ready: Callable[[], None], alone: bool) -> None:
    """Register the table, say that it is ready, and run what is due or asked for until a signal ends it.

    Args:
        ready: called once when everything is registered.
        alone: nobody else serves from this server. Then what has begun and has no process any more is cleared away:
            it would stay Running for ever, and a sweep would never run again.

    Raises:
        BadSetting: the server takes no deployments from us.
        KeyboardInterrupt: SIGINT or SIGTERM came.

    """
    try:
        runner = _registered(alone=alone)
    except PrefectHTTPStatusError as error:
        raise BadSetting(
            _("The Prefect server refused the deployments (HTTP {status}).").format(status=error.response.status_code),
            _("See PREFECT_API_URL and PREFECT_API_AUTH_STRING, and that the server is of the same version."),
        ) from None
    ready()
    ending = threading.Event()
    looker = threading.Thread(target=keep_looking, args=(ending, office), name="looker", daemon=True)
    looker.start()
    try:
        _run(runner, alone=alone)
    finally:
        ending.set()
        looker.join(_LOOKER_ENDS_WITHIN)


def _run(runner: Runner, *, alone: bool) -> None:
    """Run what is due. Prefect's runner gives up when its server fails three times: then a new one goes on."""
    while True:
        try:
            asyncio.run(_start(runner))
        except ExceptionGroup as given_up:
            _log.warning("server_in_trouble", error_type=type(given_up.exceptions[0]).__name__)
            runner = _once_it_answers(alone=alone)
        else:
            return


async def _start(runner: Runner) -> None:
    """Start a runner; one that gives up while a signal ends it has ended, and is not replaced."""
    try:
        await runner.start()
    except ExceptionGroup:
        task = asyncio.current_task()
        if task and task.cancelling():
            raise asyncio.CancelledError from None
        raise


def _once_it_answers(*, alone: bool) -> Runner:
    """Register the table again as soon as the server, and its database, are there."""
    while True:
        time.sleep(_AFTER_TROUBLE)
        try:
            return _registered(alone=alone)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the server now, it is asked again
            _log.warning("server_in_trouble", error_type=type(error).__name__)


def _registered(*, alone: bool) -> Runner:
    # A schedule that is paused while nobody serves would drop what comes due meanwhile.
    runner = _Runner(name="tsudoi", pause_on_shutdown=False)
    runner.keep_things_in(Path(os.environ["PREFECT_HOME"]) / "runner_storage")
    with one_office():
        office()
        ids = {served.name: cast("UUID", runner.add_deployment(served.deployment())) for served in TABLE}
        _say_where_to_ask(ids)
        automations.register(get_current_settings().flows.heartbeat_frequency or 0)
        if alone:
            _clear_away_what_was_killed(ids)
            _clear_away_what_is_served_no_more(ids)
    return runner


def _say_where_to_ask(ids: dict[str, UUID]) -> None:
    """Leave for whatever acts where the runs are asked for that are asked for."""
    asked = {served.name: str(ids[served.name]) for served in TABLE}
    server = get_current_settings().api
    credential = server.auth_string.get_secret_value() if server.auth_string else ""
    dashboard.say_where(office().home, Asking(api=server.url or "", credential=credential, deployments=asked))


def hand_to_pool(pool: str) -> None:
    """Register the table with a work pool, for those who run Prefect with workers.

    Unlike `prefect deploy` it leaves in the data directory where acts ask for a look at their year.

    Raises:
        BadSetting: this office's deployments are another pool's; whoever wants to move them deletes them there first.

    """
    with get_client(sync_client=True) as client:
        others = {found.work_pool_name for found in board.deployments_of_ours(client)} - {pool, None}
    if others:
        known = "、".join(map(str, others))
        raise BadSetting(
            _("The deployments of this office belong to the work pool {pool}.").format(pool=known),
            _("Name that pool. Another office needs its own name: set office in settings.toml."),
        )
    _say_where_to_ask({served.name: cast("UUID", served.deployment().apply(work_pool_name=pool)) for served in TABLE})


class _Runner(Runner):
    """Ends on SIGTERM as it does on Ctrl-C: Prefect's own handler cancels what runs, and no start does it again."""

    def keep_things_in(self, folder: Path) -> None:
        """Work in a folder of our own; Prefect's would be one of a known name that everybody may write beside."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self._tmp_dir = folder

    def handle_sigterm(self, *_args: Any, **_kwargs: Any) -> None:
        signal.raise_signal(signal.SIGINT)


def _clear_away_what_was_killed(ids: dict[str, UUID]) -> None:
    """Let an interrupted sweep run again; say of anything else that nobody knows whether it was done."""
    sweeps = {ids[served.name] for served in TABLE if served.cron}
    unknown = Crashed(message=_("Interrupted. See on the board whether it was done; if not, do it again."))
    begun_state = filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=_BEGUN), name=None)
    with get_client(sync_client=True) as client:
        begun = client.read_flow_runs(
            flow_run_filter=filters.FlowRunFilter(state=begun_state),
            deployment_filter=filters.DeploymentFilter(id=filters.DeploymentFilterId(any_=list(ids.values()))),
            sort=FlowRunSort.ID_DESC,
            limit=AT_MOST,  # a runner never has as many at once
        )
        for run in begun:
            client.set_flow_run_state(run.id, Scheduled() if run.deployment_id in sweeps else unknown)


def _clear_away_what_is_served_no_more(ids: dict[str, UUID]) -> None:
    """Delete deployments of ours that an older version served under another name; their runs stay."""
    with get_client(sync_client=True) as client:
        for deployment in board.deployments_of_ours(client):
            if deployment.id not in ids.values():
                client.delete_deployment(deployment.id)


if __name__ == "__main__":
    try:
        hand_to_pool(sys.argv[1])
    except BadSetting as wrong:
        sys.exit(str(wrong))
