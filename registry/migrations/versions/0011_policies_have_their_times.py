"""From when on each policy document was in force is kept, also where one came back.

Of before: each document counts from its first day on, and again from every later decision for it. Where a fall-back or
a restore brought one back that none of these names as the last, nobody knows when: it counts from this revision on.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from audit.columns import Instant, whole

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CLOCK = {
    "postgresql": "clock_timestamp()",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
}
_ACTIVATION = sa.table(
    "policy_activation", sa.column("number", sa.Integer), sa.column("digest"), sa.column("since", Instant)
)
_VERSION = sa.table("policy_version", sa.column("digest"), sa.column("activated_at", Instant))
_STEP = sa.table("policy_step", sa.column("digest"), sa.column("step"), sa.column("result"), sa.column("at", Instant))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "policy_activation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    rows = [
        {"number": number, "digest": digest, "since": since}
        for number, (since, digest) in enumerate(_of_before(op.get_bind()), 1)
    ]
    if rows:
        op.bulk_insert(_ACTIVATION, rows)


def _of_before(bind: sa.Connection) -> list[tuple[datetime, str]]:
    first = {row.digest: row.activated_at for row in bind.execute(sa.select(_VERSION))}
    again = [
        (row.at, row.digest)
        for row in bind.execute(sa.select(_STEP).where(_STEP.c.step == "decide", _STEP.c.result == "accepted"))
        if row.digest in first and row.at > first[row.digest]
    ]
    known = sorted([*((at, digest) for digest, at in first.items()), *again])
    in_force = bind.execute(sa.text("SELECT policy_digest FROM registry_state")).scalar()
    if in_force and (not known or known[-1][1] != in_force):
        now = bind.execute(sa.select(sa.literal_column(_CLOCK[bind.dialect.name], Instant()))).scalar_one()
        known.append((whole(now), in_force))
    return known


def downgrade() -> None:
    """Take back; what came back is again known by its first day alone."""
    op.drop_table("policy_activation")
