"""The rows of the audit log; used inside this package, and by migrations.

`audit_leaf` is append-only: on PostgreSQL the serving role may insert and select, nobody may update.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger, text
from sqlmodel import Field, SQLModel

from audit.columns import Id, Instant

_BIG = BigInteger
_NOT_PERMIT = text("outcome <> 'permit'")
"""Nearly every entry is a permit: who looks for one finds it near the end of the log without an index."""


class _Row(SQLModel):
    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class LeafRow(_Row, table=True):
    """One entry of the tree. The columns after `body` repeat it for searching; `verify` compares them."""

    __tablename__ = "audit_leaf"
    __table_args__ = (
        Index("ix_audit_leaf_purpose", "purpose", "index"),
        Index("ix_audit_leaf_client", "client", "index"),
        Index("ix_audit_leaf_operation", "operation", "index"),
        Index("ix_audit_leaf_not_permit", "outcome", "index", sqlite_where=_NOT_PERMIT, postgresql_where=_NOT_PERMIT),
    )

    index: int = Field(sa_type=_BIG, primary_key=True)
    uid: UUID = Field(sa_type=Id, unique=True)
    hash: bytes = Field(sa_type=LargeBinary)
    body: bytes = Field(sa_type=LargeBinary)
    second: int = Field(sa_type=_BIG)
    operation: str
    outcome: str
    purpose: str
    client: str


class OpeningRow(_Row, table=True):
    """Finds a person's entries; deletable. `detail` is codes only. The actor's position is 4294967295.

    `keep` says how long it is kept: 0 = ordinary, 1 = as the proof of a consent and its use (`audit.retention`).
    """

    __tablename__ = "audit_opening"
    __table_args__ = (Index("ix_audit_opening_leaf", "leaf", "position"),)

    person_ref: UUID = Field(sa_type=Id, primary_key=True)
    leaf: int = Field(sa_type=_BIG, primary_key=True)
    position: int = Field(sa_type=_BIG, primary_key=True)
    detail: str
    keep: int = Field(sa_type=SmallInteger)


class CommitmentsRow(_Row, table=True):
    """The commitments of an entry that touched several persons: 32 bytes each, by position.

    Hashes only, append-only: when one of the persons leaves, the others' proofs can still be made. An entry of one
    person needs none.
    """

    __tablename__ = "audit_commitments"

    leaf: int = Field(sa_type=_BIG, primary_key=True)
    hashes: bytes = Field(sa_type=LargeBinary)


class ReasonRow(_Row, table=True):
    """Finds entries by a reason code of theirs, or of one of the several persons in them (`Entry.sought`)."""

    __tablename__ = "audit_reason"

    reason: str = Field(primary_key=True)
    leaf: int = Field(sa_type=_BIG, primary_key=True)


class PersonKeyRow(_Row, table=True):
    """A person's audit key, wrapped under its epoch; destroying it closes their part of the log."""

    __tablename__ = "audit_person_key"

    person_ref: UUID = Field(sa_type=Id, primary_key=True)
    epoch: int = Field(sa_type=Integer)
    wrapped: bytes = Field(sa_type=LargeBinary)


class IntentRow(_Row, table=True):
    """An entry written with the change it speaks of, waiting for its place in the tree."""

    __tablename__ = "audit_intent"

    uid: UUID = Field(sa_type=Id, primary_key=True)
    created_at: datetime = Field(sa_type=Instant)
    draft: bytes = Field(sa_type=LargeBinary)


class QuarantineRow(_Row, table=True):
    """An intent that could not be made an entry: kept as it was found; `entry` is the uid of the entry that says so."""

    __tablename__ = "audit_quarantine"

    entry: UUID = Field(sa_type=Id, primary_key=True)
    uid: UUID = Field(sa_type=Id)
    created_at: datetime = Field(sa_type=Instant)
    found_at: datetime = Field(sa_type=Instant)
    why: str
    draft: bytes = Field(sa_type=LargeBinary)


class NodeRow(_Row, table=True):
    """Roots of full subtrees of 256^level leaves: what proofs need beside the leaf hashes."""

    __tablename__ = "audit_node"

    level: int = Field(sa_type=SmallInteger, primary_key=True)
    index: int = Field(sa_type=_BIG, primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary)


class HeadRow(_Row, table=True):
    """The one row every batch locks: size, compact range (concatenated 32-byte hashes), root, last second."""

    __tablename__ = "audit_head"

    id: int = Field(sa_type=SmallInteger, primary_key=True)
    size: int = Field(sa_type=_BIG)
    stack: bytes = Field(sa_type=LargeBinary)
    root: bytes = Field(sa_type=LargeBinary)
    second: int = Field(sa_type=_BIG)


class CheckpointRow(_Row, table=True):
    """Signed notes over committed roots, newest last; signed after the commit."""

    __tablename__ = "audit_checkpoint"

    size: int = Field(sa_type=_BIG, primary_key=True)
    note: str
