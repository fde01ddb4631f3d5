"""Rotating keys: the ring has a version, epochs can be locked, digests name the version of their key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_DIGESTS = (("lookup", "index_version"), ("lookup", "suppression_version"), ("suppression", "key_version"))


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE registry_state RENAME COLUMN epoch TO keys_version")
    op.add_column("key_epoch", sa.Column("guard", sa.Integer(), nullable=False, server_default="0"))
    for table, column in _DIGESTS:
        op.add_column(table, sa.Column(column, sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Take back; refused where a digest was made with a second version of its key."""
    for table, column in _DIGESTS:
        newest = op.get_bind().execute(sa.select(sa.func.max(sa.column(column))).select_from(sa.table(table))).scalar()
        if newest is not None and newest > 1:
            raise RuntimeError(f"{table} holds digests that the earlier revision cannot find")
        op.drop_column(table, column)
    op.drop_column("key_epoch", "guard")
    op.execute("ALTER TABLE registry_state RENAME COLUMN keys_version TO epoch")
