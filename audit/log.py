"""The audit log as the rest of the product sees it: append, intend, find, prove.

A read is recorded before anything leaves (`append` returns only when the entry is durable and in the tree). A
write leaves an intent in its own transaction (`intend`), so that a change without an entry cannot last and an
entry for a change that was rolled back cannot appear; `integrate` gives it its place before the answer.

Legal: GDPR Art. 5(2), Art. 15(1)(c), Art. 32; R-AUD-1 to R-AUD-9.
"""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Select, bindparam, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import checkpoint, event, merkle
from audit.event import ACTOR_POSITION, Entry, Recorded
from audit.export import Salt, write_export
from audit.sequencer import Sequencer, UnwrapAuditKey, new_uid, pack
from audit.store import Opening, WrappedKey
from audit.tables import HeadRow, IntentRow, LeafRow, NodeRow, OpeningRow, PersonKeyRow

T = TypeVar("T")
R = TypeVar("R")
Reading = Callable[[], AbstractAsyncContextManager[AsyncSession]]
PAGE = 50
PAGE_OF_EXPORT = 1000


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
class Filters:
    """What to search for; None = everything. `before` and `after` are indexes, exclusive."""

    person: UUID | None = None
    purpose: str | None = None
    client: str | None = None
    operation: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Shows that an entry stands at its index in the signed tree."""

    index: int
    size: int
    hashes: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class PersonProof:
    """Opens one commitment: shows that an entry speaks of this person."""

    ref: UUID
    position: int
    detail: str
    salt: bytes
    hashes: tuple[bytes, ...]


def intend(session: AsyncSession, entry: Entry, now: datetime) -> UUID:
    """Add the entry of a change to the change's own transaction; returns the entry's uid."""
    uid = new_uid()
    session.add(IntentRow(uid=uid, created_at=now, draft=pack(entry)))
    return uid


class AuditLog:
    """Append and read; one per process."""

    def __init__(
        self, sequencer: Sequencer, reading: Reading, origin: str, signer: Ed25519PrivateKey, unwrap: UnwrapAuditKey
    ) -> None:
        self._sequencer = sequencer
        self._reading = reading
        self._origin = origin
        self._signer = signer
        self._unwrap = unwrap

    async def append(self, entry: Entry, value: T) -> Recorded[T]:
        """Record a call before its result may leave.

        Returns:
            `value`, marked as recorded.

        Raises:
            AuditUnavailableError: when the entry is not durable; nothing may be answered then.
        """
        uid = new_uid()
        index = await self._sequencer.submit(entry, uid)
        return Recorded(value, index, uid)

    async def integrate(self) -> None:
        """Bring all intents into the tree.

        Raises:
            AuditUnavailableError: when that failed; the change stands and its intent waits for the next batch.
        """
        await self._sequencer.integrate()

    @property
    def verifier_key(self) -> str:
        """What an outsider needs to check checkpoints of this log."""
        return checkpoint.verifier_key(self._origin, self._signer.public_key())

    async def checkpoint(self) -> str:
        """A signed note over the committed tree as of now."""
        async with self._reading() as session:
            return await self._signed_head(session)

    async def size(self) -> int:
        """How many entries the tree has."""
        async with self._reading() as session:
            return (await self._head(session)).size

    async def search(self, filters: Filters, limit: int = PAGE) -> list[Logged]:
        """Entries that match all filters, newest first, at most `limit`; page on with `before`."""
        statement = select(LeafRow)
        if filters.person is not None:
            statement = statement.join(OpeningRow, col(OpeningRow.leaf) == col(LeafRow.index)).where(
                col(OpeningRow.person_ref) == filters.person,
            )
        for column, value in (
            (LeafRow.purpose, filters.purpose),
            (LeafRow.client, filters.client),
            (LeafRow.operation, filters.operation),
            (LeafRow.outcome, filters.outcome),
        ):
            if value is not None:
                statement = statement.where(col(column) == value)
        if filters.since is not None:
            statement = statement.where(col(LeafRow.second) >= int(filters.since.timestamp()))
        if filters.until is not None:
            statement = statement.where(col(LeafRow.second) < int(filters.until.timestamp()))
        if filters.before is not None:
            statement = statement.where(col(LeafRow.index) < filters.before)
        statement = statement.order_by(col(LeafRow.index).desc()).limit(limit)
        async with self._reading() as session:
            return [_logged(row) for row in (await session.execute(statement)).scalars()]

    async def entries_of(self, person: UUID, before: int | None = None, limit: int = PAGE) -> list[PersonEntry]:
        """A person's entries, newest first."""
        statement = (
            select(LeafRow, OpeningRow)
            .join(OpeningRow, col(OpeningRow.leaf) == col(LeafRow.index))
            .where(col(OpeningRow.person_ref) == person, col(OpeningRow.position) < ACTOR_POSITION)
            .order_by(col(LeafRow.index).desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(col(OpeningRow.leaf) < before)
        async with self._reading() as session:
            return [
                PersonEntry(_logged(leaf), opening.position, opening.detail)
                for leaf, opening in (await session.execute(statement)).all()
            ]

    async def persons_of(self, index: int) -> list[Opening]:
        """Whose entry this is, as far as their part of the log is still open."""
        statement = select(OpeningRow).where(col(OpeningRow.leaf) == index).order_by(col(OpeningRow.position))
        async with self._reading() as session:
            return [
                Opening(row.person_ref, row.leaf, row.position, row.detail)
                for row in (await session.execute(statement)).scalars()
            ]

    async def entry(self, index: int) -> Logged | None:
        """One entry, or None."""
        async with self._reading() as session:
            row = await session.get(LeafRow, index)
            return _logged(row) if row else None

    async def prove(self, index: int) -> Proof:
        """The inclusion proof of an entry in the tree as committed now.

        Raises:
            ProofError: when the tree has no such entry.
        """
        async with self._reading() as session:
            head = await self._head(session)
            wanted = merkle.inclusion_ranges(index, head.size)
            rows = await _rows(session, merkle.runs_of(wanted))
            hashes = tuple(merkle.proof_from(wanted, rows))
            note = self._sign(head)
        return Proof(index, head.size, hashes, note)

    async def prove_person(self, index: int, person: UUID) -> PersonProof | None:
        """Opens a person's commitment in an entry; None where their part of the log is closed or not there."""
        async with self._reading() as session:
            leaf = await session.get(LeafRow, index)
            key = await session.get(PersonKeyRow, person)
            statement = select(OpeningRow).where(
                col(OpeningRow.leaf) == index, col(OpeningRow.position) < ACTOR_POSITION
            )
            rows = sorted((await session.execute(statement)).scalars(), key=lambda row: row.position)
            mine = next((row for row in rows if row.person_ref == person), None)
            if leaf is None or key is None or mine is None:
                return None
            keys = {row.person_ref: await session.get(PersonKeyRow, row.person_ref) for row in rows}
        count = _logged(leaf).tree["n"]
        if len(rows) != count:
            return None
        leaves: list[bytes] = []
        for row in rows:
            found = keys[row.person_ref]
            if found is None:
                return None
            salt = event.salt(
                self._unwrap(row.person_ref, WrappedKey(found.epoch, found.wrapped)), leaf.uid, row.position
            )
            leaves.append(merkle.leaf_hash(event.commitment(salt, row.person_ref, row.detail)))
        wanted = merkle.inclusion_ranges(mine.position, count)
        hashes = merkle.proof_from(wanted, merkle.rows_of(leaves))
        own = event.salt(self._unwrap(person, WrappedKey(key.epoch, key.wrapped)), leaf.uid, mine.position)
        return PersonProof(person, mine.position, mine.detail, own, tuple(hashes))

    async def export(self, directory: Path, *, with_salts: bool = False) -> int:
        """Write everything an outsider needs to check the log; returns the number of entries.

        Taken from one snapshot, so that entries and openings agree. Without salts an outsider can check the tree and
        the count of openings, but not whom they name; salts are for those who may know.
        """
        async with self._reading() as session:
            head = await self._head(session)
            await write_export(
                directory,
                note=self._sign(head),
                verifier_keys=[self.verifier_key],
                leaves=_leaves(session),
                openings=_openings(session),
                salts=self._salts(session) if with_salts else None,
            )
            return head.size

    async def _salts(self, session: AsyncSession) -> AsyncIterator[Salt]:
        keys: dict[UUID, bytes] = {}
        async for person in _pages(session, select(PersonKeyRow), [col(PersonKeyRow.person_ref)]):
            keys[person.person_ref] = self._unwrap(person.person_ref, WrappedKey(person.epoch, person.wrapped))
        uids: dict[int, UUID] = {}
        statement = select(OpeningRow)
        order = [col(OpeningRow.leaf), col(OpeningRow.position), col(OpeningRow.person_ref)]
        async for row in _pages(session, statement, order):
            if row.leaf not in uids:
                leaf = await session.get(LeafRow, row.leaf)
                uids = {row.leaf: leaf.uid} if leaf is not None else {}
            if row.person_ref in keys and row.leaf in uids:
                yield Salt(row.leaf, row.position, event.salt(keys[row.person_ref], uids[row.leaf], row.position))

    async def stop(self) -> None:
        """Record what waits, then stop."""
        await self._sequencer.stop()

    @staticmethod
    async def _head(session: AsyncSession) -> HeadRow:
        return (await session.execute(select(HeadRow).where(col(HeadRow.id) == 1))).scalar_one()

    async def _signed_head(self, session: AsyncSession) -> str:
        return self._sign(await self._head(session))

    def _sign(self, head: HeadRow) -> str:
        return checkpoint.sign(checkpoint.Checkpoint(self._origin, head.size, head.root), self._origin, self._signer)


async def create_log(session: AsyncSession) -> None:
    """Start an empty tree; part of the transaction that prepares a database."""
    session.add(HeadRow(id=1, size=0, stack=b"", root=merkle.EMPTY_ROOT, second=0))


def split(recorded: Recorded[Sequence[T]]) -> list[Recorded[T]]:
    """The parts of a call that was recorded as a whole."""
    return [Recorded(value, recorded.index, recorded.uid) for value in recorded.value]


async def create_person_key(session: AsyncSession, ref: UUID, wrapped: WrappedKey) -> None:
    """Open a person's part of the log; part of the transaction that creates the person."""
    await session.execute(
        insert(PersonKeyRow).values(person_ref=ref, epoch=wrapped.epoch, wrapped=wrapped.wrapped),
    )


def _leaves(session: AsyncSession) -> AsyncIterator[LeafRow]:
    return _pages(session, select(LeafRow), [col(LeafRow.index)])


def _openings(session: AsyncSession) -> AsyncIterator[OpeningRow]:
    return _pages(
        session,
        select(OpeningRow),
        [col(OpeningRow.leaf), col(OpeningRow.position), col(OpeningRow.person_ref)],
    )


async def _pages(
    session: AsyncSession, statement: Select[R], order: list[Any], size: int = PAGE_OF_EXPORT
) -> AsyncIterator[R]:
    """All rows by key, a page at a time."""
    last: list[Any] | None = None
    while True:
        page = statement.order_by(*order).limit(size)
        if last is not None:
            page = page.where(tuple_(*order) > tuple_(*last))
        rows = list((await session.execute(page)).scalars())
        for row in rows:
            yield row
        if len(rows) < size:
            return
        last = [bindparam(None, getattr(rows[-1], column.key), type_=column.type) for column in order]
        session.expunge_all()


async def _rows(session: AsyncSession, runs: list[merkle.Run]) -> dict[tuple[int, int], bytes]:
    rows: dict[tuple[int, int], bytes] = {}
    for run in runs:
        table, index = (LeafRow, col(LeafRow.index)) if run.level == 0 else (NodeRow, col(NodeRow.index))
        statement = select(index, col(table.hash)).where(index >= run.start, index < run.stop)
        if run.level:
            statement = statement.where(col(NodeRow.level) == run.level)
        rows.update({(run.level, at): value for at, value in (await session.execute(statement)).all()})
    return rows


def _logged(row: LeafRow) -> Logged:
    return Logged(
        index=row.index,
        uid=row.uid,
        hash=row.hash,
        body=row.body,
        at=datetime.fromtimestamp(row.second, UTC),
        tree=json.loads(row.body),
    )
