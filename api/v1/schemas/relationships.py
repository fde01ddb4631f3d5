"""Contracts, accounts, warranties and claims on the wire."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from api.v1.schemas.shape import In, Instant, Out, Reference, SourceName, SubjectId, example
from policies.vocabulary import RelationshipKind

_RELATIONSHIP = {
    "subject_id": "0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11",
    "kind": "contract",
    "reference": "order-1",
    "source": "shop",
}


class RelationshipIn(In):
    """What a contract basis rests on, from its beginning to its end."""

    kind: RelationshipKind
    reference: Reference
    source: SourceName
    opened_at: Instant
    closed_at: Instant | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closed_at is not None and self.closed_at < self.opened_at:
            raise PydanticCustomError("closed_before_opened", "a relationship ends after it began")
        return self


class OpenedRelationshipIn(RelationshipIn):
    """A relationship of one person."""

    model_config = example({**_RELATIONSHIP, "opened_at": "2026-11-01T09:30:00Z"})

    subject_id: SubjectId


class ClosedRelationshipIn(In):
    """Which relationship ended; without `closed_at`, now."""

    model_config = example({**_RELATIONSHIP, "closed_at": "2026-12-01T09:30:00Z"})

    subject_id: SubjectId
    kind: RelationshipKind
    reference: Reference
    source: SourceName
    closed_at: Instant | None = None


class RelationshipOut(Out):
    """What was noted."""

    model_config = example({"status": "open"})

    status: str
