"""Finds whose data is asked for by external id, inside a call that is recorded as a whole.

Tells nothing by itself: whoever uses it records, with the call it belongs to, who was found, and answers a miss like
somebody who is not there.

Legal: GDPR Art. 5(1)(f); R-AUD-3.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from policies.vocabulary import SubjectStatus
from registry.context import Registry
from registry.lookup import IdentifierKind, normalise
from registry.tables import LookupRow, SubjectRow


async def persons_behind(registry: Registry, given: Sequence[tuple[str, str]]) -> list[UUID | None]:
    """The person behind each (source, external id), in their order; None = nobody.

    Raises:
        InvalidValueError: when one of them cannot be an external id.
    """
    kind = IdentifierKind.EXTERNAL_ID
    normalised = [normalise(kind, external_id, source) for source, external_id in given]
    async with registry.database.reading() as session:
        await registry.fresh_keys(session)
        digests = [[one.value for one in registry.ring.index_digests(kind.value, text)] for text in normalised]
        statement = (
            select(col(LookupRow.digest), col(LookupRow.subject_id))
            .join(SubjectRow, col(SubjectRow.subject_id) == col(LookupRow.subject_id))
            .where(
                col(LookupRow.kind) == kind.value,
                col(LookupRow.digest).in_([one for versions in digests for one in versions]),
                col(SubjectRow.status) == SubjectStatus.ACTIVE.value,
            )
        )
        found = {row.digest: row.subject_id for row in await session.execute(statement)}
    return [next((found[one] for one in versions if one in found), None) for versions in digests]
