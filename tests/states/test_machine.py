"""The table and every machine of it: one can begin, get everywhere, and always get to an end."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial

import pytest
from scenes import ACTORS, IN_ORDER, OPENED_AT, SECONDS, Year, fields, walked
from transitions import EventData, MachineError

from adapters.programmes import measures_of, programme_files
from models.errors import Unmet
from models.people import Role
from models.programme import Programme, text_of
from states.acts import Outcome
from states.calendar import Calendar
from states.deadlines import Rule
from states.engine import CYCLE, Position, built, starts
from states.gaps import Attempt, every_gap
from states.machines import PIECE, Machine
from states.rows import FINAL, INITIAL, STATES, Row
from states.schedule import plan
from states.table import BY_TRIGGER, TABLE, all_machines, cycle_machine

machines = pytest.mark.parametrize("machine", all_machines(), ids=lambda machine: machine.name)
rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.trigger)

ALIKE = built()  # an engine whose models are bound, as whoever knows `transitions` would ask it
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


def test_whoever_has_left_may_fill_the_register_again_and_nothing_else() -> None:
    """Of people whose entries have ended nothing is taken but what the register of people and keys needs."""
    by_lapsed = {row.trigger for row in TABLE if row.by_lapsed}
    assert by_lapsed == {"register_people", "change_people", "change_roles", "give_key"}


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
    asking = {row.trigger for row in TABLE if any(guard.name == "measures_are_claimed" for guard in row.claims)}
    assert steps == asking


def test_the_schedule_of_the_first_programme_can_be_planned() -> None:
    """Every dated act gets a date in an order that fits what it comes after."""
    path = next(path for path in programme_files(None) if path.stem == "hatachi")
    planned = plan(Programme.parse(text_of(path), name=path.name), 2026, Calendar())
    assert set(planned) == {row.trigger for row in TABLE if row.due}
    assert all(planned[act] <= planned[row.trigger] for row in TABLE if row.due for act in row.after)
    assert planned["post"] == date(2026, 11, 30)


def test_the_engine_has_no_way_but_the_table() -> None:
    """No `to_<state>` skips a guard: the engine knows the acts of the table alone, and late movements move nothing."""
    for state in (state.key for state in STATES):
        known = {row.trigger for row in TABLE if state in row.froms or row.is_movement}
        assert set(CYCLE.get_triggers(state)) == known
        for row in TABLE:
            position = Position(state=state, judge=tuple)
            assert CYCLE.go(position, row.trigger) == (row.trigger in known)
            assert position.state == (row.to or state if state in row.froms else state)


@rows
def test_the_conditions_of_an_act_are_its_guards(row: Row) -> None:
    """Each way of the engine asks the guards of its row by name, and then that nothing else is missing either."""
    for way in CYCLE.get_transitions(row.trigger):
        *guards, last = (condition.func.__name__ for condition in way.conditions)
        assert guards == [guard.name for guard in (*row.guards, *row.deviations)]
        assert last == "_nothing_is_missing"
        assert way.prepare == ["gather"]
        for missing in guards:
            gap = Unmet(guard=missing, missing="", owner="")
            asked = EventData(None, None, CYCLE, Position(state=way.source, judge=tuple, unmet=(gap,)), (), {})
            refusing = [condition.func.__name__ for condition in way.conditions if not condition.check(asked)]
            assert refusing == [missing, last]


@rows
def test_the_engine_stays_where_anything_is_missing(row: Row) -> None:
    """Whichever guard is not met, and whatever else is missing: the engine does not move, and all of it is told."""
    names = [*(guard.name for guard in (*row.guards, *row.deviations)), "role_may_do_it"]
    for state in (state.key for state in STATES):
        for unmet in (*([name] for name in names), names):
            gaps = tuple(Unmet(guard=name, missing="", owner="") for name in unmet)
            position = Position(state=state, judge=lambda gaps=gaps: gaps)
            assert not CYCLE.may(position, row.trigger)
            assert position.unmet == gaps
            position.unmet = ()
            assert not CYCLE.go(position, row.trigger)
            assert (position.state, position.unmet) == (state, gaps)


def test_an_act_that_does_not_belong_to_the_state_is_not_passed_over() -> None:
    """Neither a queue nor `ignore_invalid_triggers` makes the engine say yes to what did not happen."""
    assert not CYCLE.has_queue
    assert not CYCLE.ignore_invalid_triggers
    with pytest.raises(MachineError):
        CYCLE.events["complete_printing"].trigger(Position(state="planned", judge=tuple))


def test_what_fails_while_it_judges_moves_nothing() -> None:
    """An error in a guard goes through the engine to whoever asked, and the position stays."""

    def judge() -> tuple[Unmet, ...]:
        raise ZeroDivisionError

    position = Position(state="enclosed", judge=judge)
    with pytest.raises(ZeroDivisionError):
        CYCLE.go(position, "post")
    assert position.state == "enclosed"


def test_no_act_has_the_name_of_something_of_the_position() -> None:
    """Where a model has an attribute of that name, `transitions` binds the trigger to it in silence not at all."""
    assert not set(BY_TRIGGER) & {name for name in dir(Position(state=INITIAL, judge=tuple)) if name[0] != "_"}


@pytest.mark.parametrize("also", ["", "hold"])
@pytest.mark.parametrize("before", ["conclude_contract", "hand_over_medium", "post", "close"])
def test_whoever_asks_may_gets_the_answer_of_the_door(sqlite_year: Year, before: str, also: str) -> None:
    """For every act `may_<trigger>` of a bound model says what the door does, and finds the same things missing."""
    sqlite_year.play(before=before)
    if also:
        sqlite_year.do(also)
    for row, ask in [(row, sqlite_year.ask(row.trigger)) for row in TABLE]:
        with sqlite_year.engine.connect() as connection:
            facts = sqlite_year.door.facts(connection, ask.cycle_id)
            attempt = Attempt(ask=ask, row=row, facts=facts, at=facts.now)
            position = Position(state=facts.state, judge=partial(every_gap, attempt))
            ALIKE.add_model(position, initial=facts.state)
            may = getattr(position, f"may_{row.trigger}")()
            result = sqlite_year.door._perform(connection, row, ask)
            connection.rollback()
        assert may == isinstance(result, Outcome)
        assert position.state == facts.state
        if not isinstance(result, Outcome) and row.trigger in ALIKE.get_triggers(facts.state):
            assert position.unmet == result.unmet != ()
        ALIKE.remove_model(position)


def test_things_move_only_as_their_machine_leads() -> None:
    """The engine tells from where a thing gets to a state, and refuses to be asked for a way that there is not."""
    for machine in all_machines():
        for state in machine.states:
            expected = {start for start, _trigger, to in machine.pairs if to == state}
            assert set(starts(machine, state)) == expected
    with pytest.raises(MachineError):
        starts(PIECE, "posted", among=("enclosed", "exported"))


def test_the_example_year_covers_every_act() -> None:
    """Every act of the table has an example that the other tests play, and every role and second person a name."""
    assert set(fields(OPENED_AT)) == set(BY_TRIGGER)
    assert set(IN_ORDER) <= set(BY_TRIGGER)
    assert set(SECONDS) == {row.trigger for row in TABLE if row.second}
    assert set(ACTORS) == set(Role)
