"""The store on PostgreSQL: sessions over asyncpg, and micro-batched reads on one held connection.

Requests that wait while a read is in flight travel together in the next one: one statement, any number of people.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from audit.columns import whole
from audit.postgres_store import SHORT_STATEMENTS, PostgresStore
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
from registry.errors import ForbiddenError, NotReadyError
from registry.keys import WrappedDataKey
from registry.outage import told_as_not_ready

_RECORDS = """(SELECT array_agg(ROW(r.record_id, r.field, r.category, r.collected_for, r.origin, r.observed_at,
 r.delete_after, r.version, r.key_version, r.sealed, r.stale_since IS NOT NULL)) FROM record r
 WHERE r.subject_id = q.id AND r.field = ANY($2::text[]))"""
_EVENTS = """(SELECT array_agg(ROW(e.event_id, e.field, e.category, e.collected_for, e.origin, e.occurred_at,
 e.delete_after, 1, e.key_version, e.sealed, false) ORDER BY e.occurred_at) FROM event e
 WHERE e.subject_id = q.id AND e.field = ANY($2::text[]))"""
_ADDRESSES = """(SELECT array_agg(ROW(a.field, a.collected_for, a.origin, a.touchpoint, a.collected_at)) FROM record a
 WHERE a.subject_id = q.id AND a.field = ANY($3::text[]))"""
_REVIEWS = """(SELECT array_agg(ROW(h.purpose, h.state, h.decided_at, h.seen)) FROM human_review h
 WHERE h.subject_id = q.id)"""
_NONE = "NULL::record[]"
_GATHER = """SELECT q.id, clock_timestamp(), st.policy_digest, st.clients_version, st.keys_version,
 s.status, s.kind, s.majority_month, s.version,
 (SELECT array_agg(ROW(k.category, k.version, k.epoch, k.wrapped, k.fingerprint)) FROM data_key k
  WHERE k.subject_id = q.id),
 {records}, {events},
 (SELECT array_agg(ROW(p.purpose, p.channel, p.state, p.since, p.explicit, p.expires_at, p.parental,
  p.quoted))
  FROM permission p
  WHERE p.subject_id = q.id),
 (SELECT array_agg(ROW(o.direct_marketing, o.purpose, o.channel, o.state, o.since)) FROM objection o
  WHERE o.subject_id = q.id),
 (SELECT array_agg(ROW(x.category, x.field, x.since)) FROM restriction x
  WHERE x.subject_id = q.id AND x.lifted_at IS NULL),
 (SELECT array_agg(ROW(c.kind, c.opened_at, c.closed_at)) FROM relationship c WHERE c.subject_id = q.id),
 (SELECT array_agg(ROW(n.notice, n.version, n.delivered_at, (SELECT CASE WHEN min(t.purposes) = max(t.purposes)
  THEN min(t.purposes) END FROM notice t WHERE t.notice = n.notice AND t.version = n.version)))
  FROM notice_delivery n WHERE n.subject_id = q.id),
 {addresses}, {reviews}
 FROM unnest($1::uuid[]) AS q(id) CROSS JOIN registry_state st LEFT JOIN subject s ON s.subject_id = q.id"""
# By whether events, where addresses came from, and reviews are asked for.
_STATEMENTS = {
    (with_events, with_addresses, with_reviews): _GATHER.format(
        records=_RECORDS,
        events=_EVENTS if with_events else _NONE,
        addresses=_ADDRESSES if with_addresses else _NONE,
        reviews=_REVIEWS if with_reviews else _NONE,
    )
    for with_events in (False, True)
    for with_addresses in (False, True)
    for with_reviews in (False, True)
}


@dataclass(slots=True)
class _Waiting:
    ids: Sequence[UUID]
    fields: frozenset[str]
    with_events: bool
    addresses: frozenset[str]
    with_reviews: bool
    done: "asyncio.Future[dict[UUID, Gathered]]"


class PostgresDatabase:
    """PostgreSQL by URL; `eraser_url` names the role that may delete, `owner_url` the one that may replace keys.

    Default of both: the serving role's URL.
    """

    engine = "postgresql"

    def __init__(
        self, url: str, eraser_url: str | None = None, pool_size: int = 8, owner_url: str | None = None
    ) -> None:
        serving = make_url(url).set(drivername="postgresql+asyncpg")
        erasing = make_url(eraser_url or url).set(drivername="postgresql+asyncpg")
        owning = make_url(owner_url or url).set(drivername="postgresql+asyncpg")
        self._dsn = serving.set(drivername="postgresql").render_as_string(hide_password=False)
        self._serving = _engine(serving, pool_size)
        self._erasing = _engine(erasing, 2)
        self._owning = _engine(owning, 2)
        self._reader: asyncpg.Connection | None = None
        self._waiting: list[_Waiting] = []
        self._loader: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work of the serving role."""
        with told_as_not_ready():
            async with AsyncSession(self._serving, expire_on_commit=False) as session, session.begin():
                yield session

    @asynccontextmanager
    async def erasing(self) -> AsyncIterator[AsyncSession]:
        """A unit of work of the eraser role."""
        with told_as_not_ready():
            async with AsyncSession(self._erasing, expire_on_commit=False) as session, session.begin():
                yield session

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[AsyncSession]:
        """A unit of work of the role that owns the tables.

        Raises:
            ForbiddenError: when the role may not do what only the owner may.
        """
        with told_as_not_ready(), _told_as_forbidden():
            async with AsyncSession(self._owning, expire_on_commit=False) as session, session.begin():
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads, in one snapshot."""
        with told_as_not_ready():
            async with AsyncSession(self._serving, expire_on_commit=False) as session, session.begin():
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
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
        """Join the next round trip."""
        done: asyncio.Future[dict[UUID, Gathered]] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(subject_ids, fields, with_events, addresses, with_reviews, done)
        self._waiting.append(waiting)
        if self._loader is None or self._loader.done():
            self._loader = asyncio.create_task(self._load(), name="gather")
        return await waiting.done

    async def _load(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                rows = await self._fetch(taken)
            except Exception as error:  # noqa: BLE001 - whatever failed, nobody may wait for ever
                if self._reader is not None:
                    self._reader.terminate()
                    self._reader = None
                for waiting in taken:
                    if not waiting.done.done():
                        waiting.done.set_exception(
                            NotReadyError(f"the database does not answer: {type(error).__name__}")
                        )
                continue
            for waiting in taken:
                if not waiting.done.done():
                    _answer(waiting, rows)

    async def _fetch(self, taken: list[_Waiting]) -> dict[UUID, Any]:
        if self._reader is None or self._reader.is_closed():
            self._reader = await asyncpg.connect(
                self._dsn, timeout=10, command_timeout=30, server_settings=dict(SHORT_STATEMENTS)
            )
        addresses = list({name for waiting in taken for name in waiting.addresses})
        with_events = any(waiting.with_events for waiting in taken)
        with_reviews = any(waiting.with_reviews for waiting in taken)
        statement = _STATEMENTS[with_events, bool(addresses), with_reviews]
        ids = list({id_ for waiting in taken for id_ in waiting.ids})
        fields = list({name for waiting in taken for name in waiting.fields})
        return {
            row[0]: row for row in await self._reader.fetch(statement, ids, fields, *([addresses] if addresses else []))
        }

    async def now(self) -> datetime:
        """The database's clock."""
        with told_as_not_ready():
            async with self._serving.connect() as connection:
                instant: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return whole(instant)

    async def clock(self, session: AsyncSession) -> datetime:
        """The server's clock, on the unit of work's own connection."""
        instant: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return whole(instant)

    def audit_store(self) -> PostgresStore:
        """The audit log's place in this database."""
        return PostgresStore(self._dsn)

    async def check_durability(self) -> None:
        """Refuse to serve where PostgreSQL would acknowledge what it may lose."""
        with told_as_not_ready():
            async with self._serving.connect() as connection:
                rows = await connection.execute(
                    text("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"),
                )
                weak = [f"{name}={setting}" for name, setting in rows if setting in {"off", "local"}]
        if weak:
            raise NotReadyError(f"PostgreSQL would not make commits durable: {', '.join(weak)}")

    async def settle_erasure(self) -> None:
        """Nothing to do at once: old row versions and WAL lose their keys with the epoch's end."""

    async def close(self) -> None:
        """Release all connections."""
        if self._loader is not None:
            await asyncio.gather(self._loader, return_exceptions=True)
        if self._reader is not None:
            await self._reader.close()
        await self._serving.dispose()
        await self._erasing.dispose()
        await self._owning.dispose()


