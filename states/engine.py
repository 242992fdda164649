"""The engine: the table as a `transitions` machine. It decides; the door records what moved here, and nothing else.

A position is the model of one act. `prepare` gathers everything that is missing for it, the conditions are the guards
of its row, and the last of them lets nothing else be missing either. The traps of `transitions`, each with a test:
`to_<state>` triggers skip every guard and a queue answers True before anything moved (both off); what does not belong
to a state must not be passed over in silence (`ignore_invalid_triggers`, off), and is prepared nowhere, so that it is
gathered here; conditions stop at the first that fails and say nothing, so that none of them judges by itself; an
exception in a callback leaves the model moved, so that nothing hangs on callbacks and a position lives for one act.
Binding a model to a hundred triggers costs more than an act: a position is passed to the machine, and not bound to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import transitions
from transitions import EventData, MachineError

from models.errors import Unmet
from states.machines import Machine
from states.rows import INITIAL, STATES
from states.table import TABLE


@dataclass(kw_only=True, eq=False)
class Position:
    """Where a cycle stands while an act is asked, and what was found missing for it. The engine sets `state`."""

    state: str
    judge: Callable[[], tuple[Unmet, ...]]
    unmet: tuple[Unmet, ...] = ()

    def gather(self, _event: EventData | None = None) -> None:
        """Find everything that is missing."""
        self.unmet = self.judge()


class Engine(transitions.Machine):
    """The machine of the cycle."""

    def go(self, position: Position, trigger: str) -> bool:
        """Let the position move as the row says, or stay, and tell whether the act happens."""
        try:
            return bool(self.events[trigger].trigger(position))
        except MachineError:
            position.gather()
            return False

    def may(self, position: Position, trigger: str) -> bool:
        """Tell whether the act might happen, and let nothing move: what `may_<trigger>` of a bound model tells."""
        if trigger in self.get_triggers(position.state):
            return bool(self._can_trigger(position, trigger))
        position.gather()
        return False


def _holds(guard: str) -> Callable[[EventData], bool]:
    def holds(event: EventData) -> bool:
        return all(gap.guard != guard for gap in cast("Position", event.model).unmet)

    holds.__name__ = guard
    return holds


def built() -> Engine:
    """Build the machine of the cycle from the table. What moves things may be entered afterwards in any other state."""
    states = [state.key for state in STATES]
    machine = Engine(model=None, states=states, initial=INITIAL, auto_transitions=False, send_event=True)
    for row in TABLE:
        conditions: list[Any] = [*(_holds(guard.name) for guard in (*row.guards, *row.deviations)), _nothing_is_missing]
        for state in states if row.is_movement else row.froms:
            to = row.to if state in row.froms else None
            machine.add_transition(row.trigger, state, to, conditions=conditions, prepare="gather")
    return machine


def _nothing_is_missing(event: EventData) -> bool:
    return not cast("Position", event.model).unmet


CYCLE = built()


def starts(machine: Machine, to: str, *, among: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return from where a thing of a smaller machine is led to a state: whole sets of things move from there alone.

    Raises:
        MachineError: one of those named does not lead there.

    """
    found = _starts(machine)[to]
    if strange := set(among) - set(found):
        raise MachineError(f"{machine.name}: {sorted(strange)} -> {to}")
    return among or found


@cache
def _starts(machine: Machine) -> dict[str, tuple[str, ...]]:
    """Try every trigger from every state."""
    smaller = transitions.Machine(model=None, states=list(machine.states), initial=None, auto_transitions=False)
    for start, trigger, end in machine.pairs:
        smaller.add_transition(trigger, start, end)
    found: dict[str, tuple[str, ...]] = dict.fromkeys(machine.states, ())
    for start in machine.states:
        for trigger in smaller.get_triggers(start):
            position = Position(state=start, judge=tuple)
            smaller.events[trigger].trigger(position)
            found[position.state] += (start,)
    return found
