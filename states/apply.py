"""How the door carries effects out: one function an effect, set-based, in the transaction of the act.

The database's own triggers check every change of state once more against the rules table.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update
from sqlmodel import col

from models import serials, tables
from models.records.base import REDACTED
from models.records.people import PersonEntered
from states import effects as eff
from states import texts
from states.calendar import Calendar
from states.engine import starts
from states.facts import Facts
from states.machines import INCIDENT, ITEM, PIECE
from states.reading import spans_of
from states.schedule import drop_open_acts, move_deadline, owe, owe_again

_BATCH = 10_000

# Half of a year's acts are claims. Built once: building a statement costs as much as running it.
_CLAIM = insert(tables.Claim)
_UNCLAIM = delete(tables.Claim).where(
    col(tables.Claim.cycle_id) == bindparam("cycle_id"),
    col(tables.Claim.measure).in_(bindparam("measures", expanding=True)),
)


@dataclass(frozen=True, kw_only=True)
class _Context:
    connection: Connection
    facts: Facts
    by: str
    seq: int
    calendar: Calendar


def apply(
    connection: Connection, facts: Facts, effects: Sequence[eff.Effect], *, by: str, seq: int, calendar: Calendar
) -> None:
    """Carry out the effects in order."""
    context = _Context(connection=connection, facts=facts, by=by, seq=seq, calendar=calendar)
    for effect in effects:
        _carry_out(context, effect)


def _carry_out(context: _Context, effect: eff.Effect) -> None:  # noqa: C901, PLR0912 - the closed list, a case each
    connection, facts, calendar = context.connection, context.facts, context.calendar
    match effect:
        case eff.AddPieces():
            _add_pieces(context, effect)
        case eff.MovePieces():
            _move_pieces(context, effect)
        case eff.MakeItem():
            connection.execute(insert(tables.Item).values(cycle_id=facts.cycle_id, **effect._asdict()))
        case eff.MoveItem(number, to):
            _lead(context, tables.Item, starts(ITEM, to), to, col(tables.Item.number) == number)
        case eff.HoldRows():
            _hold_rows(context, effect)
        case eff.DecideRow(decision):
            held, row = tables.HeldRow, decision.row
            connection.execute(
                update(held)
                .where(col(held.cycle_id) == facts.cycle_id, col(held.row) == row)
                .values(how=decision.how, reason=decision.reason, substitute=decision.substitute, decided_by=context.by)
            )
        case eff.SetHold(on):
            cycle = tables.Cycle
            connection.execute(update(cycle).where(col(cycle.id) == facts.cycle_id).values(on_hold=on))
        case eff.OpenIncident():
            opened = {"cycle_id": facts.cycle_id, "state": INCIDENT.initial[0], "ledger_seq": context.seq}
            connection.execute(insert(tables.Incident).values(**opened, **effect._asdict()))
        case eff.SettleIncident(incident):
            _lead(context, tables.Incident, starts(INCIDENT, "settled"), "settled", col(tables.Incident.id) == incident)
        case eff.ClaimMeasures():
            _claim_measures(context, effect)
        case eff.RedactText():
            _redact_text(context, effect)
        case eff.MoveDeadline(act, to, reason):
            move_deadline(connection, facts, act, to, reason, calendar=calendar)
        case eff.OweAct(act, due_on):
            owe(connection, facts, act, due_on, calendar=calendar)
        case eff.OweAgain(act):
            owe_again(connection, facts, act, calendar=calendar)
        case eff.DropActs(keep):
            drop_open_acts(connection, facts.cycle_id, on=facts.today, seq=context.seq, keep=keep)
        case eff.EnterPeople(people):
            for entry in people:
                enter_person(connection, entry, known=entry.person in facts.people)
        case eff.GiveKey(person, public_key):
            put_key(connection, person, public_key)


def _lead(
    context: _Context, table: type[tables.Piece | tables.Item | tables.Incident], froms: Sequence[str], to: str,
    *which: ColumnElement[bool],
) -> None:  # fmt: skip
    """Let the things named go on to a state, from where their machine leads there."""
    mine = (col(table.cycle_id) == context.facts.cycle_id, col(table.state).in_(froms))
    context.connection.execute(update(table).where(*mine, *which).values(state=to))


def _add_pieces(context: _Context, effect: eff.AddPieces) -> None:
    piece = {"cycle_id": context.facts.cycle_id, "origin": effect.origin, "state": PIECE.initial[0]}
    rows = ({**piece, "serial": serial} for serial in serials.expand(effect.serials))
    while batch := list(islice(rows, _BATCH)):
        context.connection.execute(insert(tables.Piece), batch)


def _move_pieces(context: _Context, effect: eff.MovePieces) -> None:
    froms = starts(PIECE, effect.to, among=effect.froms)
    origin = (col(tables.Piece.origin) == effect.origin,) if effect.origin else ()
    spans = ((),) if effect.serials is None else ((inside,) for inside in spans_of(effect.serials))
    for inside in spans:
        _lead(context, tables.Piece, froms, effect.to, *origin, *inside)


def _hold_rows(context: _Context, effect: eff.HoldRows) -> None:
    held = tables.HeldRow
    mine = col(held.cycle_id) == context.facts.cycle_id
    stale = (mine, col(held.how) == "") if effect.same_extract else (mine,)
    context.connection.execute(delete(held).where(*stale))
    decided = {row.row for row in context.connection.execute(select(held).where(mine))}
    new = {row.row: row for row in effect.rows if row.row not in decided}
    if new:
        context.connection.execute(
            insert(held),
            [
                {"cycle_id": context.facts.cycle_id, "row": row.row, "column": row.column, "code": row.code, "how": "",
                 "reason": "", "substitute": "", "decided_by": ""}
                for row in new.values()
            ],
        )  # fmt: skip


def _claim_measures(context: _Context, effect: eff.ClaimMeasures) -> None:
    claim = effect.claim
    mine = {"cycle_id": context.facts.cycle_id, "measures": claim.measures}
    context.connection.execute(_UNCLAIM, mine)
    values = claim.kept | {"received_on": effect.received_on}
    context.connection.execute(
        _CLAIM,
        [
            {"cycle_id": context.facts.cycle_id, "measure": measure, "by": context.by, "ledger_seq": context.seq,
             **values}
            for measure in sorted(set(claim.measures))
        ],
    )  # fmt: skip


def _redact_text(context: _Context, effect: eff.RedactText) -> None:
    """Take a text out beside the ledger, and what the act of its entry put into other tables."""
    texts.redact(context.connection, effect.entry, effect.place)
    cycle_id, field = context.facts.cycle_id, effect.place.removeprefix("record.")
    record, claim, act = tables.Record, tables.Claim, tables.Act
    kept = context.connection.execute(
        select(record).where(col(record.cycle_id) == cycle_id, col(record.ledger_seq) == effect.entry)
    ).one_or_none()
    if kept is None or field == effect.place:
        return
    data = texts.replaced(kept.data, field)
    context.connection.execute(update(record).where(col(record.id) == kept.id).values(data=data))
    if field == "evidence":
        mine = (col(claim.cycle_id) == cycle_id, col(claim.ledger_seq) == effect.entry)
        context.connection.execute(update(claim).where(*mine).values(evidence=REDACTED))
    if kept.act == "move_deadline" and field == "reason" and not _moved_since(context, kept):
        moved = (col(act.cycle_id) == cycle_id, col(act.act) == json.loads(kept.data)["act"])
        context.connection.execute(update(act).where(*moved).values(moved_reason=REDACTED))


def _moved_since(context: _Context, moved: Any) -> bool:
    """Tell whether the same deadline was moved once more, so that the day that is owed has another reason."""
    record = tables.Record
    query = select(col(record.data)).where(
        col(record.cycle_id) == context.facts.cycle_id,
        col(record.act) == moved.act,
        col(record.ledger_seq) > moved.ledger_seq,
    )
    same = json.loads(moved.data)["act"]
    return any(json.loads(data)["act"] == same for data in context.connection.execute(query).scalars())


def enter_person(connection: Connection, entry: PersonEntered, *, known: bool) -> None:
    """Put a person on the register, or change the entry."""
    staff = tables.Staff
    values = {
        **entry.model_dump(exclude={"person", "roles", "side"}), "side": entry.side.value,
        "roles": json.dumps(sorted(entry.roles)),
    }  # fmt: skip
    if known:
        connection.execute(update(staff).where(col(staff.id) == entry.person).values(**values))
    else:
        connection.execute(insert(staff).values(id=entry.person, public_key="", **values))


def put_key(connection: Connection, person: str, public_key: str) -> None:
    """Let a public key be a person's."""
    staff = tables.Staff
    connection.execute(update(staff).where(col(staff.id) == person).values(public_key=public_key))
