"""Free text stands beside the ledger under a salted commitment: it can only grow, but for what a redaction names.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


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
