"""Proves that a backup of the key ring opens, before anything is destroyed that it must replace.

Legal: GDPR Art. 32(1)(b), (c), (d); R-DEL-4.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.store import WrappedKey
from policies.vocabulary import Category
from registry.backup import Manifest, Part, read_manifest, read_rows, tables_of
from registry.errors import BackupError, KeyUnavailableError
from registry.keys import KeyProvider, KeyRing, WrappedDataKey, unwrap_key
from registry.keys.provider import ask
from registry.keys.wrapping import epoch_context, index_context, service_context
from registry.tables import EpochState


@dataclass(frozen=True, slots=True)
class VerifiedBackup:
    """A backup of the key ring of which every key opened; only `verify_backup` makes one."""

    keys_version: int
    epoch: int
    keys: int
    digest: str


async def verify_backup(provider: KeyProvider, folder: Path) -> VerifiedBackup:
    """Open every key of a keys part with the provider's root keys, and forget it again.

    Keys under an epoch older than the newest do not count as saved, because that epoch is about to end: one such key
    fails the whole backup.

    Raises:
        BackupError: when the part is not whole, a key does not open, or one hangs under an older epoch or root.
        KeyProviderError: when the provider cannot be asked.
    """
    manifest = await asyncio.to_thread(read_manifest, folder, Part.KEYS)
    rows = _Rows(folder, manifest)
    epochs = [row for row in rows.of("key_epoch") if row["state"] != EpochState.DESTROYED.value]
    if not epochs:
        raise BackupError("the backup holds no epoch")
    newest = max(epochs, key=lambda row: int(row["epoch"]))
    ring = KeyRing(provider)
    try:
        kek = await ask(provider.unwrap, newest["root_version"], newest["wrapped"], epoch_context(newest["epoch"]))
        for row in rows.of("service_key"):
            if row["root_version"] < newest["root_version"]:
                raise BackupError("a service key hangs under an older root")
            await ask(provider.unwrap, row["root_version"], row["wrapped"], service_context(row["name"]))
        ring.hold_epoch(newest["epoch"], kek)
        count = await asyncio.to_thread(_open_all, ring, kek, rows, newest["epoch"])
    except KeyUnavailableError as error:
        raise BackupError("a key of the backup does not open") from error
    return VerifiedBackup(manifest.keys_version, newest["epoch"], count, manifest.digest)


class _Rows:
    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self._manifest = manifest
        self._tables = {table.name: table for table in tables_of(Part.KEYS)}

    def of(self, name: str) -> Iterator[Mapping[str, Any]]:
        return read_rows(self._folder, self._manifest, self._tables[name])


def _open_all(ring: KeyRing, kek: bytes, rows: _Rows, epoch: int) -> int:
    count = 0
    for name in ("index_key", "data_key", "audit_person_key"):
        for row in rows.of(name):
            if row["epoch"] != epoch:
                raise BackupError("a key hangs under an older epoch: the backup was made before it was wrapped anew")
            _open(ring, kek, name, row)
            count += 1
    return count


def _open(ring: KeyRing, kek: bytes, table: str, row: Mapping[str, Any]) -> None:
    match table:
        case "data_key":
            stored = WrappedDataKey(row["version"], row["epoch"], row["wrapped"], row["fingerprint"])
            ring.data_key(row["subject_id"], Category(row["category"]), stored)
        case "audit_person_key":
            ring.audit_key(row["person_ref"], WrappedKey(row["epoch"], row["wrapped"]))
        case _:
            unwrap_key(kek, row["wrapped"], index_context(row["kind"], row["version"]))
