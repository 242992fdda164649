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
from typing import Any
from uuid import UUID

import structlog
from prefect import Flow, flow, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, DeploymentStatus, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.states import Crashed, Scheduled
from prefect.types.entrypoint import EntrypointType

from flows import access, board, closing, driving, preparation, record, reminding
from flows.base import office
from flows.board import MARK
from flows.forms import form_of, name_of
from flows.keeping import keep
from models.errors import BadSetting
from models.words import N_, _
from states.rows import Row
from states.table import TABLE as ROWS
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
_AT_MOST = 200  # Prefect's own limit of one answer; a runner never has as many at once
_KEEPER_ENDS_WITHIN = 10  # seconds
_AFTER_TROUBLE = 5  # seconds
_MARKED_WITHIN, _LOOKS_AGAIN_AFTER = 120, 0.2  # seconds
_log = structlog.get_logger()
_INDEX = f"[{INDEX}]({access.UP}{access.PAGE.format(key=INDEX)})"
_BEGUN = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)


@dataclass(frozen=True, kw_only=True)
class Served:
    """One deployment. What has a schedule is a sweep: it may be run at any time and any number of times.

    With `row` it is the form of an act: the flow is the one that records acts, the form is made from the row.
    """

    flow: Flow[..., Any]
    description: str
    tags: tuple[str, ...]
    cron: str = ""
    row: Row | None = None

    @property
    def name(self) -> str:
        """The flow's own name, or the act's: people find it once, not twice."""
        return name_of(self.row) if self.row else self.flow.name

    @property
    def entrypoint(self) -> str:
        """Where the flow is imported from, wherever the project is installed."""
        return f"{self.flow.fn.__module__}.{self.flow.fn.__name__}"

    def deployment(self) -> RunnerDeployment:
        """Return it as Prefect wants it; the form that it shows is the act's own."""
        shown = _with_form(self.flow, self.row) if self.row else self.flow
        made = shown.to_deployment(
            self.name,
            schedule=Cron(self.cron, timezone=TIMEZONE) if self.cron else None,
            parameters={"act": self.row.trigger} if self.row else None,
            description=self.description,
            version_type="prefect:simple",  # type: ignore[arg-type]  # its type is private; without it git is asked
            tags=[MARK, *self.tags],
            concurrency_limit=ONE_AT_A_TIME if self.cron else None,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        assert isinstance(made, RunnerDeployment)
        made.entrypoint = self.entrypoint
        return made


def _with_form(recording: Flow[..., Any], row: Row) -> Flow[..., Any]:
    """Return a flow that has the name of the one that records, and the act's form for its only parameter."""

    def enter(form: Any) -> None:
        """Lend the form its place; what runs is the flow that records."""

    enter.__annotations__["form"] = form_of(row)
    return flow(name=recording.name)(enter)


def _form(row: Row) -> Served:
    roles = "・".join(role.label for role in row.who)
    said = _("May be done by: {roles}").format(roles=roles)
    board = _("Board: {address}").format(address=_INDEX)
    return Served(
        flow=record.enter, row=row, tags=("行為", row.owner.label), description=f"{row.ja}。{said}\n\n{board}"
    )  # fmt: skip


_BOARD = f"掲示板: {_INDEX}"
SWEEPS = (
    Served(
        flow=preparation.begin_year, cron=WEEKDAYS_AT_NINE, tags=("定期",),
        description=f"平日9時。開く日が来た年度の業務を一度だけ開く。何度動いても同じ。{_BOARD}",
    ),
    Served(
        flow=reminding.morning, cron=WEEKDAYS_AT_NINE, tags=("定期", "督促"),
        description=f"平日9時。機械の作業、期限の点検と督促、掲示板の更新を順に行う。閉庁日には送らない。{_BOARD}",
    ),
    Served(
        flow=reminding.carry, cron=HOURLY_AFTER_THAT, tags=("定期", "督促"),
        description=f"平日10時から17時まで毎時10分。朝に送れなかった督促を送る。なければ何もしない。{_BOARD}",
    ),
    Served(
        flow=closing.watch_the_closing, cron=DECEMBER_AT_NINE, tags=("定期",),
        description=f"12月の平日9時。最後の開庁日5日間に、年内に済ませるべきもので終わっていないものを示す。{_BOARD}",
    ),
    Served(
        flow=driving.drive, tags=("機械",),
        description=f"機械だけでできる作業を行い、待っているものを示す。行為のたびに自動で動く。{_BOARD}",
    ),
    Served(
        flow=board.refresh_board, tags=("掲示板",),
        description=f"掲示板を今の状態に書き直す。行為のたびに自動で動く。{_BOARD}",
    ),
)  # fmt: skip
TABLE = (*SWEEPS, *(_form(row) for row in ROWS if record.may_be_entered(row)))


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
    keeper = threading.Thread(target=keep, args=(ending, office), name="keeper", daemon=True)
    keeper.start()
    try:
        _run(runner, alone=alone)
    finally:
        ending.set()
        keeper.join(_KEEPER_ENDS_WITHIN)


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
    ids = {served.name: _register(runner, served) for served in TABLE}
    _let_them_be_marked_as_ready(list(ids.values()))
    if alone:
        _clear_away_what_was_killed(ids)
        _clear_away_what_is_served_no_more(ids)
    return runner


def hand_to_pool(pool: str) -> int:
    """Register the table with a work pool, for those who run Prefect with workers; return how many there are.

    The forms of the acts are made here: `prefect deploy` would read the flow's own signature instead.
    """
    for served in TABLE:
        served.deployment().apply(work_pool_name=pool)
    return len(TABLE)


class _Runner(Runner):
    """Ends on SIGTERM as it does on Ctrl-C; Prefect 3.8.8's own handler leaves its stopping unawaited."""

    def keep_things_in(self, folder: Path) -> None:
        """Work in a folder of our own; Prefect's would be one of a known name that everybody may write beside."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self._tmp_dir = folder

    def handle_sigterm(self, *_args: Any, **_kwargs: Any) -> None:
        signal.raise_signal(signal.SIGINT)


def _register(runner: Runner, served: Served) -> UUID:
    registered = runner.add_deployment(served.deployment())
    assert isinstance(registered, UUID)
    return registered


def _let_them_be_marked_as_ready(ids: list[UUID]) -> None:
    """Ask for the runs of each deployment once, and wait until the server has marked it as ready.

    Prefect marks all that a runner asks for in one transaction, and looks each of them up while it holds SQLite's only
    lock: with all of the table at once a busy machine takes no form for a minute.
    """
    with get_client(sync_client=True) as client:
        for deployment in ids:
            client.get_scheduled_flow_runs_for_deployments([deployment], limit=1)
        deadline = time.monotonic() + _MARKED_WITHIN
        while time.monotonic() < deadline and client.read_deployment(ids[-1]).status is not DeploymentStatus.READY:
            time.sleep(_LOOKS_AGAIN_AFTER)


def _clear_away_what_was_killed(ids: dict[str, UUID]) -> None:
    """Let an interrupted sweep run again; say of anything else that nobody knows whether it was done."""
    sweeps = {ids[served.name] for served in TABLE if served.cron}
    unknown = Crashed(message=_("Interrupted. See with `tsudoi cycle show` whether it was done; if not, do it again."))
    with get_client(sync_client=True) as client:
        begun = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_BEGUN)), name=None)
            ),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(ids.values()))),
            sort=FlowRunSort.ID_DESC,
            limit=_AT_MOST,
        )
        for run in begun:
            client.set_flow_run_state(run.id, Scheduled() if run.deployment_id in sweeps else unknown)


def _clear_away_what_is_served_no_more(ids: dict[str, UUID]) -> None:
    """Delete deployments of ours that an older version served under another name; their runs stay."""
    with get_client(sync_client=True) as client:
        ours = client.read_deployments(
            deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[MARK])), limit=_AT_MOST
        )
        for it in ours:
            if it.id not in ids.values():
                client.delete_deployment(it.id)


if __name__ == "__main__":
    hand_to_pool(sys.argv[1])
