"""年度業務: the year as a run and its stages as runs of their own, as a coordinator finds them, on a real API."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from conftest import Prefect, go_to
from playing import Played
from sqlalchemy import func, select, update
from sqlmodel import col

from adapters import disk
from models import tables
from models.database import reading, writing
from steps import acting, preparation
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")

CYCLE, YEAR = "hatachi-2026", "令和8年度 はたちのつどい"
MEASURES = {"measures": ["W-OP-01"], "evidence": "契約書"}


def look(prefect: Prefect) -> Any:
    return prefect.flow_module("year").year(2026, return_state=True)


def stages_of(state: Any) -> dict[str, Any]:
    """Return the last state of each stage that the run of a year went through, by the name of the stage."""
    from prefect import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId

    mine = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=mine)
    return {run.name.partition(":")[0]: run.state for run in sorted(runs, key=lambda run: run.created)}


def red(cycle_id: str = CYCLE) -> list[str]:
    """Return the names of the runs of a year and its stages that are red on the home page."""
    from prefect import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[cycle_id])), limit=200)
    red = (
        run.name.partition(":")[0] for run in runs if run.state and (run.state.is_failed() or run.state.is_crashed())
    )
    return sorted(name for name in red if name == YEAR or name[0].isdigit())


def run_of(state: Any) -> Any:
    from prefect import get_client

    with get_client(sync_client=True) as client:
        return client.read_flow_run(UUID(str(state.state_details.flow_run_id)))


@pytest.fixture
def year(office: Office, tmp_path: Path) -> Played:
    """Give the year 2026, opened, and whoever does its acts."""
    preparation.open_year(office, 2026)
    return Played(folder=tmp_path / "office", office=office)


def test_the_run_is_called_as_people_call_the_year(prefect: Prefect, year: Played) -> None:
    """Its name is the fiscal year and the gathering; it ends with whom the year waits for, for what, until when."""
    state = look(prefect)
    assert run_of(state).name == YEAR
    assert (state.is_completed(), state.name) == (True, "待ち")
    assert "総務課の「契約締結」待ち（期限 令和8年10月1日（木））。" in state.message


def test_only_a_stage_with_something_to_say_is_a_run(prefect: Prefect, year: Played) -> None:
    """A stage in which nothing is due, late or new is a line of the year's page and no run."""
    state = look(prefect)
    assert {name: it.name for name, it in stages_of(state).items()} == {"1 準備": "待ち"}
    assert "開始前: 2 対象者抽出、3 引渡し" in state.message


def test_what_is_late_is_red_and_names_its_cause(prefect: Prefect, year: Played) -> None:
    """A late act makes stage and year 期限超過, failed, with who owes it; what only follows it is 影響 and not red."""
    year.play(before="register_handlers")
    go_to(year.office, 2026, 10, 20)
    state = look(prefect)
    stage = stages_of(state)["1 準備"]
    for it in (state, stage):
        assert (it.is_failed(), it.name) == (True, "期限超過")
        assert "受託事業者の「取扱責任者・取扱者届、再委託有無届」が12日遅れています" in it.message
    assert "影響を受ける手続: 緊急連絡体制・業務フロー確認" in stage.message
    assert not any(it.is_failed() for name, it in stages_of(state).items() if name != "1 準備")


