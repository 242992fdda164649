"""The table and every machine of it: one can begin, get everywhere, and always get to an end."""

from collections.abc import Callable, Iterable
from datetime import date

import pytest
from scenes import ACTORS, IN_ORDER, OPENED_AT, SECONDS, fields, walked
from transitions import Machine as Engine

from models.people import Role
from models.programme import Programme
from states import machine as engine
from states.calendar import Calendar
from states.deadlines import Rule
from states.schedule import plan
from states.table import BY_TRIGGER, FINAL, INITIAL, STATES, TABLE, Machine, Row, all_machines, cycle_machine
from steps.office import measures_of, programme_files

machines = pytest.mark.parametrize("machine", all_machines(), ids=lambda machine: machine.name)
rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.trigger)

RETIRED = frozenset[str]()  # acts that nobody does any more, named so that no row loses its states by a slip


def reached(starts: Iterable[str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    found, waiting = set(starts), list(starts)
    while waiting:
        here = waiting.pop()
        new = {to for start, to in pairs if start == here} - found
        found |= new
        waiting += new
    return found


@machines
def test_every_state_is_reached_from_a_beginning(machine: Machine) -> None:
    """No state is unreachable, and every beginning is a state of the machine."""
    pairs = [(start, to) for start, _trigger, to in machine.pairs]
    assert machine.initial
    assert reached(machine.initial, pairs) == set(machine.states) == set(walked(machine))


@machines
def test_every_state_leads_to_an_end(machine: Machine) -> None:
    """There is no dead end and no trap: from every state an end is reached, and only ends are never left."""
    back = [(to, start) for start, _trigger, to in machine.pairs]
    assert reached(machine.final, back) == set(machine.states)
    assert {start for start, _trigger, _to in machine.pairs} == set(machine.states) - set(machine.final)


@machines
def test_a_trigger_leads_from_one_state_to_one_other(machine: Machine) -> None:
    """No trigger is ambiguous, none stays where it is, and no pair stands twice."""
    ways = [(start, trigger) for start, trigger, _to in machine.pairs]
    assert len(set(ways)) == len(ways)
    assert len({(start, to) for start, _trigger, to in machine.pairs}) == len(machine.pairs)
    assert all(start != to for start, _trigger, to in machine.pairs)


def test_the_way_of_a_year_is_the_designed_one() -> None:
    """The steps lead from the contract to the close in one line, and aside only by cancelling."""
    line = (
        ("planned", "conclude_contract", "contracted"),
        ("contracted", "confirm_readiness", "ready"),
        ("ready", "extract", "extracted"),
        ("extracted", "hand_over", "transferred"),
        ("transferred", "approve_proof", "proof_approved"),
        ("proof_approved", "complete_printing", "printed"),
        ("printed", "complete_enclosing", "enclosed"),
        ("enclosed", "post", "posted"),
        ("posted", "return_media", "media_returned"),
        ("media_returned", "confirm_erasure", "erased"),
        ("erased", "close", "closed"),
    )
    aside = {(start, "cancel", "cancelled") for start, _trigger, _to in line[:9]}
    assert {*cycle_machine().pairs} == {*line, *aside, ("cancelled", "return_media", "media_returned")}


def test_the_cycle_has_one_beginning_and_knows_all_its_states() -> None:
    """The cycle's machine is made of the states that the table declares, and begins in one."""
    [cycle] = [machine for machine in all_machines() if machine.name == "cycle"]
    assert cycle.initial == (INITIAL,)
    assert cycle.final == FINAL
    assert set(cycle.states) == {state.key for state in STATES}
    assert len({machine.name for machine in all_machines()}) == len(all_machines())


@pytest.mark.parametrize(
    "what", [lambda row: row.trigger, lambda row: row.event, lambda row: row.ja], ids=["trigger", "event", "title"]
)
def test_no_name_stands_for_two_acts(what: Callable[[Row], str]) -> None:
    """Triggers, events and titles are unique."""
    names = [what(row) for row in TABLE]
    assert len(set(names)) == len(names)


@rows
def test_a_row_names_only_what_exists(row: Row) -> None:
    """States, the acts in `after`, the acts that guards owe and the roles are known."""
    states = {state.key for state in STATES}
    assert {*row.froms, row.to or INITIAL} <= states
    assert len(set(row.froms)) == len(row.froms)
    assert (not row.froms) == (row.trigger in RETIRED)
    assert row.froms or not row.due
    assert {*row.after, *(guard.owes for guard in row.claims if guard.owes)} <= set(BY_TRIGGER)
    assert row.who
    assert row.ja
    assert row.en
    assert row.source
    assert row.to not in row.froms


@rows
def test_a_deadline_rule_can_be_read_and_hangs_on_dated_acts(row: Row) -> None:
    """Every `due` is a rule; what is dated hangs only on acts that are dated too."""
    if row.due:
        assert Rule.parse(row.due)
        assert all(BY_TRIGGER[act].due for act in row.after)
    else:
        assert not row.after


@rows
def test_only_an_act_with_a_fact_to_record_has_deviations(row: Row) -> None:
    """What may break a rule and is recorded all the same is the report of something that has happened (Law 8)."""
    assert not row.deviations or row.record.has_happened is not None
    assert not set(row.deviations) & set(row.guards)


@rows
def test_the_auditor_does_nothing(row: Row) -> None:
    """Whoever audits neither does nor confirms an act."""
    assert Role.AUDITOR not in {*row.who, *row.second}


@rows
def test_a_record_is_read_back_as_it_was_written(row: Row) -> None:
    """What an act stores as JSON is the same record when a guard reads it, also with nothing but what is needed."""
    given = fields(OPENED_AT)[row.trigger]
    needed = {name: value for name, value in given.items() if row.record.model_fields[name].is_required()}
    for record in (row.record.model_validate(given), row.record.model_validate(needed)):
        assert row.record.model_validate_json(record.model_dump_json()) == record


def test_a_guard_has_one_claim_and_a_claim_one_guard() -> None:
    """Guards are told apart by name in ledger and refusals: one name is one claim, and every claim is a sentence."""
    claims: dict[str, str] = {}
    for guard in (guard for row in TABLE for guard in row.claims):
        assert claims.setdefault(guard.name, guard.claim) == guard.claim
        assert guard.claim.endswith(".")
        assert "\n" not in guard.claim
    assert len(set(claims.values())) == len(claims)


def test_what_guards_prove_are_measures() -> None:
    """Every measure that a guard says to prove is one of the 48."""
    known = {measure.id for measure in measures_of("hatachi/measures.yaml")}
    assert len(known) == 48
    assert {proof for row in TABLE for guard in row.claims for proof in guard.proves} <= known


def test_the_steps_of_the_measures_are_acts_that_ask_for_them() -> None:
    """Each step that a measure blocks is an act whose guards ask whether the measures are claimed."""
    steps = {step for measure in measures_of("hatachi/measures.yaml") for step in measure.guards}
    asking = {row.trigger for row in TABLE if any(guard.name == "measures_are_claimed" for guard in row.guards)}
    assert steps == asking


def test_the_schedule_of_the_first_programme_can_be_planned() -> None:
    """Every dated act gets a date in an order that fits what it comes after."""
    path = next(path for path in programme_files(None) if path.stem == "hatachi")
    planned = plan(Programme.load(path), 2026, Calendar())
    assert set(planned) == {row.trigger for row in TABLE if row.due}
    assert all(planned[act] <= planned[row.trigger] for row in TABLE if row.due for act in row.after)
    assert planned["post"] == date(2026, 11, 30)


def test_the_engine_has_no_way_but_the_table() -> None:
    """`transitions` knows the triggers of the table alone, moves only where the guards are met, and never else."""
    assert isinstance(engine._machine, Engine)
    for state in (state.key for state in STATES):
        assert set(engine._machine.get_triggers(state)) == {row.trigger for row in TABLE if state in row.froms}
        for row in TABLE:
            expected = row.to or state if state in row.froms else state
            assert engine.go(state, row.trigger, guards_are_met=True) == expected
            assert engine.go(state, row.trigger, guards_are_met=False) == state


def test_the_example_year_covers_every_act() -> None:
    """Every act of the table has an example that the other tests play, and every role and second person a name."""
    assert set(fields(OPENED_AT)) == set(BY_TRIGGER)
    assert set(IN_ORDER) <= set(BY_TRIGGER)
    assert set(SECONDS) == {row.trigger for row in TABLE if row.second}
    assert set(ACTORS) == set(Role)
