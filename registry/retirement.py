"""Ends an epoch, and with it every key that was deleted while it lasted: in backups, in old logs, everywhere.

Deleting a key's row does not destroy the key: it stays in write-ahead logs and in backups. There it is wrapped under
its epoch's key, and that under a root version; once that version is destroyed at the provider, nobody can read it.

1. Make a root version, open an epoch under it.
2. Hang the service keys under it.
3. Close the older epochs: from here on nothing new hangs under them.
4. Wrap the survivors anew.
5. Count again: nothing may be left.
6. Have a backup of the key ring that was made since, and prove that it opens.
7. Mark the old epochs destroyed, then destroy their root versions. This cannot be undone.

Every step can be repeated; a retirement that was killed is started again.

Legal: GDPR Art. 17(1), Art. 32(1)(a); R-DEL-4, R-ENC-2.
"""

from sqlalchemy import select
from sqlmodel import col

from audit.event import EventTag
from registry.context import Caller, Registry
from registry.errors import RetirementRefusedError
from registry.key_backup import VerifiedBackup
from registry.keys.provider import ask
from registry.rotation import (
    Pace,
    Report,
    changed_ring,
    close_older_epochs,
    entry,
    open_epoch,
    rewrap_survivors,
    rewrap_under_root,
    silent,
    waiting,
)
from registry.tables import EpochState, KeyEpochRow, ServiceKeyRow, StateRow


async def prepare_retirement(
    registry: Registry, caller: Caller, pace: Pace | None = None, report: Report = silent
) -> int:
    """Steps 1 to 5; returns how many keys were wrapped anew.

    Raises:
        KeyProviderError: when the provider cannot be asked.
        RetirementRefusedError: when keys are left under an older epoch after all.
    """
    await _open(registry, caller)  # 1
    await close_older_epochs(registry, caller)  # 3
    done = await rewrap_survivors(registry, caller, pace, report)  # 4
    async with registry.database.reading() as session:  # 5
        left = await waiting(session, registry.ring.active_epoch)
    if left:
        raise RetirementRefusedError(f"{left} keys are left under an older epoch")
    return done


async def _open(registry: Registry, caller: Caller) -> None:
    """Have an active epoch under a root version newer than any that an older epoch hangs under.

    One may be there, from a retirement that did not end. The older epochs themselves stay under their root: hung under
    the newer one, they would outlive its predecessor's destruction in every log and backup.
    """
    provider = registry.ring.provider
    async with registry.database.reading() as session:
        statement = select(KeyEpochRow).where(col(KeyEpochRow.state) != EpochState.DESTROYED.value)
        roots = {row.epoch: row.root_version for row in (await session.execute(statement)).scalars()}
    active = registry.ring.active_epoch
    older = [root for epoch, root in roots.items() if epoch < active]
    if not older or roots[active] <= max(older):
        if (await ask(provider.versions))[-1] <= max(roots.values()):
            await ask(provider.create_version)
        await open_epoch(registry, caller)
    newest = (await ask(provider.versions))[-1]
    async with registry.database.reading() as session:
        behind = select(col(ServiceKeyRow.name)).where(col(ServiceKeyRow.root_version) < newest)
        some = (await session.execute(behind)).first() is not None
    if some:
        await rewrap_under_root(registry, caller, epochs_too=False)  # 2


async def destroy_retired(registry: Registry, caller: Caller, verified: VerifiedBackup) -> tuple[int, ...]:
    """Step 7; returns the root versions that were destroyed.

    The rows are marked before the provider is asked: a start must not stumble over an epoch that cannot open. If this
    is killed in between, the next retirement destroys what no row names any more.

    Args:
        registry: the collaborators.
        caller: who decides.
        verified: a backup of the key ring as it is now, shown to open.

    Raises:
        RetirementRefusedError: when keys are left under an older epoch, or the backup shows another ring.
        KeyProviderError: when the provider cannot be asked; the epochs are marked, their versions still there.
    """
    async with registry.change(keeping=True) as change:
        statement = select(col(StateRow.keys_version)).with_for_update()
        if (await change.session.execute(statement)).scalar_one() != verified.keys_version:
            raise RetirementRefusedError("the backup is of an older key ring: make another one")
        newest = registry.ring.active_epoch
        if await waiting(change.session, newest):
            raise RetirementRefusedError("keys are left under an older epoch")
        older = (
            select(KeyEpochRow)
            .where(col(KeyEpochRow.epoch) < newest, col(KeyEpochRow.state) == EpochState.CLOSED.value)
            .with_for_update()
        )
        retired = list((await change.session.execute(older)).scalars())
        for row in retired:
            row.state = EpochState.DESTROYED.value
            row.wrapped = b""
        await change.session.flush()
        await changed_ring(change)
        about = tuple(f"epoch:{row.epoch}" for row in retired)
        change.record(entry(caller, change, EventTag.KEY_DESTROY, (*about, f"backup:{verified.digest[:16]}")))
    await registry.load()
    return await _destroy_unused_roots(registry, caller)


async def unused_roots(registry: Registry) -> tuple[int, ...]:
    """Root versions that the provider holds and nothing hangs under, without those that were never used."""
    async with registry.database.reading() as session:
        epochs = select(col(KeyEpochRow.root_version)).where(col(KeyEpochRow.state) != EpochState.DESTROYED.value)
        used = set((await session.execute(epochs)).scalars())
        used |= set((await session.execute(select(col(ServiceKeyRow.root_version)))).scalars())
    held = await ask(registry.ring.provider.versions)
    return tuple(version for version in held if version not in used and version < max(used))


async def _destroy_unused_roots(registry: Registry, caller: Caller) -> tuple[int, ...]:
    unused = await unused_roots(registry)
    for version in unused:
        await ask(registry.ring.provider.destroy_version, version)
    if unused:
        async with registry.change(keeping=True) as change:
            about = tuple(f"root:{version}" for version in unused)
            change.record(entry(caller, change, EventTag.KEY_DESTROY, about))
    return unused
