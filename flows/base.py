"""What every flow shares: the office, and how a failure looks where the coordinator looks.

What a person mends is no failed run: a refusal is the words in which a run ends. What only an administrator mends has
failed. Anything unforeseen has crashed and shows its type only: a message from deep inside might quote data (Law 4).
"""

import logging
from asyncio import CancelledError
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from pkgutil import resolve_name
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import Flow, flow, get_client, task
from prefect.cache_policies import NO_CACHE
from prefect.context import SyncClientContext
from prefect.exceptions import FailedRun
from prefect.runtime import flow_run
from prefect.settings import get_current_settings, temporary_settings
from prefect.states import Completed, Crashed, Failed

from adapters import disk
from adapters.settings import Settings
from flows import progress
from flows.access import PAGE
from models.errors import BadInput, BadSetting, Refused, TsudoiError, Unknown, place_of
from models.words import _, in_words
from states.acts import Outcome
from states.table import BY_TRIGGER, STAGE_OF
from steps.office import Office
from steps.work import WORK

MARK = "tsudoi"  # the tag of every deployment of ours
# After so many seconds a run is cut off: ten times what the morning of 200 years may take, and what does the machine's
# work has an hour, for an extract of a whole country is read in one.
SOON, LATER = 600, 3600
P = ParamSpec("P")
R = TypeVar("R")


# What the one who asked mends: a guard that is not met, a field that is wrong, a name that nobody knows.
MENDED_BY_PEOPLE = (Refused, BadInput, Unknown)


class Unforeseen(RuntimeError):
    """A bug: the type of what was raised and its place in the code, and nothing that it said."""


class _InWords(logging.Filter):
    """Show a refusal in a run's log by its words, once and without the path through the code.

    Prefect tells of an error where it passes, with its traceback, and once more when the process of the run ends.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FailedRun):  # red on purpose: its words were said as it ended
            return False
        if not isinstance(error, TsudoiError):
            return True
        record.msg, record.args, record.exc_info = str(error), (), None
        return record.name != _FLOW_LOGGER


_FLOW_LOGGER, _TASK_LOGGER = "prefect.flow_runs", "prefect.task_runs"
for _name in (_FLOW_LOGGER, _TASK_LOGGER):
    logging.getLogger(_name).addFilter(_InWords())


@contextmanager
def quick() -> Generator[None]:
    """Run many short flows in one process while this lasts, with one client and without a heartbeat.

    Its thread costs a second at the end of each flow, and a new client loads the certificates of the whole world.
    """
    if get_current_settings().flows.heartbeat_frequency is None and SyncClientContext.get():
        yield  # it is so already; making Prefect's settings anew costs a tenth of a second
        return
    with temporary_settings({"flows.heartbeat_frequency": None}), SyncClientContext.get_or_create():
        yield


_OPENED: ContextVar[list[Office] | None] = ContextVar("_OPENED", default=None)


@contextmanager
def one_office() -> Generator[None]:
    """Let a run, its tasks and the flows within it share one office: opening reads and compiles everything anew."""
    if _OPENED.get() is not None:
        yield
        return
    opened = _OPENED.set([])
    try:
        yield
    finally:
        _OPENED.reset(opened)


def office() -> Office:
    """Open the office that TSUDOI_HOME names, once a run; what the process of a flow has in memory goes nowhere."""
    opened = _OPENED.get()
    if opened:
        return opened[0]
    disk.leave_no_dumps()
    here = Office.open()
    if opened is not None:
        opened.append(here)
    return here


def on_the_server(key: str) -> str:
    """Return a tag or the key of a page as it stands on the server, which several offices may share."""
    opened = _OPENED.get()
    return (opened[0].settings if opened else Settings.load()).on_the_server(key)


def is_looked_at() -> bool:
    """Tell whether a dashboard is shown; where none is, as in a rehearsal, nobody reads what is made for it."""
    return get_current_settings().server.ui.enabled


def board_of(cycle_id: str) -> str:
    """Say where the page of a year is, to be copied: neither interface makes a link of what a message says."""
    address = f"{get_current_settings().ui_url or ''}{PAGE.format(key=on_the_server(cycle_id))}"
    return _("Board: {address}").format(address=address)


def _is_ours() -> bool:
    """Tell a run that was not asked for of another office: none bears another one's mark. Nothing is opened for it."""
    marks = {tag for tag in flow_run.get_tags() if tag == MARK or tag.endswith(f"-{MARK}")}
    return not marks - {on_the_server(MARK)}


def _must_be_ours() -> None:
    """Refuse a run that was asked for of another office: this home is not the one it was meant for.

    Raises:
        BadSetting: the run bears the mark of another office.

    """
    if not _is_ours():
        raise BadSetting(
            _("This run is meant for another office; nothing was done."),
            _("Let each office's worker take its runs from the work pool of that office alone (setting office)."),
        )


