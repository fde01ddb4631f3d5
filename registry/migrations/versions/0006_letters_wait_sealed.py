"""Letters wait sealed until they are sent; conflicts are listed by their arrival."""

import sqlalchemy as sa
from alembic import op

from audit.columns import Id, Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "letter_outbox",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("letter_id", Id(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("queued_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "letter_id"),
    )
    op.create_index("ix_letter_outbox_due", "letter_outbox", ["due_at"], unique=False)
    op.create_index("ix_conflict_arrived", "conflict", ["arrived_at", "conflict_id"], unique=False)


def downgrade() -> None:
    """Take back; letters that still wait are lost."""
    op.drop_index("ix_conflict_arrived", table_name="conflict")
    op.drop_index("ix_letter_outbox_due", table_name="letter_outbox")
    op.drop_table("letter_outbox")
