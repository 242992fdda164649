"""THE RULES. The rows of the stages in the order of a year; what one row says, `states/rows.py` tells.

The engine, the rules table of the database, the forms and docs/states.md come from here; no rule is hidden elsewhere.
A stage's rows stand on its page in `states/rules/`, below its claims, effects and look-ups.
"""

from collections.abc import Mapping

from states.machines import INCIDENT, ITEM, PIECE, RECORD, REMINDER, Machine
from states.rows import FINAL, INITIAL
from states.rules import (
    additions,
    approvals,
    custody,
    documents,
    enclosing,
    erasure,
    extraction,
    mailing,
    measures,
    media_return,
    oversight,
    people,
    preparation,
    printing,
    supervision,
    transfer,
)  # fmt: skip

# The rows of each page in the order of a year, each group with the stage that it belongs to.
_GROUPS = (
    ("preparation", preparation.CONTRACT),
    ("preparation", supervision.PARTNERS),
    ("preparation", preparation.READINESS),
    ("printing", printing.FIXED_TEXT),  # runs beside the data
    ("extraction", extraction.ROWS),
    ("transfer", transfer.ROWS),
    ("printing", printing.PROOF),
    ("extraction", additions.EXTRACT),
    ("printing", printing.PRINTING),
    ("enclosing", enclosing.FIRST_PULLS),
    ("oversight", supervision.INSPECTION),
    ("enclosing", enclosing.ENCLOSING),
    ("enclosing", additions.LETTERS),
    ("mailing", mailing.POSTING),
    ("media_return", media_return.RETURN),
    ("erasure", erasure.AT_THE_CONTRACTOR),
    ("erasure", media_return.COMPLETION),
    ("mailing", mailing.RETURNED_MAIL),
    ("erasure", erasure.AT_THE_WARD),
    # over all stages
    ("oversight", custody.ROWS),
    ("oversight", oversight.ENTRIES),
    ("oversight", approvals.ROWS),
    ("oversight", measures.ROWS),
    ("oversight", documents.ROWS),
    ("oversight", oversight.ROWS),
    ("oversight", people.ROWS),
)
TABLE = tuple(row for _stage, rows in _GROUPS for row in rows)
# The stages of a year as its flow goes through them; oversight is what belongs to none.
STAGES: Mapping[str, tuple[str, str]] = {
    "preparation": ("準備", "preparation"),
    "extraction": ("対象者抽出", "extraction"),
    "transfer": ("引渡し", "transfer"),
    "printing": ("印刷", "printing"),
    "enclosing": ("封入封緘", "enclosing"),
    "mailing": ("差出", "mailing"),
    "media_return": ("媒体等返却", "return of media"),
    "erasure": ("消去確認", "erasure"),
    "oversight": ("監督・事故", "oversight and incidents"),
}
STAGE_OF: Mapping[str, str] = {row.trigger: stage for stage, rows in _GROUPS for row in rows}
BY_TRIGGER = {row.trigger: row for row in TABLE}
# The acts whose effects hold the cycle, and those that let it go on: no other lets the database change the hold.
HOLDING = ("hold", "report_incident", "record_loss", "request_retrieval", "record_deviation", "report_change")
RELEASING = ("release_hold", "cancel")


def cycle_machine() -> Machine:
    """Return the cycle's own pairs in the form of the smaller machines."""
    pairs = tuple((start, row.trigger, row.to) for row in TABLE if row.to for start in row.froms)
    return Machine(name="cycle", initial=(INITIAL,), final=FINAL, pairs=pairs)


def all_machines() -> tuple[Machine, ...]:
    """Return every machine of the project; the database's rules table is filled from these."""
    return (cycle_machine(), PIECE, ITEM, INCIDENT, REMINDER, RECORD)


def all_rules() -> frozenset[tuple[str, str, str, str]]:
    """Return the rules table of the database: machine, from, trigger and to.

    Beside the pairs and beginnings of the machines: which act an event of the ledger tells, and which events change
    the hold.
    """
    beginnings = {(machine.name, "", "begin", state) for machine in all_machines() for state in machine.initial}
    pairs = {(machine.name, *pair) for machine in all_machines() for pair in machine.pairs}
    events = {("event", row.event, row.trigger, "") for row in TABLE}
    holds = {("hold", BY_TRIGGER[act].event, act, "held") for act in HOLDING}
    releases = {("hold", BY_TRIGGER[act].event, act, "released") for act in RELEASING}
    return frozenset(beginnings | pairs | events | holds | releases)
