"""Who may do an act and who confirms it under a programme, and who decides in whose place until when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from assumed import PEOPLE, PROGRAMME, TODAY, TOMORROW, YESTERDAY, did, facts

from models.people import Role
from models.programme import Programme
from states.effects import OweAct
from states.facts import Deputised, Told
from states.rows import APPROVERS, COORDINATOR, INSPECTOR, REGISTRAR
from states.rules import approvals
from states.table import BY_TRIGGER

ROW = replace(BY_TRIGGER["extract"], setting="", second=(), approval=False)


def deciding(**how: str) -> Programme:
    """Return the programme with other settings of its decisions."""
    return PROGRAMME.model_copy(update={"approval": PROGRAMME.approval.model_copy(update=how)})


def absent(person: str, begins: date = TODAY, ends: date = TODAY, deputy: str = "ito") -> Told:
    return did("record_absence", person=person, begins_on=begins, ends_on=ends, deputy=deputy)


@pytest.mark.parametrize(
    ("who", "inspector", "expected"),
    [
        (INSPECTOR, "coordinator", COORDINATOR), (INSPECTOR, "separate", INSPECTOR),
        # One before and one after the inspector in the order of letters
        (APPROVERS, "coordinator", APPROVERS), (APPROVERS, "separate", APPROVERS),
        (REGISTRAR, "coordinator", REGISTRAR), (REGISTRAR, "separate", REGISTRAR),
    ],
)  # fmt: skip
def test_the_coordinator_inspects_only_where_nobody_else_does(
    who: tuple[Role, ...], inspector: str, expected: tuple[Role, ...]
) -> None:
    """A coordinator does what is the inspector's where the programme says so, and nothing of anybody else's."""
    assert replace(ROW, who=who).who_under(deciding(inspector=inspector)) == expected


@pytest.mark.parametrize(
    ("approval", "decisions", "expected"),
    [
        (True, "confirmation", APPROVERS), (True, "number", REGISTRAR), (True, "", REGISTRAR),
        (False, "confirmation", REGISTRAR), (False, "number", REGISTRAR),
    ],
)  # fmt: skip
def test_the_approver_confirms_what_the_office_decides_where_the_programme_says_so(
    *, approval: bool, decisions: str, expected: tuple[Role, ...]
) -> None:
    """The approver is second only for an act of the office's decision, under a programme that decides so."""
    row = replace(ROW, approval=approval, second=REGISTRAR)
    assert row.second_under(deciding(decisions=decisions)) == expected


@pytest.mark.parametrize(
    ("his", "roles", "expected"),
    [
        ({Role.DEPUTY}, APPROVERS, True), ({Role.DEPUTY, Role.HANDLER}, APPROVERS, True),
        ({Role.APPROVER}, APPROVERS, False), ({Role.APPROVER, Role.DEPUTY}, APPROVERS, False),
        ({Role.COORDINATOR}, APPROVERS, False), ({Role.DEPUTY}, (Role.COORDINATOR, *APPROVERS), False),
        ({Role.DEPUTY}, (Role.APPROVER,), False),
    ],
)  # fmt: skip
def test_a_deputy_decides_for_another_what_no_coordinator_may(
    *, his: set[Role], roles: tuple[Role, ...], expected: bool
) -> None:
    """Whoever may do it as a deputy alone does it in another's place, unless a coordinator may do it too."""
    person = PEOPLE["ito"].model_copy(update={"roles": frozenset(his)})
    assert approvals.decides_only_for_another(person, roles) is expected


@pytest.mark.parametrize(
    ("told", "deputy", "day", "expected"),
    [
        ((absent("takahashi"),), "ito", TODAY, "takahashi"), ((absent("takahashi"),), "ito", TOMORROW, None),
        ((absent("takahashi"),), "ito", YESTERDAY, None), ((absent("takahashi"),), "abe", TODAY, None),
        ((absent("takahashi"),), "sato", TODAY, None), ((absent("sato"),), "ito", TODAY, None),
        ((absent("sato"), absent("takahashi")), "ito", TODAY, "takahashi"), ((), "ito", TODAY, None),
    ],
)  # fmt: skip
def test_a_deputy_decides_in_an_approvers_absence_alone(
    told: tuple[Told, ...], deputy: str, day: date, expected: str | None
) -> None:
    """The absence in which he decides is an approver's, names him and covers the day."""
    absence = approvals.absence_for(facts(*told), deputy, day)
    assert (absence and absence.person) == expected


@pytest.mark.parametrize(("closed", "expected"), [((), 1), ((1,), 2), ((1, 2), 3), ((2,), 1), ((0,), 1)])
def test_whoever_was_absent_is_back_on_the_next_open_day(closed: tuple[int, ...], expected: int) -> None:
    """He is back on the first open day after the last of his absence."""
    shut = {TODAY + timedelta(days=days) for days in closed}
    # Whatever lies far off is open too, so that a search that goes wrong ends.
    year = facts(absent("takahashi"), is_open=lambda day: day not in shut)
    (absence,) = approvals.absences(year)
    assert approvals.back_on(year, absence) == TODAY + timedelta(days=expected)


@pytest.mark.parametrize(
    ("days", "but", "expected"),
    [
        ((), (), None), ((TOMORROW,), (), TOMORROW), ((TOMORROW, TODAY), (), TODAY), ((TODAY, TOMORROW), (), TODAY),
        ((TODAY, TOMORROW), (1,), TOMORROW), ((TODAY, TOMORROW), (1, 2), None),
    ],
)  # fmt: skip
def test_what_was_decided_for_another_is_owed_by_the_earliest_day(
    days: tuple[date, ...], but: tuple[int, ...], expected: date | None
) -> None:
    """The decisions are to be seen by the earliest of their days, and nothing is owed where none is left."""
    decided = tuple(
        Deputised(seq=seq, act="approve_posting", by="ito", in_place_of="takahashi", see_by=day)
        for seq, day in enumerate(days, start=1)
    )
    owed = (OweAct(act="see_decisions", due_on=expected),) if expected else ()
    assert approvals.decisions_are_owed(facts(absent("takahashi"), decided=decided), but) == owed
