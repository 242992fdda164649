"""The clock: by which channel a reminder goes, when it may be tried again, and the last sweep.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0001"


def upgrade() -> None:
    """Go to this schema."""
    op.add_column("reminder", sa.Column("channel", sa.String(), nullable=False, server_default="mail"))
    op.add_column("reminder", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "sweep",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrote_on", sa.Date(), nullable=True),
        sa.Column("doubted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
