"""The history of a person's consents as rows, and the current state that is written anew from it.

Legal: GDPR Art. 7(1); R-7.1-1.
"""

from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import col

from policies.consent_history import Declaration, fold
from policies.notices import reference
from policies.vocabulary import Channel, ConsentState, PurposeId
from registry.context import Change
from registry.tables import ConsentEventRow, PermissionRow


async def project(change: Change, subject_id: UUID, purpose: str, history: list[Declaration]) -> None:
    """Write the current state of one purpose anew from its history."""
    if subject_id not in change.created:
        await change.session.execute(
            delete(PermissionRow).where(
                col(PermissionRow.subject_id) == subject_id,
                col(PermissionRow.purpose) == purpose,
            ),
        )
    for permission in fold([one for one in history if one.purpose == purpose]).values():
        change.session.add(
            PermissionRow(
                subject_id=subject_id,
                purpose=permission.purpose,
                channel=permission.channel.value,
                state=permission.state.value,
                since=permission.since,
                explicit=permission.explicit,
                expires_at=permission.expires_at,
                parental=permission.parental,
                quoted=permission.quoted,
            ),
        )


async def history_of(change: Change, subject_id: UUID) -> list[Declaration]:
    """Every declaration on file of a person whose row is locked."""
    if subject_id in change.created:
        return []
    statement = select(ConsentEventRow).where(col(ConsentEventRow.subject_id) == subject_id)
    return [declaration_of(row) for row in (await change.session.execute(statement)).scalars()]


def declaration_of(row: ConsentEventRow) -> Declaration:
    """A row as the rules see it."""
    return Declaration(
        purpose=PurposeId(row.purpose),
        channel=Channel(row.channel),
        state=ConsentState(row.state),
        effective_at=row.effective_at,
        sequence=row.sequence,
        explicit=row.explicit,
        expires_at=row.expires_at,
        parental=bool(row.parental_act),
        quoted=reference(row.notice, row.notice_version),
    )
