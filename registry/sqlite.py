"""The store on SQLite: one file, one serving process, one writer; WAL with `synchronous=FULL`.

Reads run on a held connection of their own and see committed data only. `secure_delete` overwrites deleted
bytes in the file, and `settle_erasure` empties the write-ahead log, because an old page there still holds them.
"""

import asyncio
import fcntl
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from audit.columns import from_milliseconds, whole
from audit.sqlite_store import PRAGMAS, SqliteStore, connect
from policies.facts import Address, Delivery, Item, Objection, Permission, Relationship, Restriction
from policies.vocabulary import (
    Category,
    Channel,
    ConsentState,
    FieldName,
    ObjectionState,
    PurposeId,
    RelationshipKind,
    SubjectKind,
    SubjectStatus,
)
from registry.database import (
    CATEGORIES,
    ORIGINS,
    TOUCHPOINTS,
    Gathered,
    StoredReview,
    StoredValue,
    Versions,
    purposes_named,
)
from registry.errors import NotReadyError
from registry.keys import WrappedDataKey
from registry.outage import told_as_not_ready

_CHECKPOINT_TRIES = 10
_CHECKPOINT_PAUSE_SECONDS = 0.1
_STATE = "SELECT policy_digest, clients_version, keys_version FROM registry_state"
_SUBJECT = "SELECT status, kind, majority_month, version FROM subject WHERE subject_id = ?"
_KEYS = "SELECT category, version, epoch, wrapped, fingerprint FROM data_key WHERE subject_id = ?"
_RECORDS = """SELECT record_id, field, category, collected_for, origin, observed_at, delete_after, version,
 key_version, sealed, stale_since IS NOT NULL FROM record WHERE subject_id = ? AND field IN ({marks})"""
_EVENTS = """SELECT event_id, field, category, collected_for, origin, occurred_at, delete_after, 1,
 key_version, sealed, 0 FROM event WHERE subject_id = ? AND field IN ({marks}) ORDER BY occurred_at"""
_PERMISSIONS = """SELECT purpose, channel, state, since, explicit, expires_at, parental, quoted FROM permission
 WHERE subject_id = ?"""
_OBJECTIONS = "SELECT direct_marketing, purpose, channel, state, since FROM objection WHERE subject_id = ?"
_RESTRICTIONS = "SELECT category, field, since FROM restriction WHERE subject_id = ? AND lifted_at IS NULL"
_RELATIONSHIPS = "SELECT kind, opened_at, closed_at FROM relationship WHERE subject_id = ?"
_NOTICES = """SELECT n.notice, n.version, n.delivered_at, (SELECT CASE WHEN min(t.purposes) = max(t.purposes)
 THEN min(t.purposes) END FROM notice t WHERE t.notice = n.notice AND t.version = n.version)
 FROM notice_delivery n WHERE n.subject_id = ?"""
_REVIEWS = "SELECT purpose, state, decided_at, seen FROM human_review WHERE subject_id = ?"
_ADDRESSES = """SELECT field, collected_for, origin, touchpoint, collected_at FROM record
 WHERE subject_id = ? AND field IN ({marks})"""


