"""The keys of one installation as a process holds them: epochs, index keys and service keys, unwrapped once.

The provider is asked when the ring is loaded, never for a request. Data keys are not cached: each is unwrapped for the
call that needs it. `version` counts every change of the ring; the database names the newest, every read and every
change compares it, and who holds another loads first.

Index and suppression keys are chains: version 1 digests the identifier, each later version digests the digest before
it. So a key is replaced without reading anybody's identifier, and every digest ever made can be found again.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.store import WrappedKey
from policies.vocabulary import Category
from registry.errors import KeyUnavailableError, NotReadyError
from registry.keys.provider import KeyProvider, ask
from registry.keys.wrapping import (
    KEY_BYTES,
    DataKey,
    WrappedDataKey,
    audit_context,
    data_context,
    epoch_context,
    fingerprint,
    index_context,
    keyed_digest,
    service_context,
    unwrap_key,
    wrap_key,
)
from registry.tables import DataKeyRow, EpochState, IndexKeyRow, KeyEpochRow, ServiceKeyRow, StateRow

SUPPRESSION_KEY = "suppression"


class ServiceKey(NamedTuple):
    """One version of a key of the service."""

    version: int
    key: bytes
    created_at: datetime

    def __repr__(self) -> str:
        return f"ServiceKey(version={self.version})"


class Digest(NamedTuple):
    """A digest of an identifier under one version of its key."""

    version: int
    value: bytes


@dataclass(slots=True)
class _Held:
    """Everything unwrapped; replaced as a whole, so that nobody sees half a ring."""

    version: int = 0
    active_epoch: int = 0
    epochs: dict[int, bytes] = field(default_factory=dict, repr=False)
    ciphers: dict[int, AESGCMSIV] = field(default_factory=dict, repr=False)
    index_keys: dict[str, list[bytes]] = field(default_factory=dict, repr=False)
    service_keys: dict[str, bytes] = field(default_factory=dict, repr=False)
    service_since: dict[str, datetime] = field(default_factory=dict)


class KeyRing:
    """The keys of one installation, reached through its provider."""

    def __init__(self, provider: KeyProvider) -> None:
        self.provider = provider
        self._held = _Held()
        self._watchers: list[Callable[[], None]] = []

    @property
    def version(self) -> int:
        """Which state of the ring this process has loaded; 0 = none."""
        return self._held.version

    @property
    def active_epoch(self) -> int:
        """The epoch under which new keys are wrapped."""
        return self._held.active_epoch

    async def load(self, session: AsyncSession) -> None:
        """Unwrap epochs, index keys and service keys; the ring stays as it was if one of them does not open.

        Raises:
            KeyProviderError: when the provider cannot be asked.
            KeyUnavailableError: when one of the keys does not open.
            NotReadyError: when no epoch is active.
        """
        version = (await session.execute(select(col(StateRow.keys_version)))).scalar_one()
        held = _Held(version)
        epochs = select(KeyEpochRow).where(col(KeyEpochRow.state) != EpochState.DESTROYED.value)
        for epoch in (await session.execute(epochs.execution_options(populate_existing=True))).scalars():
            held.epochs[epoch.epoch] = await ask(
                self.provider.unwrap, epoch.root_version, epoch.wrapped, epoch_context(epoch.epoch)
            )
            if epoch.state == EpochState.ACTIVE.value:
                held.active_epoch = max(held.active_epoch, epoch.epoch)
        if not held.active_epoch:
            raise NotReadyError("no key epoch is active")
        index_keys = select(IndexKeyRow).order_by(col(IndexKeyRow.kind), col(IndexKeyRow.version))
        for row in (await session.execute(index_keys.execution_options(populate_existing=True))).scalars():
            key = unwrap_key(held.epochs[row.epoch], row.wrapped, index_context(row.kind, row.version))
            held.index_keys.setdefault(row.kind, []).append(key)
        service_keys = select(ServiceKeyRow).execution_options(populate_existing=True)
        for service in (await session.execute(service_keys)).scalars():
            held.service_keys[service.name] = await ask(
                self.provider.unwrap, service.root_version, service.wrapped, service_context(service.name)
            )
            held.service_since[service.name] = service.created_at
        self._held = held
        for watcher in self._watchers:
            watcher()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Tell somebody, now and after every load, that there may be other keys."""
        self._watchers.append(watcher)
        watcher()

    async def create_epoch(self, session: AsyncSession, epoch: int, now: datetime) -> bytes:
        """Add an epoch under the provider's newest root, as part of a transaction; returns its key (32 bytes).

        Nothing that this class creates is held before it is committed and loaded: what is rolled back was never used.
        """
        kek = secrets.token_bytes(KEY_BYTES)
        version, wrapped = await ask(self.provider.wrap, kek, epoch_context(epoch))
        session.add(
            KeyEpochRow(
                epoch=epoch, state=EpochState.ACTIVE.value, root_version=version, wrapped=wrapped, created_at=now
            ),
        )
        return kek

    async def create_service_key(self, session: AsyncSession, name: str, key: bytes, now: datetime) -> None:
        """Add a key of the service itself, at most 4 KiB, wrapped under the root, as part of a transaction."""
        version, wrapped = await ask(self.provider.wrap, key, service_context(name))
        session.add(ServiceKeyRow(name=name, root_version=version, wrapped=wrapped, created_at=now))

    def hold_epoch(self, epoch: int, kek: bytes) -> None:
        """Work with an unwrapped epoch key (32 bytes) as the active one."""
        self._held.epochs[epoch] = kek
        self._held.ciphers.pop(epoch, None)
        self._held.active_epoch = epoch

    def service_key(self, name: str) -> bytes:
        """A key of the service.

        Raises:
            KeyUnavailableError: when it was never created.
        """
        try:
            return self._held.service_keys[name]
        except KeyError:
            raise KeyUnavailableError(f"service key {name} does not exist") from None

    def service_versions(self, name: str) -> list[ServiceKey]:
        """Every version of a key of the service that is held, newest first; at least one.

        Raises:
            KeyUnavailableError: when it was never created.
        """
        found = [
            ServiceKey(version, key, self._held.service_since[held])
            for held, key in self._held.service_keys.items()
            if (version := version_of(name, held))
        ]
        if not found:
            raise KeyUnavailableError(f"service key {name} does not exist")
        return sorted(found, reverse=True)

    def holds(self, epoch: int) -> bool:
        """Whether this process has the key of an epoch."""
        return epoch in self._held.epochs

    def epoch_key(self, epoch: int) -> bytes:
        """The key of an epoch; for wrapping what hangs under it anew.

        Raises:
            KeyUnavailableError: when the epoch is destroyed, or newer than this ring.
        """
        try:
            return self._held.epochs[epoch]
        except KeyError:
            raise KeyUnavailableError(f"epoch {epoch} is not held") from None

    def _cipher(self, epoch: int) -> AESGCMSIV:
        """The prepared cipher of an epoch; errors as `epoch_key`."""
        cipher = self._held.ciphers.get(epoch)
        if cipher is None:
            cipher = self._held.ciphers[epoch] = AESGCMSIV(self.epoch_key(epoch))
        return cipher

    def new_data_key(
        self, subject_id: UUID, category: Category, version: int = 1, epoch: int | None = None
    ) -> tuple[DataKey, WrappedDataKey]:
        """A fresh data key of one category of one person, wrapped under an epoch (None = the active one)."""
        under = epoch or self.active_epoch
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = wrap_key(self.epoch_key(under), key, data_context(subject_id, category, version))
        return DataKey(version, key), WrappedDataKey(version, under, wrapped, fingerprint(key))

    def data_key(self, subject_id: UUID, category: Category, stored: WrappedDataKey) -> DataKey:
        """Unwrap a data key.

        Raises:
            KeyUnavailableError: when its epoch is gone, or it was changed or belongs to somebody else.
        """
        cipher = self._cipher(stored.epoch)
        key = unwrap_key(cipher, stored.wrapped, data_context(subject_id, category, stored.version))
        if not hmac.compare_digest(fingerprint(key), stored.fingerprint):
            raise KeyUnavailableError("a data key does not match its fingerprint")
        return DataKey(stored.version, key)

    def new_audit_key(self, ref: UUID, epoch: int | None = None) -> WrappedKey:
        """A fresh audit key of a person, wrapped under an epoch (None = the active one)."""
        under = epoch or self.active_epoch
        return WrappedKey(under, wrap_key(self.epoch_key(under), secrets.token_bytes(KEY_BYTES), audit_context(ref)))

    def audit_key(self, ref: UUID, stored: WrappedKey) -> bytes:
        """Unwrap a person's audit key; errors as `data_key`."""
        return unwrap_key(self._cipher(stored.epoch), stored.wrapped, audit_context(ref))

    def index_digests(self, kind: str, normalised: str) -> list[Digest]:
        """The blind index of an identifier under every version of its key, newest first (R-ENC-4)."""
        return _chained(self._held.index_keys[kind], b"lookup\0" + normalised.encode())

    def index_digest(self, kind: str, normalised: str) -> Digest:
        """The blind index of an identifier under the newest version: what is written."""
        return self.index_digests(kind, normalised)[0]

    def suppression_digests(self, kind: str, normalised: str) -> list[Digest]:
        """The digests under which an identifier may be suppressed, newest first (R-17-4)."""
        message = b"suppression\0" + kind.encode() + b"\0" + normalised.encode()
        return _chained(self._suppression_chain(), message)

    def suppression_digest(self, kind: str, normalised: str) -> Digest:
        """The digest under which an identifier stays suppressed after an erasure: what is written."""
        return self.suppression_digests(kind, normalised)[0]

    def nest_index(self, kind: str, digest: Digest) -> Digest:
        """A stored blind index, brought to the newest version."""
        return _nested(self._held.index_keys[kind], digest)

    def nest_suppression(self, digest: Digest) -> Digest:
        """A stored suppression digest, brought to the newest version."""
        return _nested(self._suppression_chain(), digest)

    def newest_index_version(self, kind: str) -> int:
        """The version under which blind indexes of this kind are written."""
        return len(self._held.index_keys[kind])

    @property
    def newest_suppression_version(self) -> int:
        """The version under which suppressions are written."""
        return len(self._suppression_chain())

    def _suppression_chain(self) -> list[bytes]:
        chain = [self.service_key(SUPPRESSION_KEY)]
        while (name := versioned_name(SUPPRESSION_KEY, len(chain) + 1)) in self._held.service_keys:
            chain.append(self._held.service_keys[name])
        return chain


