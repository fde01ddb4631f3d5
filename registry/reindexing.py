"""Replaces index and suppression keys without reading anybody's identifier: the next key digests the digest.

A key's versions are a chain. A new link is announced first, while no change makes digests; from then on new rows carry
the newest digest, and every look-up asks for each version. Then stored digests are brought to the newest version in
place, row by row, so that an erasure finds a row under either digest. Earlier links stay in the ring: without them no
identifier could be followed to the newest digest. What a chain protects against is a leaked link: with the new key
outside the leak, stored digests can no longer be guessed at.

Legal: GDPR Art. 32(1)(a); R-ENC-4, R-17-4.
"""

import secrets
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, bindparam, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import EventTag
from registry.context import Caller, Change, Registry
from registry.keys import KEY_BYTES, Digest
from registry.keys.ring import SUPPRESSION_KEY, create_index_key, versioned_name
from registry.lookup import IdentifierKind
from registry.rewrapping import PAGE
from registry.rotation import Pace, Report, alone, changed_ring, entry, silent
from registry.tables import EpochState, KeyEpochRow, LookupRow, SuppressionRow


async def rotate_index_keys(
    registry: Registry, caller: Caller, pace: Pace | None = None, report: Report = silent
) -> int:
    """Announce a new version of every index key and bring all blind indexes to it; returns how many digests moved.

    A rotation that did not end is brought to its end first, so that nothing ever lies more than one version back.
    """
    done = await _nest_lookups(registry, pace, report)
    async with registry.change(keeping=True) as change:
        epoch, kek = await _still(change)
        versions: list[str] = []
        for kind in IdentifierKind:
            version = change.ring.newest_index_version(kind.value) + 1
            create_index_key(change.session, kind.value, version, epoch, kek)
            versions.append(f"{kind.value}:{version}")
        await changed_ring(change)
        change.record(entry(caller, change, EventTag.KEY_INDEX_ROTATE, tuple(versions)))
    await registry.load()
    return done + await _nest_lookups(registry, pace, report)


async def rotate_suppression_key(
    registry: Registry, caller: Caller, pace: Pace | None = None, report: Report = silent
) -> int:
    """Announce a new version of the suppression key and bring all suppressions to it; returns how many moved."""
    done = await _nest_suppressions(registry, pace, report)
    async with registry.change(keeping=True) as change:
        await _still(change)
        version = change.ring.newest_suppression_version + 1
        key = secrets.token_bytes(KEY_BYTES)
        await change.ring.create_service_key(change.session, versioned_name(SUPPRESSION_KEY, version), key, change.now)
        await changed_ring(change)
        change.record(entry(caller, change, EventTag.KEY_SUPPRESSION_ROTATE, (f"suppression:{version}",)))
    await registry.load()
    return done + await _nest_suppressions(registry, pace, report)


async def digests_behind(registry: Registry, session: AsyncSession) -> dict[str, int]:
    """How many stored digests are not of the newest version, by what they are digests of."""
    found: dict[str, int] = {}
    for kind in IdentifierKind:
        newest = registry.ring.newest_index_version(kind.value)
        found[kind.value] = await _count(
            session, col(LookupRow.kind) == kind.value, col(LookupRow.index_version) < newest
        )
    newest = registry.ring.newest_suppression_version
    found["suppression"] = await _count(session, col(LookupRow.suppression_version) < newest)
    statement = select(func.count()).select_from(SuppressionRow).where(col(SuppressionRow.key_version) < newest)
    found["suppression"] += int((await session.execute(statement)).scalar_one())
    return found


async def _count(session: AsyncSession, *conditions: Any) -> int:  # noqa: ANN401 - SQLAlchemy's conditions
    statement = select(func.count()).select_from(LookupRow).where(*conditions)
    return int((await session.execute(statement)).scalar_one())


async def _still(change: Change) -> tuple[int, bytes]:
    """Wait until no change makes keys or digests, and let none begin; the active epoch and its key."""
    await alone(change)
    active = (
        select(col(KeyEpochRow.epoch))
        .where(col(KeyEpochRow.state) == EpochState.ACTIVE.value)
        .order_by(col(KeyEpochRow.epoch))
        .with_for_update()
    )
    epoch = list((await change.session.execute(active)).scalars())[-1]
    await change.ring.load(change.session)
    return epoch, change.ring.epoch_key(epoch)


