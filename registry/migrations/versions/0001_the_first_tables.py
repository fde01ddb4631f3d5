"""The first tables."""

import sqlalchemy as sa
from alembic import op

from audit.columns import Id, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stack", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("second", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit_intent",
        sa.Column("uid", Id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_table(
        "audit_leaf",
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("uid", Id(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("second", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("index"),
        sa.UniqueConstraint("uid"),
    )
    op.create_index("ix_audit_leaf_client", "audit_leaf", ["client", "index"], unique=False)
    op.create_index("ix_audit_leaf_operation", "audit_leaf", ["operation", "index"], unique=False)
    op.create_index("ix_audit_leaf_purpose", "audit_leaf", ["purpose", "index"], unique=False)
    op.create_index("ix_audit_leaf_second", "audit_leaf", ["second"], unique=False)
    op.create_table(
        "audit_node",
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index"),
    )
    op.create_table(
        "audit_opening",
        sa.Column("person_ref", Id(), nullable=False),
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person_ref", "leaf", "position"),
    )
    op.create_table(
        "audit_person_key",
        sa.Column("person_ref", Id(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_ref"),
    )
    op.create_table(
        "client",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "conflict",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("conflict_id", Id(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("arrived_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "conflict_id"),
    )
    op.create_table(
        "consent_event",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("touchpoint", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("notice_version", sa.String(), nullable=False),
        sa.Column("notice_language", sa.String(), nullable=False),
        sa.Column("notice_sha256", sa.String(), nullable=False),
        sa.Column("evidence_id", Id(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "sequence"),
    )
    op.create_table(
        "data_key",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "category"),
    )
    op.create_index(op.f("ix_data_key_epoch"), "data_key", ["epoch"], unique=False)
    op.create_table(
        "event",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("touchpoint", sa.String(), nullable=False),
        sa.Column("captured_by", sa.String(), nullable=False),
        sa.Column("collected_for", sa.String(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("collected_at", Instant(), nullable=False),
        sa.Column("retention", sa.String(), nullable=False),
        sa.Column("delete_after", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "event_id"),
    )
    op.create_index("ix_event_field", "event", ["subject_id", "field", "occurred_at"], unique=False)
    op.create_table(
        "index_key",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "version"),
    )
    op.create_table(
        "journal_outbox",
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", Id(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_table(
        "key_epoch",
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("root_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("epoch"),
    )
    op.create_table(
        "lookup",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("suppression", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", "subject_id"),
    )
    op.create_index("ix_lookup_subject", "lookup", ["subject_id"], unique=False)
    op.create_index(
        "uq_lookup_external_id",
        "lookup",
        ["kind", "digest"],
        unique=True,
        postgresql_where=sa.text("kind = 'external_id'"),
        sqlite_where=sa.text("kind = 'external_id'"),
    )
    op.create_table(
        "notice",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("purposes", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("notice", "version", "language"),
    )
    op.create_table(
        "notice_delivery",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("delivered_at", Instant(), nullable=False),
        sa.Column("touchpoint", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "notice", "version"),
    )
    op.create_table(
        "objection",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("objection_id", Id(), nullable=False),
        sa.Column("direct_marketing", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "objection_id"),
    )
    op.create_table(
        "permission",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "purpose", "channel"),
    )
    op.create_table(
        "policy_version",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("activated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "portal_code",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id"),
    )
    op.create_table(
        "portal_session",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "digest"),
    )
    op.create_table(
        "record",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("touchpoint", sa.String(), nullable=False),
        sa.Column("captured_by", sa.String(), nullable=False),
        sa.Column("collected_for", sa.String(), nullable=False),
        sa.Column("observed_at", Instant(), nullable=False),
        sa.Column("collected_at", Instant(), nullable=False),
        sa.Column("rectified_at", Instant(), nullable=True),
        sa.Column("retention", sa.String(), nullable=False),
        sa.Column("delete_after", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "field"),
    )
    op.create_table(
        "registry_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_digest", sa.String(), nullable=False),
        sa.Column("clients_version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("journal_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "relationship",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "kind", "source", "reference"),
    )
    op.create_table(
        "request",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("request_id", Id(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("touchpoint", sa.String(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", Id(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "request_id"),
    )
    op.create_index("ix_request_due", "request", ["state", "due_on"], unique=False)
    op.create_table(
        "restriction",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("restriction_id", Id(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "restriction_id"),
    )
    op.create_table(
        "service_key",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("root_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "staff",
        sa.Column("staff_id", Id(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("staff_id"),
        sa.UniqueConstraint("login"),
    )
    op.create_table(
        "staff_session",
        sa.Column("staff_id", Id(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "digest"),
    )
    op.create_table(
        "subject",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("majority_month", sa.Date(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id"),
    )
    op.create_table(
        "suppression",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", "scope"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("suppression")
    op.drop_table("subject")
    op.drop_table("staff_session")
    op.drop_table("staff")
    op.drop_table("service_key")
    op.drop_table("restriction")
    op.drop_index("ix_request_due", table_name="request")
    op.drop_table("request")
    op.drop_table("relationship")
    op.drop_table("registry_state")
    op.drop_table("record")
    op.drop_table("portal_session")
    op.drop_table("portal_code")
    op.drop_table("policy_version")
    op.drop_table("permission")
    op.drop_table("objection")
    op.drop_table("notice_delivery")
    op.drop_table("notice")
    op.drop_index(
        "uq_lookup_external_id",
        table_name="lookup",
        postgresql_where=sa.text("kind = 'external_id'"),
        sqlite_where=sa.text("kind = 'external_id'"),
    )
    op.drop_index("ix_lookup_subject", table_name="lookup")
    op.drop_table("lookup")
    op.drop_table("key_epoch")
    op.drop_table("journal_outbox")
    op.drop_table("index_key")
    op.drop_index("ix_event_field", table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_data_key_epoch"), table_name="data_key")
    op.drop_table("data_key")
    op.drop_table("consent_event")
    op.drop_table("conflict")
    op.drop_table("client")
    op.drop_table("audit_person_key")
    op.drop_table("audit_opening")
    op.drop_table("audit_node")
    op.drop_index("ix_audit_leaf_second", table_name="audit_leaf")
    op.drop_index("ix_audit_leaf_purpose", table_name="audit_leaf")
    op.drop_index("ix_audit_leaf_operation", table_name="audit_leaf")
    op.drop_index("ix_audit_leaf_client", table_name="audit_leaf")
    op.drop_table("audit_leaf")
    op.drop_table("audit_intent")
    op.drop_table("audit_head")
    op.drop_table("audit_checkpoint")
