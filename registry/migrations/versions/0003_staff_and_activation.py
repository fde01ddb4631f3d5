"""Second factors, bounded sessions, counted attempts, signing keys, and the steps of a policy into force.

Sessions that are open while this runs end: they have no beginning that could bound them. A policy that is in force has
no steps; the next start records, as setup, that it was in force before steps were kept.
"""

import sqlalchemy as sa
from alembic import op

from audit.columns import Id, Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("DELETE FROM staff_session")
    with op.batch_alter_table("staff_session") as batch:
        batch.add_column(sa.Column("opened_at", Instant(), nullable=False))
        batch.add_column(sa.Column("seen_at", Instant(), nullable=False))
    op.add_column("client", sa.Column("tokens_from", Instant(), nullable=True))
    op.create_table(
        "staff_second_factor",
        sa.Column("staff_id", Id(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id"),
    )
    op.create_table(
        "staff_recovery_code",
        sa.Column("staff_id", Id(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "digest"),
    )
    op.create_table(
        "staff_signing_key",
        sa.Column("staff_id", Id(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("staff_id", "fingerprint"),
    )
    op.create_table(
        "attempt",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("closings", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("closed_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("place", "digest"),
    )
    _create_policy_tables()


def _create_policy_tables() -> None:
    op.create_table(
        "policy_proposal",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "policy_step",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("staff_id", Id(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "number"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("policy_step")
    op.drop_table("policy_proposal")
    op.drop_table("attempt")
    op.drop_table("staff_signing_key")
    op.drop_table("staff_recovery_code")
    op.drop_table("staff_second_factor")
    with op.batch_alter_table("client") as batch:
        batch.drop_column("tokens_from")
    op.execute("DELETE FROM staff_session")
    with op.batch_alter_table("staff_session") as batch:
        batch.drop_column("seen_at")
        batch.drop_column("opened_at")
