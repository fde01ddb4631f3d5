"""Rotation while the service goes on: every value readable before, meanwhile and after (R-ENC-2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from api.compose import open_registry
from audit.checkpoint import UnverifiedNoteError, open_note
from policies.vocabulary import Category, PurposeId
from registry import subjects
from registry.actors import SYSTEM
from registry.backup import Part, back_up
from registry.disclosure import Disclosed
from registry.errors import BackupError, KeyProviderError, KeyUnavailableError, RetirementRefusedError
from registry.finding import Found, Identifier, find
from registry.key_backup import verify_backup
from registry.key_status import key_status
from registry.keys import wrap_key
from registry.keys.signatures import NOTICED_WITHIN, Signature, token_keys
from registry.keys.wrapping import data_context
from registry.lookup import IdentifierKind
from registry.reindexing import rotate_index_keys, rotate_suppression_key
from registry.resealing import rotate_data_keys
from registry.retirement import destroy_retired, prepare_retirement, unused_roots
from registry.rotation import Pace, close_older_epochs, new_root, open_epoch, rewrap_survivors
from registry.service_keys import rotate_signing_key, rotate_token_key
from registry.subjects import GivenSubject, Status
from tests.house import ANNA, SHOP, House, open_house, settings_for


async def reads(house: House, subject_id: UUID) -> bool:
    """Whether the shop still gets the address."""
    outcome = await house.read("shop", "order_fulfilment", ["email"], subject_id)
    return isinstance(outcome, Disclosed) and ANNA["email"] in outcome.values.values()


@asynccontextmanager
async def open_other(house: House) -> AsyncIterator[House]:
    """A second process's registry on the same database."""
    async with open_registry(house.settings, serving=False) as registry:
        yield House(registry, house.settings, house.owner_url)


async def scalars(house: House, statement: str) -> list[object]:
    async with house.registry.database.reading() as session:
        return list((await session.execute(text(statement))).scalars())


async def finds(house: House, value: str = ANNA["email"]) -> list[UUID]:
    purpose = PurposeId("order_fulfilment")
    found = await find(house.registry, SHOP, purpose, Identifier(IdentifierKind.EMAIL, value))
    return found.subject_ids if isinstance(found, Found) else []


async def test_a_new_root_wraps_everything_above_and_touches_nothing_below(house: House) -> None:
    subject_id = await house.customer()
    before = await scalars(house, "SELECT wrapped FROM data_key ORDER BY category")
    assert await new_root(house.registry, SYSTEM) == 2
    assert await scalars(house, "SELECT DISTINCT root_version FROM key_epoch") == [2]
    assert await scalars(house, "SELECT DISTINCT root_version FROM service_key") == [2]
    assert await scalars(house, "SELECT wrapped FROM data_key ORDER BY category") == before
    assert await reads(house, subject_id)


async def test_a_new_epoch_takes_every_survivor(house: House) -> None:
    subject_id = await house.customer()
    assert await open_epoch(house.registry, SYSTEM) == 2
    assert await reads(house, subject_id)
    pages: list[int] = []
    done = await rewrap_survivors(house.registry, SYSTEM, report=pages.append)
    assert done == sum(pages) > 3
    for table in ("data_key", "audit_person_key", "index_key"):
        assert await scalars(house, f"SELECT DISTINCT epoch FROM {table}") == [2]  # noqa: S608 - own names
    assert await reads(house, subject_id)
    assert await finds(house) == [subject_id]
    assert await rewrap_survivors(house.registry, SYSTEM) == 0


