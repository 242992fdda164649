"""年度業務: one run is one look at a year: stage by stage the machine's work, what the counts say, who owes what.

A run is short and waits for nothing: what waits, waits in the domain (Law 1). It may be doubled, killed or forced: what
it did is in the ledger, and the next one puts right what it shows.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from prefect import Flow, get_client, tags
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas import filters
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.runtime import flow_run
from prefect.states import Completed, Crashed, Failed

from adapters import disk
from flows.base import (
    LATER,
    MARK,
    SOON,
    Unforeseen,
    board_of,
    is_looked_at,
    office,
    on_the_server,
    quick,
    said,
    said_of_trouble,
    stage_flow,
    stage_task,
    tag_this_run,
)
from flows.board import AT_MOST, update_the_board, update_the_index
from flows.enclosing import enclosing
from flows.erasure import erasure
from flows.extraction import extraction
from flows.mailing import mailing
from flows.media_return import media_return
from flows.oversight import oversight
from flows.preparation import preparation
from flows.printing import printing
from flows.stage import in_state
from flows.transfer import transfer
from models.clock import fiscal_year_title
from models.errors import TsudoiError
from models.words import _, in_words
from states.look import Look
from states.table import STAGE_OF
from steps import asking, driving
from steps import preparation as opening
from steps.office import Office
from views import stages
from views.board import last_entry
from views.stages import Stage
from views.standing import Standing, open_before_year_end, standing

NAME = asking.YEAR
_STAGES: dict[str, Flow[..., State[str]]] = {
    "preparation": preparation,
    "extraction": extraction,
    "transfer": transfer,
    "printing": printing,
    "enclosing": enclosing,
    "mailing": mailing,
    "media_return": media_return,
    "erasure": erasure,
    "oversight": oversight,
}
_TAKEN_IN = ("まとめて処理", "Taken in")
_TAGS_AT_ONCE = 100  # SQLite's json_array, which Prefect asks by, takes 127
_TIMES = 5  # so often a run goes through the stages; what is new after that is the next one's


def _run_name() -> str:
    """Name a run after the year that it shows, as people call it."""
    given: dict[str, Any] = flow_run.get_parameters()
    here, year = office(), int(given["fiscal_year"])
    known, _text = here.programme(str(given.get("programme") or ""))
    return f"{fiscal_year_title(year)} {known.ceremony_ja}"


@stage_flow(
    NAME,
    "一年の業務を段階ごとに見て、機械だけでできる作業を行い、誰が何をいつまでに行うかを示す。",
    _run_name,
    within=LATER,
)
def year(fiscal_year: int, programme: str = "") -> State[str]:
    """Go through the stages that have something to say, show the board, and end as the year stands."""
    here = office()
    cycle_id = here.cycle_id(fiscal_year, programme)
    tag_this_run(on_the_server(cycle_id))
    # One look at a time: of two at once each would take back the red of the other's stages.
    with disk.in_turn(here.home / f"{cycle_id}.lock"):
        with tags(on_the_server(cycle_id)), quick():
            _take_in_what_was_asked(cycle_id)
            ended = _go_through_the_stages(here, cycle_id)
            update_the_board(1, cycle_id, with_index=not flow_run.get_parent_flow_run_id())
        ours = [NAME, *(flow.name for flow in _STAGES.values())]
        shown = {state.state_details.flow_run_id for state in ended.values()}
        take_back_the_red(ours, tag=on_the_server(cycle_id), but=shown)
        with here.look(cycle_id) as look:
            return _ended(look, ended)


_look = year.with_options(timeout_seconds=0)  # within another run, whose time it is


def _go_through_the_stages(here: Office, cycle_id: str) -> dict[str, State[str]]:
    """Run the flow of each stage that says something new, until none does: what is done changes what others say."""
    ended, tried = dict[str, State[str]](), set[str]()
    for _time in range(_TIMES):
        work = {work.act for work in driving.work_in(here, cycle_id) if work.may_be_done} - tried
        tried |= work
        with here.look(cycle_id) as look:
            fiscal_year, programme = look.facts.fiscal_year, look.programme.key
            shown = [
                stage.key for stage in stages.stages(look, standing(look))
                if _is_new(stage, ended.get(stage.key), works=stage.key in {STAGE_OF[act] for act in work})
            ]  # fmt: skip
        if not shown:
            break
        ended |= {key: _STAGES[key](fiscal_year, programme, return_state=True) for key in shown}
    return ended


def _is_new(stage: Stage, before: State[str] | None, *, works: bool) -> bool:
    """Tell a stage that the machine works in, or that says something else than its flow ended with."""
    if before is None:
        return works or stage.has_something_to_say
    says = before.name == stages.state_words(stage.state) and stage.words in (before.message or "")
    return works or not (says or before.name in {"Failed", "Crashed"})


def _ended(here: Look, ended: Mapping[str, State[str]]) -> State[str]:
    """Return the state of the whole year: red while anything is late, or a commitment is passed unaccepted."""
    if crashed := next((state for state in ended.values() if state.is_crashed()), None):
        return Crashed(message=crashed.message)
    if failed := next((state for state in ended.values() if state.name == "Failed"), None):
        return Failed(message=failed.message)
    stands = standing(here)
    words, state = _words(here, stands), stages.worst(stage.state for stage in stages.stages(here, stands))
    beside = [line for state in ended.values() for line in (state.message or "").splitlines() if line not in words]
    message = "\n".join([words, *beside])
    if state != stages.LATE and not all(passed.is_accepted for passed in stands.passed):
        return Failed(name=in_words(ja="動かせない期日の超過", en="Commitment passed"), message=message)
    return in_state(state, message)


def _words(here: Look, stands: Standing) -> str:
    """Say of a year what its stages say: first what is passed, then who owes what, the others in a line.

    With the ledger's last entry that its page tells of: what grew it, such as a flag, is a reason to look again.
    """
    shown, closing = stages.stages(here, stands), open_before_year_end(here, stands)
    lines = [passed.words for passed in stands.passed]
    if closing:
        titles = "、".join(act.title for act in closing)
        lines.append(_("Still open before the end of the year: {acts}").format(acts=titles))
    lines += [f"{stage.title}: {stages.state_words(stage.state)} {stage.words}" for stage in shown if stage.words]
    for state in (stages.DONE, stages.TO_COME):
        if titles := [stage.title for stage in shown if stage.state == state and not stage.words]:
            lines.append(f"{stages.state_words(state)}: {'、'.join(titles)}")
    lines.append(_("As of ledger entry {seq}.").format(seq=last_entry(here.connection, here.cycle_id)))
    return "\n".join([*lines, board_of(here.cycle_id)])


@stage_flow(
    asking.ALL_YEARS, "年度ごとに機械の作業と状況の更新を行う。変わったところのない年度には何もしない。", within=LATER
)
def every_year() -> str:
    """Look at every open year that has something to do or to say."""
    trouble = [*do_the_work_of_every_year(), *look_at_every_year()]
    take_back_the_red([asking.ALL_YEARS], tag=on_the_server(MARK))
    return said_of_trouble("\n".join(trouble)) if trouble else said(_("Every year is as it is shown."))


def do_the_work_of_every_year() -> list[str]:
    """Look at every open year in which the machine may do something now; return what went wrong."""
    here = office()
    return _look_at({work.cycle_id for work in driving.work(here) if work.may_be_done})


def look_at_every_year() -> list[str]:
    """Look at every open year that says something else than its last run did; return what went wrong.

    Where no dashboard is shown, as in a rehearsal, nobody reads it.
    """
    if not is_looked_at():
        return []
    with office().look_around() as looks:
        words = {on_the_server(look.cycle_id): (look.cycle_id, _words(look, standing(look))) for look in looks}
    said_last = _last_words([*words])
    return _look_at({it for tag, (it, now) in words.items() if not said_last.get(tag, "").startswith(now)})


def _look_at(cycle_ids: AbstractSet[str]) -> list[str]:
    """Look at these years, each in a run of its own, and write the index of all once."""
    trouble = list[str]()
    with quick():
        for cycle_id in sorted(cycle_ids):
            with office().look(cycle_id) as look:
                which = look.facts.fiscal_year, look.programme.key
            with tags(on_the_server(cycle_id)):
                state = _look(*which, return_state=True)
            if state.is_crashed() or state.name == "Failed":
                trouble.append(state.message or "")
        try:
            if cycle_ids:
                update_the_index(1)
        except (TsudoiError, Unforeseen) as error:
            trouble.append(str(error))
    return trouble


def _last_words(tags: Sequence[str]) -> dict[str, str]:
    """Return what the last run of each of the years with these tags ended with.

    One answer of the server holds so many runs: of whom it holds none is asked for again, without the others.
    """
    said = dict[str, str]()
    with get_client(sync_client=True) as client:
        for start in range(0, len(tags), _TAGS_AT_ONCE):
            wanted = {*tags[start : start + _TAGS_AT_ONCE]}
            while wanted and (runs := _runs(client, [NAME], StateType.COMPLETED, StateType.FAILED, tags=wanted)):
                for run in runs:
                    said = dict.fromkeys(run.tags, run.state.message or "" if run.state else "") | said
                wanted -= said.keys()
    return said


def _take_in_what_was_asked(cycle_id: str) -> None:
    """Take the place of the runs of this year that were asked for and have not begun: this one sees all they would."""
    taken = Completed(name=in_words(ja=_TAKEN_IN[0], en=_TAKEN_IN[1]))
    with get_client(sync_client=True) as client:
        for run in _runs(client, [NAME], StateType.SCHEDULED, tags=[on_the_server(cycle_id)]):
            client.set_flow_run_state(run.id, taken, force=True)


def take_back_the_red(names: Sequence[str], *, tag: str, but: AbstractSet[UUID | None] = frozenset()) -> None:
    """Let no earlier run of these flows be red, or under way without a process: what is so is said by a later one.

    Args:
        names: the flows' names.
        tag: what they have in common: the year, or the mark of this office's deployments.
        but: the runs that are not earlier.

    """
    earlier = in_words(ja="以前の点検", en="An earlier look")
    with get_client(sync_client=True) as client:
        begun = _runs(client, names, StateType.RUNNING, StateType.PENDING, tags=[tag])
        for run in (*_runs(client, names, StateType.FAILED, StateType.CRASHED, tags=[tag]), *reversed(begun)):
            if run.id in but or not run.state or not (run.state.is_final() or _is_left_behind(client, run)):
                continue
            words = f"{run.state.name}: {run.state.message}"
            client.set_flow_run_state(run.id, Completed(name=earlier, message=words), force=True)


def _is_left_behind(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Tell a run whose process is gone: it was within another that has ended. Nobody else ends it."""
    if run.parent_task_run_id is None:
        return False
    parent = client.read_task_run(run.parent_task_run_id).flow_run_id
    above = client.read_flow_run(parent).state if parent else None
    return above is None or above.is_final()


