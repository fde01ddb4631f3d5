"""Batches on SQLite: one connection, one writer at a time, WAL with `synchronous=FULL`.

Commits run in a worker thread, because that is where the disk is waited for.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from audit.columns import from_milliseconds, to_milliseconds
from audit.merkle import Subtree
from audit.store import AuditUnavailableError, Head, Intent, Leaf, Opening, Quarantined, WrappedKey

ROOM_BYTES = 8 << 20
"""What the file system must have left: a full batch fits, so that readiness and reads say the same."""
_CHUNK = 500
_FULL = 2

# A log of 8,000 pages (32 MB) before SQLite copies it into the file: rarer stops, and each page copied once.
PRAGMAS = (
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "wal_autocheckpoint=8000",
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits are durable and whose deleted bytes are overwritten."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
    for pragma in ("journal_mode=WAL", *PRAGMAS):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def weakness(connection: sqlite3.Connection) -> str:
    """What would make an acknowledged commit of this connection be lost; empty = nothing."""
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    return "" if mode == "wal" and synchronous >= _FULL else f"{mode}, synchronous={synchronous}"


def free_bytes(path: Path) -> int:
    """What the file system of the database has left for this process."""
    found = os.statvfs(path.parent)
    return found.f_bavail * found.f_frsize


class SqliteStore:
    """The log in a SQLite file; `writing` is the lock that every writer of this process takes."""

    def __init__(self, path: Path, writing: asyncio.Lock) -> None:
        self._path = path
        self._writing = writing
        self._connection: sqlite3.Connection | None = None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                connection = connect(self._path)
                weak = weakness(connection)
            except sqlite3.Error as error:
                raise AuditUnavailableError(type(error).__name__) from error
            if weak:
                connection.close()
                raise AuditUnavailableError(f"commits would not be durable: {weak}")
            self._connection = connection
        return self._connection

    @asynccontextmanager
    async def batch(self, refs: Collection[UUID] = (), most: int = 0) -> AsyncIterator["_SqliteBatch"]:
        """Lock the head, commit at the end."""
        async with self._writing:
            connection = self._connected()
            try:
                if free_bytes(self._path) < ROOM_BYTES:
                    raise AuditUnavailableError("the disk is nearly full")
                connection.execute("BEGIN IMMEDIATE")
                row = connection.execute("SELECT size, stack, second FROM audit_head WHERE id = 1").fetchone()
                if row is None:
                    raise AuditUnavailableError("the log has no head")
                batch = _SqliteBatch(connection, Head(row[0], row[1], row[2], datetime.now(UTC)))
                batch.held = await batch.keys(refs)
                batch.intents = await batch.more_intents(most) if most else ()
                yield batch
                await asyncio.to_thread(connection.execute, "COMMIT")
            except sqlite3.Error as error:
                self._forget()
                raise AuditUnavailableError(type(error).__name__) from error
            finally:
                if self._connection is not None and connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _forget(self) -> None:
        """Give up a connection that failed: the next batch opens a new one. Closing rolls back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    async def find(self, uids: Sequence[UUID]) -> dict[UUID, int]:
        """Which of these entries are in the tree."""
        try:
            return {
                uid: row[0]
                for uid in uids
                if (
                    row := self._connected()
                    .execute('SELECT "index" FROM audit_leaf WHERE uid = ?', (uid.bytes,))
                    .fetchone()
                )
            }
        except sqlite3.Error as error:
            raise AuditUnavailableError(type(error).__name__) from error

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _SqliteBatch:
    def __init__(self, connection: sqlite3.Connection, head: Head) -> None:
        self._connection = connection
        self.head = head
        self.held: dict[UUID, WrappedKey] = {}
        self.intents: Sequence[Intent] = ()

    async def more_intents(self, most: int) -> Sequence[Intent]:
        rows = self._connection.execute(
            "SELECT uid, created_at, draft FROM audit_intent ORDER BY created_at, uid LIMIT ?",
            (most,),
        ).fetchall()
        if not rows:
            return []
        self._connection.executemany("DELETE FROM audit_intent WHERE uid = ?", [(row[0],) for row in rows])
        return [Intent(UUID(bytes=row[0]), from_milliseconds(row[1]), row[2]) for row in rows]

    async def known(self, uids: Sequence[UUID]) -> set[UUID]:
        statement = "SELECT 1 FROM audit_leaf WHERE uid = ?"
        return {uid for uid in uids if self._connection.execute(statement, (uid.bytes,)).fetchone()}

    async def put_back(self, intents: Sequence[Intent]) -> None:
        self._connection.executemany(
            "INSERT INTO audit_intent (uid, created_at, draft) VALUES (?, ?, ?)",
            [(one.uid.bytes, to_milliseconds(one.created_at), one.draft) for one in intents],
        )

    async def quarantine(self, found: Sequence[Quarantined]) -> None:
        now = to_milliseconds(self.head.now)
        self._connection.executemany(
            "INSERT INTO audit_quarantine (entry, uid, created_at, found_at, why, draft) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (entry.bytes, one.uid.bytes, to_milliseconds(one.created_at), now, why, one.draft)
                for entry, one, why in found
            ],
        )

    async def keys(self, refs: Collection[UUID]) -> dict[UUID, WrappedKey]:
        asked, found = {ref.bytes: ref for ref in refs}, {}
        stored = list(asked)
        for start in range(0, len(stored), _CHUNK):
            part = stored[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for ref, epoch, wrapped in self._connection.execute(
                f"SELECT person_ref, epoch, wrapped FROM audit_person_key WHERE person_ref IN ({marks})",  # noqa: S608 - question marks only
                part,
            ):
                found[asked[ref]] = WrappedKey(epoch, wrapped)
        return found

    async def write(
        self, leaves: Sequence[Leaf], openings: Sequence[Opening], nodes: Sequence[Subtree], head: Head, root: bytes
    ) -> None:
        self._connection.executemany(
            'INSERT INTO audit_leaf ("index", uid, hash, body, second, operation, outcome, purpose, client)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    leaf.index,
                    leaf.uid.bytes,
                    leaf.hash,
                    leaf.body,
                    leaf.second,
                    leaf.operation,
                    leaf.outcome,
                    leaf.purpose,
                    leaf.client,
                )
                for leaf in leaves
            ],
        )
        self._connection.executemany(
            "INSERT INTO audit_opening (person_ref, leaf, position, detail, keep) VALUES (?, ?, ?, ?, ?)",
            [(one.person_ref.bytes, one.leaf, one.position, one.detail, one.keep) for one in openings],
        )
        self._connection.executemany(
            "INSERT INTO audit_commitments (leaf, hashes) VALUES (?, ?)",
            [(leaf.index, leaf.commitments) for leaf in leaves if leaf.commitments],
        )
        self._connection.executemany(
            "INSERT INTO audit_reason (reason, leaf) VALUES (?, ?)",
            [(reason, leaf.index) for leaf in leaves for reason in leaf.reasons],
        )
        self._connection.executemany(
            'INSERT INTO audit_node (level, "index", hash) VALUES (?, ?, ?)',
            [(node.level, node.index, node.hash) for node in nodes],
        )
        self._connection.execute(
            "UPDATE audit_head SET size = ?, stack = ?, root = ?, second = ? WHERE id = 1",
            (head.size, head.stack, root, head.second),
        )
