"""Keys: a root version in the key provider wraps an epoch's key, which wraps the key of each person and category.

The provider is asked once per epoch and service key, never per request. Unwrapped data keys are not cached: a
data key is unwrapped for the call that needs it. Wrapping is AES-256-GCM-SIV, because many messages share one
wrapping key; a fingerprint of the data key is kept beside it, because GCM does not commit to its key.

Legal: GDPR Art. 32(1)(a); R-ENC-1, R-ENC-2.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.store import WrappedKey
from policies.vocabulary import Category
from registry.errors import KeyUnavailableError, NotReadyError
from registry.tables import DataKeyRow, IndexKeyRow, KeyEpochRow, ServiceKeyRow

KEY_BYTES = 32
NONCE_BYTES = 12
_KEY_FILE_MODE = 0o600
_FINGERPRINT_BYTES = 8


class KeyProvider(Protocol):
    """What holds the root keys. A version is never reused; wrapping binds to `context`."""

    @property
    def current_version(self) -> int:
        """The version that wraps from now on."""

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """Wrap a key under the current version; returns (version, wrapped)."""

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        """Raises KeyUnavailableError when the version is gone or the wrapped key was changed."""


class FileKeyProvider:
    """Root keys in a local JSON file, mode 0600, outside the repository: {"1": "<64 hex digits>"}."""

    def __init__(self, path: Path) -> None:
        self._roots = _read_key_file(path)

    @classmethod
    def create(cls, path: Path) -> "FileKeyProvider":
        """Open the file, making it with one fresh root key if it does not exist."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _KEY_FILE_MODE), "w") as file:
                json.dump({"1": secrets.token_hex(KEY_BYTES)}, file)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
            temporary.unlink()
            directory = os.open(path.parent, os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)
        return cls(path)

    @property
    def current_version(self) -> int:
        """The highest version in the file."""
        return max(self._roots)

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """Wrap under the current root."""
        version = self.current_version
        return version, wrap_key(self._roots[version], key, context)

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap with the root of that version."""
        root = self._roots.get(version)
        if root is None:
            raise KeyUnavailableError(f"root version {version} is not held")
        return unwrap_key(root, wrapped, context)


def _read_key_file(path: Path) -> dict[int, bytes]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise NotReadyError(f"key file is readable by others: mode {mode:04o}, expected 0600")
        roots = {int(version): bytes.fromhex(key) for version, key in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise NotReadyError(f"key file cannot be read: {type(error).__name__}") from error
    if not roots or any(len(key) != KEY_BYTES for key in roots.values()):
        raise NotReadyError("key file holds no usable root key")
    return roots


def wrap_key(wrapping: bytes, key: bytes, context: bytes) -> bytes:
    """Nonce (12) + AES-256-GCM-SIV ciphertext (32) + tag (16)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCMSIV(wrapping).encrypt(nonce, key, context)


def unwrap_key(wrapping: bytes, wrapped: bytes, context: bytes) -> bytes:
    """The key that `wrap_key` wrapped.

    Raises:
        KeyUnavailableError: when it was changed, or wrapped under another key or context.
    """
    try:
        return AESGCMSIV(wrapping).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise KeyUnavailableError("a wrapped key does not open") from error


