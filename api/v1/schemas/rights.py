"""Objections, requests of data subjects and refused wishes of a sync, on the wire."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.v1.schemas.shape import Identifier, In, Out, Scalar, SourceName, SubjectId, example
from policies.vocabulary import Channel, ReviewOutcome, ReviewState, Touchpoint
from registry.rights import LONGEST_STATEMENT, RequestKind, RequestState

_SUBJECT = "0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11"
_ID = "6dfb0f0a-53f7-4c65-8f5a-9a2b1d3c4e5f"
_REQUEST = {
    "request_id": _ID,
    "subject_id": _SUBJECT,
    "kind": "rectification",
    "state": "fulfilled",
    "touchpoint": "hotline",
    "received_at": "2026-11-02T09:30:00Z",
    "due_on": "2026-12-02",
    "answered_at": "2026-11-09T14:00:00Z",
}


class ObjectionIn(In):
    """An objection: to one purpose, or (without a purpose) to direct marketing as a whole."""

    model_config = example({"subject_id": _SUBJECT})

    subject_id: SubjectId
    purpose: Identifier | None = None
    channel: Channel = Channel.ANY


class ObjectionOut(Out):
    """It binds from now on."""

    model_config = example({"objection_id": _ID})

    objection_id: UUID


class RequestIn(In):
    """A request as it reached any channel; a rectification names the values to correct.

    A request that a human reviews what a machine decided names the purpose, and may carry what the person says to it.
    """

    model_config = example(
        {
            "subject_id": _SUBJECT,
            "kind": "rectification",
            "touchpoint": "hotline",
            "values": {"last_name": "Mustermann"},
        }
    )

    subject_id: SubjectId
    kind: RequestKind
    touchpoint: Touchpoint
    values: Annotated[dict[Identifier, Scalar], Field(max_length=50)] = Field(default_factory=dict)
    purpose: Identifier | None = None
    channel: Channel = Channel.ANY
    statement: Annotated[str, StringConstraints(max_length=LONGEST_STATEMENT)] = ""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if bool(self.values) is not (self.kind is RequestKind.RECTIFICATION):
            raise PydanticCustomError("values", "a rectification names values, and nothing else does")
        if self.purpose is not None and self.kind not in {RequestKind.OBJECTION, RequestKind.HUMAN_REVIEW}:
            raise PydanticCustomError("purpose", "only an objection or a review names a purpose")
        if self.purpose is None and self.kind is RequestKind.HUMAN_REVIEW:
            raise PydanticCustomError("purpose", "a review names the purpose of the decision")
        if self.statement and self.kind is not RequestKind.HUMAN_REVIEW:
            raise PydanticCustomError("statement", "only a review carries a statement")
        return self


class RequestOut(Out):
    """A request without its content; it has to be answered by the end of `due_on`."""

    model_config = example(_REQUEST)

    request_id: UUID
    subject_id: SubjectId
    kind: RequestKind
    state: RequestState
    touchpoint: Touchpoint
    received_at: datetime
    due_on: date
    answered_at: datetime | None


class ReviewsQuery(In):
    """Under which purpose the decisions were taken."""

    purpose: Annotated[Identifier, Field(examples=["credit_check"])]


class ReviewOut(Out):
    """One review by a human; `outcome` and `decided_at` are null while it is open.

    `upheld`: the decision stands. `changed`: carry out another one; its reasons are known to the person and the staff.
    """

    request_id: UUID
    state: ReviewState
    opened_at: datetime
    decided_at: datetime | None
    outcome: ReviewOutcome | None


class ReviewsOut(Out):
    """Reviews of one person under one purpose, the newest first."""

    model_config = example(
        {
            "reviews": [
                {
                    "request_id": _ID,
                    "state": "decided",
                    "opened_at": "2026-11-02T09:30:00Z",
                    "decided_at": "2026-11-05T10:12:00Z",
                    "outcome": "changed",
                }
            ],
            "log_index": 45,
        }
    )

    reviews: list[ReviewOut]
    log_index: int


class ConflictsQuery(In):
    """Of whom, from which system, and how many at most; `cursor` comes from the page before."""

    subject_id: SubjectId | None = None
    source: SourceName | None = None
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,14}-[0-9a-f]{32}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ConflictOut(Out):
    """What a sync wanted and was refused; names the field or purpose, never the value."""

    subject_id: SubjectId
    kind: str
    about: str
    source: str
    claimed_at: datetime | None
    arrived_at: datetime


class ConflictsOut(Out):
    """Newest first; a client sees what itself was refused, the privacy console everything.

    `next_cursor` is null on the last page.
    """

    model_config = example(
        {
            "conflicts": [
                {
                    "subject_id": _SUBJECT,
                    "kind": "consent_older_than_withdrawal",
                    "about": "newsletter",
                    "source": "crm_sync",
                    "claimed_at": "2026-10-01T09:30:00Z",
                    "arrived_at": "2026-11-02T01:00:00Z",
                }
            ],
            "next_cursor": "1793667600000-6dfb0f0a53f74c658f5a9a2b1d3c4e5f",
            "log_index": 44,
        }
    )

    conflicts: list[ConflictOut]
    next_cursor: str | None
    log_index: int
