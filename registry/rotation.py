"""Online rotation: new keys above, the same keys below, nobody's value touched.

A new epoch is opened first and the older one closed later, so that whoever makes keys meanwhile drifts to the new one
and nobody waits. Survivors are wrapped anew in pages of 1,000, each page a transaction, each key replaced only if it is
still the one that was read. What is done needs no bookmark: it hangs under the newest epoch. So a rotation that was
killed is simply started again.

Legal: GDPR Art. 32(1)(a); R-ENC-2.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from sqlalchemy import Text, bindparam, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import person_keys
from audit.columns import Id
from audit.event import Entry, EventTag, Outcome
from policies.vocabulary import Category
from registry.context import Caller, Change, Registry
from registry.keys.provider import ask
from registry.keys.wrapping import (
    audit_context,
    data_context,
    epoch_context,
    index_context,
    rewrap_key,
    service_context,
    unwrap_key,
    wrap_key,
)
from registry.tables import DataKeyRow, EpochState, IndexKeyRow, KeyEpochRow, ServiceKeyRow, StateRow

PAGE = 1000

Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast keys may be replaced; None = as fast as the database takes them."""

    keys_per_second: float | None = None

    @property
    def page(self) -> int:
        """Keys a transaction: a slow rotation takes small bites, so that no read waits behind a large one."""
        return PAGE if self.keys_per_second is None else min(PAGE, max(10, int(self.keys_per_second / 20)))

    async def keep(self, done: int, began: float) -> None:
        """Wait until `done` keys since `began` (monotonic seconds) are not too many."""
        if self.keys_per_second:
            await asyncio.sleep(max(0.0, began + done / self.keys_per_second - time.monotonic()))


def silent(_done: int) -> None:
    """A report to nobody."""


async def new_root(registry: Registry, caller: Caller) -> int:
    """Make a root version and hang epochs and service keys under it; returns the version.

    The old version stays: only a retirement destroys one, because what hangs under it in backups is worth nothing only
    when the epochs' keys are others too.

    Raises:
        KeyProviderError, KeyUnavailableError: when the provider cannot be asked, or a key does not open.
    """
    version = await ask(registry.ring.provider.create_version)
    await rewrap_under_root(registry, caller)
    return version


async def rewrap_under_root(registry: Registry, caller: Caller, *, epochs_too: bool = True) -> None:
    """Hang service keys, and epochs unless told otherwise, under the provider's newest root; errors as `new_root`."""
    provider = registry.ring.provider
    newest = (await ask(provider.versions))[-1]
    async with registry.change(keeping=True) as change:
        await alone(change)
        moved: list[str] = []
        epochs = select(KeyEpochRow).where(
            col(KeyEpochRow.state) != EpochState.DESTROYED.value, col(KeyEpochRow.root_version) < newest
        )
        for epoch in list((await change.session.execute(epochs)).scalars()) if epochs_too else ():
            context = epoch_context(epoch.epoch)
            key = await ask(provider.unwrap, epoch.root_version, epoch.wrapped, context)
            epoch.root_version, epoch.wrapped = await ask(provider.wrap, key, context)
            moved.append(f"epoch:{epoch.epoch}")
        services = select(ServiceKeyRow).where(col(ServiceKeyRow.root_version) < newest)
        for service in list((await change.session.execute(services)).scalars()):
            context = service_context(service.name)
            key = await ask(provider.unwrap, service.root_version, service.wrapped, context)
            service.root_version, service.wrapped = await ask(provider.wrap, key, context)
            moved.append(service.name)
        await changed_ring(change)
        change.record(entry(caller, change, EventTag.KEY_REWRAP, (f"root:{newest}", *moved)))
    await registry.load()


async def open_epoch(registry: Registry, caller: Caller) -> int:
    """Open a new epoch under the provider's newest root; older ones stay usable until they are closed.

    Raises:
        KeyProviderError: when the provider cannot be asked.
    """
    async with registry.change(keeping=True) as change:
        await alone(change)
        newest = (await change.session.execute(select(func.max(col(KeyEpochRow.epoch))))).scalar_one()
        await registry.ring.create_epoch(change.session, newest + 1, change.now)
        await changed_ring(change)
        change.record(entry(caller, change, EventTag.KEY_EPOCH_OPEN, (f"epoch:{newest + 1}",)))
    await registry.load()
    return int(newest) + 1


