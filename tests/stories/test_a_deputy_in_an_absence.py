"""A deputy in an absence: refused while the approver is there, deciding in it, seen afterwards by the absent."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playing import CYCLE, YEAR, Played, begun

from models.errors import Refused
from papers.control_ledger import lines_of
from rehearsal.cast import APPROVER, COORDINATOR
from states.replay import differences
from steps import acting
from views.standing import standing

DEPUTY = "ito"


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path / "year") as played:
        yield played


def act(year: Played, trigger: str, *, by: str, **fields: Any) -> int:
    typed = {name: str(value) for name, value in fields.items()}
    return acting.perform(year.office, CYCLE, trigger, by=by, fields=typed).seq


def refused(year: Played, trigger: str, *, by: str, **fields: Any) -> set[str]:
    with pytest.raises(Refused) as refusal:
        act(year, trigger, by=by, **fields)
    return {gap.guard for gap in refusal.value.unmet}


def test_a_deputy_decides_in_an_absence_and_the_year_waits_until_it_is_seen(year: Played) -> None:
    """No absence, no decision; in it the entry says 代決; 後閲 is owed on the return, and nothing closes without it."""
    year.play(before="approve_text")
    today = year.now.date()
    assert refused(year, "approve_text", by=DEPUTY, version=1) == {"deputy_stands_in"}

    away = {"person": APPROVER, "begins_on": today, "ends_on": today + timedelta(days=1), "reason": "business_trip"}
    assert refused(year, "record_absence", by=DEPUTY, deputy=DEPUTY, **away) == {"another_records_the_absence"}
    act(year, "record_absence", by=COORDINATOR, deputy=DEPUTY, **away)
    decided = act(year, "approve_text", by=DEPUTY, version=1)

    entry = year.entries()[decided - 1]
    assert (entry["by"], entry["data"]["in_place_of"]) == (DEPUTY, APPROVER)
    back = year.office.calendar.first_open(today + timedelta(days=2))
    owed = year.office.see(CYCLE, lambda here: {it.act: it.due_on for it in standing(here).next})
    assert owed["see_decisions"] == back
    lines = year.office.see(CYCLE, lambda here: lines_of(here.connection, CYCLE))
    assert "代決" in next(line["remark"] for line in lines if line["number"] == decided)

    year.play(before="see_decisions")
    assert "every_decision_is_seen" in {gap.guard for gap in year.office.door.missing(CYCLE, "close")}
    assert refused(year, "see_decisions", by=DEPUTY, entries=decided) >= {"role_may_do_it"}
    act(year, "see_decisions", by=APPROVER, entries=decided)
    assert year.facts().done["see_decisions"].on == back

    year.play(before="close")
    year.do("close")
    assert (year.facts().state, year.facts().fiscal_year) == ("closed", YEAR)
    assert year.office.see(CYCLE, lambda here: list(differences(here.connection))) == []
