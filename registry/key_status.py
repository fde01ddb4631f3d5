"""What there is of keys, in numbers: for the operator, and for whoever asks whether erasures have ended.

Legal: GDPR Art. 32(1)(d); R-ENC-7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from audit import person_keys
from registry.context import Registry
from registry.keys.provider import ask
from registry.keys.signatures import Signature
from registry.lookup import NORMALISATION
from registry.reindexing import digests_behind
from registry.retirement import unused_roots
from registry.settling import ErasureEnds
from registry.tables import DataKeyRow, EpochState, IndexKeyRow, KeyEpochRow, LookupRow


@dataclass(frozen=True, slots=True)
class EpochStatus:
    """One epoch that is not destroyed: its state, root version, keys under it, and age in whole days."""

    epoch: int
    state: str
    root_version: int
    keys: int
    age_days: int


@dataclass(frozen=True, slots=True)
class SigningStatus:
    """A key that the service signs with: newest version, its age in whole days, and how many older ones are held."""

    name: str
    version: int
    age_days: int
    older: int


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """Epochs, root versions at the provider, digests behind their newest key, and how far erasures are.

    `spelled_before`: look-ups by kind whose identifier was spelled by an earlier rule than today's.
    """

    epochs: tuple[EpochStatus, ...]
    roots: tuple[int, ...]
    unused_roots: tuple[int, ...]
    digests_behind: Mapping[str, int]
    spelled_before: Mapping[str, int]
    signing: tuple[SigningStatus, ...]
    ends: ErasureEnds


async def key_status(registry: Registry) -> KeyStatus:
    """Count; a few scans over the key tables.

    Raises:
        KeyProviderError: when the provider cannot be asked.
    """
    now = await registry.database.now()
    epochs: list[EpochStatus] = []
    async with registry.database.reading() as session:
        statement = select(KeyEpochRow).where(col(KeyEpochRow.state) != EpochState.DESTROYED.value)
        for row in (await session.execute(statement.order_by(col(KeyEpochRow.epoch)))).scalars():
            keys = await person_keys.count_under(session, row.epoch)
            for table in (DataKeyRow, IndexKeyRow):
                counted = select(func.count()).select_from(table).where(col(table.epoch) == row.epoch)
                keys += int((await session.execute(counted)).scalar_one())
            epochs.append(EpochStatus(row.epoch, row.state, row.root_version, keys, (now - row.created_at).days))
        behind = await digests_behind(registry, session)
        spelled = {}
        for kind, rule in NORMALISATION.items():
            earlier = (col(LookupRow.kind) == kind.value) & (col(LookupRow.normalisation) < rule)
            counted = select(func.count()).select_from(LookupRow).where(earlier)
            spelled[kind.value] = int((await session.execute(counted)).scalar_one())
    signing = tuple(_signing(registry, signature, now) for signature in Signature)
    roots = await ask(registry.ring.provider.versions)
    return KeyStatus(
        tuple(epochs), roots, await unused_roots(registry), behind, spelled, signing, await registry.settling.ends()
    )


def _signing(registry: Registry, signature: Signature, now: datetime) -> SigningStatus:
    newest, *older = registry.ring.service_versions(signature)
    return SigningStatus(signature.value, newest.version, (now - newest.created_at).days, len(older))
