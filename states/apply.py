"""How the door carries effects out: one function an effect, set-based, in the transaction of the act.

The database's own triggers check every change of state once more against the rules table.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
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
        _HOW[type(effect)](context, effect)


def _add_pieces(context: _Context, effect: eff.AddPieces) -> None:
    batch: list[dict[str, object]] = []
    for serial in serials.expand(effect.serials):
        batch.append({
            "cycle_id": context.facts.cycle_id, "serial": serial, "origin": effect.origin, "state": PIECE.initial[0]
        })  # fmt: skip
        if len(batch) == _BATCH:
            context.connection.execute(insert(tables.Piece), batch)
            batch = []
    if batch:
        context.connection.execute(insert(tables.Piece), batch)


def _move_pieces(context: _Context, effect: eff.MovePieces) -> None:
    piece = tables.Piece
    froms = starts(PIECE, effect.to, among=effect.froms)
    where = [col(piece.cycle_id) == context.facts.cycle_id, col(piece.state).in_(froms)]
    if effect.origin:
        where.append(col(piece.origin) == effect.origin)
    if effect.serials is None:
        context.connection.execute(update(piece).where(*where).values(state=effect.to))
        return
    for inside in spans_of(effect.serials):
        context.connection.execute(update(piece).where(*where, inside).values(state=effect.to))


def _make_item(context: _Context, effect: eff.MakeItem) -> None:
    context.connection.execute(
        insert(tables.Item).values(
            cycle_id=context.facts.cycle_id, number=effect.number, kind=effect.kind, state=effect.state,
            content=effect.content,
        )
    )  # fmt: skip


def _move_item(context: _Context, effect: eff.MoveItem) -> None:
    item = tables.Item
    context.connection.execute(
        update(item)
        .where(
            col(item.cycle_id) == context.facts.cycle_id,
            col(item.number) == effect.number,
            col(item.state).in_(starts(ITEM, effect.to)),
        )
        .values(state=effect.to)
    )


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


def _decide_row(context: _Context, effect: eff.DecideRow) -> None:
    held, decision = tables.HeldRow, effect.decision
    context.connection.execute(
        update(held)
        .where(col(held.cycle_id) == context.facts.cycle_id, col(held.row) == decision.row)
        .values(how=decision.how, reason=decision.reason, substitute=decision.substitute, decided_by=context.by)
    )


def _set_hold(context: _Context, effect: eff.SetHold) -> None:
    cycle = tables.Cycle
    context.connection.execute(update(cycle).where(col(cycle.id) == context.facts.cycle_id).values(on_hold=effect.on))


def _open_incident(context: _Context, effect: eff.OpenIncident) -> None:
    context.connection.execute(
        insert(tables.Incident).values(
            cycle_id=context.facts.cycle_id, kind=effect.kind, state=INCIDENT.initial[0], known_on=effect.known_on,
            ledger_seq=context.seq,
        )
    )  # fmt: skip


def _settle_incident(context: _Context, effect: eff.SettleIncident) -> None:
    incident = tables.Incident
    context.connection.execute(
        update(incident)
        .where(
            col(incident.cycle_id) == context.facts.cycle_id,
            col(incident.id) == effect.incident,
            col(incident.state).in_(starts(INCIDENT, "settled")),
        )
        .values(state="settled")
    )


def _claim_measures(context: _Context, effect: eff.ClaimMeasures) -> None:
    claim = effect.claim
    mine = {"cycle_id": context.facts.cycle_id, "measures": claim.measures}
    context.connection.execute(_UNCLAIM, mine)
    values = claim.model_dump(exclude={"measures"}) | {"received_on": effect.received_on}
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


def _move_deadline(context: _Context, effect: eff.MoveDeadline) -> None:
    move_deadline(context.connection, context.facts, effect.act, effect.to, effect.reason, calendar=context.calendar)


def _owe_act(context: _Context, effect: eff.OweAct) -> None:
    owe(context.connection, context.facts, effect.act, effect.due_on, calendar=context.calendar)


def _owe_again(context: _Context, effect: eff.OweAgain) -> None:
    owe_again(context.connection, context.facts, effect.act, calendar=context.calendar)


def _drop_acts(context: _Context, effect: eff.DropActs) -> None:
    drop_open_acts(
        context.connection, context.facts.cycle_id, on=context.facts.today, seq=context.seq, keep=effect.keep
    )


def _enter_people(context: _Context, effect: eff.EnterPeople) -> None:
    for entry in effect.people:
        enter_person(context.connection, entry, known=entry.person in context.facts.people)


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


def _give_key(context: _Context, effect: eff.GiveKey) -> None:
    put_key(context.connection, effect.person, effect.public_key)


def put_key(connection: Connection, person: str, public_key: str) -> None:
    """Let a public key be a person's."""
    staff = tables.Staff
    connection.execute(update(staff).where(col(staff.id) == person).values(public_key=public_key))


_HOW: dict[type[eff.Effect], Callable[[_Context, Any], None]] = {
    eff.AddPieces: _add_pieces,
    eff.MovePieces: _move_pieces,
    eff.MakeItem: _make_item,
    eff.MoveItem: _move_item,
    eff.HoldRows: _hold_rows,
    eff.DecideRow: _decide_row,
    eff.SetHold: _set_hold,
    eff.OpenIncident: _open_incident,
    eff.SettleIncident: _settle_incident,
    eff.ClaimMeasures: _claim_measures,
    eff.MoveDeadline: _move_deadline,
    eff.RedactText: _redact_text,
    eff.OweAct: _owe_act,
    eff.OweAgain: _owe_again,
    eff.DropActs: _drop_acts,
    eff.EnterPeople: _enter_people,
    eff.GiveKey: _give_key,
}
