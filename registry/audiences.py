"""Finds whom a question would be permitted for, by the policy's own condition; decides nothing.

Legal: GDPR Art. 5(1)(b), (c); § 7 UWG.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from audit.columns import Id, Instant
from policies.audience import Predicate


async def people_within(
    session: AsyncSession, predicate: Predicate, after: UUID | None = None, limit: int | None = None
) -> list[UUID]:
    """The ids of people whom the predicate selects, in their order; each is still to be decided about.

    Args:
        session: one snapshot.
        predicate: what `policies.audience.predicate` made for the question.
        after: begin behind this id.
        limit: at most so many; None = all.
    """
    behind = " AND s.subject_id > :after_" if after is not None else ""
    page = " LIMIT :limit_" if limit is not None else ""
    parameters: list[BindParameter[Any]] = [
        bindparam(name, value, type_=_type_of(value)) for name, value in predicate.parameters.items()
    ]
    if after is not None:
        parameters.append(bindparam("after_", after, type_=Id()))
    if limit is not None:
        parameters.append(bindparam("limit_", limit))
    statement = text(
        f"SELECT s.subject_id FROM subject s WHERE {predicate.sql}{behind} ORDER BY s.subject_id{page}",  # noqa: S608 - every value is a parameter
    )
    rows = await session.execute(statement.bindparams(*parameters).columns(subject_id=Id()))
    return list(rows.scalars())


def _type_of(value: object) -> Any:  # noqa: ANN401 - a column type, of either kind
    if isinstance(value, datetime):
        return Instant()
    return Date() if isinstance(value, date) else None
