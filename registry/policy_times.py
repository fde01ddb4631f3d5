"""Which policy document was in force when: append-only, one row for each time that one came into force.

A document may come back: decided again, or as the last good one when a later one broke. So an instant is answered by
the row that was the newest at that instant, and by nothing that happened since.

Legal: GDPR Art. 5(2); R-5.2-1.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from registry.tables import PolicyActivationRow


async def begins(session: AsyncSession, digest: str, since: datetime) -> None:
    """Keep that a document is in force from an instant on; whoever calls holds the registry's state row."""
    last = (await session.execute(select(func.max(col(PolicyActivationRow.number))))).scalar() or 0
    session.add(PolicyActivationRow(number=last + 1, digest=digest, since=since))
    await session.flush()


async def digest_at(session: AsyncSession, at: datetime) -> str | None:
    """The SHA-256 (hex) of the document that was in force; None = there was none yet."""
    statement = (
        select(col(PolicyActivationRow.digest))
        .where(col(PolicyActivationRow.since) <= at)
        .order_by(col(PolicyActivationRow.number).desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar()