async def test_survivors_come_in_pages_and_a_rotation_that_was_stopped_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.rotation.PAGE", 3)
    people = [await house.customer(f"A-{number}", {"email": f"a{number}@example.com"}) for number in range(5)]
    await open_epoch(house.registry, SYSTEM)

    class Stopped(Exception):  # noqa: N818 - not an error
        pass

    def stop(_done: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        await rewrap_survivors(house.registry, SYSTEM, report=stop)
    pages: list[int] = []
    await rewrap_survivors(house.registry, SYSTEM, report=pages.append)
    assert max(pages) <= 3
    assert await scalars(house, "SELECT DISTINCT epoch FROM data_key") == [2]
    for subject_id in people:
        outcome = await house.read("shop", "order_fulfilment", ["email"], subject_id)
        assert isinstance(outcome, Disclosed)


async def test_a_stored_key_of_another_length_ends_the_page_and_changes_none(house: House) -> None:
    """Keys of a page travel in one piece: one that is shorter must not shift the others."""
    subject_id = await house.customer()
    ring = house.registry.ring
    short = wrap_key(ring.epoch_key(1), bytes(16), data_context(subject_id, Category.MASTER, 1)).hex()
    literal = f"x'{short}'" if house.registry.database.engine == "sqlite" else f"decode('{short}', 'hex')"
    await house.as_owner(f"UPDATE data_key SET wrapped = {literal} WHERE category = 'master'")  # noqa: S608 - own names
    before = await scalars(house, "SELECT wrapped FROM data_key ORDER BY category")
    await open_epoch(house.registry, SYSTEM)
    with pytest.raises(KeyUnavailableError, match="another length"):
        await rewrap_survivors(house.registry, SYSTEM)
    assert await scalars(house, "SELECT wrapped FROM data_key ORDER BY category") == before


async def test_the_pace_is_kept(house: House) -> None:
    await house.customer()
    slept: list[float] = []
    pace = Pace(1e6)
    await pace.keep(10, asyncio.get_running_loop().time())
    await open_epoch(house.registry, SYSTEM)
    await rewrap_survivors(house.registry, SYSTEM, pace, lambda _: slept.append(1))
    assert slept


async def test_a_worker_with_the_old_ring_in_mind_loses_no_key(house: House) -> None:
    """It makes keys right after an epoch was closed elsewhere, and learns of the newer one in time."""
    async with open_other(house) as other:
        await open_epoch(other.registry, SYSTEM)
        await close_older_epochs(other.registry, SYSTEM)
        assert house.registry.ring.active_epoch == 1
        subject_id = await house.customer("late")
        assert await scalars(house, "SELECT DISTINCT epoch FROM data_key") == [2]
        assert await reads(house, subject_id)
        assert await reads(other, subject_id)


async def test_a_ring_that_is_old_in_the_middle_of_a_change_is_renewed_before_a_key_is_made(house: House) -> None:
    subject_id = await house.customer(values={"email": ANNA["email"]})
    async with house.registry.change() as change:
        ring, held = house.registry.ring, house.registry.ring._held
        await change.ring.load(change.session)
        ring._held = held  # as if it had been loaded long ago
        held.version -= 1
        await change.lock_subject(subject_id)
        assert await change.hold_keys() == 1
        assert ring.version == held.version + 1
        change.record(house.some_entry())


@pytest.mark.gdpr("17(1)")
async def test_an_epoch_is_retired_only_with_a_backup_of_the_ring_as_it_is(house: House, tmp_path: Path) -> None:
    subject_id = await house.customer()
    provider = house.registry.ring.provider
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "early"})
    early = await verify_backup(provider, tmp_path / "early")
    await prepare_retirement(house.registry, SYSTEM)
    with pytest.raises(RetirementRefusedError):
        await destroy_retired(house.registry, SYSTEM, early)
    assert provider.versions() == (1, 2)
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "keys"})
    verified = await verify_backup(provider, tmp_path / "keys")
    assert await destroy_retired(house.registry, SYSTEM, verified) == (1,)
    assert provider.versions() == (2,)
    assert await unused_roots(house.registry) == ()
    assert await reads(house, subject_id)
    await house.customer("B-1", {"email": "b@example.com"})
    with pytest.raises(KeyUnavailableError):
        house.registry.ring.epoch_key(1)
    with pytest.raises(BackupError):
        await verify_backup(provider, tmp_path / "early")


async def test_a_backup_made_before_the_survivors_moved_does_not_count(house: House, tmp_path: Path) -> None:
    await house.customer()
    await open_epoch(house.registry, SYSTEM)
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "keys"})
    with pytest.raises(BackupError, match="older epoch"):
        await verify_backup(house.registry.ring.provider, tmp_path / "keys")


