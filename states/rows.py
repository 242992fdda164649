"""The words of a row: states, roles, and what one row of the table says.

`to` None leaves the state as it is. `guards` refuse. `deviations` refuse an act that is still to happen; of one that
has happened they make a deviation that opens an incident (Law 8). `warnings` only warn: the act is done and the
ledger says what did not hold. `due` is the default deadline rule and `after` what it hangs on; a programme may set
another. `not_before` is a rule that the deadline never comes before, whatever `due` says. `second` names who must
confirm: a different person (four eyes). `approval` is an act of the office's own decision, which the programme may let
the approver confirm. `setting` is the key of the programme that may give an act of the ward to the contractor.
`carries` are the acts that this act's form may carry before it, in this order (decision 0030). `by_system` lets the
system do it in its own name, where its guards leave no judgement to a person. `by_lapsed`: while fewer than two people
who may do it are on the register today, those whose entries ended within a year may, so that a register whose people
have all left can be filled again.
"""

from dataclasses import dataclass

from models.people import Role, Side
from models.programme import Programme
from models.records.base import ActRecord
from models.words import in_words
from states.effects import Effects, nothing_more
from states.facts import Guard


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of the cycle and how people call it."""

    key: str
    ja: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One act of the table. One that nobody does any more stays, with no `froms` and no `due`: ledgers tell of it."""

    trigger: str
    event: str
    ja: str
    en: str
    froms: tuple[str, ...]
    to: str | None = None
    who: tuple[Role, ...]
    second: tuple[Role, ...] = ()
    approval: bool = False
    owner: Side
    record: type[ActRecord]
    guards: tuple[Guard, ...] = ()
    deviations: tuple[Guard, ...] = ()
    warnings: tuple[Guard, ...] = ()
    then: Effects = nothing_more
    setting: str = ""
    due: str = ""
    after: tuple[str, ...] = ()
    not_before: str = ""
    under_hold: bool = False
    repeats: bool = False
    by_machine: bool = False
    command: str = ""
    handover: bool = False
    carries: tuple[str, ...] = ()
    by_system: bool = False
    by_lapsed: bool = False
    source: str = ""

    @property
    def title(self) -> str:
        """Return it as people call it."""
        return in_words(ja=self.ja, en=self.en)

    @property
    def typed_as(self) -> str:
        """Return the command that does it; the one of most acts shows, as it stands, what its form takes."""
        return f"tsudoi {self.command or f'act YEAR {self.trigger}'}"

    @property
    def claims(self) -> tuple[Guard, ...]:
        """Return every claim that is judged: what refuses, what makes a deviation, what only warns."""
        return (*self.guards, *self.deviations, *self.warnings)

    @property
    def is_movement(self) -> bool:
        """Tell what moves things: it may be entered after it happened, and is recorded then in any state (Law 8)."""
        return "already_happened" in self.record.model_fields

    def who_under(self, programme: Programme) -> tuple[Role, ...]:
        """Return who may do it under a programme; without inspectors of its own the coordinator inspects."""
        if self._is_the_contractors(programme):
            return MANAGER
        return COORDINATOR if self.who == INSPECTOR and programme.approval.inspector == "coordinator" else self.who

    def second_under(self, programme: Programme) -> tuple[Role, ...]:
        """Return who must confirm it under a programme."""
        return APPROVERS if self.approval and programme.approval.decisions == "confirmation" else self.second

    def owner_under(self, programme: Programme) -> Side:
        """Return who owes it under a programme."""
        return Side.CONTRACTOR if self._is_the_contractors(programme) else self.owner

    def _is_the_contractors(self, programme: Programme) -> bool:
        return bool(self.setting) and getattr(programme.consignment, self.setting) == "contractor"


STATES = (
    State(key="planned", ja="契約準備中", en="preparing the contract"),
    State(key="contracted", ja="契約締結済", en="contracted"),
    State(key="ready", ja="着手可", en="ready to begin"),
    State(key="extracted", ja="抽出・点検済", en="extracted and checked"),
    State(key="transferred", ja="引渡し済", en="transferred"),
    State(key="proof_approved", ja="校了済", en="proof approved"),
    State(key="printed", ja="印刷・印字済", en="printed"),
    State(key="enclosed", ja="封入封緘済", en="enclosed and sealed"),
    State(key="posted", ja="差出済", en="posted"),
    State(key="media_returned", ja="返却済", en="media returned"),
    State(key="erased", ja="消去確認済", en="erasure confirmed"),
    State(key="closed", ja="完結", en="closed"),
    State(key="cancelled", ja="中止", en="cancelled"),
)
STATES_BY_KEY = {state.key: state for state in STATES}
INITIAL, FINAL = "planned", ("closed",)

# Groups of states and roles that several rows share.
LIVE = tuple(state.key for state in STATES if state.key != "closed")
BEFORE_RETURN = ("planned", "contracted", "ready", "extracted", "transferred", "proof_approved", "printed", "enclosed",
                 "posted")  # fmt: skip
PREPRESS = ("ready", "extracted", "transferred", "proof_approved")
WHEN_ADDED = ("proof_approved", "printed", "enclosed")
WHILE_SEALED = ("extracted", *WHEN_ADDED)
IN_PRODUCTION = ("transferred", "proof_approved", "printed", "enclosed")
AFTER_POSTING = ("posted", "media_returned", "erased")
EVER_AFTER = (*AFTER_POSTING, "closed")
ANY_STATE = tuple(state.key for state in STATES)
COORDINATOR, REGISTRAR = (Role.COORDINATOR,), (Role.REGISTRAR,)
APPROVERS = (Role.APPROVER, Role.DEPUTY)
MANAGER = (Role.HANDLING_MANAGER,)
INSPECTOR = (Role.INSPECTOR,)
KEEPERS = (Role.COORDINATOR, *APPROVERS)  # of the register of people
ANYBODY = tuple(role for role in Role if role is not Role.AUDITOR)
RECHECK = "extract recheck FILE"
