"""What a sync wanted and was refused: kept for the data protection officer, by field or purpose, never by value.

Legal: GDPR Art. 5(1)(d), Art. 7(3); C-129/21; R-7.3-5.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select
from sqlmodel import col

from registry.context import Change, Registry
from registry.tables import ConflictRow


class ConflictKind(StrEnum):
    """Why something arriving was not taken; stored codes."""

    OLDER_VALUE = "older_value"
    UNDATED_VALUE = "undated_value"
    CONSENT_OLDER_THAN_WITHDRAWAL = "consent_older_than_withdrawal"
    ERASED_IDENTIFIER = "erased_identifier"
    CHANGED_EVENT = "changed_event"


class ConflictPlace(NamedTuple):
    """A place in the list of conflicts, newest first."""

    arrived_at: datetime
    conflict_id: UUID


@dataclass(frozen=True, slots=True)
class Conflict:
    """One refused wish of a sync."""

    subject_id: UUID
    conflict_id: UUID
    kind: ConflictKind
    about: str
    source: str
    claimed_at: datetime | None
    arrived_at: datetime

    @property
    def place(self) -> ConflictPlace:
        """Where the next page goes on."""
        return ConflictPlace(self.arrived_at, self.conflict_id)


def note_conflict(
    change: Change, subject_id: UUID, kind: ConflictKind, about: str, source: str, claimed_at: datetime | None
) -> None:
    """List a conflict; part of the change that refused it."""
    change.session.add(
        ConflictRow(
            subject_id=subject_id,
            conflict_id=uuid4(),
            kind=kind.value,
            about=about,
            source=source,
            claimed_at=claimed_at,
            arrived_at=change.now,
        ),
    )


async def conflicts(
    registry: Registry,
    subject_id: UUID | None = None,
    limit: int = 50,
    *,
    source: str | None = None,
    after: ConflictPlace | None = None,
) -> list[Conflict]:
    """Conflicts, newest first.

    Args:
        registry: the collaborators.
        subject_id: whose; None = everybody's.
        limit: how many at most; fewer = there are no more.
        source: refused to which system; None = to any.
        after: the place of the last one of the page before; it need not exist any more.
    """
    at, number = col(ConflictRow.arrived_at), col(ConflictRow.conflict_id)
    statement = select(ConflictRow).order_by(at.desc(), number.desc()).limit(limit)
    if subject_id is not None:
        statement = statement.where(col(ConflictRow.subject_id) == subject_id)
    if source is not None:
        statement = statement.where(col(ConflictRow.source) == source)
    if after is not None:
        statement = statement.where(
            or_(at < after.arrived_at, and_(at == after.arrived_at, number < after.conflict_id))
        )
    async with registry.database.reading() as session:
        return [
            Conflict(
                row.subject_id,
                row.conflict_id,
                ConflictKind(row.kind),
                row.about,
                row.source,
                row.claimed_at,
                row.arrived_at,
            )
            for row in (await session.execute(statement)).scalars()
        ]
