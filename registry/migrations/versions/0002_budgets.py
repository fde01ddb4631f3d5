"""How many people a client has looked at today."""

import sqlalchemy as sa
from alembic import op

from audit.columns import Id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "budget_day",
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("client", "purpose", "day"),
    )
    op.create_table(
        "budget_use",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "client", "purpose", "day"),
    )
    op.create_index("ix_budget_use_day", "budget_use", ["client", "purpose", "day"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_budget_use_day", table_name="budget_use")
    op.drop_table("budget_use")
    op.drop_table("budget_day")
