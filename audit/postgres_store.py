"""Batches on PostgreSQL: one held asyncpg connection, prepared statements, the head locked by row.

The connection refuses to serve where a commit would not be durable (`synchronous_commit` or `fsync` off).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from audit.merkle import Subtree
from audit.store import AuditUnavailableError, Head, Intent, Leaf, Opening, Quarantined, WrappedKey

# Compiling a statement to machine code takes PostgreSQL seconds where a table has no statistics yet (a first start, a
# restore), longer than a decision stays fresh; ours are short.
SHORT_STATEMENTS: Mapping[str, str] = {"jit": "off"}
# Durability is asked for with every lock: `fsync` can be switched off under a running connection.
_LOCK = """SELECT size, stack, second, clock_timestamp(),
 current_setting('fsync'), current_setting('synchronous_commit') FROM audit_head WHERE id = 1 FOR UPDATE"""
_DURABLE = frozenset({"on", "remote_write", "remote_apply"})
_TAKE = """DELETE FROM audit_intent WHERE uid IN
 (SELECT uid FROM audit_intent ORDER BY created_at, uid LIMIT $1) RETURNING uid, created_at, draft"""
_KEYS = "SELECT person_ref, epoch, wrapped FROM audit_person_key WHERE person_ref = ANY($1::uuid[])"
_WRITE = """WITH leaves AS (INSERT INTO audit_leaf (index, uid, hash, body, second, operation, outcome, purpose, client)
 SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bigint[], $6::text[], $7::text[],
 $8::text[], $9::text[])),
 openings AS (INSERT INTO audit_opening (person_ref, leaf, position, detail, keep)
 SELECT * FROM unnest($10::uuid[], $11::bigint[], $12::bigint[], $13::text[], $21::smallint[])),
 commitments AS (INSERT INTO audit_commitments (leaf, hashes) SELECT * FROM unnest($22::bigint[], $23::bytea[])),
 reasons AS (INSERT INTO audit_reason (reason, leaf) SELECT * FROM unnest($24::text[], $25::bigint[])),
 nodes AS (INSERT INTO audit_node (level, index, hash)
 SELECT * FROM unnest($14::smallint[], $15::bigint[], $16::bytea[]))
 UPDATE audit_head SET size = $17, stack = $18, root = $19, second = $20 WHERE id = 1"""
_KNOWN = "SELECT uid FROM audit_leaf WHERE uid = ANY($1::uuid[])"
_PUT_BACK = "INSERT INTO audit_intent (uid, created_at, draft) VALUES ($1, $2, $3)"
_QUARANTINE = """INSERT INTO audit_quarantine (entry, uid, created_at, found_at, why, draft)
 VALUES ($1, $2, $3, $4, $5, $6)"""
_FIND = "SELECT uid, index FROM audit_leaf WHERE uid = ANY($1::uuid[])"
_UNAVAILABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)


class PostgresStore:
    """The log in a PostgreSQL database, reached with the serving role."""

    def __init__(self, dsn: str, lock_timeout_seconds: float = 5.0) -> None:
        self._dsn = dsn
        self._lock_timeout_seconds = lock_timeout_seconds
        self._connection: asyncpg.Connection | None = None

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=10, command_timeout=30, server_settings=dict(SHORT_STATEMENTS)
                )
                await connection.execute(f"SET lock_timeout = {int(self._lock_timeout_seconds * 1000)}")
            except _UNAVAILABLE as error:
                raise AuditUnavailableError("the database cannot be reached") from error
            self._connection = connection
        return self._connection

    @asynccontextmanager
    async def batch(self) -> AsyncIterator["_PostgresBatch"]:
        """Lock the head, commit at the end."""
        connection = await self._connected()
        try:
            async with connection.transaction():
                row = await connection.fetchrow(_LOCK)
                yield _PostgresBatch(connection, _head(row))
        except AuditUnavailableError:
            raise
        except Exception as error:  # whatever the driver says: this connection is not used again
            self._forget(connection)
            raise AuditUnavailableError(type(error).__name__) from error

    def _forget(self, connection: asyncpg.Connection) -> None:
        connection.terminate()
        self._connection = None

    async def find(self, uids: Sequence[UUID]) -> dict[UUID, int]:
        """Which of these entries are in the tree."""
        connection = await self._connected()
        try:
            return dict(await connection.fetch(_FIND, list(uids)))
        except Exception as error:
            self._forget(connection)
            raise AuditUnavailableError(type(error).__name__) from error

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _head(row: asyncpg.Record | None) -> Head:
    if row is None:
        raise AuditUnavailableError("the log has no head")
    if row[4] != "on" or row[5] not in _DURABLE:
        raise AuditUnavailableError(f"commits would not be durable: fsync={row[4]}, {row[5]}")
    return Head(row[0], row[1], row[2], row[3])


class _PostgresBatch:
    def __init__(self, connection: asyncpg.Connection, head: Head) -> None:
        self._connection = connection
        self.head = head

    async def take_intents(self, most: int) -> Sequence[Intent]:
        rows = [Intent(*row) for row in await self._connection.fetch(_TAKE, most)]
        return sorted(rows, key=lambda row: (row.created_at, row.uid))

    async def known(self, uids: Sequence[UUID]) -> set[UUID]:
        return {row[0] for row in await self._connection.fetch(_KNOWN, list(uids))}

    async def put_back(self, intents: Sequence[Intent]) -> None:
        if intents:
            await self._connection.executemany(_PUT_BACK, intents)

    async def quarantine(self, found: Sequence[Quarantined]) -> None:
        if not found:
            return
        rows = [(entry, one.uid, one.created_at, self.head.now, why, one.draft) for entry, one, why in found]
        await self._connection.executemany(_QUARANTINE, rows)

    async def keys(self, refs: Sequence[UUID]) -> dict[UUID, WrappedKey]:
        if not refs:
            return {}
        rows = await self._connection.fetch(_KEYS, list(refs))
        return {row[0]: WrappedKey(row[1], row[2]) for row in rows}

    async def write(
        self, leaves: Sequence[Leaf], openings: Sequence[Opening], nodes: Sequence[Subtree], head: Head, root: bytes
    ) -> None:
        await self._connection.execute(
            _WRITE,
            [leaf.index for leaf in leaves],
            [leaf.uid for leaf in leaves],
            [leaf.hash for leaf in leaves],
            [leaf.body for leaf in leaves],
            [leaf.second for leaf in leaves],
            [leaf.operation for leaf in leaves],
            [leaf.outcome for leaf in leaves],
            [leaf.purpose for leaf in leaves],
            [leaf.client for leaf in leaves],
            [opening.person_ref for opening in openings],
            [opening.leaf for opening in openings],
            [opening.position for opening in openings],
            [opening.detail for opening in openings],
            [node.level for node in nodes],
            [node.index for node in nodes],
            [node.hash for node in nodes],
            head.size,
            head.stack,
            root,
            head.second,
            [opening.keep for opening in openings],
            [leaf.index for leaf in leaves if leaf.commitments],
            [leaf.commitments for leaf in leaves if leaf.commitments],
            [reason for leaf in leaves for reason in leaf.reasons],
            [leaf.index for leaf in leaves for _ in leaf.reasons],
        )
