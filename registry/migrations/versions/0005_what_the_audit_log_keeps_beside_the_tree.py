"""What the audit log keeps beside the tree: commitments, reasons, periods of openings, a quarantine for intents."""

import sqlalchemy as sa
from alembic import op

from audit.columns import Id, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Entries that prove a consent or its use: their openings are kept longest. Bodies are bytes of canonical JSON.
_CONSENT_USE = {
    "postgresql": """UPDATE audit_opening SET keep = 1 WHERE leaf IN (SELECT index FROM audit_leaf WHERE
        operation LIKE 'consent-%' OR (outcome = 'permit' AND position('"A6-1-a"'::bytea in body) > 0))""",
    "sqlite": """UPDATE audit_opening SET keep = 1 WHERE leaf IN (SELECT "index" FROM audit_leaf WHERE
        operation LIKE 'consent-%' OR (outcome = 'permit' AND instr(body, CAST('"A6-1-a"' AS BLOB)) > 0))""",
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_commitments",
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("leaf"),
    )
    op.create_table(
        "audit_reason",
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reason", "leaf"),
    )
    op.create_table(
        "audit_quarantine",
        sa.Column("entry", Id(), nullable=False),
        sa.Column("uid", Id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_index("ix_audit_leaf_outcome", "audit_leaf", ["outcome", "index"], unique=False)
    op.add_column("audit_opening", sa.Column("keep", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_index("ix_audit_opening_leaf", "audit_opening", ["leaf", "position"], unique=False)
    op.execute(_CONSENT_USE[op.get_bind().dialect.name])
    _find_reasons()


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_audit_opening_leaf", "audit_opening")
    with op.batch_alter_table("audit_opening") as table:
        table.drop_column("keep")
    op.drop_index("ix_audit_leaf_outcome", "audit_leaf")
    op.drop_table("audit_quarantine")
    op.drop_table("audit_reason")
    op.drop_table("audit_commitments")


def _find_reasons() -> None:
    """Make the reasons of entries already there searchable; a damaged body is left to `verify`."""
    body, holds, each, reason = {
        "postgresql": (
            "convert_from(body, 'UTF8')::jsonb",
            """position('"why":['::bytea in body) > 0""",
            "jsonb_array_elements_text(tree -> 'why') AS found(reason)",
            "found.reason",
        ),
        "sqlite": (
            "CAST(body AS TEXT)",
            """instr(body, CAST('"why":[' AS BLOB)) > 0""",
            "json_each(tree, '$.why') AS found",
            "found.value",
        ),
    }[op.get_bind().dialect.name]
    op.execute(
        f"""INSERT INTO audit_reason (reason, leaf) SELECT DISTINCT {reason}, at FROM
        (SELECT "index" AS at, {body} AS tree FROM audit_leaf WHERE {holds}) AS entry, {each}"""  # noqa: S608 - own words
    )
