"""What a rule may see: the question asked and the facts about one person, as frozen values.

`None` means *unknown*, and unknown is a bar: a fact that could not be read never lets data out. Only `registry.facts`
makes `Facts`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from policies.vocabulary import (
    Category,
    Channel,
    ClientCode,
    ConsentState,
    FieldName,
    ObjectionState,
    Operation,
    Origin,
    PurposeId,
    RelationshipKind,
    ReviewState,
    SubjectId,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Who asks what, and for which single purpose (R-5.1b-1).

    `role` is that of a member of staff who asks through one of our own pages; None = nobody's, a machine or a customer.
    """

    client: ClientCode
    purpose: PurposeId
    fields: tuple[FieldName, ...]
    operation: Operation = Operation.READ
    channel: Channel | None = None
    case_reference: str | None = field(default=None, repr=False)
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """The state of one consent: a fold over its events; `parental`: given or authorised by who answers for a child.

    `quoted` is the text it was declared on, as `policies.notices.reference` names it; empty = none.
    """

    purpose: PurposeId
    channel: Channel
    state: ConsentState
    since: datetime
    explicit: bool = False
    expires_at: datetime | None = None
    parental: bool = False
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection: against direct marketing as a whole (`purpose` None) or against one purpose."""

    direct_marketing: bool
    purpose: PurposeId | None
    channel: Channel
    state: ObjectionState
    since: datetime


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction of processing (Art. 18); no category = everything, no field = the whole category.

    Without `since` no consent is later than it.
    """

    category: Category | None
    field: FieldName | None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A human's review of what machines decide under one purpose, asked for or done (Art. 22(3))."""

    purpose: PurposeId
    state: ReviewState


class Delivery(NamedTuple):
    """A notice that reached the person, in the version they got: which purposes that version names."""

    notice: str
    version: str
    purposes: frozenset[str]
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class Relationship:
    """A contract, account, warranty or claim; open until `closed_at`."""

    kind: RelationshipKind
    opened_at: datetime
    closed_at: datetime | None


class Item(NamedTuple):
    """One stored value without its content; a tuple, because every read makes one for each value.

    `stale`: an estimate of which an input was corrected or erased since (R-22-5).
    """

    row_id: UUID
    field: FieldName
    category: Category
    collected_for: PurposeId
    origin: Origin
    observed_at: datetime
    delete_after: date | None
    stale: bool = False


class Address(NamedTuple):
    """Where an electronic address of the person came from; the address itself is no part of it (§ 7(3) UWG)."""

    field: FieldName
    collected_for: PurposeId
    origin: Origin
    touchpoint: Touchpoint
    collected_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about one person at one instant of the database's clock (aware, UTC).

    An unknown `kind` counts as a private person, whom the law protects most. `within_budget` is whether this person
    still fits into what the client may look at today; it matters only to purposes with a budget, `addresses` only to
    those with a soft opt-in, and `reviews` only to those that decide with significant effect. With `of_the_past` the
    facts are those of an earlier instant: `items` lacks values that were replaced since.
    """

    subject_id: SubjectId
    as_of: datetime
    status: SubjectStatus | None
    kind: SubjectKind | None = None
    majority_month: date | None = None
    permissions: tuple[Permission, ...] | None = None
    objections: tuple[Objection, ...] | None = None
    restrictions: tuple[Restriction, ...] | None = None
    relationships: tuple[Relationship, ...] | None = None
    notices: tuple[Delivery, ...] | None = None
    items: tuple[Item, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    within_budget: bool | None = None
    reviews: tuple[Review, ...] | None = None
    of_the_past: bool = False

    def has_open(self, kinds: Collection[RelationshipKind]) -> bool:
        """Whether a relationship of one of these kinds is open: from its first instant on, until it is closed."""
        for one in self.relationships or ():
            over = one.closed_at is not None and one.closed_at <= self.as_of
            if one.kind in kinds and one.opened_at <= self.as_of and not over:
                return True
        return False

    def was_told(self, purpose: PurposeId, notice: str | None, by: datetime) -> bool:
        """Whether a version of the notice that names this purpose had arrived by then."""
        for one in self.notices or ():
            if one.notice == notice and purpose in one.purposes and one.delivered_at <= by:
                return True
        return False

    def by_human(self, purpose: PurposeId) -> bool:
        """Whether a human has decided this case, on the data that is on file now, and nobody contests it since."""
        states = {one.state for one in self.reviews or () if one.purpose == purpose}
        return ReviewState.DECIDED in states and ReviewState.OPEN not in states

    def contested(self, purpose: PurposeId) -> bool:
        """Whether a human is still to look at the case; unknown counts as yes."""
        if self.reviews is None:
            return True
        return any(one.state is ReviewState.OPEN and one.purpose == purpose for one in self.reviews)
