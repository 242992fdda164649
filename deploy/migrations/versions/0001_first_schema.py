"""The first schema. The triggers that keep history and states honest are put there by adapters/triggers.py.

Revision ID: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_WORD, _TEXT, _NUMBER, _DAY, _INSTANT = sa.String(), sa.Text(), sa.Integer(), sa.Date(), sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "checkpoint",
        sa.Column("size", _NUMBER, autoincrement=False, nullable=False),
        *_filled(_TEXT, "note"),
        *_filled(_WORD, "reason"),
        *_filled(_INSTANT, "made_at"),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "cycle",
        *_filled(_WORD, "id", "programme"),
        *_filled(_NUMBER, "fiscal_year"),
        *_filled(_WORD, "programme_sha256"),
        *_filled(_TEXT, "programme_text"),
        *_filled(_WORD, "state"),
        *_filled(sa.Boolean(), "on_hold"),
        *_filled(_INSTANT, "opened_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_cycle_fiscal_year", "cycle", ["fiscal_year"])
    op.create_table(
        "ledger",
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("cycle_id", _WORD),
        *_filled(_WORD, "event"),
        *_filled(_TEXT, "entry"),
        *_filled(sa.LargeBinary(), "hashes"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_ledger_cycle_id", "ledger", ["cycle_id"])
    op.create_table(
        "rule",
        *_filled(_WORD, "machine", "from_state", "trigger", "to_state"),
        sa.PrimaryKeyConstraint("machine", "from_state", "trigger", "to_state"),
    )
    op.create_table(
        "staff",
        *_filled(_WORD, "id", "name", "side", "roles"),
        *_filled(_DAY, "valid_from", "valid_to"),
        *_filled(_WORD, "mail", "passphrase_hash"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "act",
        *_filled(_WORD, "cycle_id", "act", "owner", "rule"),
        *_filled(_DAY, "planned_on", "due_on"),
        sa.Column("moved_to", _DAY),
        *_filled(_WORD, "moved_reason"),
        sa.Column("done_on", _DAY),
        sa.Column("done_seq", _NUMBER),
        *_filled(_WORD, "flag"),
        sa.Column("flagged_at", _INSTANT),
        sa.Column("rung", _NUMBER),
        *_filled(_DAY, "look_on"),
        *_of_a_cycle("cycle_id", "act"),
    )
    _index_where("done_on IS NULL", "act_to_look_at", "act", "look_on")
    op.create_table(
        "claim",
        *_filled(_WORD, "cycle_id", "measure", "evidence", "by"),
        *_filled(_NUMBER, "ledger_seq"),
        *_of_a_cycle("cycle_id", "measure"),
    )
    op.create_table(
        "heldrow",
        *_filled(_WORD, "cycle_id"),
        *_filled(_NUMBER, "row"),
        *_filled(_WORD, "column", "code", "how", "reason", "substitute", "decided_by"),
        *_of_a_cycle("cycle_id", "row"),
    )
    op.create_table(
        "incident",
        *_filled(_NUMBER, "id"),
        *_filled(_WORD, "cycle_id", "kind", "state"),
        *_filled(_DAY, "known_on"),
        *_filled(_NUMBER, "ledger_seq"),
        *_of_a_cycle("id"),
    )
    op.create_index("ix_incident_cycle_id", "incident", ["cycle_id"])
    op.create_table(
        "item",
        *_filled(_WORD, "cycle_id", "number", "kind", "state", "content"),
        *_of_a_cycle("cycle_id", "number"),
    )
    op.create_table(
        "piece",
        *_filled(_WORD, "cycle_id"),
        *_filled(_NUMBER, "serial"),
        *_filled(_WORD, "origin", "state"),
        *_of_a_cycle("cycle_id", "serial"),
    )
    op.create_index("piece_by_state", "piece", ["cycle_id", "state"])
    op.create_table(
        "record",
        *_filled(_NUMBER, "id"),
        *_filled(_WORD, "cycle_id", "act", "key", "status", "by", "via"),
        *_filled(_INSTANT, "occurred_at", "entered_at"),
        *_filled(_TEXT, "data"),
        *_filled(_WORD, "confirmed_by"),
        *_filled(_NUMBER, "ledger_seq"),
        *_of_a_cycle("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("record_in_force", "record", ["cycle_id", "status"])
    op.create_table(
        "reminder",
        *_filled(_NUMBER, "id"),
        *_filled(_WORD, "key", "cycle_id", "act"),
        *_filled(_NUMBER, "rung"),
        *_filled(_DAY, "due_on"),
        *_filled(_WORD, "to_person", "message_id", "state"),
        *_filled(_NUMBER, "attempts"),
        *_filled(_INSTANT, "created_at"),
        sa.Column("settled_at", _INSTANT),
        *_filled(_WORD, "trouble"),
        *_of_a_cycle("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_reminder_cycle_id", "reminder", ["cycle_id"])
    _index_where("state IN ('waiting', 'claimed')", "reminder_waiting", "reminder", "id")


def _filled(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _of_a_cycle(*key: str) -> tuple[sa.Constraint, sa.Constraint]:
    return sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"]), sa.PrimaryKeyConstraint(*key)


def _index_where(condition: str, name: str, table: str, column: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