async def test_a_key_left_behind_stops_the_retirement(house: House, tmp_path: Path) -> None:
    await house.customer()
    await prepare_retirement(house.registry, SYSTEM)
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "keys"})
    verified = await verify_backup(house.registry.ring.provider, tmp_path / "keys")
    await house.as_owner("UPDATE data_key SET epoch = 1 WHERE category = 'master'")
    with pytest.raises(RetirementRefusedError):
        await destroy_retired(house.registry, SYSTEM, verified)
    assert house.registry.ring.provider.versions() == (1, 2)


async def test_a_retirement_that_died_before_the_destruction_is_ended_by_the_next(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_id = await house.customer()
    await prepare_retirement(house.registry, SYSTEM)
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "keys"})
    verified = await verify_backup(house.registry.ring.provider, tmp_path / "keys")
    with monkeypatch.context() as dying:
        dying.setattr(type(house.registry.ring.provider), "destroy_version", _die)
        with pytest.raises(KeyProviderError):
            await destroy_retired(house.registry, SYSTEM, verified)
    assert await unused_roots(house.registry) == (1,)
    assert await reads(house, subject_id)
    await prepare_retirement(house.registry, SYSTEM)
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "again"})
    again = await verify_backup(house.registry.ring.provider, tmp_path / "again")
    assert 1 in await destroy_retired(house.registry, SYSTEM, again)
    assert await reads(house, subject_id)


def _die(*_: object) -> None:
    raise RuntimeError


async def test_a_root_shared_by_two_epochs_does_not_outlive_them(house: House, tmp_path: Path) -> None:
    """An epoch opened by a rotation hangs under the same root as the older one: retirement opens a third."""
    await house.customer()
    await open_epoch(house.registry, SYSTEM)
    await rewrap_survivors(house.registry, SYSTEM)
    await prepare_retirement(house.registry, SYSTEM)
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "keys"})
    verified = await verify_backup(house.registry.ring.provider, tmp_path / "keys")
    assert await destroy_retired(house.registry, SYSTEM, verified) == (1,)
    assert house.registry.ring.provider.versions() == (2,)


async def test_fresh_data_keys_reseal_every_value_in_place(house: House) -> None:
    subject_id = await house.customer(newsletter=True)
    await house.invoice(subject_id)
    sealed = "SELECT sealed FROM record UNION SELECT sealed FROM event"
    before = set(await scalars(house, sealed))
    assert await rotate_data_keys(house.registry, SYSTEM) == len(await scalars(house, "SELECT version FROM data_key"))
    assert not before & set(await scalars(house, sealed))
    assert await scalars(house, "SELECT DISTINCT version FROM data_key") == [2]
    assert await reads(house, subject_id)
    assert isinstance(await house.read("accounting", "accounting_duty", ["invoices"], subject_id), Disclosed)


async def test_index_keys_are_replaced_and_everybody_is_found_meanwhile(house: House) -> None:
    subject_id = await house.customer()
    before = set(await scalars(house, "SELECT digest FROM lookup"))
    async with open_other(house) as other:
        assert await rotate_index_keys(other.registry, SYSTEM) == 3
        assert await finds(house) == [subject_id]  # this process has not heard of it yet
        assert await finds(other) == [subject_id]
    assert not before & set(await scalars(house, "SELECT digest FROM lookup"))
    assert await scalars(house, "SELECT DISTINCT index_version FROM lookup") == [2]
    assert await house.customer() == subject_id
    await rotate_index_keys(house.registry, SYSTEM)
    assert await house.customer() == subject_id
    assert await finds(house) == [subject_id]


