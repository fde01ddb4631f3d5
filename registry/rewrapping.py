"""Wraps the keys under one epoch anew under another, a page a transaction, as fast as the database takes them.

A page is read and locked in the order in which an erasure takes keys too, unwrapped and wrapped here, and written back
by the place of each row (PostgreSQL: ctid, SQLite: rowid), which a locked row keeps until the end of the transaction.
No page waits for the disk, so that no read waits behind it there (PostgreSQL): a page that a crash takes back left its
keys under the older epoch, where the next rotation finds them; and the entry that ends a rotation is made durable with
everything before it, long before an epoch is destroyed.

Where speed is all that counts, two connections share the keys, by the first bits of whose they are: one writes while
the other one's keys are being wrapped. More of them wait for each other.

Legal: GDPR Art. 32(1)(a); R-ENC-2.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from policies.vocabulary import Category
from registry.context import Registry
from registry.errors import KeyUnavailableError
from registry.keys.wrapping import (
    NONCE_BYTES,
    WRAPPED_BYTES,
    audit_context,
    data_context,
    index_context,
    rewrap_key,
    unwrap_key,
    wrap_key,
)
from registry.tables import EpochState, IndexKeyRow, KeyEpochRow

PAGE = 2000
AT_ONCE = 2
_IDS = 1 << 128
_CATEGORIES = {category.value: category for category in Category}


@dataclass(frozen=True, slots=True)
class _Table:
    """Keys of one sort: the columns of their primary key, the id first, and what a row's wrapping is bound to."""

    name: str
    place: tuple[str, ...]
    others: tuple[str, ...]
    context: Callable[[Sequence[Any]], bytes]


DATA_KEYS = _Table(
    "data_key",
    ("subject_id", "category"),
    ("version",),
    lambda row: data_context(_uuid(row[0]), _CATEGORIES[row[1]], row[2]),
)
AUDIT_KEYS = _Table("audit_person_key", ("person_ref",), (), lambda row: audit_context(_uuid(row[0])))


def _uuid(stored: UUID | bytes) -> UUID:
    return UUID(bytes=stored) if isinstance(stored, bytes) else stored


