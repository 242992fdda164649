"""People can be called: a telephone by day, one for nights and holidays, and who is called in their place.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add what nobody has told yet."""
    for column in ("phone", "phone_out_of_hours", "substitute"):
        op.add_column("staff", sa.Column(column, sa.String(), nullable=False, server_default=""))