class SqliteDatabase:
    """A SQLite file. Every writer of this process takes `writing`, so that none waits in SQLite's busy loop."""

    engine = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.writing = asyncio.Lock()
        self._writer = self._open_engine("IMMEDIATE")
        self._readers = self._open_engine("DEFERRED")
        self._reader: sqlite3.Connection | None = None
        self._serving: IO[str] | None = None

    def _open_engine(self, begin: str) -> AsyncEngine:
        engine = create_async_engine(f"sqlite+aiosqlite:///{self._path}", connect_args={"timeout": 10})

        @event.listens_for(engine.sync_engine, "connect")
        def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the adapter's own type
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _on_begin(connection: Any) -> None:  # noqa: ANN401 - as above
            connection.exec_driver_sql(f"BEGIN {begin}")

        return engine

    def claim(self) -> None:
        """Become the one serving process of this file.

        Raises:
            NotReadyError: when another process serves it.
        """
        self._serving = self._path.with_name(self._path.name + ".lock").open("w")
        try:
            fcntl.flock(self._serving, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._serving.close()
            raise NotReadyError("another process serves this database file") from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work; SQLite has no roles."""
        with told_as_not_ready():
            async with (
                self.writing,
                AsyncSession(self._writer, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    @asynccontextmanager
    async def erasing(self) -> AsyncIterator[AsyncSession]:
        """A unit of work; SQLite has no roles."""
        async with self.transaction() as session:
            yield session

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[AsyncSession]:
        """A unit of work; SQLite has no roles."""
        async with self.transaction() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads, in one snapshot."""
        with told_as_not_ready():
            async with AsyncSession(self._readers, expire_on_commit=False) as session, session.begin():
                yield session

    async def gather(
        self,
        subject_ids: Sequence[UUID],
        fields: frozenset[str],
        *,
        with_events: bool,
        addresses: frozenset[str] = frozenset(),
        with_reviews: bool = False,
    ) -> dict[UUID, Gathered]:
        """Read from the file in one snapshot; a few page reads, no waiting on writers."""
        try:
            if self._reader is None:
                self._reader = connect(self._path)
            connection = self._reader
            connection.execute("BEGIN")
            try:
                state = connection.execute(_STATE).fetchone()
                if state is None:
                    raise NotReadyError("the database holds no registry state")
                versions = Versions(*state)
                wanted = _Wanted(sorted(fields), with_events, sorted(addresses), with_reviews)
                return {id_: _gather(connection, id_, versions, wanted) for id_ in subject_ids}
            finally:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise NotReadyError(f"the database does not answer: {type(error).__name__}") from error

    async def now(self) -> datetime:
        """The clock of the one serving process is the database's clock."""
        return whole(datetime.now(UTC))

    async def clock(self, session: AsyncSession) -> datetime:  # noqa: ARG002 - SQLite has no clock of its own
        """The clock of the one serving process; a unit of work waits for its turn before it begins."""
        return await self.now()

    def audit_store(self) -> SqliteStore:
        """The audit log's place in this file."""
        return SqliteStore(self._path, self.writing)

    async def check_durability(self) -> None:
        """Refuse to serve a file that is not in WAL mode."""
        connection = connect(self._path)
        try:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        finally:
            connection.close()
        if mode != "wal" or synchronous < 2:  # noqa: PLR2004 - 2 is FULL
            raise NotReadyError(f"SQLite would not make commits durable: {mode}, synchronous={synchronous}")

    async def settle_erasure(self) -> None:
        """Copy the write-ahead log into the file and empty it.

        An open reader makes SQLite answer *busy* and leave the bytes, so the answer is looked at and asked again.

        Raises:
            NotReadyError: when readers kept the log open all the time; the erasure is pending until this succeeds.
        """
        for _ in range(_CHECKPOINT_TRIES):
            async with self.writing:
                connection = connect(self._path)
                try:
                    connection.execute("PRAGMA busy_timeout=0")  # waiting is done below, where others can go on
                    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                finally:
                    connection.close()
            if not busy:
                return
            await asyncio.sleep(_CHECKPOINT_PAUSE_SECONDS)
        raise NotReadyError("the write-ahead log could not be emptied: a reader keeps it open")

    async def close(self) -> None:
        """Release all connections and the claim."""
        if self._reader is not None:
            self._reader.close()
        await self._writer.dispose()
        await self._readers.dispose()
        if self._serving is not None:
            self._serving.close()


class _Wanted(NamedTuple):
    fields: list[str]
    with_events: bool
    addresses: list[str]
    with_reviews: bool


def _gather(connection: sqlite3.Connection, id_: UUID, versions: Versions, wanted: _Wanted) -> Gathered:
    key = (id_.bytes,)
    subject = connection.execute(_SUBJECT, key).fetchone()
    now = datetime.now(UTC)
    if subject is None:
        return Gathered(id_, now, versions)
    marks = ",".join("?" * len(wanted.fields))
    values = connection.execute(_RECORDS.format(marks=marks), (*key, *wanted.fields)).fetchall()
    if wanted.with_events:
        values += connection.execute(_EVENTS.format(marks=marks), (*key, *wanted.fields)).fetchall()
    return Gathered(
        subject_id=id_,
        now=now,
        versions=versions,
        status=SubjectStatus(subject[0]),
        kind=SubjectKind(subject[1]),
        majority_month=_date(subject[2]),
        version=subject[3],
        keys={CATEGORIES[k[0]]: WrappedDataKey(k[1], k[2], k[3], k[4]) for k in connection.execute(_KEYS, key)},
        values=tuple([_value(value) for value in values]),
        permissions=tuple(
            Permission(
                PurposeId(p[0]),
                Channel(p[1]),
                ConsentState(p[2]),
                from_milliseconds(p[3]),
                bool(p[4]),
                _instant(p[5]),
                bool(p[6]),
                p[7],
            )
            for p in connection.execute(_PERMISSIONS, key)
        ),
        objections=tuple(
            Objection(
                bool(o[0]),
                PurposeId(o[1]) if o[1] else None,
                Channel(o[2]),
                ObjectionState(o[3]),
                from_milliseconds(o[4]),
            )
            for o in connection.execute(_OBJECTIONS, key)
        ),
        restrictions=tuple(
            Restriction(Category(x[0]) if x[0] else None, FieldName(x[1]) if x[1] else None, from_milliseconds(x[2]))
            for x in connection.execute(_RESTRICTIONS, key)
        ),
        relationships=tuple(
            Relationship(RelationshipKind(c[0]), from_milliseconds(c[1]), _instant(c[2]))
            for c in connection.execute(_RELATIONSHIPS, key)
        ),
        notices=tuple(
            Delivery(n[0], n[1], purposes_named(n[3]), from_milliseconds(n[2]))
            for n in connection.execute(_NOTICES, key)
        ),
        addresses=_addresses(connection, key, wanted.addresses) if wanted.addresses else None,
        reviews=tuple(StoredReview(h[0], h[1], _instant(h[2]), h[3]) for h in connection.execute(_REVIEWS, key))
        if wanted.with_reviews
        else None,
    )


def _addresses(connection: sqlite3.Connection, key: tuple[bytes], names: list[str]) -> tuple[Address, ...]:
    rows = connection.execute(_ADDRESSES.format(marks=",".join("?" * len(names))), (*key, *names))
    return tuple(
        Address(FieldName(a[0]), PurposeId(a[1]), ORIGINS[a[2]], TOUCHPOINTS[a[3]], from_milliseconds(a[4]))
        for a in rows
    )


def _value(row: Any) -> StoredValue:  # noqa: ANN401 - a row of either table
    item = Item(
        UUID(bytes=row[0]),
        row[1],
        CATEGORIES[row[2]],
        row[3],
        ORIGINS[row[4]],
        from_milliseconds(row[5]),
        _date(row[6]),
        bool(row[10]),
    )
    return StoredValue(item, row[7], row[8], row[9])


def _date(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


def _instant(stored: int | None) -> datetime | None:
    return from_milliseconds(stored) if stored is not None else None