class Rewrapping:
    """The keys of one older epoch on their way under the newest one.

    Raises:
        KeyUnavailableError: when one of the two epochs is not held.
    """

    def __init__(self, registry: Registry, epoch: int, newest: int) -> None:
        self._registry = registry
        self._epoch = epoch
        self._newest = newest
        self._old_key, self._new_key = registry.ring.epoch_key(epoch), registry.ring.epoch_key(newest)
        self._old, self._new = AESGCMSIV(self._old_key), AESGCMSIV(self._new_key)

    @property
    def at_once(self) -> int:
        """How many shares may be worked on at the same time; SQLite has one writer."""
        return AT_ONCE if self._registry.database.engine == "postgresql" else 1

    async def index_keys(self) -> int:
        """Index keys, a handful; returns how many."""
        async with self._registry.database.keeping() as session:
            statement = select(IndexKeyRow).where(col(IndexKeyRow.epoch) == self._epoch)
            rows = list((await session.execute(statement)).scalars())
            for row in rows:
                context = index_context(row.kind, row.version)
                row.wrapped = wrap_key(self._new_key, unwrap_key(self._old_key, row.wrapped, context), context)
                row.epoch = self._newest
        return len(rows)

    def share(self, table: _Table, number: int = 0, shares: int = 1, page: int = PAGE) -> "Share":
        """One of equal shares of the keys in a table, by whose they are."""
        first, last = number * _IDS // shares, (number + 1) * _IDS // shares - 1
        return Share(self, table, (UUID(int=first), UUID(int=last)), page)

    async def still_open(self, session: AsyncSession) -> bool:
        """Whether the newest epoch takes keys.

        It is not locked: whoever closes it takes what hangs under older epochs first, so waits for this page's rows,
        and finds them under this epoch then. A lock held before theirs could be waited for by who holds them.
        """
        state = select(col(KeyEpochRow.state)).where(col(KeyEpochRow.epoch) == self._newest)
        return (await session.execute(state)).scalar() == EpochState.ACTIVE.value

    def wrapped_anew(self, table: _Table, rows: Sequence[Sequence[Any]]) -> list[bytes]:
        """What the rows shall hold; a row ends in its wrapped key and its place in the table.

        Raises:
            KeyUnavailableError: when a stored key does not open: it was changed, or belongs to somebody else.
        """
        old, new, context = self._old, self._new, table.context
        nonces = secrets.token_bytes(NONCE_BYTES * len(rows))
        fresh = [
            rewrap_key(old, new, row[-2], context(row), nonces[at : at + NONCE_BYTES])
            for row, at in zip(rows, range(0, len(nonces), NONCE_BYTES), strict=True)
        ]
        if any(len(one) != WRAPPED_BYTES for one in fresh):
            raise KeyUnavailableError("a stored key has another length")
        return fresh

    async def page(
        self, table: _Table, ids: tuple[UUID, UUID], after: Sequence[Any], size: int
    ) -> tuple[int, Sequence[Any]]:
        """Replace one page; returns how many keys, 0 at the end, and the place of the last one."""
        async with self._registry.database.keeping() as session:
            if self._registry.database.engine == "postgresql":
                await session.execute(text("SET LOCAL synchronous_commit = off"))
            if not await self.still_open(session):
                return 0, after  # another rotation has overtaken this one
            rows = await self._read(session, table, ids, after, size)
            if rows:
                await self._write(session, table, rows, self.wrapped_anew(table, rows))
        return len(rows), tuple(rows[-1][: len(table.place)]) if rows else after

    async def _read(
        self, session: AsyncSession, table: _Table, ids: tuple[UUID, UUID], after: Sequence[Any], size: int
    ) -> Sequence[Sequence[Any]]:
        on_postgresql = self._registry.database.engine == "postgresql"
        columns = [*table.place, *table.others, "wrapped", "ctid" if on_postgresql else "rowid"]
        given = [self._epoch, *(ids if on_postgresql else (one.bytes for one in ids)), size, *after]
        marks = [f"${number}" if on_postgresql else f":p{number}" for number in range(1, len(given) + 1)]
        beyond = f" AND ({', '.join(table.place)}) > ({', '.join(marks[4:])})" if after else ""
        statement = (
            f"SELECT {', '.join(columns)} FROM {table.name} WHERE epoch = {marks[0]}"  # noqa: S608 - own names
            f" AND {table.place[0]} BETWEEN {marks[1]} AND {marks[2]}{beyond}"
            f" ORDER BY {', '.join(table.place)} LIMIT {marks[3]}"
        )
        if on_postgresql:
            found: Sequence[Sequence[Any]] = await (await _driver(session)).fetch(f"{statement} FOR UPDATE", *given)
            return found
        named = {mark[1:]: value for mark, value in zip(marks, given, strict=True)}
        return (await session.execute(text(statement), named)).all()

    async def _write(
        self, session: AsyncSession, table: _Table, rows: Sequence[Sequence[Any]], fresh: Sequence[bytes]
    ) -> None:
        if self._registry.database.engine == "postgresql":
            # All keys travel in one piece: of a list, the driver would look at every element.
            await (await _driver(session)).execute(
                f"UPDATE {table.name} t SET epoch = $1, wrapped = substr($2::bytea, (n.number::int - 1) * $3 + 1, $3)"  # noqa: S608 - own names
                " FROM unnest(string_to_array($4, ' ')::tid[]) WITH ORDINALITY AS n(at, number) WHERE t.ctid = n.at",
                self._newest,
                b"".join(fresh),
                WRAPPED_BYTES,
                " ".join([f"({block},{item})" for block, item in (row[-1] for row in rows)]),
            )
            return
        statement = f"UPDATE {table.name} SET epoch = :epoch, wrapped = :new WHERE rowid = :at"  # noqa: S608 - own names
        given = [{"epoch": self._newest, "new": new, "at": row[-1]} for row, new in zip(rows, fresh, strict=True)]
        await session.execute(text(statement), given)


class Share:
    """A share of one table's keys, a page at a time."""

    def __init__(self, rewrapping: Rewrapping, table: _Table, ids: tuple[UUID, UUID], page: int) -> None:
        self._rewrapping = rewrapping
        self._table = table
        self._ids = ids
        self._page = page
        self._after: Sequence[Any] = ()

    async def next(self) -> int:
        """Replace the next page; returns how many keys, 0 at the end.

        Raises:
            KeyUnavailableError: when a stored key does not open.
        """
        count, self._after = await self._rewrapping.page(self._table, self._ids, self._after, self._page)
        return count


async def _driver(session: AsyncSession) -> Any:  # noqa: ANN401 - an asyncpg connection
    """The driver itself, inside the transaction that a statement has opened: element by element would cost too much."""
    return (await (await session.connection()).get_raw_connection()).driver_connection
