"""Persons' audit keys as rows: found and replaced by whoever keeps the keys above them.

Used where an epoch ends. The keys stay what they are; only what they are wrapped under changes.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.tables import PersonKeyRow


async def count_under(session: AsyncSession, epoch: int) -> int:
    """How many audit keys hang under an epoch."""
    statement = select(func.count()).select_from(PersonKeyRow).where(col(PersonKeyRow.epoch) == epoch)
    return int((await session.execute(statement)).scalar_one())
