"""A look-up names the rule by which its identifier was spelled; data keys are no longer found by their epoch alone.

The index over epochs made every key that is wrapped anew be entered into all indexes again, and served only counts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("lookup", sa.Column("normalisation", sa.Integer(), nullable=False, server_default="1"))
    op.drop_index("ix_data_key_epoch", table_name="data_key")


def downgrade() -> None:
    """Take back; refused where an identifier was spelled by a rule that the earlier revision does not know."""
    newest = op.get_bind().execute(sa.text("SELECT max(normalisation) FROM lookup")).scalar()
    if newest is not None and newest > 1:
        raise RuntimeError("lookup holds identifiers in a spelling that the earlier revision cannot find")
    op.create_index("ix_data_key_epoch", "data_key", ["epoch"], unique=False)
    op.drop_column("lookup", "normalisation")
