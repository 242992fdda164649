"""The engine: the table as a `transitions` machine over one reused model.

`transitions` has traps: automatic `to_<state>` triggers that skip guards are off, a failed condition is
silent, so the door lists what is missing itself, and nothing hangs on callbacks. The engine is asked last, and must
agree.
"""

from functools import cache
from threading import Lock

from transitions import Machine, MachineError

from states.table import INITIAL, STATES, TABLE


class _Pointer:
    """The one model: where a cycle stands, and whether its guards were met. The engine sets `state`."""

    state: str
    guards_are_met: bool

    def may_go(self) -> bool:
        return self.guards_are_met


_pointer = _Pointer()
_lock = Lock()


def _build() -> Machine:
    machine = Machine(model=_pointer, states=[state.key for state in STATES], initial=INITIAL, auto_transitions=False)
    for row in TABLE:
        machine.add_transition(row.trigger, list(row.froms), row.to, conditions="may_go")
    return machine


_machine = _build()


@cache
def allows(state: str, trigger: str) -> bool:
    """Tell whether the table knows this act in this state."""
    return trigger in _machine.get_triggers(state)


def go(state: str, trigger: str, *, guards_are_met: bool) -> str:
    """Return the state that follows; the state itself when the engine refuses or the act moves nothing."""
    with _lock:
        _machine.set_state(state)
        _pointer.guards_are_met = guards_are_met
        try:
            _machine.events[trigger].trigger(_pointer)
        except MachineError:
            return state
        return _pointer.state
