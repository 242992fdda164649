"""Who acts in a rehearsed year comes from the table, what is brought from the record types: a new act is played too."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rehearsal import cast as players
from states.rows import Row
from states.table import TABLE
from steps.acting import record_of

BY_HAND = [row for row in TABLE if row.froms and not row.by_machine and row.trigger not in players.PLAYS]
SCENE = cast("Any", SimpleNamespace(facts=SimpleNamespace(today=date(2026, 10, 6))))  # all that an example looks at


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.trigger)
def test_somebody_of_the_cast_may_do_every_act(row: Row) -> None:
    """Whoever is asked has a role of the row, and the second person is another."""
    first = players.person_for(row.who)
    assert first
    assert not row.second or players.person_for(row.second, but=first) not in {"", first}


@pytest.mark.parametrize("row", BY_HAND, ids=lambda row: row.trigger)
def test_an_act_that_the_cast_does_not_know_is_brought_by_its_examples(row: Row) -> None:
    """The example of each field that must be given makes a record of the act, as it would be typed."""
    assert record_of(row.record, players.fields(row.trigger, SCENE))


def test_an_act_that_nobody_has_seen_before_is_played(tmp_path: Path) -> None:
    """A row and its record are all there is of a new act: somebody with its role does it, another confirms it."""
    here = Path(__file__).parent
    paths = [str(here.parents[1]), *(str(here.parent / room) for room in ("stories", "steps"))]
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("TSUDOI_")}
    played = subprocess.run(
        [sys.executable, here / "new_act.py", tmp_path], env={**surroundings, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert played.stderr.endswith("done by watanabe\n"), played.stderr
