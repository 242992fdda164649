"""Claims carry their evidence's dates and declarations; a cycle says in what it differs from the referred matter.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns; an older claim was received on the day its ledger entry says, which the entry keeps."""
    op.add_column("cycle", sa.Column("differs", sa.String(), nullable=False, server_default=""))
    op.add_column("claim", sa.Column("evidence_file", sa.String(), nullable=False, server_default=""))
    op.add_column("claim", sa.Column("happened_on", sa.Date(), nullable=True))
    op.add_column("claim", sa.Column("received_on", sa.Date(), nullable=True))
    op.add_column("claim", sa.Column("valid_until", sa.Date(), nullable=True))
    op.add_column("claim", sa.Column("not_applicable", sa.Boolean(), nullable=False, server_default=sa.false()))
