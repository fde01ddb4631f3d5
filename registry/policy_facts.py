"""What the gates of a policy document ask about data already there: consents that ended, fields on file, texts shown.

Legal: GDPR Art. 5(1)(e), 6(1)(a), 7(3), 13; R-5.1e-1, R-6.1-2, R-6.1-3.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from policies.deadlines import local_date
from policies.documents import PolicyDocument
from policies.findings import Finding
from policies.gates import Existing, Published, check
from policies.notices import NoticeText
from policies.vocabulary import ConsentState
from registry.activation_bars import Gates
from registry.database import Database
from registry.tables import EventRow, NoticeRow, PermissionRow, PolicyVersionRow, RecordRow, StateRow

_ENDED = (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.EXPIRED)


async def existing(database: Database) -> Existing:
    """What is on file now, by purposes, fields and notices alone; nobody is looked at.

    Reads whole indexes: for an activation, not for a request.
    """
    now = await database.now()
    expired = col(PermissionRow.expires_at) <= now
    declared = select(col(PermissionRow.purpose)).distinct()
    ended = select(col(PermissionRow.purpose)).where(col(PermissionRow.state).in_(_ENDED) | expired).distinct()
    fields = select(col(RecordRow.field)).union(select(col(EventRow.field)))
    in_force = select(col(PolicyVersionRow.activated_at)).join(
        StateRow, col(StateRow.policy_digest) == col(PolicyVersionRow.digest)
    )
    async with database.reading() as session:
        decided_at = (await session.execute(in_force)).scalar()
        rows = (await session.execute(select(NoticeRow))).scalars()
        return Existing(
            on=local_date(now),
            declared=frozenset((await session.execute(declared)).scalars()),
            ended=frozenset((await session.execute(ended)).scalars()),
            stored=frozenset((await session.execute(fields)).scalars()),
            published=frozenset(
                Published(
                    row.notice,
                    row.version,
                    row.language,
                    row.sha256,
                    settled=decided_at is not None and row.valid_from <= decided_at,
                )
                for row in rows
            ),
        )


async def gates_for(database: Database, texts: Sequence[NoticeText]) -> Gates:
    """The gates of an activation, with what is on file now and the texts that would be published with the document."""
    on_file, shown = await existing(database), tuple(texts)

    def find(new: PolicyDocument, before: PolicyDocument | None) -> Sequence[Finding]:
        return check(new, before, on_file, shown)

    return find
