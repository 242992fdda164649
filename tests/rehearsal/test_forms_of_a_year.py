"""How a rehearsed year is entered: whole forms where nothing goes wrong, and what counts as one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from rehearsal import cast as players
from rehearsal.faults import Fault, Mixed
from rehearsal.summary import entered
from rehearsal.year import Rehearsal
from states.acts import form_of
from states.table import TABLE


def _entry(event: str, via: str = "rehearsal", **data: Any) -> dict[str, Any]:
    return {"event": event, "via": via, "data": data}


def test_a_form_counts_once_and_a_confirmation_once_more() -> None:
    """The machine's work, papers, refusals and the acts that a form carries are nobody's entry."""
    entries = [
        _entry("measures_claimed", record={}), _entry("measures_claimed", record={}, entered_with=1),
        _entry("erasure_confirmed_proposed", record={}, entered_with=1), _entry("erasure_confirmed", record={}),
        _entry("package_sealed", via="driver", record={}), _entry("pull_list_acknowledged", via="after", record={}),
        _entry("paper_printed", record={}), _entry("act_refused", act="post", unmet=["x"]),
        _entry("deviation_recorded", act="post", broken=["x"]),
    ]  # fmt: skip
    assert entered(entries) == ["measures_claimed", "erasure_confirmed"]


def _rehearsal(*, late: dict[str, int], faults: tuple[Fault, ...], gaps: dict[str, str]) -> Rehearsal:
    """Return a rehearsal whose door says what is missing for an act: which other act is owed."""
    door = SimpleNamespace(
        missing=lambda _cycle, act: [SimpleNamespace(act=gaps[act])] if act in gaps else []
    )  # fmt: skip
    people = SimpleNamespace(office=SimpleNamespace(door=door), cycle_id="hatachi-2026")
    plan = SimpleNamespace(seed=1, faults=0, late=late)
    rehearsal = Rehearsal(plan=cast("Any", plan), people=cast("Any", people), machine=cast("Any", None))
    rehearsal.__dict__["faults"] = Mixed(path=Path("none"), faults=faults)
    return rehearsal


OWED = cast("Any", SimpleNamespace(due={row.trigger: None for row in TABLE if row.due}, done={}))


def _form(
    act: str, *, late: dict[str, int] | None = None, faults: tuple[Fault, ...] = (), **gaps: str
) -> str:  # fmt: skip
    rehearsal = _rehearsal(late=late or {}, faults=faults, gaps=gaps)
    return rehearsal.form_with(act, OWED)


def test_an_act_goes_with_the_form_that_carries_it() -> None:
    """A report goes with its confirmation, whose own day may come later; what no form carries goes alone."""
    assert _form("report_printing", complete_printing="report_printing") == "complete_printing"
    assert _form("complete_printing", complete_printing="claim_measures") == "complete_printing"
    assert _form("hand_over_medium") == ""


def test_what_is_late_goes_wrong_or_waits_goes_alone() -> None:
    """A seeded fault strikes at an act by itself, and so is a late one entered; a form waits for no act beside it."""
    strikes = Fault(kind="wrong_count", act="complete_printing", detail=1)
    assert _form("report_printing", late={"complete_printing": 3}) == ""
    assert _form("report_printing", late={"report_printing": 3}) == ""
    assert _form("report_printing", faults=(strikes,)) == ""
    assert _form("report_printing", complete_printing="approve_text") == ""
    assert _form("destroy_items", close="erase_ward_data") == ""


def test_the_cast_knows_everything_a_form_carries() -> None:
    """What stands on a form only as needed is carried by one, and what is done beside it is no act of it."""
    carried = {act for row in TABLE for act in row.carries}
    assert carried >= players.AS_NEEDED.keys()
    assert not carried & players.ALONG
    for row in TABLE:
        assert form_of([*row.carries, row.trigger])
