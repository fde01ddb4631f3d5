"""Finds entries: by person, actor, client, purpose, operation, outcome, reason and period; newest first, by key.

Nothing is counted, and no page needs the pages before it: `before` is the index of the last entry seen. Periods become
indexes first, because times run forward in the log; so every search walks one index from its end.

Legal: GDPR Art. 15(1)(c), Art. 33(3); C-579/21; R-AUD-7, R-33-2.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from audit.event import ACTOR_POSITION, Outcome
from audit.retention import first_at
from audit.tables import LeafRow, OpeningRow, ReasonRow

PAGE = 50
_POLICY = {
    "sqlite": "coalesce(json_extract(CAST(body AS TEXT), '$.pol'), '')",
    "postgresql": "coalesce(convert_from(body, 'UTF8')::json ->> 'pol', '')",
}
_ACTED, _TOUCHED, _EARLIER = aliased(OpeningRow), aliased(OpeningRow), aliased(OpeningRow)


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry as stored: `tree` is the parsed body."""

    index: int
    uid: UUID
    hash: bytes
    body: bytes
    at: datetime
    tree: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """One person's part of one entry."""

    entry: Logged
    position: int
    detail: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """What one client got about a person for one purpose under one version of the policy: first, last, how often."""

    client: str
    purpose: str
    policy: str
    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What to search for; None = everything. `person` was touched, `actor` acted; `before` is an index, exclusive.

    `since` is the first instant that counts, `until` the first that does not; both aware.
    """

    person: UUID | None = None
    actor: UUID | None = None
    purpose: str | None = None
    client: str | None = None
    operation: str | None = None
    outcome: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


async def search(session: AsyncSession, filters: Filters, limit: int = PAGE) -> list[Logged]:
    """Entries that match all filters, newest first, at most `limit`."""
    first = await first_at(session, filters.since) if filters.since is not None else None
    stops = [filters.before] if filters.before is not None else []
    if filters.until is not None:
        stops.append(await first_at(session, filters.until))
    statement, index = _joined(filters)
    for column, value in (
        (LeafRow.purpose, filters.purpose),
        (LeafRow.client, filters.client),
        (LeafRow.operation, filters.operation),
        (LeafRow.outcome, filters.outcome),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    if filters.outcome not in {None, Outcome.PERMIT.value}:  # the words of the index of those that are none
        statement = statement.where(col(LeafRow.outcome) != literal_column("'permit'"))
    if first is not None:
        statement = statement.where(index >= first)
    if stops:
        statement = statement.where(index < min(stops))
    statement = statement.order_by(index.desc()).limit(limit)
    return [logged(row) for row in (await session.execute(statement)).scalars()]


async def entries_of(
    session: AsyncSession,
    person: UUID,
    before: int | None = None,
    limit: int = PAGE,
    operation: str | None = None,
    detail: str | None = None,
) -> list[PersonEntry]:
    """A person's entries, newest first; with `operation` and `detail` only those that say so of them."""
    statement = (
        select(LeafRow, OpeningRow)
        .join(OpeningRow, col(OpeningRow.leaf) == col(LeafRow.index))
        .where(col(OpeningRow.person_ref) == person, col(OpeningRow.position) < ACTOR_POSITION)
        .order_by(col(OpeningRow.leaf).desc(), col(OpeningRow.position).desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(col(OpeningRow.leaf) < before)
    if operation is not None:
        statement = statement.where(col(LeafRow.operation) == operation)
    if detail is not None:
        statement = statement.where(col(OpeningRow.detail) == detail)
    return [
        PersonEntry(logged(leaf), opening.position, opening.detail)
        for leaf, opening in (await session.execute(statement)).all()
    ]


async def recipients_of(session: AsyncSession, person: UUID) -> list[Recipient]:
    """Who got data of a person, for what, when (C-154/21): permitted accesses by client, purpose and policy."""
    detail = col(OpeningRow.detail)
    permitted = detail.like("permit%") | (~detail.like("deny%") & (col(LeafRow.outcome) == "permit"))
    second = col(LeafRow.second)
    client_, purpose_ = col(LeafRow.client), col(LeafRow.purpose)
    policy_: Any = literal_column(_POLICY[session.get_bind().dialect.name])
    statement = (
        select(client_, purpose_, policy_, func.min(second), func.max(second), func.count())
        .join(OpeningRow, col(OpeningRow.leaf) == col(LeafRow.index))
        .where(col(OpeningRow.person_ref) == person, col(OpeningRow.position) < ACTOR_POSITION, permitted)
        .group_by(client_, purpose_, policy_)
        .order_by(client_, purpose_, policy_)
    )
    return [
        Recipient(client, purpose, policy, datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC), count)
        for client, purpose, policy, first, last, count in (await session.execute(statement)).all()
    ]


def logged(row: LeafRow) -> Logged:
    """A row as the rest of the product sees it."""
    return Logged(
        index=row.index,
        uid=row.uid,
        hash=row.hash,
        body=row.body,
        at=datetime.fromtimestamp(row.second, UTC),
        tree=json.loads(row.body),
    )


def _joined(filters: Filters) -> tuple[Select[LeafRow], Any]:
    """The statement over the tables needed, and the column that stands for the index in the narrowest of them."""
    statement: Any = select(LeafRow)
    index: Any = col(LeafRow.index)
    if filters.reason is not None:
        statement = statement.join(ReasonRow, col(ReasonRow.leaf) == col(LeafRow.index))
        statement = statement.where(col(ReasonRow.reason) == filters.reason)
        index = col(ReasonRow.leaf)
    if filters.actor is not None:
        statement = statement.join(_ACTED, col(_ACTED.leaf) == col(LeafRow.index))
        statement = statement.where(col(_ACTED.person_ref) == filters.actor, col(_ACTED.position) == ACTOR_POSITION)
        index = col(_ACTED.leaf)
    if filters.person is not None:
        # No DISTINCT, for which the whole list would be read: an entry counts where the person stands in it first.
        earlier = exists().where(
            col(_EARLIER.person_ref) == filters.person,
            col(_EARLIER.leaf) == col(_TOUCHED.leaf),
            col(_EARLIER.position) < col(_TOUCHED.position),
        )
        statement = statement.join(_TOUCHED, col(_TOUCHED.leaf) == col(LeafRow.index))
        statement = statement.where(
            col(_TOUCHED.person_ref) == filters.person, col(_TOUCHED.position) < ACTOR_POSITION, ~earlier
        )
        index = col(_TOUCHED.leaf)
    return statement, index
