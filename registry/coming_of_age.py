"""Whom to ask whether what their parents consented to shall go on: they are old enough now to decide themselves.

Nothing is stored for it: a task stands from the month after the one in which the age was reached, until the young
person withdraws or consents anew. So none is lost in a restore, and none is left behind.

Legal: GDPR Art. 7(1), (3), Art. 8; EDPB guidelines 05/2020; R-8-2.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from policies.documents import PolicyDocument
from policies.facts import Permission
from policies.rules.child import MAJORITY_YEARS, has_reached, least_age, parents_may_decide
from policies.vocabulary import VALID_CONSENT, Channel, PurposeId, SubjectStatus
from registry.context import Registry
from registry.tables import PermissionRow, SubjectRow

MOST_TASKS = 100


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """A consent of the parents that a young person has not confirmed yet."""

    subject_id: UUID
    purpose: PurposeId
    channel: Channel


async def to_confirm(registry: Registry, limit: int = MOST_TASKS) -> list[ToConfirm]:
    """Consents to be confirmed, who came of age first comes first; looking at them is recorded by the caller."""
    purposes = {name: one for name, one in registry.policy.purposes.items() if parents_may_decide(one)}
    if not purposes:
        return []
    now = await registry.database.now()
    youngest = min(least_age(one) for one in purposes.values())
    statement = (
        select(PermissionRow, col(SubjectRow.majority_month))
        .join(SubjectRow, col(SubjectRow.subject_id) == col(PermissionRow.subject_id))
        .where(
            col(PermissionRow.parental),
            col(PermissionRow.state).in_([state.value for state in VALID_CONSENT]),
            col(PermissionRow.purpose).in_(sorted(purposes)),
            col(SubjectRow.status) == SubjectStatus.ACTIVE.value,
            col(SubjectRow.majority_month) < date(now.year + MAJORITY_YEARS - youngest, now.month, 1),
        )
        .order_by(col(SubjectRow.majority_month), col(PermissionRow.subject_id))
        .limit(limit)
    )
    async with registry.database.reading() as session:
        found = (await session.execute(statement)).all()
    return [
        ToConfirm(row.subject_id, PurposeId(row.purpose), Channel(row.channel))
        for row, majority_month in found
        if majority_month is not None and has_reached(least_age(purposes[row.purpose]), majority_month, now)
    ]


async def majority_month_of(registry: Registry, subject_id: UUID) -> date | None:
    """The month in which somebody comes of age; None = nobody told."""
    async with registry.database.reading() as session:
        found = await session.execute(
            select(col(SubjectRow.majority_month)).where(col(SubjectRow.subject_id) == subject_id)
        )
        return found.scalar_one_or_none()


def is_to_be_confirmed(
    policy: PolicyDocument, permission: Permission, majority_month: date | None, as_of: datetime
) -> bool:
    """Whether a consent of the parents stands that the young person is now old enough to decide on (R-8-2)."""
    purpose = policy.purposes.get(permission.purpose)
    if purpose is None or majority_month is None or not permission.parental or permission.state not in VALID_CONSENT:
        return False
    return has_reached(least_age(purpose), majority_month, as_of)