@contextmanager
def _told_as_forbidden() -> Iterator[None]:
    """Name the role that is missing, instead of the statement that it may not make."""
    try:
        yield
    except (DBAPIError, asyncpg.InsufficientPrivilegeError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if getattr(cause, "sqlstate", None) != asyncpg.InsufficientPrivilegeError.sqlstate:
            raise
        raise ForbiddenError(
            "only the role that owns the tables keeps keys: name it in REGISTRY_MIGRATION_DATABASE_URL"
        ) from None


def _engine(url: URL, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"server_settings": dict(SHORT_STATEMENTS)},
    )


def _answer(waiting: _Waiting, rows: dict[UUID, Any]) -> None:
    try:
        waiting.done.set_result({id_: _gathered(rows[id_], waiting) for id_ in waiting.ids})
    except (KeyError, ValueError) as error:
        waiting.done.set_exception(NotReadyError(f"the database holds what this version does not know: {error}"))


def _gathered(row: Any, waiting: _Waiting) -> Gathered:  # noqa: ANN401 - an asyncpg record
    versions = Versions(row[2], row[3], row[4])
    if row[5] is None:
        return Gathered(row[0], row[1], versions)
    stored = [*(row[10] or ()), *(row[11] or ())]
    return Gathered(
        subject_id=row[0],
        now=row[1],
        versions=versions,
        status=SubjectStatus(row[5]),
        kind=SubjectKind(row[6]),
        majority_month=row[7],
        version=row[8],
        keys={CATEGORIES[k[0]]: WrappedDataKey(k[1], k[2], k[3], k[4]) for k in row[9] or ()},
        values=tuple([_value(value) for value in stored if value[1] in waiting.fields]),
        permissions=tuple(
            Permission(PurposeId(p[0]), Channel(p[1]), ConsentState(p[2]), p[3], p[4], p[5], p[6], p[7])
            for p in row[12] or ()
        ),
        objections=tuple(
            Objection(o[0], PurposeId(o[1]) if o[1] else None, Channel(o[2]), ObjectionState(o[3]), o[4])
            for o in row[13] or ()
        ),
        restrictions=tuple(
            Restriction(Category(x[0]) if x[0] else None, FieldName(x[1]) if x[1] else None, x[2])
            for x in row[14] or ()
        ),
        relationships=tuple(Relationship(RelationshipKind(c[0]), c[1], c[2]) for c in row[15] or ()),
        notices=tuple(Delivery(n[0], n[1], purposes_named(n[3]), n[2]) for n in row[16] or ()),
        addresses=tuple(
            Address(FieldName(a[0]), PurposeId(a[1]), ORIGINS[a[2]], TOUCHPOINTS[a[3]], a[4])
            for a in row[17] or ()
            if a[0] in waiting.addresses
        )
        if waiting.addresses
        else None,
        reviews=tuple(StoredReview(*h) for h in row[18] or ()) if waiting.with_reviews else None,
    )


def _value(row: Any) -> StoredValue:  # noqa: ANN401 - as above
    item = Item(row[0], row[1], CATEGORIES[row[2]], row[3], ORIGINS[row[4]], row[5], row[6], row[10])
    return StoredValue(item, row[7], row[8], row[9])
