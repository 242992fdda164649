"""The first schema, with the triggers that keep history and states honest.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

GUARDED = ("cycle", "piece", "item", "incident", "reminder")
GROW_ONLY = ("ledger", "checkpoint")

# Every change of a `state` must be a pair of the rules table, and every beginning one of its beginnings.
SQLITE_STATE = """
CREATE TRIGGER {t}_state_follows_the_rules BEFORE UPDATE OF state ON {t}
WHEN NEW.state IS NOT OLD.state AND NOT EXISTS (
  SELECT 1 FROM rule WHERE machine = '{t}' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'tsudoi: this change of state is not in the table'); END
"""
SQLITE_BEGINNING = """
CREATE TRIGGER {t}_begins_as_the_rules_say BEFORE INSERT ON {t}
WHEN NOT EXISTS (SELECT 1 FROM rule WHERE machine = '{t}' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'tsudoi: this is not a state to begin with'); END
"""
SQLITE_STAYS = """
CREATE TRIGGER {t}_is_never_erased BEFORE DELETE ON {t}
BEGIN SELECT RAISE(ABORT, 'tsudoi: what has a state is not erased but ends in one'); END
"""
# INSERT OR REPLACE erases without asking the trigger above where recursive_triggers is off.
SQLITE_NEW = """
CREATE TRIGGER {t}_begins_once BEFORE INSERT ON {t} WHEN EXISTS (SELECT 1 FROM {t} WHERE {same})
BEGIN SELECT RAISE(ABORT, 'tsudoi: what has a state does not begin again'); END
"""
SAME = {
    "cycle": "id = NEW.id",
    "piece": "cycle_id = NEW.cycle_id AND serial = NEW.serial",
    "item": "cycle_id = NEW.cycle_id AND number = NEW.number",
    "incident": "id = NEW.id",
    "reminder": "id = NEW.id OR key = NEW.key",
}
SQLITE_GROW_ONLY = """
CREATE TRIGGER {t}_is_never_{done} BEFORE {what} ON {t}
BEGIN SELECT RAISE(ABORT, 'tsudoi: the {t} can only grow'); END
"""
SQLITE_NEXT = """
CREATE TRIGGER ledger_goes_on_by_one BEFORE INSERT ON ledger
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'tsudoi: the ledger goes on by one'); END
"""
SQLITE_NEW_CHECKPOINT = """
CREATE TRIGGER checkpoint_is_of_now BEFORE INSERT ON checkpoint
WHEN NEW.size IS NOT (SELECT COALESCE(MAX(seq), 0) FROM ledger)
  OR EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'tsudoi: a checkpoint signs the ledger as it stands, once'); END
"""

POSTGRESQL = (
    """
CREATE FUNCTION tsudoi_state_follows_the_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NOT EXISTS (SELECT 1 FROM rule WHERE machine = TG_TABLE_NAME AND from_state = '' AND to_state = NEW.state) THEN
      RAISE EXCEPTION 'tsudoi: this is not a state to begin with';
    END IF;
  ELSIF NEW.state IS DISTINCT FROM OLD.state AND NOT EXISTS (
    SELECT 1 FROM rule WHERE machine = TG_TABLE_NAME AND from_state = OLD.state AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'tsudoi: this change of state is not in the table';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE FUNCTION tsudoi_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'tsudoi: the % can only grow', TG_TABLE_NAME; END $$
""",
    """
CREATE FUNCTION tsudoi_ledger_goes_on_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq IS DISTINCT FROM (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger) THEN
    RAISE EXCEPTION 'tsudoi: the ledger goes on by one';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE FUNCTION tsudoi_checkpoint_is_of_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.size IS DISTINCT FROM (SELECT COALESCE(MAX(seq), 0) FROM ledger) THEN
    RAISE EXCEPTION 'tsudoi: a checkpoint signs the ledger as it stands, once';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE TRIGGER ledger_goes_on_by_one BEFORE INSERT ON ledger
FOR EACH ROW EXECUTE FUNCTION tsudoi_ledger_goes_on_by_one()
""",
    """
CREATE TRIGGER checkpoint_is_of_now BEFORE INSERT ON checkpoint
FOR EACH ROW EXECUTE FUNCTION tsudoi_checkpoint_is_of_now()
""",
    *(
        f"CREATE TRIGGER {t}_follows_the_rules BEFORE INSERT OR UPDATE ON {t}"
        " FOR EACH ROW EXECUTE FUNCTION tsudoi_state_follows_the_rules()"
        for t in GUARDED
    ),
    """
CREATE FUNCTION tsudoi_is_never_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'tsudoi: what has a state is not erased but ends in one'; END $$
""",
    *(
        f"CREATE TRIGGER {t}_is_never_erased BEFORE DELETE OR TRUNCATE ON {t}"
        " FOR EACH STATEMENT EXECUTE FUNCTION tsudoi_is_never_erased()"
        for t in GUARDED
    ),
    *(
        f"CREATE TRIGGER {t}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {t}"
        " FOR EACH STATEMENT EXECUTE FUNCTION tsudoi_only_grows()"
        for t in GROW_ONLY
    ),
)


def sqlite_triggers() -> list[str]:
    """Return the triggers of SQLite, which has no functions to share."""
    return [
        SQLITE_NEXT,
        SQLITE_NEW_CHECKPOINT,
        *(
            text.format(t=t, same=SAME[t])
            for t in GUARDED
            for text in (SQLITE_STATE, SQLITE_BEGINNING, SQLITE_STAYS, SQLITE_NEW)
        ),
        *(
            SQLITE_GROW_ONLY.format(t=t, what=what, done=done)
            for t in GROW_ONLY
            for what, done in (("UPDATE", "changed"), ("DELETE", "erased"))
        ),
    ]


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "cycle",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("programme_sha256", sa.String(), nullable=False),
        sa.Column("programme_text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_cycle_fiscal_year", "cycle", ["fiscal_year"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_ledger_cycle_id", "ledger", ["cycle_id"], unique=False)
    op.create_table(
        "rule",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("machine", "from_state", "trigger", "to_state"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("passphrase_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "act",
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("moved_to", sa.Date(), nullable=True),
        sa.Column("moved_reason", sa.String(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_seq", sa.Integer(), nullable=True),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung", sa.Integer(), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("cycle_id", "act"),
    )
    op.create_index(
        "act_to_look_at",
        "act",
        ["look_on"],
        unique=False,
        sqlite_where=sa.text("done_on IS NULL"),
        postgresql_where=sa.text("done_on IS NULL"),
    )
    op.create_table(
        "claim",
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("cycle_id", "measure"),
    )
    op.create_table(
        "heldrow",
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("substitute", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("cycle_id", "row"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("ledger_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_incident_cycle_id", "incident", ["cycle_id"], unique=False)
    op.create_table(
        "item",
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("cycle_id", "number"),
    )
    op.create_table(
        "piece",
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("cycle_id", "serial"),
    )
    op.create_index("piece_by_state", "piece", ["cycle_id", "state"], unique=False)
    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("record_in_force", "record", ["cycle_id", "status"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("to_person", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"],
            ["cycle.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_reminder_cycle_id", "reminder", ["cycle_id"], unique=False)
    op.create_index(
        "reminder_waiting",
        "reminder",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'claimed')"),
        postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
    )
    triggers = sqlite_triggers() if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for trigger in triggers:
        op.execute(sa.text(trigger))


def downgrade() -> None:
    """Refuse: a ledger cannot be taken back."""
    raise RuntimeError
