"""An estimate names the model that wrote it, and since when it is stale.

Estimates from before were written by no registered model: they are as fresh as they were, and name none.
"""

import sqlalchemy as sa
from alembic import op

from audit.columns import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("record", sa.Column("model", sa.String(), nullable=False, server_default=""))
    op.add_column("record", sa.Column("model_version", sa.String(), nullable=False, server_default=""))
    op.add_column("record", sa.Column("stale_since", Instant(), nullable=True))


def downgrade() -> None:
    """Take back; refused while estimates are stale: the earlier revision would let them decide again."""
    stale = op.get_bind().execute(sa.text("SELECT count(*) FROM record WHERE stale_since IS NOT NULL")).scalar()
    if stale:
        raise RuntimeError("record holds stale estimates that the earlier revision would let out")
    for column in ("stale_since", "model_version", "model"):
        op.drop_column("record", column)