async def _nest_lookups(registry: Registry, pace: Pace | None, report: Report) -> int:
    done = 0
    for kind in IdentifierKind:
        newest = registry.ring.newest_index_version(kind.value)
        behind: Any = (
            select(col(LookupRow.digest), col(LookupRow.subject_id), col(LookupRow.index_version))
            .where(col(LookupRow.kind) == kind.value, col(LookupRow.index_version) < newest)
            .order_by(col(LookupRow.digest), col(LookupRow.subject_id))
        )

        async def nest(session: AsyncSession, row: Row[Any], kind: str = kind.value) -> None:
            digest = registry.ring.nest_index(kind, Digest(row.index_version, row.digest))
            await session.execute(
                update(LookupRow)
                .where(
                    col(LookupRow.kind) == kind,
                    col(LookupRow.digest) == row.digest,
                    col(LookupRow.subject_id) == row.subject_id,
                )
                .values(digest=digest.value, index_version=digest.version)
                .execution_options(synchronize_session=False)
            )

        done += await _in_pages(registry, behind, nest, pace, report)
    return done


async def _nest_suppressions(registry: Registry, pace: Pace | None, report: Report) -> int:
    newest = registry.ring.newest_suppression_version
    of_lookups: Any = (
        select(
            col(LookupRow.kind),
            col(LookupRow.digest),
            col(LookupRow.subject_id),
            col(LookupRow.suppression),
            col(LookupRow.suppression_version),
        )
        .where(col(LookupRow.suppression_version) < newest)
        .order_by(col(LookupRow.kind), col(LookupRow.digest), col(LookupRow.subject_id))
    )

    async def nest_lookup(session: AsyncSession, row: Row[Any]) -> None:
        digest = registry.ring.nest_suppression(Digest(row.suppression_version, row.suppression))
        await session.execute(
            update(LookupRow)
            .where(
                col(LookupRow.kind) == row.kind,
                col(LookupRow.digest) == row.digest,
                col(LookupRow.subject_id) == row.subject_id,
            )
            .values(suppression=digest.value, suppression_version=digest.version)
            .execution_options(synchronize_session=False)
        )

    blocks: Any = (
        select(col(SuppressionRow.kind), col(SuppressionRow.digest), col(SuppressionRow.scope))
        .where(col(SuppressionRow.key_version) < newest)
        .order_by(col(SuppressionRow.kind), col(SuppressionRow.digest), col(SuppressionRow.scope))
    )

    async def nest_block(session: AsyncSession, row: Row[Any]) -> None:
        old = await session.get_one(SuppressionRow, (row.kind, row.digest, row.scope))
        digest = registry.ring.nest_suppression(Digest(old.key_version, old.digest))
        known = await session.get(SuppressionRow, (row.kind, digest.value, row.scope))
        since = max(old.since, known.since) if known else old.since
        await session.delete(old)
        await session.flush()
        if known:
            known.since = since
        else:
            session.add(
                SuppressionRow(
                    kind=row.kind, digest=digest.value, scope=row.scope, since=since, key_version=digest.version
                )
            )

    done = await _in_pages(registry, of_lookups, nest_lookup, pace, report)
    return done + await _in_pages(registry, blocks, nest_block, pace, report)


async def _in_pages(
    registry: Registry,
    behind: Any,  # noqa: ANN401 - a select of whatever columns
    nest: Callable[..., Any],
    pace: Pace | None,
    report: Report,
) -> int:
    """Nest what `behind` selects, by its order and a page a transaction, then once more from the start."""
    speed, began, done = pace or Pace(), time.monotonic(), 0
    order = list(behind._order_by_clauses)  # noqa: SLF001 - the columns given to order_by above
    last: list[Any] = []
    while True:
        page = behind.limit(PAGE).with_for_update()
        if last:
            page = page.where(tuple_(*order) > tuple_(*last))
        async with registry.database.keeping() as session:
            rows = (await session.execute(page)).all()
            for row in rows:
                await nest(session, row)
        if not rows and not last:
            return done
        done += len(rows)
        last = [bindparam(None, getattr(rows[-1], str(one.key)), type_=one.type) for one in order] if rows else []
        report(len(rows))
        await speed.keep(done, began)
