"""An act as it is asked for at the door, and what came of it: what those who ask know, without the door itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.errors import BadInput, Unknown
from models.people import Role
from models.records.base import ActRecord
from models.words import _
from states.facts import Evidence
from states.rows import Row
from states.table import BY_TRIGGER

NOT_COMPARED = "words_were_compared"
CLOCK_WENT_ON = "clock_went_on"


@dataclass(frozen=True, kw_only=True)
class ActRequest:
    """Somebody asks for an act. `key` makes a repetition a no-op; `occurred_at` is set when entered afterwards.

    `proposal` is the number of the entry that a confirmation confirms.
    """

    cycle_id: str
    trigger: str
    by: str
    record: ActRecord
    key: str
    via: str = "desk"
    occurred_at: datetime | None = None
    evidence: Evidence = field(default_factory=Evidence)
    proposal: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it. `waits_for` names the roles of the second person while the act is only proposed.

    `left` names what should have followed the act, which is recorded all the same, and failed: such as a paper.
    """

    trigger: str
    state: str
    seq: int
    repeated: bool = False
    waits_for: tuple[Role, ...] = ()
    deviations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    checkpoint: str = ""
    left: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An act that is on record: the number of its entry, by whom and how it came there; for what follows it."""

    cycle_id: str
    trigger: str
    seq: int
    by: str
    via: str


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A proposal that waits: its row, the number of its entry, by whom it is, in whose place, and who typed it."""

    id: int
    seq: int
    key: str
    by: str
    typed_by: str
    occurred_at: datetime
    record: ActRecord
    in_place_of: str = ""


def row_of(trigger: str) -> Row:
    """Return the row of an act.

    Raises:
        Unknown: the table has no such act.

    """
    row = BY_TRIGGER.get(trigger)
    if row is None:
        raise Unknown(_("There is no act called “{act}”.").format(act=trigger[:40]), _("Name one of the table."))
    return row


def form_of(triggers: Sequence[str]) -> list[Row]:
    """Return the rows of the acts that one form carries; the last is the form's own, and may come several times.

    Raises:
        BadInput: the form does not carry one of them, or not there.
        Unknown: the table has no such act.

    """
    rows = [row_of(trigger) for trigger in triggers]
    order = {trigger: place for place, trigger in enumerate((*rows[-1].carries, rows[-1].trigger))}
    places = [order.get(trigger, -1) for trigger in triggers]
    if places == sorted(places) and places[0] >= 0:
        return rows
    form, carried = rows[-1], [row_of(trigger) for trigger in rows[-1].carries]
    raise BadInput(
        _("The form “{form}” carries no such acts, or not in this order.").format(form=form.title),
        _("It may carry, before its own act: {acts}").format(
            acts="、".join(f"{row.trigger} ({row.title})" for row in carried) or "–"
        ),
    )
