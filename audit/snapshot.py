"""Reads the whole log in one snapshot, a page at a time, for an export.

Legal: GDPR Art. 5(2); R-AUD-4.
"""

from collections.abc import AsyncIterator
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import event, merkle
from audit.export import Commitments, Salt
from audit.placing import UnwrapAuditKey
from audit.store import WrappedKey
from audit.tables import CommitmentsRow, LeafRow, OpeningRow, PersonKeyRow

PAGE = 1000

R = TypeVar("R")


def leaves(session: AsyncSession) -> AsyncIterator[LeafRow]:
    """Every entry in order."""
    return _pages(session, select(LeafRow), [col(LeafRow.index)])


def openings(session: AsyncSession) -> AsyncIterator[OpeningRow]:
    """Every opening, by entry."""
    return _pages(
        session, select(OpeningRow), [col(OpeningRow.leaf), col(OpeningRow.position), col(OpeningRow.person_ref)]
    )


async def commitments(session: AsyncSession) -> AsyncIterator[Commitments]:
    """Of every entry that touched several persons."""
    async for row in _pages(session, select(CommitmentsRow), [col(CommitmentsRow.leaf)]):
        parts = range(0, len(row.hashes), merkle.HASH_SIZE)
        yield Commitments(row.leaf, [row.hashes[at : at + merkle.HASH_SIZE] for at in parts])


async def salts(session: AsyncSession, unwrap: UnwrapAuditKey) -> AsyncIterator[Salt]:
    """What opens every commitment that can still be opened."""
    keys: dict[UUID, bytes] = {}
    async for person in _pages(session, select(PersonKeyRow), [col(PersonKeyRow.person_ref)]):
        keys[person.person_ref] = unwrap(person.person_ref, WrappedKey(person.epoch, person.wrapped))
    at, uid = -1, UUID(int=0)
    async for row in openings(session):
        if row.leaf != at:
            statement = select(col(LeafRow.uid)).where(col(LeafRow.index) == row.leaf)
            at, uid = row.leaf, (await session.execute(statement)).scalar_one_or_none() or UUID(int=0)
        if row.person_ref in keys:
            yield Salt(row.leaf, row.position, event.salt(keys[row.person_ref], uid, row.position))


async def _pages(session: AsyncSession, statement: Select[R], order: list[Any]) -> AsyncIterator[R]:
    last: list[Any] | None = None
    while True:
        page = statement.order_by(*order).limit(PAGE)
        if last is not None:
            page = page.where(tuple_(*order) > tuple_(*last))
        rows = list((await session.execute(page)).scalars())
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        last = [bindparam(None, getattr(rows[-1], column.key), type_=column.type) for column in order]
        session.expunge_all()
