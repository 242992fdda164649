"""記録: what people do, entered in the dashboard or by a rehearsal, goes through the door as it is."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from prefect.runtime import flow_run
from pydantic import BaseModel, Field

from flows import erasure, extraction, transfer
from flows.access import PAGE
from flows.base import office, said, stage_flow, stage_task, tag_this_run
from flows.board import update_the_board
from flows.forms import Entered, entered, maybe
from models.words import _
from states.acts import Outcome, row_of
from states.table import BY_TRIGGER, Row
from steps import driving
from steps.acting import perform
from steps.office import Office
from views import standing


class ActForm(BaseModel):
    """One act: which, by whom, with the fields of its record. Ids, counts, dates and serials only."""

    year: int = Field(title="年度（西暦）", ge=2000, le=2100)
    act: str = Field(title="行為", json_schema_extra={"enum": list(BY_TRIGGER)})
    by: str = Field(title="行った人（登録番号）")
    fields: dict[str, Any] = Field(default_factory=dict, title="記録の項目")
    key: str = Field(default="", title="二重登録を防ぐ鍵（空欄可）")


@stage_flow("記録", "行為を一つ記録する。条件が足りないときは、何が足りないかを示して失敗になる。")
def record_act(form: ActForm, via: str = "dashboard") -> str:
    """Do one act of the table; return the state the cycle is in afterwards."""
    here = office()
    outcome = perform(here, here.cycle_id(form.year), form.act, by=form.by, fields=form.fields, key=form.key, via=via)
    return outcome.state


def _run_name() -> str:
    parameters = flow_run.get_parameters()
    row, form = BY_TRIGGER.get(str(parameters.get("act"))), parameters.get("form")
    year = form.get("year") if isinstance(form, dict) else None
    return f"{row.ja if row else ''} {year if isinstance(year, int) else ''}".strip()


@stage_flow(
    "行為の記録",
    "掲示板の様式から行為を一つ記録する。条件が足りないときは、何が足りないかを示して失敗になる。",
    _run_name,
)
def enter(act: str, form: dict[str, Any]) -> str:
    """Do one act of the table as its form was filled in, and show it on the board."""
    it = entered(row_of(act), form)
    here = office()
    cycle_id = here.cycle_id(it.year, it.programme)
    tag_this_run(cycle_id)
    words = _ask_the_machine(here, act, it, form) if act in _MACHINES else _record(cycle_id, act, it)
    update_the_board(2)
    board = _("Board: {address}").format(address=PAGE.format(key=cycle_id))
    return said(f"{words} {board}")


@stage_task("1 条件を確かめて記録する")
def _perform(cycle_id: str, act: str, it: Entered) -> Outcome:
    here = office()
    return perform(
        here, cycle_id, act, by=it.by, fields=it.fields, occurred_at=it.occurred_at, via="dashboard",
        key=_key(here, cycle_id, act, it),
    )  # fmt: skip


def _record(cycle_id: str, act: str, it: Entered) -> str:
    """Record an act of a person, and say what came of it."""
    outcome, title = _perform(cycle_id, act, it), standing.act_title(act)
    if outcome.repeated:
        return _("“{act}” was recorded today with the same content already; nothing changed.").format(act=title)
    done = _("“{act}” is recorded (ledger entry {seq}). State: {state}.").format(
        act=title, seq=outcome.seq, state=standing.state_title(outcome.state)
    )
    if outcome.deviations:
        return done + _(" A deviation is recorded: an incident is open and the cycle is on hold.")
    return done


def _key(here: Office, cycle_id: str, act: str, it: Entered) -> str:
    """Make one act of a form that is sent twice on a day: the same content is the same key."""
    today = here.clock.now().date()
    content = json.dumps(
        [it.by, it.fields, str(it.occurred_at), it.key], sort_keys=True, ensure_ascii=False, default=str
    )
    return f"{cycle_id}/{act}/{today}/{hashlib.sha256(content.encode()).hexdigest()[:24]}"


# What a person asks the machine to do goes through the stage's own flow.
_MACHINES: Mapping[str, Callable[[Entered, Mapping[str, Any]], str]] = {
    "take_extract": lambda it, _form: _verdict(extraction.take_extract(it.year, it.by, programme=it.programme)),
    "take_additions": lambda it, form: _verdict(
        extraction.take_additions(
            it.year, it.by, none_came=bool(form.get("none_came")), replace=maybe(form.get("replace")),
            programme=it.programme,
        )
    ),
    "seal_package": lambda it, _form: _state(transfer.seal_package(it.year, it.by, programme=it.programme)),
    "seal_additions": lambda it, _form: _state(transfer.seal_additions(it.year, it.by, programme=it.programme)),
    "read_back_package": lambda it, _form: _state(transfer.read_back_package(it.year, it.by, programme=it.programme)),
    "erase_ward_data": lambda it, _form: _state(erasure.erase_ward_data(it.year, it.by, programme=it.programme)),
}  # fmt: skip


def may_be_entered(row: Row) -> bool:
    """Tell whether an act has a form: what two people sign, or comes from somebody's file, is for the desk alone."""
    return not row.second and (not row.by_machine or row.trigger in _MACHINES)


def _ask_the_machine(here: Office, act: str, it: Entered, form: Mapping[str, Any]) -> str:
    with driving.alone(here):
        return _MACHINES[act](it, form)


def _verdict(verdict: str) -> str:
    words = {"accepted": _("The extract is taken."), "held": _("The extract is taken; rows wait for decisions.")}
    return words.get(verdict, verdict)


def _state(state: str) -> str:
    return _("Done. State: {state}.").format(state=standing.state_title(state))
