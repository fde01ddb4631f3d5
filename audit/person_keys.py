"""Persons' audit keys as rows: found and replaced by whoever keeps the keys above them.

Used where an epoch ends. The keys stay what they are; only what they are wrapped under changes.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.tables import PersonKeyRow


async def wrapped_under(
    session: AsyncSession, epoch: int, after: UUID | None, most: int
) -> Sequence[tuple[UUID, bytes]]:
    """At most `most` audit keys of one epoch, of persons after `after`, locked until the end of the transaction."""
    statement = (
        select(col(PersonKeyRow.person_ref), col(PersonKeyRow.wrapped))
        .where(col(PersonKeyRow.epoch) == epoch)
        .order_by(col(PersonKeyRow.person_ref))
        .limit(most)
        .with_for_update()
    )
    if after is not None:
        statement = statement.where(col(PersonKeyRow.person_ref) > after)
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def count_under(session: AsyncSession, epoch: int) -> int:
    """How many audit keys hang under an epoch."""
    statement = select(func.count()).select_from(PersonKeyRow).where(col(PersonKeyRow.epoch) == epoch)
    return int((await session.execute(statement)).scalar_one())
