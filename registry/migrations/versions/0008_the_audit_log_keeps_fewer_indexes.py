"""The audit log keeps fewer indexes: periods are found by halving, and only refusals and changes by their outcome."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NOT_PERMIT = sa.text("outcome <> 'permit'")


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_audit_leaf_second", "audit_leaf")
    op.drop_index("ix_audit_leaf_outcome", "audit_leaf")
    op.create_index(
        "ix_audit_leaf_not_permit",
        "audit_leaf",
        ["outcome", "index"],
        unique=False,
        sqlite_where=_NOT_PERMIT,
        postgresql_where=_NOT_PERMIT,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_audit_leaf_not_permit", "audit_leaf")
    op.create_index("ix_audit_leaf_outcome", "audit_leaf", ["outcome", "index"], unique=False)
    op.create_index("ix_audit_leaf_second", "audit_leaf", ["second"], unique=False)