def _sanitised(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (TsudoiError, Unforeseen):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, only its type may reach Prefect
            refused, kind, place = disk.in_words(error), type(error).__name__, place_of(error)
        # outside the handler: the original, with what it may quote, is not attached
        if refused:
            raise refused
        raise Unforeseen(_("This is a bug: {kind} at {place}.").format(kind=kind, place=place))

    return call


def _ending_in_words(function: Callable[P, R]) -> Callable[P, R]:
    """End a run with the words of what was raised: Prefect would pickle an error that is raised to disk."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        is_outermost = _OPENED.get() is None
        try:
            with one_office():
                _must_be_ours()
                return function(*args, **kwargs)
        except CancelledError:
            if not is_outermost:
                raise  # it is the run around this one that is cut off, and says so
            return cast("R", said_of_trouble(_cut_off(), name=in_words(ja="打切り", en="Cut off")))
        except MENDED_BY_PEOPLE as refused:
            return cast("R", said(str(refused), name=in_words(ja="未記録", en="Not recorded")))
        except TsudoiError as error:
            return cast("R", Failed(message=str(error), data=error))
        except Unforeseen as bug:
            return cast("R", Crashed(message=str(bug), data=bug))

    return call


def _cut_off() -> str:
    return _(
        "Cut off before its end: it took longer than it may, or lost Prefect's server."
        " What was done is done; the next run does the rest."
    )


def stage_flow(
    name: str, description: str, run_name: Callable[[], str] | None = None, *, within: int | None = None
) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Make a flow of a stage: no stored results, no retries of its own (the door makes repeating safe).

    A run is called as its flow is, or as `run_name` says with the run's parameters. After `within` seconds it is cut
    off. A flow that runs within another has no such limit: Prefect would take the end of the one for the other's.
    """

    def named() -> str:
        try:
            return run_name() if run_name and _is_ours() else name
        except TsudoiError:
            return name  # Prefect asks for the name before the run begins: what is wrong, the run itself says in words

    def decorate(function: Callable[P, R]) -> Flow[P, R]:
        return flow(
            name=name, description=description, flow_run_name=named, timeout_seconds=within, persist_result=False,
            log_prints=False,
        )(_ending_in_words(_sanitised(function)))  # fmt: skip

    return decorate


def stage_task(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a task of a flow; its name begins with an ASCII number, or the timeline loses it."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return task(name=name, persist_result=False, cache_policy=NO_CACHE)(_sanitised(function))

    return decorate


def machine_task(act: str, name: str) -> Callable[..., Outcome]:
    """Make the task by which the machine does an act of WORK; `typed` is what a person says.

    Raises:
        Refused, BadInput, Unknown: by what is returned, as the step does.

    """

    @stage_task(name)
    def work(fiscal_year: int, by: str, via: str, programme: str, typed: dict[str, Any]) -> Outcome | TsudoiError:
        here = office()
        try:
            cycle_id = here.cycle_id(fiscal_year, programme)
            key = on_the_server(f"{cycle_id}-{act.replace('_', '-')}")
            with progress.shown(key, BY_TRIGGER[act].title) if is_looked_at() else nullcontext():
                return WORK[act].step(here, cycle_id, by=by, via=via, **typed)
        except MENDED_BY_PEOPLE as refused:
            return refused  # what is refused in words is no failed task either

    def do(
        fiscal_year: int, by: str, *, via: str = "script", programme: str = "", typed: dict[str, Any] | None = None
    ) -> Outcome:
        if isinstance(came := work(fiscal_year, by, via, programme, typed or {}), TsudoiError):
            raise came
        return came

    return do


def task_of(act: str) -> Callable[..., Outcome]:
    """Return the task that does a work of the machine: in the module of its stage, under the name of the act."""
    return resolve_name(f"flows.{STAGE_OF[act]}:{act}")


def said(message: str, *, name: str = "Completed") -> str:
    """End a run well, with words where the coordinator looks; the name is what a filter of runs finds.

    Prefect takes a state for the result of a flow; who calls the flow as a function gets the words.
    """
    return cast("str", Completed(message=message, name=name, data=message))


def said_of_trouble(message: str, *, name: str = "Failed") -> str:
    """End a run as failed, with what went wrong with some of it and what was done all the same."""
    return cast("str", Failed(message=message, name=name, data=TsudoiError(message)))


def tag_this_run(*tags: str, name: str | None = None) -> None:
    """Put tags on the run that is under way, so that a filter finds every run of a cycle, or every late morning.

    `name` is another name for it, where what it found says more than what it is.
    """
    run_id = flow_run.get_id()
    if run_id and (name or not {*tags} <= {*flow_run.get_tags()}):
        with get_client(sync_client=True) as client:
            client.update_flow_run(UUID(run_id), name=name, tags=sorted({*flow_run.get_tags(), *tags}))
