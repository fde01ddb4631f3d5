"""The one store interface, with an implementation for PostgreSQL and one for SQLite.

Ordinary use cases work in SQLAlchemy sessions over the SQLModel tables. The read everybody waits for, `gather`,
goes below them: one round trip returns the database's time, the versions a process must have loaded, and
everything a decision needs.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.store import Store
from policies.facts import Objection, Permission, Relationship, Restriction
from policies.vocabulary import Category, FieldName, PurposeId, SubjectKind, SubjectStatus
from registry.keys import WrappedDataKey


@dataclass(frozen=True, slots=True)
class Versions:
    """What the database says every process must have loaded."""

    policy_digest: str
    clients_version: int
    epoch: int


@dataclass(frozen=True, slots=True)
class StoredValue:
    """One record or event row, sealed."""

    row_id: UUID
    field: FieldName
    category: Category
    collected_for: PurposeId
    origin: str
    observed_at: datetime
    delete_after: date | None
    version: int
    key_version: int
    sealed: bytes = field(repr=False)


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
    keys: dict[Category, WrappedDataKey] = field(default_factory=dict)
    values: tuple[StoredValue, ...] = ()
    permissions: tuple[Permission, ...] = ()
    objections: tuple[Objection, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    notices: frozenset[str] = frozenset()


class Database(Protocol):
    """Where the registry keeps its rows."""

    engine: str

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A unit of work of the serving role: commits at the end, rolls back on an exception."""

    def erasing(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A unit of work of the eraser role, the only one that may delete keys, values and openings."""

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that only reads."""

    async def gather(
        self, subject_ids: Sequence[UUID], fields: frozenset[str], *, with_events: bool
    ) -> dict[UUID, Gathered]:
        """Everything a decision about these people needs, fresh, in one round trip."""

    async def now(self) -> datetime:
        """The database's clock, aware, UTC."""

    def audit_store(self) -> Store:
        """The audit log's place in this database."""

    async def check_durability(self) -> None:
        """Raises NotReadyError when an acknowledged commit could be lost."""

    async def settle_erasure(self) -> None:
        """Bring deleted bytes out of the files as far as the engine can; raises NotReadyError when it could not."""

    async def close(self) -> None:
        """Release all connections."""
