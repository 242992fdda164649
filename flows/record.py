"""行為の記録: what a script enters goes through the door as it is. People enter at the desk."""

import hashlib
import json
from datetime import datetime
from typing import Any

from prefect.runtime import flow_run

from flows.base import LATER, board_of, office, on_the_server, said, stage_flow, stage_task, tag_this_run, task_of
from models.clock import TOKYO
from models.words import _
from states.acts import Outcome
from states.table import BY_TRIGGER
from steps import acting, driving
from steps.acting import Typed
from steps.after import words_of_what_is_left
from steps.office import Office
from steps.work import WORK
from views import standing


def _run_name() -> str:
    parameters = flow_run.get_parameters()
    row, year = BY_TRIGGER.get(str(parameters.get("act"))), parameters.get("year")
    return f"{row.ja if row else ''} {year if isinstance(year, int) else ''}".strip()


@stage_flow(
    "行為の記録",
    "他のプログラムから行為を一つ記録する。条件が足りないときは記録せず、何が足りないかを示す。",
    _run_name,
    within=LATER,
)
def enter(
    act: str,
    year: int,
    by: str,
    *,
    fields: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    key: str = "",
    programme: str = "",
) -> str:
    """Do one act of the table; that it is done asks for a look at its year (AFTER).

    Args:
        act: the act's name in docs/states.md, such as claim_measures.
        year: fiscal year.
        by: who did it, by id of the register.
        fields: what its record holds, by field; nothing where the machine brings it.
        occurred_at: when it happened, in Tokyo's time where no other is said; now where it is left out.
        key: tells a second doing of the same on one day from a repetition, which changes nothing.
        programme: the usual one where it is left out.

    """
    here, typed = office(), fields or {}
    cycle_id = here.cycle_id(year, programme)
    tag_this_run(on_the_server(cycle_id))
    if act in WORK and WORK[act].served and not typed:
        with driving.alone(here):
            outcome = task_of(act)(year, by, via="script", programme=programme)
    else:
        at = occurred_at.replace(tzinfo=TOKYO) if occurred_at and not occurred_at.tzinfo else occurred_at
        content = json.dumps([by, typed, str(at), key], sort_keys=True, ensure_ascii=False, default=str)
        own = f"{cycle_id}/{act}/{here.clock.now().date()}/{hashlib.sha256(content.encode()).hexdigest()[:24]}"
        outcome = _perform(cycle_id, Typed(trigger=act, by=by, fields=typed, key=own, occurred_at=at))
    words = [_told(here, cycle_id, outcome), words_of_what_is_left(outcome), board_of(cycle_id)]
    return said(" ".join(filter(None, words)))


@stage_task("1 条件を確かめて記録する")
def _perform(cycle_id: str, typed: Typed) -> Outcome:
    (outcome,) = acting.enter(office(), cycle_id, [typed], via="script")
    return outcome


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