def create_index_key(session: AsyncSession, kind: str, version: int, epoch: int, kek: bytes) -> None:
    """Add a version of a kind's index key under an epoch, as part of a transaction."""
    wrapped = wrap_key(kek, secrets.token_bytes(KEY_BYTES), index_context(kind, version))
    session.add(IndexKeyRow(kind=kind, version=version, epoch=epoch, wrapped=wrapped))


def versioned_name(name: str, version: int) -> str:
    """What one version of a key of the service is called; the first carries no number."""
    return name if version == 1 else f"{name}-{version}"


def version_of(name: str, held: str) -> int:
    """Which version of a key of the service this name means; 0 = it is another key's."""
    if held == name:
        return 1
    number = held.removeprefix(f"{name}-")
    return int(number) if number != held and number.isdecimal() else 0


def _chained(chain: Sequence[bytes], message: bytes) -> list[Digest]:
    first = Digest(1, keyed_digest(chain[0], message))
    found = [first]
    for version in range(2, len(chain) + 1):
        found.append(Digest(version, keyed_digest(chain[version - 1], found[-1].value)))
    return found[::-1]


def _nested(chain: Sequence[bytes], digest: Digest) -> Digest:
    value = digest.value
    for key in chain[digest.version :]:
        value = keyed_digest(key, value)
    return Digest(len(chain), value)


async def data_keys_of(session: AsyncSession, subject_id: UUID) -> Mapping[Category, WrappedDataKey]:
    """All data keys of a person, as stored now, whatever this session has seen before."""
    statement = (
        select(DataKeyRow).where(col(DataKeyRow.subject_id) == subject_id).execution_options(populate_existing=True)
    )
    rows = (await session.execute(statement)).scalars()
    return {
        Category(row.category): WrappedDataKey(row.version, row.epoch, row.wrapped, row.fingerprint) for row in rows
    }