@dataclass(frozen=True, slots=True)
class WrappedDataKey:
    """A data key as stored: its version, epoch, wrapped bytes and the fingerprint of the plain key."""

    version: int
    epoch: int
    wrapped: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped data key; lives for one call."""

    version: int
    key: bytes

    def __repr__(self) -> str:
        return f"DataKey(version={self.version})"


class KeyRing:
    """The keys of one installation, reached through its provider."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider
        self._epochs: dict[int, bytes] = {}
        self._index_keys: dict[str, bytes] = {}
        self._service_keys: dict[str, bytes] = {}
        self.active_epoch = 0

    async def load(self, session: AsyncSession) -> None:
        """Unwrap epochs, index keys and service keys once.

        Raises:
            KeyUnavailableError: when the provider cannot unwrap one of them.
            NotReadyError: when no epoch is active.
        """
        epochs = {
            row.epoch: self._provider.unwrap(row.root_version, row.wrapped, _epoch_context(row.epoch))
            for row in (
                await session.execute(select(KeyEpochRow).where(col(KeyEpochRow.state) != "destroyed"))
            ).scalars()
        }
        active = (
            await session.execute(select(col(KeyEpochRow.epoch)).where(col(KeyEpochRow.state) == "active"))
        ).scalar()
        if active is None:
            raise NotReadyError("no key epoch is active")
        index_keys = {
            row.kind: unwrap_key(epochs[row.epoch], row.wrapped, b"index\0" + row.kind.encode())
            for row in (await session.execute(select(IndexKeyRow).order_by(col(IndexKeyRow.version)))).scalars()
        }
        service_keys = {
            row.name: self._provider.unwrap(row.root_version, row.wrapped, b"service\0" + row.name.encode())
            for row in (await session.execute(select(ServiceKeyRow))).scalars()
        }
        self._epochs, self._index_keys, self._service_keys = epochs, index_keys, service_keys
        self.active_epoch = active

    async def create_epoch(self, session: AsyncSession, epoch: int, now: datetime) -> None:
        """Add an epoch; part of the transaction that makes it the active one."""
        kek = secrets.token_bytes(KEY_BYTES)
        version, wrapped = self._provider.wrap(kek, _epoch_context(epoch))
        session.add(KeyEpochRow(epoch=epoch, state="active", root_version=version, wrapped=wrapped, created_at=now))
        self.hold_epoch(epoch, kek)

    def hold_epoch(self, epoch: int, kek: bytes) -> None:
        """Work with an unwrapped epoch key (32 bytes) as the active one."""
        self._epochs[epoch] = kek
        self.active_epoch = epoch

    async def create_index_key(self, session: AsyncSession, kind: str) -> None:
        """Add the blind-index key of one kind of identifier under the active epoch."""
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = wrap_key(self._epochs[self.active_epoch], key, b"index\0" + kind.encode())
        session.add(IndexKeyRow(kind=kind, version=1, epoch=self.active_epoch, wrapped=wrapped))
        self._index_keys[kind] = key

    async def create_service_key(self, session: AsyncSession, name: str, key: bytes, now: datetime) -> None:
        """Add a key of the service itself, at most 4 KiB, wrapped under the root."""
        version, wrapped = self._provider.wrap(key, b"service\0" + name.encode())
        session.add(ServiceKeyRow(name=name, root_version=version, wrapped=wrapped, created_at=now))
        self._service_keys[name] = key

    def service_key(self, name: str) -> bytes:
        """A key of the service.

        Raises:
            KeyUnavailableError: when it was never created.
        """
        try:
            return self._service_keys[name]
        except KeyError:
            raise KeyUnavailableError(f"service key {name} does not exist") from None

    def new_data_key(self, subject_id: UUID, category: Category, version: int = 1) -> tuple[DataKey, WrappedDataKey]:
        """A fresh data key of one category of one person, wrapped under the active epoch."""
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = wrap_key(self._epochs[self.active_epoch], key, _data_context(subject_id, category, version))
        return DataKey(version, key), WrappedDataKey(version, self.active_epoch, wrapped, fingerprint(key))

    def data_key(self, subject_id: UUID, category: Category, stored: WrappedDataKey) -> DataKey:
        """Unwrap a data key.

        Raises:
            KeyUnavailableError: when its epoch is gone, or it was changed or belongs to somebody else.
        """
        epoch = self._epochs.get(stored.epoch)
        if epoch is None:
            raise KeyUnavailableError(f"epoch {stored.epoch} is not held")
        key = unwrap_key(epoch, stored.wrapped, _data_context(subject_id, category, stored.version))
        if not hmac.compare_digest(fingerprint(key), stored.fingerprint):
            raise KeyUnavailableError("a data key does not match its fingerprint")
        return DataKey(stored.version, key)

    def new_audit_key(self, ref: UUID) -> WrappedKey:
        """A fresh audit key of a person, wrapped under the active epoch."""
        wrapped = wrap_key(self._epochs[self.active_epoch], secrets.token_bytes(KEY_BYTES), b"audit\0" + ref.bytes)
        return WrappedKey(self.active_epoch, wrapped)

    def audit_key(self, ref: UUID, stored: WrappedKey) -> bytes:
        """Unwrap a person's audit key; errors as `data_key`."""
        epoch = self._epochs.get(stored.epoch)
        if epoch is None:
            raise KeyUnavailableError(f"epoch {stored.epoch} is not held")
        return unwrap_key(epoch, stored.wrapped, b"audit\0" + ref.bytes)

    def index_digest(self, kind: str, normalised: str) -> bytes:
        """The blind index of an identifier: HMAC-SHA-256 truncated to 16 bytes (R-ENC-4)."""
        return hmac.digest(self._index_keys[kind], b"lookup\0" + normalised.encode(), "sha256")[:16]

    def suppression_digest(self, kind: str, normalised: str) -> bytes:
        """The digest under which an identifier stays suppressed after erasure (R-17-4)."""
        message = b"suppression\0" + kind.encode() + b"\0" + normalised.encode()
        return hmac.digest(self.service_key("suppression"), message, "sha256")[:16]


async def data_keys_of(session: AsyncSession, subject_id: UUID) -> Mapping[Category, WrappedDataKey]:
    """All data keys of a person, as stored."""
    rows = (await session.execute(select(DataKeyRow).where(col(DataKeyRow.subject_id) == subject_id))).scalars()
    return {
        Category(row.category): WrappedDataKey(row.version, row.epoch, row.wrapped, row.fingerprint) for row in rows
    }


def fingerprint(key: bytes) -> bytes:
    """Eight bytes that commit to a data key without telling it."""
    return hashlib.sha256(b"registry-key-fingerprint\0" + key).digest()[:_FINGERPRINT_BYTES]


def _epoch_context(epoch: int) -> bytes:
    return b"epoch\0" + struct.pack(">I", epoch)


def _data_context(subject_id: UUID, category: Category, version: int) -> bytes:
    return b"data\0" + subject_id.bytes + struct.pack(">I", version) + category.value.encode()
