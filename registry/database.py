"""The one store interface, with an implementation for PostgreSQL and one for SQLite.

Ordinary use cases work in SQLAlchemy sessions over the SQLModel tables. The read everybody waits for, `gather`,
goes below them: one round trip returns the database's time, the versions a process must have loaded, and
everything a decision needs.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.store import Store
from policies.facts import Address, Delivery, Item, Objection, Permission, Relationship, Restriction
from policies.vocabulary import Category, Origin, SubjectKind, SubjectStatus, Touchpoint
from registry.keys import WrappedDataKey

CATEGORIES = {category.value: category for category in Category}
ORIGINS = {origin.value: origin for origin in Origin}
TOUCHPOINTS = {touchpoint.value: touchpoint for touchpoint in Touchpoint}


@dataclass(frozen=True, slots=True)
class Versions:
    """What the database says every process must have loaded."""

    policy_digest: str
    clients_version: int
    keys: int

    @property
    def of_the_past(self) -> bool:
        """Whether it says nothing, because what was gathered with it is not what holds now."""
        return not self.policy_digest


class StoredValue(NamedTuple):
    """One record or event row: what a decision may see of it, and the sealed rest."""

    item: Item
    version: int
    key_version: int
    sealed: bytes

    def __repr__(self) -> str:
        return f"StoredValue({self.item.row_id})"


class StoredReview(NamedTuple):
    """A human's review as stored; `seen` are the rows they saw, each as `row id (hex):version`."""

    purpose: str
    state: str
    decided_at: datetime | None
    seen: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """One person as found at `now` (the database's clock, aware, UTC); `status` None = nobody."""

    subject_id: UUID
    now: datetime
    versions: Versions
    status: SubjectStatus | None = None
    kind: SubjectKind = SubjectKind.PERSON
    majority_month: date | None = None
    version: int = 0
    keys: dict[Category, WrappedDataKey] = attribute(default_factory=dict)
    values: tuple[StoredValue, ...] = ()
    permissions: tuple[Permission, ...] = ()
    objections: tuple[Objection, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    notices: tuple[Delivery, ...] = ()
    addresses: tuple[Address, ...] | None = None
    reviews: tuple[StoredReview, ...] | None = None


@lru_cache(maxsize=256)
def purposes_named(stored: str | None) -> frozenset[str]:
    """The purposes that a version of a notice names; none where its languages do not agree."""
    return frozenset((stored or "").split())


class Database(Protocol):
    """Where the registry keeps its rows."""

    engine: str

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A unit of work of the serving role: commits at the end, rolls back on an exception."""

    def erasing(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A unit of work of the eraser role, the only one that may delete keys, values and openings."""

    def keeping(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A unit of work of the role that owns the tables, the only one that may replace keys above the data keys."""

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that only reads."""

    async def gather(
        self,
        subject_ids: Sequence[UUID],
        fields: frozenset[str],
        *,
        with_events: bool,
        addresses: frozenset[str] = frozenset(),
        with_reviews: bool = False,
    ) -> dict[UUID, Gathered]:
        """Everything a decision about these people needs, fresh, in one round trip.

        Args:
            subject_ids: whose.
            fields: which values.
            with_events: whether any of the fields holds events.
            addresses: fields of whose values only the origin is wanted (soft opt-in); none = not asked, so unknown.
            with_reviews: whether human reviews are wanted (Art. 22); not asked = unknown.
        """

    async def now(self) -> datetime:
        """The database's clock, aware, UTC."""

    async def clock(self, session: AsyncSession) -> datetime:
        """The database's clock as a running unit of work sees it now."""

    def audit_store(self) -> Store:
        """The audit log's place in this database."""

    async def check_durability(self) -> None:
        """Raises NotReadyError when an acknowledged commit could be lost."""

    async def settle_erasure(self) -> None:
        """Bring deleted bytes out of the files as far as the engine can; raises NotReadyError when it could not."""

    async def close(self) -> None:
        """Release all connections."""
