"""Promise 6, to its end: what was erased opens with no key and no backup once its epoch is retired (R-DEL-4).

The control stands beside it: before the retirement the backup does open, so the proof can fail.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from policies.vocabulary import Category, FieldName
from registry.backup import Part, back_up, read_manifest, read_rows, tables_of
from registry.disclosure import Disclosed
from registry.errors import RegistryError
from registry.key_backup import verify_backup
from registry.keys import DataKey, KeyProvider, KeyRing, WrappedDataKey, open_provider
from registry.keys.wrapping import epoch_context
from registry.retirement import destroy_retired, prepare_retirement
from registry.vault import Place, Sealed, _bound
from tests.house import ANNA, SHOP, House
from tests.postgres import Postgres
from tests.sentinel import files_under, places_of

BERT = {
    **ANNA,
    "first_name": "Bert",
    "last_name": "Bleibt-Testmann",
    "email": "bert@example.com",
    "phone": "+4930231251",
}


@dataclass(frozen=True, slots=True)
class Backup:
    """Both parts of one instant, in memory."""

    values: list[dict[str, Any]]
    data_keys: list[dict[str, Any]]
    epochs: list[dict[str, Any]]


def read_backup(folder: Path) -> Backup:
    """What a thief of both parts holds."""

    def rows(part: Part, name: str) -> list[dict[str, Any]]:
        manifest = read_manifest(folder / part.value, part)
        (table,) = [table for table in tables_of(part) if table.name == name]
        return list(read_rows(folder / part.value, manifest, table))

    return Backup(rows(Part.DATA, "record"), rows(Part.KEYS, "data_key"), rows(Part.KEYS, "key_epoch"))


async def take_backup(house: House, folder: Path) -> Backup:
    """Both parts, apart."""
    await back_up(house.registry, SHOP, {part: folder / part.value for part in Part})
    return read_backup(folder)


def rings(provider: KeyProvider, backups: list[Backup]) -> Iterator[tuple[int, KeyRing]]:
    """Every epoch key of every backup that any root key still held opens."""
    for backup in backups:
        for row in backup.epochs:
            for root in provider.versions():
                try:
                    kek = provider.unwrap(root, row["wrapped"], epoch_context(row["epoch"]))
                except RegistryError:
                    continue
                ring = KeyRing(provider)
                ring.hold_epoch(row["epoch"], kek)
                yield row["epoch"], ring


def usable_keys(provider: KeyProvider, backups: list[Backup], owner: UUID) -> list[DataKey]:
    """Every data key of a person that any combination of backups and surviving keys yields."""
    found: list[DataKey] = []
    for epoch, ring in rings(provider, backups):
        for backup in backups:
            for row in backup.data_keys:
                stored = WrappedDataKey(row["version"], epoch, row["wrapped"], row["fingerprint"])
                try:
                    found.append(ring.data_key(row["subject_id"], Category(row["category"]), stored))
                except RegistryError:
                    continue
                if row["subject_id"] != owner:
                    found.pop()
    return found


def resurrected(provider: KeyProvider, backups: list[Backup], owner: UUID) -> set[str]:
    """Fields of a person that open in any backup with any key from any backup."""
    keys = usable_keys(provider, backups, owner)
    opened: set[str] = set()
    for backup in backups:
        for row in backup.values:
            if row["subject_id"] != owner:
                continue
            place = Place(owner, Category(row["category"]), FieldName(row["field"]), row["record_id"], row["version"])
            sealed = Sealed(place, row["key_version"], row["sealed"])
            for key in keys:
                try:
                    AESGCM(key.key).decrypt(sealed.ciphertext[:12], sealed.ciphertext[12:], _bound(place, key.version))
                except InvalidTag:
                    continue
                opened.add(row["field"])
    return opened


def root_bytes(house: House) -> dict[str, bytes]:
    """The root keys as they lie in the key file, in the spellings in which they could lie elsewhere."""
    roots = json.loads(house.settings.keys.read_text())
    return {f"root {version} {name}": form for version, key in roots.items() for name, form in _forms(key).items()}


def _forms(key: str) -> dict[str, bytes]:
    return {"raw": bytes.fromhex(key), "hex": key.encode(), "HEX": key.upper().encode()}


@pytest.mark.gdpr("17(1)")
async def test_nothing_erased_opens_after_its_epoch_was_retired(
    house: House, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    anna = await house.customer("A-1")
    bert = await house.customer("B-1", BERT)
    provider = open_provider(house.settings.key_provider_url)
    before = await take_backup(house, tmp_path / "before")
    old_roots = root_bytes(house)
    await house.erase(anna)
    after = await take_backup(house, tmp_path / "after")

    # The control: rows and keys are deleted, and yet the backup together with the root key brings everything back.
    assert resurrected(provider, [before, after], anna) == set(ANNA)

    await prepare_retirement(house.registry, SHOP)
    await back_up(house.registry, SHOP, {Part.KEYS: tmp_path / "survives"})
    verified = await verify_backup(provider, tmp_path / "survives")
    assert await destroy_retired(house.registry, SHOP, verified) == (1,)
    last = await take_backup(house, tmp_path / "last")

    backups = [before, after, last]
    assert provider.versions() == (2,)
    assert resurrected(provider, backups, anna) == set()
    assert {key.key for key in usable_keys(provider, [before, after], bert)} == set()
    assert resurrected(provider, backups, bert) == set(BERT)
    read = await house.read("shop", "order_fulfilment", ["email"], bert)
    assert isinstance(read, Disclosed)
    assert read.values

    # Bytes: no destroyed root, no epoch or data key in the clear, in any file of database, log, backup or registry.
    needles = {name: form for name, form in old_roots.items() if name.startswith("root 1 ")}
    for _, ring in rings(provider, backups):
        epoch_key = ring.epoch_key(ring.active_epoch)
        needles |= {f"epoch {ring.active_epoch} {name}": form for name, form in _forms(epoch_key.hex()).items()}
    for key in usable_keys(provider, backups, bert):
        needles[f"data key {hashlib.sha256(key.key).hexdigest()[:8]}"] = key.key
    files = files_under(tmp_path)
    if house.registry.database.engine == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        files += server.files()
    assert len(files) > 20
    assert places_of(needles, files) == []
