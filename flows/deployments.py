"""What `tsudoi serve` offers in Prefect: one table, and the runner that lives from it."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect import Flow, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.states import Crashed, Scheduled
from prefect.types.entrypoint import EntrypointType

from flows import erasure, extraction, preparation, printing, record, reminding, transfer
from models.errors import BadSetting
from models.words import _

TIMEZONE = "Asia/Tokyo"
WEEKDAYS_AT_NINE = "0 9 * * 1-5"
# Of several sweeps that an outage has left over, one runs and the others are cancelled: no burst.
_ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
_AT_MOST = 200  # Prefect's own limit of one answer; a runner never has as many at once
_BEGUN = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)


@dataclass(frozen=True, kw_only=True)
class Served:
    """One deployment. What has a schedule is a sweep: it may be run at any time and any number of times."""

    flow: Flow[..., Any]
    description: str
    tags: tuple[str, ...]
    cron: str = ""

    @property
    def name(self) -> str:
        """The flow's own name: people find it once, not twice."""
        return self.flow.name

    def deployment(self) -> RunnerDeployment:
        """Return it as Prefect wants it; the flow is imported by module, wherever the project is installed."""
        made = self.flow.to_deployment(
            self.name,
            schedule=Cron(self.cron, timezone=TIMEZONE) if self.cron else None,
            description=self.description,
            tags=list(self.tags),
            concurrency_limit=_ONE_AT_A_TIME if self.cron else None,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        assert isinstance(made, RunnerDeployment)
        return made


TABLE = (
    Served(
        flow=preparation.open_year, cron=WEEKDAYS_AT_NINE, tags=("定期",),
        description="平日9時。開く日が来た年度の業務を一度だけ開く。何度動いても同じ。",
    ),
    Served(
        flow=reminding.watch, cron=WEEKDAYS_AT_NINE, tags=("定期", "督促"),
        description="平日9時。期限の近い行為・過ぎた行為に印を付け、担当に知らせる。閉庁日には送らない。",
    ),
    Served(
        flow=record.record_act, tags=("記録",),
        description="人が行った行為を一つ記録する。条件が足りないときは、何が足りないかを示して失敗になる。",
    ),
    Served(
        flow=record.confirm_act, tags=("記録", "確認"),
        description="起案された行為を、別の人の決裁（起案文書番号・決裁日）で確定する。",
    ),
    Served(
        flow=extraction.take_extract, tags=("抽出",),
        description="受信箱の抽出ファイルを判定し、保管庫に納める。氏名や住所は画面にも記録にも残らない。",
    ),
    Served(
        flow=extraction.take_additions, tags=("抽出",),
        description="追加抽出を納める。なければ「なし」を記録する。",
    ),
    Served(
        flow=transfer.seal_package, tags=("引渡し",),
        description="対象者データを暗号化して媒体用のファイルを作り、開き直して確かめる。",
    ),
    Served(
        flow=transfer.read_back_package, tags=("引渡し",),
        description="媒体が出る日に、暗号化パッケージを開き直し、件数と検証値を確かめる。",
    ),
    Served(
        flow=printing.print_additions, tags=("印刷",),
        description="追加抽出した人の案内状を、保管庫の中に作る。",
    ),
    Served(
        flow=erasure.erase_ward_data, tags=("消去",),
        description="住民データが保管庫の外にないことを確かめ、鍵とデータを廃棄する。元には戻せない。",
    ),
)  # fmt: skip


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
    # A schedule that is paused while nobody serves would drop what comes due meanwhile.
    runner = _Runner(name="tsudoi", pause_on_shutdown=False)
    try:
        ids = {served.name: _register(runner, served) for served in TABLE}
        if alone:
            _clear_away_what_was_killed(ids)
    except PrefectHTTPStatusError as error:
        raise BadSetting(
            _("The Prefect server refused the deployments (HTTP {status}).").format(status=error.response.status_code),
            _("See PREFECT_API_URL and PREFECT_API_AUTH_STRING, and that the server is of the same version."),
        ) from None
    ready()
    asyncio.run(runner.start())


class _Runner(Runner):
    """Ends on SIGTERM as it does on Ctrl-C; Prefect 3.8.8's own handler leaves its stopping unawaited."""

    def handle_sigterm(self, *_args: Any, **_kwargs: Any) -> None:
        signal.raise_signal(signal.SIGINT)


def _register(runner: Runner, served: Served) -> UUID:
    registered = runner.add_deployment(served.deployment())
    assert isinstance(registered, UUID)
    return registered


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