def test_what_is_late_leads_to_the_desk(prefect: Prefect, year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run of a late stage is called by act and owner, is tagged with the owner, and has a page with its links.

    What is neither late nor due has no page; where no dashboard is shown, nothing of it is made.
    """
    from prefect.settings import temporary_settings

    late = "1 準備"
    monkeypatch.setenv("TSUDOI_DESK", "https://desk.example")
    year.play(before="register_handlers")
    go_to(year.office, 2026, 10, 20)
    stage = stages_of(look(prefect))[late]
    run = run_of(stage)
    assert run.name == "1 準備: クラウドサービス利用届（受託事業者）ほか2件"
    assert set(run.tags) == {CYCLE, "受託事業者"}
    (page,) = pages_of(stage)
    assert page.key == f"{CYCLE}-preparation"
    assert f"[クラウドサービス利用届](https://desk.example/{CYCLE}/acts/declare_cloud_use)" in page.data
    assert f"/{CYCLE})" in page.description
    with temporary_settings({"server.ui.enabled": False}):
        stage = stages_of(look(prefect))[late]
    assert (run_of(stage).name, pages_of(stage)) == (late, [])


def pages_of(state: Any) -> list[Any]:
    from prefect import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(str(state.state_details.flow_run_id))]))
    with get_client(sync_client=True) as client:
        return client.read_artifacts(artifact_filter=mine)


def test_the_red_is_taken_back_once_the_late_act_is_done(prefect: Prefect, year: Played) -> None:
    """While an act is late one run of the year and one of its stage are red; once it is done no run of the year is."""
    year.play(before="register_handlers")
    go_to(year.office, 2026, 10, 9)
    for _time in range(2):
        look(prefect)
        assert red() == ["1 準備", YEAR]
    for act in ("register_handlers", "submit_work_plan", "declare_cloud_use"):
        if act not in year.facts().done:
            year.do(act)
    assert not look(prefect).is_failed()
    assert red() == []


def test_a_stage_that_has_not_begun_is_red_when_it_is_late(prefect: Prefect, year: Played) -> None:
    """Of a year in which nothing was ever done the first stage is red, and no other: all else only follows."""
    go_to(year.office, 2026, 12, 1)
    state = look(prefect)
    assert [name for name, it in stages_of(state).items() if it.is_failed()] == ["1 準備"]
    assert "総務課の「契約締結」が61日遅れています" in state.message


def test_a_year_on_hold_is_said_to_be(prefect: Prefect, year: Played) -> None:
    """A hold ends stage and year in 一時停止, completed and never paused."""
    year.do("hold")
    state = look(prefect)
    assert (state.is_completed(), state.name) == (True, "一時停止")


def test_a_bug_in_a_stage_is_a_crash_with_its_place(
    prefect: Prefect, year: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug crashes its stage and the year, by its place; it is taken for no lateness, and the board is written."""

    def wrong(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("flows.stage.AtWork.end", wrong)
    state = look(prefect)
    assert state.is_crashed()
    assert "ZeroDivisionError" in state.message
    assert "test_year.py" in state.message
    assert prefect.flow_module("board").changed_pages(year.office, CYCLE) == ()


def test_a_run_that_was_doubled_changes_nothing(prefect: Prefect, year: Played) -> None:
    """The machine's work is done by the first run; a second finds it done, and the ledger does not grow."""
    year.play(before="recheck_before_sealing")
    year.do("recheck_before_sealing")
    look(prefect)
    assert "seal_package" in year.facts().done
    size = entries(year.office)
    look(prefect)
    assert entries(year.office) == size


def test_a_run_that_is_forced_is_put_right_by_the_next(prefect: Prefect, year: Played) -> None:
    """Whatever state somebody forces upon a run, the next says how the year stands."""
    from prefect import get_client
    from prefect.states import Failed

    before = look(prefect)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(before.state_details.flow_run_id, Failed(message="forced"), force=True)
    assert red() == [YEAR]
    assert look(prefect).name == "待ち"
    assert red() == []


def test_a_run_that_hangs_is_cut_off_and_the_next_does_the_work(prefect: Prefect, year: Played) -> None:
    """A look that waits for another machine's work beyond its time ends 打切り; the next does what is due."""
    year.play(before="recheck_before_sealing")
    year.do("recheck_before_sealing")
    with disk.in_turn(year.office.home / "machine.lock"):
        state = prefect.flow_module("year").year.with_options(timeout_seconds=2)(2026, return_state=True)
    assert (state.is_failed(), state.name) == (True, "打切り"), state.message
    assert "次の回" in state.message
    assert "seal_package" not in year.facts().done
    look(prefect)
    assert "seal_package" in year.facts().done
    assert red() == []


def test_a_run_that_is_cut_off_within_a_transaction_leaves_nothing_of_it(prefect: Prefect, year: Played) -> None:
    """What was written and not committed is gone, and the database is free for the next who writes."""
    base, lock = prefect.flow_module("base"), year.office.home / "machine.lock"
    flags = select(col(tables.Act.flag)).distinct()

    @base.stage_flow("x", "", within=1)
    def hanging() -> None:
        with writing(year.office.engine) as connection:
            connection.execute(update(tables.Act).values(flag="escalated"))
            with disk.in_turn(lock):
                pass

    with disk.in_turn(lock):
        state = hanging(return_state=True)
    assert (state.is_failed(), state.name) == (True, "打切り"), state.message
    with reading(year.office.engine) as connection:
        assert "escalated" not in connection.execute(flags).scalars().all()
    year.do("hold")


def test_every_sweep_has_a_limit_and_nothing_within_it_has(prefect: Prefect) -> None:
    """Whatever runs by the clock or is asked for is cut off at last; what runs within it has no limit of its own."""
    year, sweeps = prefect.flow_module("year"), prefect.flow_module("deployments").TABLE
    assert all(sweep.flow.timeout_seconds for sweep in sweeps)
    within = [year._look, *year._STAGES.values()]
    assert not any(flow.timeout_seconds for flow in within)


def test_what_a_killed_morning_left_is_ended_by_the_next(prefect: Prefect, year: Played) -> None:
    """Its runs of the year and a stage would be under way for ever: the next run of the year ends them, from above.

    What its own crash showed in red is taken back by the next morning.
    """
    from prefect import get_client, task
    from prefect.states import Crashed, Running

    preparation_stage, morning = (
        prefect.flow_module("preparation").preparation,
        prefect.flow_module("reminding").morning,
    )
    with get_client(sync_client=True) as client:

        def within(above: Any, flow: Any) -> Any:
            placed = client.create_task_run(task(flow.fn), flow_run_id=above.id, dynamic_key="0")
            return client.create_flow_run(flow, tags=[CYCLE], parent_task_run_id=placed.id, state=Running())

        killed = client.create_flow_run(morning, tags=["tsudoi"], state=Crashed())
        looked = within(killed, prefect.flow_module("year").year)
        left = [looked, within(looked, preparation_stage)]
        look(prefect)
        assert {client.read_flow_run(run.id).state.name for run in left} == {"以前の点検"}
        morning(return_state=True)
        assert client.read_flow_run(killed.id).state.name == "以前の点検"


def test_what_the_machine_did_shows_in_the_same_run(prefect: Prefect, year: Played) -> None:
    """A run looks again after its own work: the package that it sealed is no more waited for when it ends."""
    year.play(before="recheck_before_sealing")
    year.do("recheck_before_sealing")
    state = look(prefect)
    assert "「媒体手渡し」待ち" in state.message
    assert "「暗号化パッケージ作成」待ち" not in state.message


def test_a_morning_says_nothing_of_a_year_that_has_nothing_new(prefect: Prefect, year: Played) -> None:
    """A year whose stages say what its last run said gets no run in the morning; one in which an act was done does."""
    morning = prefect.flow_module("reminding").morning
    go_to(year.office, 2026, 9, 8)
    morning(return_state=True)
    assert YEAR not in stages_of(morning(return_state=True))
    acting.perform(year.office, CYCLE, "hold", by="sato", fields={"reason": "drill"})
    assert stages_of(morning(return_state=True))[YEAR].name == "一時停止"


def test_a_year_whose_last_run_is_far_back_gets_none_either(
    prefect: Prefect, year: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more years than an answer of the server holds runs, each that has nothing new gets no run in the morning."""
    preparation.open_year(year.office, 2027)
    every_year = prefect.flow_module("year").every_year
    assert set(stages_of(every_year(return_state=True))) == {YEAR, YEAR.replace("8", "9")}
    for _time in range(2):
        look(prefect)
    monkeypatch.setattr("flows.year.AT_MOST", 1)
    assert YEAR.replace("8", "9") not in stages_of(every_year(return_state=True))


def test_a_flag_of_the_morning_is_something_to_say(prefect: Prefect, year: Played) -> None:
    """A year of which the morning flags something is looked at in the same run, and its page tells of it."""
    go_to(year.office, 2026, 9, 25)
    look(prefect)
    go_to(year.office, 2026, 9, 28)
    assert YEAR in stages_of(prefect.flow_module("reminding").morning(return_state=True))
    assert prefect.flow_module("board").changed_pages(year.office, CYCLE) == ()


def entries(office: Office) -> int:
    with reading(office.engine) as connection:
        return connection.execute(select(func.max(col(tables.Ledger.seq)))).scalar_one()
