"""People have keys of their own: the public half stands on the register, and no hash of a passphrase any more.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the public key; who had a passphrase needs a key now (docs/runbook.md, 5)."""
    op.add_column("staff", sa.Column("public_key", sa.String(), nullable=False, server_default=""))
    op.drop_column("staff", "passphrase_hash")
