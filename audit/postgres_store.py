"""Batches on PostgreSQL: one held asyncpg connection, four ways to the server and back, the head locked by row.

The connection refuses to serve where a commit would not be durable (`synchronous_commit` or `fsync` off).
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import orjson

from audit.merkle import Subtree
from audit.store import AuditUnavailableError, Head, Intent, Leaf, Opening, Quarantined, WrappedKey

# Compiling a statement to machine code takes PostgreSQL seconds where a table has no statistics yet (a first start, a
# restore), longer than a decision stays fresh; ours are short.
SHORT_STATEMENTS: Mapping[str, str] = {"jit": "off"}
# The lock comes first and alone: what is read after it is what the batch before has left. Both statements travel
# together, and so do the three reads: a way to the server and back costs more than the rows.
_BEGIN = "BEGIN; SELECT 1 FROM audit_head WHERE id = 1 FOR UPDATE"
_TAKEN = """DELETE FROM audit_intent WHERE uid IN
 (SELECT uid FROM audit_intent ORDER BY created_at, uid LIMIT $1) RETURNING uid, created_at, draft"""
# Durability is asked for with every batch: `fsync` can be switched off under a running connection.
_OPEN = f"""WITH taken AS ({_TAKEN})
 SELECT 0, NULL::uuid, clock_timestamp(), size, second, stack,
 CASE WHEN current_setting('fsync') <> 'on' THEN 'fsync=off' ELSE current_setting('synchronous_commit') END
 FROM audit_head WHERE id = 1
 UNION ALL SELECT 1, person_ref, NULL, epoch, NULL, wrapped, NULL FROM audit_person_key
 WHERE person_ref = ANY($2::uuid[])
 UNION ALL SELECT 2, uid, created_at, NULL, NULL, draft, NULL FROM taken"""  # noqa: S608 - no values
_KEY, _INTENT = 1, 2
_DURABLE = frozenset({"on", "remote_write", "remote_apply"})
_KEYS = "SELECT person_ref, epoch, wrapped FROM audit_person_key WHERE person_ref = ANY($1::uuid[])"
_OPENINGS = ("person_ref", "leaf", "position", "detail", "keep")
_CROWD = 1000
# A list costs the driver by its elements, so a batch travels in few pieces: what has one length end to end, entries in
# lines (canonical JSON has no line end), the rest as rows of JSON; what counts up is counted there.
_WRITE = """WITH leaves AS (INSERT INTO audit_leaf (index, uid, hash, body, second, operation, outcome, purpose, client)
 SELECT $1::bigint + at - 1, encode(substring($2::bytea FROM (16 * at - 15)::int FOR 16), 'hex')::uuid,
 substring($3::bytea FROM (32 * at - 31)::int FOR 32), convert_to(body, 'UTF8'), $4::bigint,
 codes->>0, codes->>1, codes->>2, codes->>3
 FROM ROWS FROM (unnest(string_to_array($5::text, E'\\n')), jsonb_array_elements($6::jsonb))
 WITH ORDINALITY AS leaf(body, codes, at)),
 openings AS (INSERT INTO audit_opening (person_ref, leaf, position, detail, keep)
 SELECT encode(substring($7::bytea FROM (16 * at - 15)::int FOR 16), 'hex')::uuid,
 (row->>0)::bigint, (row->>1)::bigint, row->>2, (row->>3)::smallint
 FROM jsonb_array_elements($8::jsonb) WITH ORDINALITY AS opening(row, at)),
 commitments AS (INSERT INTO audit_commitments (leaf, hashes) SELECT * FROM unnest($9::bigint[], $10::bytea[])),
 reasons AS (INSERT INTO audit_reason (reason, leaf)
 SELECT row->>0, (row->>1)::bigint FROM jsonb_array_elements($11::jsonb) AS reason(row)),
 nodes AS (INSERT INTO audit_node (level, index, hash)
 SELECT (row->>0)::smallint, (row->>1)::bigint, substring($12::bytea FROM (32 * at - 31)::int FOR 32)
 FROM jsonb_array_elements($13::jsonb) WITH ORDINALITY AS node(row, at))
 UPDATE audit_head SET size = $14, stack = $15, root = $16, second = $4 WHERE id = 1"""
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
    async def batch(self, refs: Collection[UUID] = (), most: int = 0) -> AsyncIterator["_PostgresBatch"]:
        """Lock the head, commit at the end."""
        connection = await self._connected()
        try:
            await connection.execute(_BEGIN)
            batch = _opened(connection, await connection.fetch(_OPEN, most, list(refs)))
            yield batch
            _committed(await connection.execute("COMMIT"))
        except AuditUnavailableError:
            await self._roll_back(connection)
            raise
        except BaseException as error:  # whatever the driver says: this connection is not used again
            self._forget(connection)
            if not isinstance(error, Exception):
                raise
            raise AuditUnavailableError(type(error).__name__) from error

    async def _roll_back(self, connection: asyncpg.Connection) -> None:
        try:
            await connection.execute("ROLLBACK")
        except _UNAVAILABLE:
            self._forget(connection)

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


def _committed(answer: str) -> None:
    if answer != "COMMIT":  # a transaction that has failed ends with another word, and without an error
        raise AuditUnavailableError(f"the batch ended with {answer}")


def _opened(connection: asyncpg.Connection, rows: Iterable[asyncpg.Record]) -> "_PostgresBatch":
    """What a batch starts from."""
    head, durable = None, ""
    held: dict[UUID, WrappedKey] = {}
    intents: list[Intent] = []
    for kind, ref, at, number, second, content, setting in rows:
        if kind == _KEY:
            held[ref] = WrappedKey(number, content)
        elif kind == _INTENT:
            intents.append(Intent(ref, at, content))
        else:
            head, durable = Head(number, content, second, at), setting
    if head is None:
        raise AuditUnavailableError("the log has no head")
    if durable not in _DURABLE:
        raise AuditUnavailableError(f"commits would not be durable: {durable}")
    return _PostgresBatch(connection, head, held, _in_order(intents))


def _in_order(intents: Iterable[Intent]) -> list[Intent]:
    return sorted(intents, key=lambda one: (one.created_at, one.uid))


class _PostgresBatch:
    def __init__(
        self, connection: asyncpg.Connection, head: Head, held: dict[UUID, WrappedKey], intents: Sequence[Intent]
    ) -> None:
        self._connection = connection
        self.head = head
        self.held = held
        self.intents = intents

    async def more_intents(self, most: int) -> Sequence[Intent]:
        return _in_order(Intent(*row) for row in await self._connection.fetch(_TAKEN, most))

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

    async def keys(self, refs: Collection[UUID]) -> dict[UUID, WrappedKey]:
        rows = await self._connection.fetch(_KEYS, list(refs)) if refs else []
        return {row[0]: WrappedKey(row[1], row[2]) for row in rows}

    async def write(
        self, leaves: Sequence[Leaf], openings: Sequence[Opening], nodes: Sequence[Subtree], head: Head, root: bytes
    ) -> None:
        if len(openings) > _CROWD:
            await self._connection.copy_records_to_table("audit_opening", records=openings, columns=_OPENINGS)
            openings = ()
        await self._connection.execute(
            _WRITE,
            head.size - len(leaves),
            b"".join([leaf.uid.bytes for leaf in leaves]),
            b"".join([leaf.hash for leaf in leaves]),
            head.second,
            b"\n".join([leaf.body for leaf in leaves]).decode(),
            orjson.dumps([(leaf.operation, leaf.outcome, leaf.purpose, leaf.client) for leaf in leaves]).decode(),
            b"".join([opening.person_ref.bytes for opening in openings]),
            orjson.dumps([opening[1:] for opening in openings]).decode(),
            [leaf.index for leaf in leaves if leaf.commitments],
            [leaf.commitments for leaf in leaves if leaf.commitments],
            orjson.dumps([(reason, leaf.index) for leaf in leaves for reason in leaf.reasons]).decode(),
            b"".join([node.hash for node in nodes]),
            orjson.dumps([node[:2] for node in nodes]).decode(),
            head.size,
            head.stack,
            root,
        )
