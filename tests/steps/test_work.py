"""WORK tells how the machine does each of its acts."""

import inspect
from importlib.util import find_spec
from pathlib import Path

import pytest

from states.table import BY_TRIGGER, STAGE_OF, TABLE
from steps.work import WORK


def test_every_act_of_the_machine_has_its_work_and_the_other_way_round() -> None:
    """Every row that the machine does has its row in WORK, and WORK has no other."""
    assert {row.trigger for row in TABLE if row.by_machine} == WORK.keys()


@pytest.mark.parametrize("act", sorted(WORK))
def test_the_step_takes_who_asks_and_what_is_typed(act: str) -> None:
    """Each row names a function that takes the office, the cycle, who and how, and the fields that a person types."""
    takes = inspect.signature(WORK[act].step).parameters
    assert {"office", "cycle_id", "by", "via"} | WORK[act].typed <= takes.keys()


@pytest.mark.parametrize("act", WORK)
def test_whoever_asks_does_so_by_an_act_of_the_table(act: str) -> None:
    """What asks for a work is an act of the table."""
    assert {*WORK[act].asked_by} <= BY_TRIGGER.keys()


@pytest.mark.parametrize("act", [act for act, how in WORK.items() if how.served])
def test_the_served_task_bears_the_name_of_the_act_in_its_stage(act: str) -> None:
    """Where a flow serves a work, the module of its stage in flows defines its task under the name of the act."""
    spec = find_spec(f"flows.{STAGE_OF[act]}")
    assert spec
    assert spec.origin
    text = Path(spec.origin).read_text(encoding="utf-8")
    assert f'{act} = machine_task("{act}"' in text


def test_what_the_machine_does_by_itself_is_served() -> None:
    """What is done without a person each time runs as a flow, where the dashboard shows it."""
    assert [act for act, how in WORK.items() if how.is_driven and not how.served] == []
