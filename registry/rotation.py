"""Online rotation: new keys above, the same keys below, nobody's value touched.

A new epoch is opened first and the older one closed later, so that whoever makes keys meanwhile drifts to the new one
and nobody waits. Survivors are wrapped anew in pages of 2,000, each page a transaction that holds its keys until it
ends (`registry.rewrapping`). What is done needs no bookmark: it hangs under the newest epoch. So a rotation that was
killed is simply started again.

Legal: GDPR Art. 32(1)(a); R-ENC-2.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import person_keys
from audit.event import Entry, EventTag, Outcome
from registry.context import Caller, Change, Registry
from registry.keys.provider import ask
from registry.keys.wrapping import epoch_context, service_context
from registry.rewrapping import AUDIT_KEYS, DATA_KEYS, PAGE, Rewrapping
from registry.tables import DataKeyRow, EpochState, IndexKeyRow, KeyEpochRow, ServiceKeyRow, StateRow

Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast keys may be replaced; None = as fast as the database takes them."""

    keys_per_second: float | None = None

    @property
    def page(self) -> int:
        """Keys a transaction: a slow rotation takes small bites, so that no read waits behind a large one."""
        return PAGE if self.keys_per_second is None else min(PAGE, max(10, int(self.keys_per_second / 50)))

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

    async def work(next_page: Callable[[], Awaitable[int]]) -> None:
        nonlocal done
        while count := await next_page():
            done += count
            report(count)
            await speed.keep(done, began)

    for epoch in older:
        rewrapping = Rewrapping(registry, epoch, newest)
        if few := await rewrapping.index_keys():
            done += few
            report(few)
        shares = 1 if speed.keys_per_second else rewrapping.at_once
        for table in (DATA_KEYS, AUDIT_KEYS):
            pages = [rewrapping.share(table, number, shares, speed.page) for number in range(shares)]
            await _all(work(one.next) for one in pages)
    async with registry.change(keeping=True) as change:
        change.record(entry(caller, change, EventTag.KEY_REWRAP, (f"epoch:{newest}", f"keys:{done}")))
    return done


async def _all(work: Iterable[Coroutine[object, object, None]]) -> None:
    """At the same time; the first that fails ends the others."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
