"""What the gates of a policy document ask about data already there: consents that ended, fields on file, texts shown.

Legal: GDPR Art. 5(1)(e), 6(1)(a), 7(3), 13; R-5.1e-1, R-6.1-2, R-6.1-3.
"""

from sqlalchemy import select
from sqlmodel import col

from policies.deadlines import local_date
from policies.gates import Existing
from policies.vocabulary import ConsentState
from registry.database import Database
from registry.tables import EventRow, NoticeRow, PermissionRow, RecordRow

_ENDED = (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.EXPIRED)


async def existing(database: Database) -> Existing:
    """What is on file now, by purposes, fields and notices alone; nobody is looked at.

    Reads whole indexes: for an activation, not for a request.
    """
    now = await database.now()
    expired = col(PermissionRow.expires_at) <= now
    ended = select(col(PermissionRow.purpose)).where(col(PermissionRow.state).in_(_ENDED) | expired).distinct()
    fields = select(col(RecordRow.field)).union(select(col(EventRow.field)))
    shown = select(col(NoticeRow.notice), col(NoticeRow.version)).where(col(NoticeRow.valid_to).is_(None))
    async with database.reading() as session:
        return Existing(
            on=local_date(now),
            ended=frozenset((await session.execute(ended)).scalars()),
            stored=frozenset((await session.execute(fields)).scalars()),
            published={row.notice: row.version for row in await session.execute(shown)},
        )