def _runs(client: SyncPrefectClient, names: Sequence[str], *kinds: StateType, tags: Collection[str]) -> list[FlowRun]:
    """Return the runs of these flows in these states that have these tags and were not taken in, the latest first."""
    state = filters.FlowRunFilterState(
        type=filters.FlowRunFilterStateType(any_=[*kinds]), name=filters.FlowRunFilterStateName(not_any_=[*_TAKEN_IN])
    )
    return client.read_flow_runs(
        flow_filter=filters.FlowFilter(name=filters.FlowFilterName(any_=[*names])),
        flow_run_filter=filters.FlowRunFilter(tags=filters.FlowRunFilterTags(any_=[*tags]), state=state),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=AT_MOST,
    )


@stage_task("1 年度を開く")
def _open(fiscal_year: int) -> str:
    cycle_id, _new = opening.open_year(office(), fiscal_year, via="flow")
    return cycle_id


@stage_flow(
    asking.OPENING,
    "年度の最初の開庁日に、その年度の業務を一度だけ開き、掲示板に載せる。何度動いても同じ。",
    within=SOON,
)
def begin_year() -> str:
    """Open the fiscal year whose day has come, and look at it once."""
    if not opening.is_to_be_opened(office()) or (begun := opening.year_to_open(office())) is None:
        return said(_("No fiscal year's opening day has come."))
    cycle_id = _open(begun)
    _look_at({cycle_id})
    return said(_("{cycle} is open.").format(cycle=cycle_id))
