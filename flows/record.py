"""記録: what people enter in the dashboard goes through the door as it is."""

import hashlib
import json
from dataclasses import replace
from typing import Any, cast

from prefect.runtime import flow_run

from flows.base import board_of, office, on_the_server, said, stage_flow, stage_task, tag_this_run, task_of
from flows.forms import Entered, entered
from models.words import _
from states.acts import Outcome, row_of
from states.rows import Row
from states.table import BY_TRIGGER
from steps import driving
from steps.acting import Typed
from steps.acting import enter as enter_at_once
from steps.after import words_of_what_is_left
from steps.office import Office
from steps.work import WORK
from views import standing


def _run_name() -> str:
    parameters = flow_run.get_parameters()
    row, form = BY_TRIGGER.get(str(parameters.get("act"))), parameters.get("form")
    year = cast("dict[str, Any]", form).get("year") if isinstance(form, dict) else None
    return f"{row.ja if row else ''} {year if isinstance(year, int) else ''}".strip()


@stage_flow(
    "行為の記録",
    "掲示板の様式から行為を一つ記録する。条件が足りないときは記録せず、何が足りないかを示す。",
    _run_name,
)
def enter(act: str, form: dict[str, Any]) -> str:
    """Do one act of the table as its form was filled in; that it is done asks for a look at its year (AFTER)."""
    typed = entered(row_of(act), form)
    here = office()
    cycle_id = here.cycle_id(typed.year, typed.programme)
    tag_this_run(on_the_server(cycle_id))
    if act in WORK:  # the machine does it, by the task of its stage
        with driving.alone(here):
            outcomes = (task_of(act)(typed.year, typed.by, programme=typed.programme, typed=dict(typed.fields)),)
    else:
        outcomes = _perform(cycle_id, act, typed)
    words = [text for it in outcomes for text in (_told(here, cycle_id, it), words_of_what_is_left(it, typed.year))]
    return said(" ".join(filter(None, [*words, board_of(cycle_id)])))


@stage_task("1 条件を確かめて記録する")
def _perform(cycle_id: str, act: str, typed: Entered) -> tuple[Outcome, ...]:
    here = office()
    form = (*typed.carried, Typed(trigger=act, by=typed.by, fields=typed.fields))
    keyed = [replace(one, key=_key(here, cycle_id, one, typed), occurred_at=typed.occurred_at) for one in form]
    return enter_at_once(here, cycle_id, keyed, via="dashboard")


def _told(here: Office, cycle_id: str, outcome: Outcome) -> str:
    """Say what came of an act."""
    title = standing.act_title(outcome.trigger)
    if outcome.repeated:
        return _("“{act}” was done already; nothing changed.").format(act=title)
    recorded = _("“{act}” is recorded (ledger entry {seq}). State: {state}.")
    words = [recorded.format(act=title, seq=outcome.seq, state=standing.state_title(outcome.state))]
    if outcome.deviations:
        words.append(_("A deviation is recorded: an incident is open and the cycle is on hold."))
    if outcome.trigger == "take_extract" and here.facts(cycle_id).undecided:
        words.append(_("Rows wait for decisions."))
    return " ".join(words)


def _key(here: Office, cycle_id: str, act: Typed, form: Entered) -> str:
    """Make one act of a form that is sent twice on a day: the same content is the same key."""
    content = json.dumps(
        [act.by, act.fields, str(form.occurred_at), form.key], sort_keys=True, ensure_ascii=False, default=str
    )
    return f"{cycle_id}/{act.trigger}/{here.clock.now().date()}/{hashlib.sha256(content.encode()).hexdigest()[:24]}"


def may_be_entered(row: Row) -> bool:
    """Tell whether an act has a form: what two people sign, or comes from somebody's file, is for the desk alone."""
    return not row.second and (not row.by_machine or WORK[row.trigger].served)
