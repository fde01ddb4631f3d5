"""An estimate names its model, and since when it is stale; reviews of decisions, and parental consents, are stored.

Estimates from before were written by no registered model: they are as fresh as they were, and name none.
"""

import sqlalchemy as sa
from alembic import op

from audit.columns import Id, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("record", sa.Column("model", sa.String(), nullable=False, server_default=""))
    op.add_column("record", sa.Column("model_version", sa.String(), nullable=False, server_default=""))
    op.add_column("record", sa.Column("stale_since", Instant(), nullable=True))
    op.add_column("consent_event", sa.Column("parental_act", sa.String(), nullable=False, server_default=""))
    op.add_column("consent_event", sa.Column("parental_verification", sa.String(), nullable=False, server_default=""))
    op.add_column("permission", sa.Column("parental", sa.Boolean(), nullable=False, server_default=sa.false()))
    parental = sa.text("parental")
    op.create_index(
        "ix_permission_parental", "permission", ["subject_id"], postgresql_where=parental, sqlite_where=parental
    )
    op.create_table(
        "human_review",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("request_id", Id(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("reviewer", Id(), nullable=True),
        sa.Column("begun_at", Instant(), nullable=True),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("explained", sa.Text(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "request_id"),
    )


def downgrade() -> None:
    """Take back; refused while estimates are stale or decisions contested: both would decide again."""
    stale = op.get_bind().execute(sa.text("SELECT count(*) FROM record WHERE stale_since IS NOT NULL")).scalar()
    if stale:
        raise RuntimeError("record holds stale estimates that the earlier revision would let out")
    contested = op.get_bind().execute(sa.text("SELECT count(*) FROM human_review WHERE decided_at IS NULL")).scalar()
    if contested:
        raise RuntimeError("human_review holds contested decisions that the earlier revision would let machines take")
    op.execute("DELETE FROM request WHERE kind = 'human_review'")
    op.drop_table("human_review")
    op.drop_index("ix_permission_parental", table_name="permission")
    op.drop_column("permission", "parental")
    op.drop_column("consent_event", "parental_verification")
    op.drop_column("consent_event", "parental_act")
    for column in ("stale_since", "model_version", "model"):
        op.drop_column("record", column)
