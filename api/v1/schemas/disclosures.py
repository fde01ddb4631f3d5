"""The purpose-checked read on the wire, and the same question without an answer in data."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.v1.schemas.shape import (
    CaseReference,
    Identifier,
    IdentifierText,
    In,
    Instant,
    Out,
    ReasonOut,
    SourceName,
    SubjectId,
    WithheldOut,
    example,
)
from policies.vocabulary import Channel
from registry.past import Known

MOST_FIELDS = 100
EVERYTHING = "*"

FieldOrEverything = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z0-9_]{0,62})$")]
Fields = Annotated[list[FieldOrEverything], Field(min_length=1, max_length=MOST_FIELDS)]
_SUBJECT = "0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11"
_DISCLOSED = {
    "fields": {"email": "erika@example.com", "first_name": "Erika"},
    "withheld": [{"field": "phone", "reasons": [{"code": "MINIMISED", "cites": ["GDPR Art. 5(1)(c)"]}]}],
}
_ALLOWED = {
    "field": "email",
    "article": "A6-1-a",
    "rule": "consent",
    "evidence_id": "0a4b8b1e-3c55-4a08-9d4e-0f6f3f8f0b11",
}
_EXPLAINED = {
    "fields": {"email": "erika@example.com"},
    "allowed": [_ALLOWED],
    "withheld": [
        {
            "field": "phone",
            "reasons": [{"code": "MINIMISED", "cites": ["GDPR Art. 5(1)(c)"], "rule": "minimisation"}],
        }
    ],
}

Explain = Annotated[
    bool,
    Field(
        description="say what each field rests on (article, rule, declaration of consent), and the rule of each reason",
        examples=[True],
    ),
]


class ReadQuery(In):
    """Purpose and fields; `fields=*` asks for everything the purpose may have. Some purposes ask for which case."""

    purpose: Identifier
    fields: Annotated[
        str,
        StringConstraints(pattern=r"^(\*|[a-z][a-z0-9_]{0,62}(,[a-z][a-z0-9_]{0,62}){0,99})$"),
        Field(examples=["email,first_name"]),
    ]
    case_reference: CaseReference | None = None
    explain: Explain = False


class ExternalIdIn(In):
    """A customer by the number a source system gave them."""

    source: SourceName
    external_id: IdentifierText


class _PeopleIn(In):
    subject_ids: Annotated[list[SubjectId], Field(max_length=1000)] = Field(default_factory=list)
    external_ids: Annotated[list[ExternalIdIn], Field(max_length=1000)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.subject_ids and not self.external_ids:
            raise PydanticCustomError("nobody", "subject_ids or external_ids, one to 1,000")
        if self.subject_ids and self.external_ids:
            raise PydanticCustomError("two_lists", "either subject_ids or external_ids")
        return self


class DisclosuresIn(_PeopleIn):
    """One question about 1 to 1,000 people; some purposes ask which case it is for."""

    model_config = example(
        {"purpose": "newsletter", "fields": ["email", "first_name"], "subject_ids": [_SUBJECT]},
        {"purpose": "newsletter", "fields": ["email", "phone"], "subject_ids": [_SUBJECT], "explain": True},
    )

    purpose: Identifier
    fields: Fields
    case_reference: CaseReference | None = None
    explain: Explain = False


class AllowedOut(Out):
    """A field that may be known: on which basis, by which rule, and which declaration of consent carries it.

    Other bases have no such id: a contract is known by its number in the system it came from.
    """

    field: str
    article: str | None
    rule: str
    evidence_id: UUID | None = None


class ExplainedReasonOut(ReasonOut):
    """One ground of refusal, the law it rests on, and the rule that gave it."""

    rule: str


class ExplainedWithheldOut(WithheldOut):
    """A field that may not be known, with its grounds."""

    reasons: list[ExplainedReasonOut]  # type: ignore[assignment]  # says more


class DisclosureOut(Out):
    """What may be known of one person for this purpose, and what not; `allowed` where it is to be explained."""

    model_config = example(
        {
            "subject_id": _SUBJECT,
            "purpose": "newsletter",
            "policy": "2026-11-01",
            "as_of": "2026-11-01T09:30:00Z",
            **_DISCLOSED,
            "log_index": 42,
        },
        {
            "subject_id": _SUBJECT,
            "purpose": "newsletter",
            "policy": "2026-11-01",
            "as_of": "2026-11-01T09:30:00Z",
            **_EXPLAINED,
            "log_index": 42,
        },
    )

    subject_id: SubjectId
    purpose: str
    policy: str
    as_of: datetime
    fields: dict[str, Any]
    allowed: list[AllowedOut] | None = None
    withheld: list[WithheldOut | ExplainedWithheldOut]
    log_index: int


class OutcomeOut(Out):
    """The outcome for one person; somebody who is not there has no id."""

    outcome: Literal["disclosed", "refused", "not_found"]
    subject_id: SubjectId | None = None
    as_of: datetime | None = None
    fields: dict[str, Any] | None = None
    allowed: list[AllowedOut] | None = None
    withheld: list[WithheldOut | ExplainedWithheldOut] | None = None
    reasons: list[ReasonOut | ExplainedReasonOut] | None = None


class DisclosuresOut(Out):
    """One outcome for each person asked for, in their order."""

    model_config = example(
        {
            "purpose": "newsletter",
            "policy": "2026-11-01",
            "log_index": 42,
            "items": [
                {
                    "outcome": "disclosed",
                    "subject_id": _SUBJECT,
                    "as_of": "2026-11-01T09:30:00Z",
                    **_DISCLOSED,
                },
                {"outcome": "not_found"},
            ],
        },
        {
            "purpose": "newsletter",
            "policy": "2026-11-01",
            "log_index": 42,
            "items": [
                {
                    "outcome": "disclosed",
                    "subject_id": _SUBJECT,
                    "as_of": "2026-11-01T09:30:00Z",
                    **_EXPLAINED,
                },
            ],
        },
    )

    purpose: str
    policy: str
    log_index: int
    items: list[OutcomeOut]


class DecisionsIn(_PeopleIn):
    """May we? Per person, without any data; a contact names its channel.

    `at` asks about a past instant: `known` says whether what was recorded after it counts.
    """

    model_config = example({"purpose": "newsletter", "channel": "email", "subject_ids": [_SUBJECT]})

    purpose: Identifier
    channel: Channel | None = None
    fields: Fields = Field(default_factory=lambda: [EVERYTHING])
    case_reference: CaseReference | None = None
    at: Instant | None = None
    known: Known = Known.THEN


class DecisionOut(Out):
    """Whether anything may be known or done, which fields on which basis, and why the rest not."""

    permitted: bool
    subject_id: SubjectId | None = None
    fields: list[str]
    allowed: list[AllowedOut]
    withheld: list[ExplainedWithheldOut]
    reasons: list[ExplainedReasonOut]


class DecisionsOut(Out):
    """One decision for each person asked for, in their order."""

    model_config = example(
        {
            "purpose": "newsletter",
            "policy": "2026-11-01",
            "log_index": 43,
            "items": [
                {
                    "permitted": False,
                    "subject_id": _SUBJECT,
                    "fields": [],
                    "allowed": [],
                    "withheld": [],
                    "reasons": [{"code": "CONSENT_WITHDRAWN", "cites": ["GDPR Art. 7(3)"], "rule": "consent"}],
                },
                {
                    "permitted": True,
                    "subject_id": "5b0f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c12",
                    "fields": ["email"],
                    "allowed": [_ALLOWED],
                    "withheld": [],
                    "reasons": [],
                },
            ],
        }
    )

    purpose: str
    policy: str
    log_index: int
    items: list[DecisionOut]