async def test_digests_of_both_versions_are_found_and_stay_unique(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_id = await house.customer()

    async def nothing(*_: object) -> int:
        return 0

    with monkeypatch.context() as half:
        half.setattr("registry.reindexing._nest_lookups", nothing)
        await rotate_index_keys(house.registry, SYSTEM)
    assert await scalars(house, "SELECT DISTINCT index_version FROM lookup") == [1]
    assert await house.customer() == subject_id
    assert await finds(house) == [subject_id]
    other = await house.customer("B-1", {"email": "b@example.com"})
    assert set(await scalars(house, "SELECT DISTINCT index_version FROM lookup")) == {1, 2}
    assert (await key_status(house.registry)).digests_behind["external_id"] == 1
    await rotate_index_keys(house.registry, SYSTEM)
    assert await finds(house, "b@example.com") == [other]
    assert set((await key_status(house.registry)).digests_behind.values()) == {0}


@pytest.mark.gdpr("17")
async def test_an_erased_identifier_stays_blocked_whatever_the_suppression_key(house: House) -> None:
    """R-17-4: erased before the rotation, known before and erased after it, and both once more."""
    await house.erase(await house.customer("gone", {"email": "gone@example.com"}))
    later = await house.customer("later", {"email": "later@example.com"})
    assert await rotate_suppression_key(house.registry, SYSTEM) == 4
    await house.erase(later)
    await rotate_suppression_key(house.registry, SYSTEM)
    assert await scalars(house, "SELECT DISTINCT key_version FROM suppression") == [3]
    for external_id in ("gone", "later"):
        (outcome,) = await subjects.upsert(house.registry, SHOP, [GivenSubject(external_id, "shop")])
        assert outcome.status is Status.BLOCKED


async def test_every_step_is_in_the_audit_log(house: House, tmp_path: Path) -> None:
    """R-AUD-2."""
    await house.customer()
    await new_root(house.registry, SYSTEM)
    await prepare_retirement(house.registry, SYSTEM)
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "keys"})
    verified = await verify_backup(house.registry.ring.provider, tmp_path / "keys")
    await destroy_retired(house.registry, SYSTEM, verified)
    await rotate_index_keys(house.registry, SYSTEM)
    await rotate_suppression_key(house.registry, SYSTEM)
    await rotate_data_keys(house.registry, SYSTEM)
    operations = set(await scalars(house, "SELECT operation FROM audit_leaf"))
    assert operations >= {
        "key-rewrap",
        "key-epoch-open",
        "key-epoch-close",
        "backup",
        "key-destroy",
        "key-index-rotate",
        "key-suppression-rotate",
        "key-data-rotate",
    }


@pytest.mark.sqlite
async def test_checkpoints_and_the_first_policy_outlast_the_keys_that_signed_them(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One rotation later an outsider with the old key still verifies; after the next one they need another."""
    settings = settings_for(sqlite_url, tmp_path / "home")
    async with open_house(settings) as registry:
        old, laid = registry.log.verifier_key, await registry.log.checkpoint()
        for signature in (Signature.AUDIT, Signature.SETUP):
            assert await rotate_signing_key(registry, SYSTEM, signature) == 2
    async with open_house(settings) as registry:
        newest, note = registry.log.verifier_key, await registry.log.checkpoint()
        assert registry.log.verifier_keys == [newest, old]
        assert registry.log.open_note(laid).size <= registry.log.open_note(note).size
        assert open_note(note, [old]) == open_note(note, [newest])
        assert await rotate_signing_key(registry, SYSTEM, Signature.AUDIT) == 3
        with pytest.raises(UnverifiedNoteError):
            open_note(await registry.log.checkpoint(), [old])
        assert registry.log.open_note(laid).origin == registry.log.origin


async def test_a_token_key_goes_when_the_last_of_its_tokens_has_ended(house: House) -> None:
    lifetime = timedelta(seconds=900)
    registry = house.registry
    for _ in range(2):
        await rotate_token_key(registry, SYSTEM, lifetime)
    ends = [key.until for key in token_keys(registry.ring, lifetime)]
    assert ends[0] is None
    assert [held.version for held in registry.ring.service_versions(Signature.TOKEN)] == [3, 2, 1]
    await rotate_token_key(registry, SYSTEM, -NOTICED_WITHIN)  # as if all that time had passed
    assert [held.version for held in registry.ring.service_versions(Signature.TOKEN)] == [4, 3]
    async with registry.database.reading() as session:
        told = (await session.execute(text("SELECT body FROM audit_leaf WHERE operation = 'key-signing-rotate'"))).all()
    assert b"ended:1" in b"".join(row[0] for row in told)
