"""Customers as source systems send them, and how one is found."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from api.v1.schemas.consents import GivenConsentIn
from api.v1.schemas.events import EventIn
from api.v1.schemas.relationships import RelationshipIn
from api.v1.schemas.shape import (
    CaseReference,
    Country,
    Identifier,
    IdentifierText,
    In,
    Instant,
    Language,
    Out,
    PlaceOut,
    Scalar,
    SourceName,
    SubjectId,
    example,
)
from policies.vocabulary import Origin, SubjectKind, Touchpoint
from registry.lookup import IdentifierKind
from registry.subjects import Status

MOST_ITEMS = 1000

_SUBJECT = {
    "external_id": "C-4711",
    "source": "shop",
    "collected_for": "order_fulfilment",
    "touchpoint": "online_shop",
    "values": {
        "first_name": {"value": "Erika", "observed_at": "2026-11-01T09:30:00Z"},
        "email": {"value": "erika@example.com", "observed_at": "2026-11-01T09:30:00Z"},
    },
    "relationships": [
        {"kind": "contract", "reference": "order-1", "source": "shop", "opened_at": "2026-11-01T09:30:00Z"}
    ],
    "notices": ["privacy_notice"],
}
_UPSERTED = {
    "subject_id": "0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11",
    "status": "created",
    "kept": [],
    "refused_consents": [],
    "unchanged_events": [],
    "refused_events": [],
}


class ModelIn(In):
    """Which registered model worked an estimate out, in which version."""

    name: Identifier
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]


class ValueIn(In):
    """A value of one field; what is left out here is taken from the customer as a whole.

    An estimate names the registered model that worked it out, in its version.
    """

    value: Scalar
    collected_for: Identifier | None = None
    observed_at: Instant | None = None
    origin: Origin = Origin.PROVIDED
    touchpoint: Touchpoint | None = None
    model: ModelIn | None = None


class SubjectIn(In):
    """One customer. What is absent stays untouched, a null clears.

    `registered_at` is when the person registered anew: it alone lifts the block of an erased identifier. `kind` also
    corrects what somebody is listed as. An organisation has nothing that only a human has, as a first name or a birth
    date: its people are customers of their own, of the kind `contact_person`.
    """

    model_config = example(_SUBJECT)

    external_id: IdentifierText
    source: SourceName
    kind: SubjectKind = SubjectKind.PERSON
    language: Language = "de"
    country: Country = "DE"
    registered_at: Instant | None = None
    collected_at: Instant | None = Field(default=None, description="`observed_at` of values that name none")
    collected_for: Identifier | None = Field(
        default=None, description="`collected_for` of values that name none; needed where nothing else names a purpose"
    )
    touchpoint: Touchpoint = Touchpoint.ONLINE_SHOP
    values: Annotated[dict[Identifier, ValueIn | None], Field(max_length=100)] = Field(default_factory=dict)
    relationships: Annotated[list[RelationshipIn], Field(max_length=500)] = Field(default_factory=list)
    events: Annotated[list[EventIn], Field(max_length=1000)] = Field(default_factory=list)
    consents: Annotated[list[GivenConsentIn], Field(max_length=50)] = Field(default_factory=list)
    notices: Annotated[list[Identifier], Field(max_length=20)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.collected_for is None and any(one is None or one.collected_for is None for one in self.values.values()):
            raise PydanticCustomError("collected_for_missing", "every value names the purpose it was collected for")
        if self.collected_for is None and not (self.values or self.events or self.consents):
            raise PydanticCustomError("collected_for_missing", "a customer is sent for a purpose: it is named here")
        opened = {(one.kind, one.source, one.reference) for one in self.relationships}
        if len(opened) != len(self.relationships):
            raise PydanticCustomError("relationship_repeated", "a relationship stands here once")
        return self


class SubjectsIn(In):
    """Up to 1,000 customers, answered in their order."""

    model_config = example({"items": [_SUBJECT]})

    items: Annotated[list[SubjectIn], Field(min_length=1, max_length=MOST_ITEMS)]


def _which(tree: object) -> str:
    return "@many" if isinstance(tree, dict) and "items" in tree else "@one"


UpsertIn = Annotated[
    Annotated[SubjectIn, Tag("@one")] | Annotated[SubjectsIn, Tag("@many")],
    Discriminator(_which),
]


class KeptOut(Out):
    """A stored value that an arriving one did not replace."""

    field: str
    why: str


class UpsertedOut(Out):
    """What became of one customer; `refused_consents` met a newer withdrawal or objection.

    Events are told by their place in the customer, counted from 0: `unchanged_events` were there already under their
    `event_ref`, `refused_events` say something else than is stored there.
    """

    model_config = example(_UPSERTED)

    subject_id: SubjectId | None
    status: Status
    kept: list[KeptOut]
    refused_consents: list[str]
    unchanged_events: list[int]
    refused_events: list[int]


class FailedOut(Out):
    """A customer that was not stored, and why: `error` is the slug of a problem."""

    status: Literal["failed"]
    error: str
    errors: list[PlaceOut]


class UpsertedManyOut(Out):
    """One outcome for each item, in their order."""

    model_config = example(
        {
            "items": [
                _UPSERTED,
                {
                    "status": "failed",
                    "error": "invalid-value",
                    "errors": [{"pointer": "/values/email", "code": "invalid-value"}],
                },
            ]
        }
    )

    items: list[UpsertedOut | FailedOut]


class LookupIn(In):
    """Whom to find, under one identifier and for one purpose; `source` is for external ids."""

    model_config = example({"purpose": "customer_care", "kind": "email", "value": "erika@example.com"})

    purpose: Identifier
    kind: IdentifierKind
    value: IdentifierText
    source: SourceName | None = None
    case_reference: CaseReference | None = None

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if (self.kind is IdentifierKind.EXTERNAL_ID) is (self.source is None):
            raise PydanticCustomError("source", "an external id names its source, and nothing else does")
        return self


class LookupOut(Out):
    """Everybody known under the identifier whom the purpose may read it of; addresses may be shared."""

    model_config = example({"subject_ids": ["0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11"]})

    subject_ids: list[SubjectId]
