"""Free text stands beside the ledger under a salted commitment: it can only grow, but for what a redaction names.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# An entry is canonical JSON: text within it cannot hold a bare quotation mark, so the words below are its own.
NAMED = """SELECT 1 FROM {ledger} WHERE event = 'text_redacted'
  AND {find}(entry, '"record":{{"entry":' || OLD.seq || ',"place":"' || OLD.place || '",') > 0"""
CHANGED = "tsudoi: a text of the ledger is only redacted, where a text_redacted entry names it"
SQLITE = (
    f"""
CREATE TRIGGER ledgertext_is_only_redacted BEFORE UPDATE ON ledgertext
WHEN NEW.seq IS NOT OLD.seq OR NEW.place IS NOT OLD.place OR NEW.salt IS NOT NULL OR NEW.text IS NOT NULL
  OR NOT EXISTS ({NAMED.format(ledger="ledger", find="instr")})
BEGIN SELECT RAISE(ABORT, '{CHANGED}'); END
""",
    """
CREATE TRIGGER ledgertext_is_never_erased BEFORE DELETE ON ledgertext
BEGIN SELECT RAISE(ABORT, 'tsudoi: the ledgertext can only grow'); END
""",
    # INSERT OR REPLACE erases without asking the trigger above where recursive_triggers is off.
    """
CREATE TRIGGER ledgertext_is_of_the_last_entry BEFORE INSERT ON ledgertext
WHEN NEW.salt IS NULL OR NEW.text IS NULL
  OR EXISTS (SELECT 1 FROM ledgertext WHERE seq = NEW.seq AND place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'tsudoi: a text is written with its entry, once'); END
""",
)
POSTGRESQL = (
    f"""
CREATE FUNCTION tsudoi_text_is_only_redacted() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.seq IS DISTINCT FROM OLD.seq OR NEW.place IS DISTINCT FROM OLD.place
    OR NEW.salt IS NOT NULL OR NEW.text IS NOT NULL
    OR NOT EXISTS ({NAMED.format(ledger="public.ledger", find="strpos")}) THEN
    RAISE EXCEPTION '{CHANGED}';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE FUNCTION tsudoi_text_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.salt IS NULL OR NEW.text IS NULL THEN
    RAISE EXCEPTION 'tsudoi: a text is written with its entry, once';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE TRIGGER ledgertext_is_only_redacted BEFORE UPDATE ON ledgertext
FOR EACH ROW EXECUTE FUNCTION tsudoi_text_is_only_redacted()
""",
    """
CREATE TRIGGER ledgertext_is_written_once BEFORE INSERT ON ledgertext
FOR EACH ROW EXECUTE FUNCTION tsudoi_text_is_written_once()
""",
    """
CREATE TRIGGER ledgertext_only_grows BEFORE DELETE OR TRUNCATE ON ledgertext
FOR EACH STATEMENT EXECUTE FUNCTION tsudoi_only_grows()
""",
)


def upgrade() -> None:
    """Add the table; entries written before it keep their texts in themselves, as they were signed."""
    op.create_table(
        "ledgertext",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", "place"),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a ledger cannot be taken back."""
    raise RuntimeError