async def close_older_epochs(registry: Registry, caller: Caller) -> list[int]:
    """Close every epoch but the newest: when this returns, nothing is ever wrapped under them again.

    Each row is taken `FOR UPDATE`, which waits for every change that makes keys under it.
    """
    async with registry.change(keeping=True) as change:
        await alone(change)
        active = (
            select(KeyEpochRow)
            .where(col(KeyEpochRow.state) == EpochState.ACTIVE.value)
            .order_by(col(KeyEpochRow.epoch))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        older = list((await change.session.execute(active)).scalars())[:-1]
        for row in older:
            row.state = EpochState.CLOSED.value
        closed = [row.epoch for row in older]
        await changed_ring(change)
        change.record(entry(caller, change, EventTag.KEY_EPOCH_CLOSE, tuple(f"epoch:{epoch}" for epoch in closed)))
    await registry.load()
    return closed


async def waiting(session: AsyncSession, newest: int) -> int:
    """How many data, audit and index keys hang under older epochs than `newest`."""
    count = 0
    for table in (DataKeyRow, IndexKeyRow):
        statement = select(func.count()).select_from(table).where(col(table.epoch) < newest)
        count += int((await session.execute(statement)).scalar_one())
    for epoch in await _older(session, newest):
        count += await person_keys.count_under(session, epoch)
    return count


async def rewrap_survivors(
    registry: Registry, caller: Caller, pace: Pace | None = None, report: Report = silent
) -> int:
    """Wrap every key of older epochs under the newest one; returns how many.

    Args:
        registry: the collaborators.
        caller: who rotates.
        pace: how fast.
        report: told the number of keys of each page.

    Raises:
        KeyUnavailableError: when a stored key does not open: it was changed, or belongs to somebody else.
    """
    speed, began = pace or Pace(), time.monotonic()
    newest = registry.ring.active_epoch
    async with registry.database.reading() as session:
        older = await _older(session, newest)
    done = 0
    for epoch in older:
        pages = _Pages(registry, epoch, newest, speed.page)
        for page in (pages.index_keys, pages.data_keys, pages.audit_keys):
            while count := await page():
                done += count
                report(count)
                await speed.keep(done, began)
    async with registry.change(keeping=True) as change:
        change.record(entry(caller, change, EventTag.KEY_REWRAP, (f"epoch:{newest}", f"keys:{done}")))
    return done


class _Pages:
    """One older epoch's keys, a page at a time; each returns how many it replaced, 0 at the end."""

    def __init__(self, registry: Registry, epoch: int, newest: int, size: int) -> None:
        self._size = size
        self._registry = registry
        self._epoch = epoch
        self._newest = newest
        self._old_key, self._new_key = registry.ring.epoch_key(epoch), registry.ring.epoch_key(newest)
        self._old, self._new = AESGCMSIV(self._old_key), AESGCMSIV(self._new_key)
        self._last_data: tuple[UUID, str] | None = None
        self._last_audit: UUID | None = None

    async def index_keys(self) -> int:
        """Index keys: a handful."""
        async with self._registry.database.keeping() as session:
            rows = list(
                (await session.execute(select(IndexKeyRow).where(col(IndexKeyRow.epoch) == self._epoch))).scalars()
            )
            for row in rows:
                context = index_context(row.kind, row.version)
                row.wrapped = wrap_key(self._new_key, unwrap_key(self._old_key, row.wrapped, context), context)
                row.epoch = self._newest
        return len(rows)

    async def data_keys(self) -> int:
        """The next page of data keys, in the order in which an erasure takes them too."""
        place = (col(DataKeyRow.subject_id), col(DataKeyRow.category))
        statement = (
            select(*place, col(DataKeyRow.version), col(DataKeyRow.wrapped))
            .where(col(DataKeyRow.epoch) == self._epoch)
            .order_by(*place)
            .limit(self._size)
            .with_for_update()
        )
        if self._last_data is not None:
            subject_id, category = self._last_data
            last = (bindparam("last_subject", subject_id, Id()), bindparam("last_category", category, Text()))
            statement = statement.where(tuple_(*place) > tuple_(*last))
        async with self._registry.database.keeping() as session:
            rows = (await session.execute(statement)).all()
            fresh = [
                rewrap_key(self._old, self._new, row[3], data_context(row[0], Category(row[1]), row[2])) for row in rows
            ]
            keys = [(row[0], row[1], row[3], wrapped) for row, wrapped in zip(rows, fresh, strict=True)]
            await _replace(session, "data_key", ("subject_id", "category"), keys, self._newest)
        if rows:
            self._last_data = (rows[-1][0], rows[-1][1])
        return len(rows)

    async def audit_keys(self) -> int:
        """The next page of audit keys."""
        async with self._registry.database.keeping() as session:
            rows = await person_keys.wrapped_under(session, self._epoch, self._last_audit, self._size)
            keys = [
                (ref, wrapped, rewrap_key(self._old, self._new, wrapped, audit_context(ref))) for ref, wrapped in rows
            ]
            await _replace(session, "audit_person_key", ("person_ref",), keys, self._newest)
        if rows:
            self._last_audit = rows[-1][0]
        return len(rows)


async def _replace(
    session: AsyncSession, table: str, place: Sequence[str], keys: Sequence[tuple[object, ...]], epoch: int
) -> None:
    """Compare and set: `keys` are place, wrapped key as read, wrapped key as it shall be; one statement a page."""
    if not keys:
        return
    columns = [*place, "old", "new"]
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        kinds = ["uuid" if name.endswith(("_id", "_ref")) else "text" for name in place] + ["bytea", "bytea"]
        given = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, 2))
        where = " AND ".join(f"t.{name} = n.{name}" for name in place)
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 - it has just read the page
        # The driver itself, inside the open transaction: binding element by element would cost more than the keys.
        await driver.execute(
            f"UPDATE {table} t SET epoch = $1, wrapped = n.new FROM unnest({given}) AS n({', '.join(columns)})"  # noqa: S608 - own names
            f" WHERE {where} AND t.wrapped = n.old",
            epoch,
            *(list(column) for column in zip(*keys, strict=True)),
        )
        return
    where = " AND ".join(f"{name} = :{name}" for name in place)
    statement = text(f"UPDATE {table} SET epoch = :epoch, wrapped = :new WHERE {where} AND wrapped = :old")  # noqa: S608 - own names
    rows = [
        {name: value.bytes if isinstance(value, UUID) else value for name, value in zip(columns, key, strict=True)}
        for key in keys
    ]
    await connection.execute(statement, [{**row, "epoch": epoch} for row in rows])


async def _older(session: AsyncSession, newest: int) -> list[int]:
    statement = (
        select(col(KeyEpochRow.epoch))
        .where(col(KeyEpochRow.epoch) < newest, col(KeyEpochRow.state) != EpochState.DESTROYED.value)
        .order_by(col(KeyEpochRow.epoch))
    )
    return list((await session.execute(statement)).scalars())


async def alone(change: Change) -> None:
    """One rotation at a time changes the ring."""
    await change.session.execute(select(col(StateRow.id)).with_for_update())


async def changed_ring(change: Change) -> None:
    """Tell every process that its keys are no longer the newest."""
    await change.session.execute(update(StateRow).values(keys_version=col(StateRow.keys_version) + 1))


def entry(caller: Caller, change: Change, operation: EventTag, about: tuple[str, ...]) -> Entry:
    """What a step of a rotation is remembered as: codes and numbers of keys, never a key."""
    return Entry(
        operation,
        Outcome.DONE,
        client=caller.client,
        fields=about,
        policy=change.policy.version,
        actor=caller.actor,
    )
