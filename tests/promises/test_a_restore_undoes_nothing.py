"""Promise 6: a restored backup replays the journal before it serves (R-DEL-6)."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from api.compose import open_database, open_registry
from api.settings import Settings
from audit import verify
from audit.log import Filters
from policies.vocabulary import ConsentState, FieldName, PurposeId
from registry import objections, rights, withdrawals
from registry.access_logs import ClosingGround, close_access_log
from registry.actors import SYSTEM
from registry.backup import MANIFEST, Part, back_up, load
from registry.errors import BackupError, NotReadyError
from registry.key_backup import verify_backup
from registry.keys import open_provider
from registry.restore import replay_journal
from registry.retirement import destroy_retired, prepare_retirement
from registry.subjects import GivenSubject, Status, upsert
from tests.house import SHOP, House, codes, settings_for

Fresh = Callable[[], str]


def restored_settings(house: House, unstarted_url: str) -> Settings:
    """The same keys and journal on another database."""
    return settings_for(unstarted_url, house.settings.home)


async def fill(settings: Settings, folder: Path) -> dict[str, int]:
    database = open_database(settings)
    try:
        return await load(database, {part: folder / part.value for part in Part})
    finally:
        await database.close()


@asynccontextmanager
async def restored(settings: Settings, unstarted_url: str, folder: Path) -> AsyncIterator[House]:
    """Filled, replayed, and open to serve."""
    await fill(settings, folder)
    with pytest.raises(NotReadyError, match="replay"):
        async with open_registry(settings):
            pass
    async with open_registry(settings, restored=True) as registry:
        await replay_journal(registry, SYSTEM, {})
    async with open_registry(settings) as registry:
        yield House(registry, settings, unstarted_url)


async def take(house: House, folder: Path) -> None:
    await back_up(house.registry, SHOP, {part: folder / part.value for part in Part})


@pytest.mark.gdpr("17(1)")
async def test_what_was_decided_after_the_backup_binds_again(house: House, unstarted_url: str, tmp_path: Path) -> None:
    erased = await house.customer("erased", {"email": "erased@example.com"})
    withdrawn = await house.customer("withdrawn", {"email": "withdrawn@example.com"}, newsletter=True)
    objected = await house.customer("objected", {"email": "objected@example.com"}, newsletter=True)
    corrected = await house.customer("corrected", {"email": "corrected@example.com", "city": "Kiel"})
    untouched = await house.customer("untouched", {"email": "untouched@example.com"}, newsletter=True)
    contested = await house.customer("contested", {"email": "contested@example.com"})
    await take(house, tmp_path / "backup")
    wish = rights.Wish(purpose=PurposeId("credit_check"), statement="No.")
    await rights.receive_request(house.registry, SHOP, contested, rights.RequestKind.HUMAN_REVIEW, wish)
    await house.erase(erased)
    await withdrawals.withdraw_consent(house.registry, SHOP, withdrawn, PurposeId("newsletter"))
    await objections.object_to(house.registry, SHOP, objected, None)
    await correct(house, corrected)
    unknown = await house.customer("later", {"email": "later@example.com"})
    await house.erase(unknown)

    async with restored(restored_settings(house, unstarted_url), unstarted_url, tmp_path / "backup") as again:
        assert codes(await again.read("mailer", "newsletter", ["email"], erased)) == ["NO_SUBJECT"]
        assert "CONSENT_WITHDRAWN" in codes(await again.read("mailer", "newsletter", ["email"], withdrawn))
        assert "DM_OBJECTION" in codes(await again.read("mailer", "newsletter", ["email"], objected))
        assert codes(await again.read("mailer", "newsletter", ["email"], untouched)) == []
        assert codes(await again.read("shop", "order_fulfilment", ["city"], corrected)) != []
        assert codes(await again.read("shop", "order_fulfilment", ["email"], corrected)) == []
        assert [one.state for one in await rights.reviews_of(again.registry, contested)] == ["open"]
        (request,) = await rights.requests(again.registry, contested, only_open=True)
        assert request.kind is rights.RequestKind.HUMAN_REVIEW
        for external_id in ("erased", "later"):
            (outcome,) = await upsert(again.registry, SHOP, [GivenSubject(external_id, "shop")])
            assert outcome.status is Status.BLOCKED
        entries = await again.registry.log.entries_of(withdrawn)
        assert "consent-withdraw" in {one.entry.tree["op"] for one in entries}


@pytest.mark.gdpr("17(1)")
async def test_a_record_of_accesses_that_was_closed_stays_closed(
    house: House, unstarted_url: str, tmp_path: Path
) -> None:
    """Also where data is left under a duty, and with it a fresh audit key; nobody else loses anything."""
    anna, bert = await house.customer("anna", {"city": "Kiel"}), await house.customer("bert", {"city": "Kiel"})
    for person in (anna, bert):
        await house.read("shop", "order_fulfilment", ["city"], person)
    theirs = [one.entry.index for one in await house.registry.log.entries_of(bert)]
    await take(house, tmp_path / "backup")
    await house.erase(anna)
    await close_access_log(house.registry, await house.decider(), anna, ClosingGround.COURT_ORDER)
    late = await house.customer("late", {"city": "Kiel"})
    await house.erase(late)
    await close_access_log(house.registry, await house.decider(), late, ClosingGround.COURT_ORDER)

    async with restored(restored_settings(house, unstarted_url), unstarted_url, tmp_path / "backup") as again:
        log = again.registry.log
        assert {one.entry.tree["op"] for one in await log.entries_of(anna)} <= {"restore"}
        assert not await log.entries_of(late)
        assert [one.entry.index for one in await log.entries_of(bert)] == theirs
        closings = await log.search(Filters(operation="access-log-close"))
        assert [one.tree["why"] for one in closings] == [["REPLAYED"]] * 2
        assert sorted(one.tree.get("cls", 0) > 0 for one in closings) == [False, True]
        await log.export(tmp_path / "export", with_salts=True)
        assert verify.main([str(tmp_path / "export"), "--key", log.verifier_key]) == 0


async def correct(house: House, subject_id: UUID) -> None:
    """A rectification, received and granted."""
    wish = rights.Wish({FieldName("city"): "Lübeck"})
    received = await rights.receive_request(house.registry, SHOP, subject_id, rights.RequestKind.RECTIFICATION, wish)
    await rights.decide_request(house.registry, await house.decider(), subject_id, received.request_id, accepted=True)


async def test_a_replay_that_was_interrupted_goes_on(
    house: House, unstarted_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await house.customer(f"A-{number}", newsletter=True) for number in range(3)]
    await take(house, tmp_path / "backup")
    for subject_id in people:
        await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, PurposeId("newsletter"))
    settings = restored_settings(house, unstarted_url)
    await fill(settings, tmp_path / "backup")
    done = 0

    def interrupt(_: int) -> None:
        nonlocal done
        done += 1
        if done == 2:
            raise KeyboardInterrupt

    async with open_registry(settings, restored=True) as registry:
        with pytest.raises(KeyboardInterrupt):
            await replay_journal(registry, SYSTEM, {}, interrupt)
    async with open_registry(settings, restored=True) as registry:
        assert await replay_journal(registry, SYSTEM, {}) == 1
    async with open_registry(settings) as registry, registry.database.reading() as session:
        states = (await session.execute(text("SELECT state FROM consent_event"))).scalars().all()
        assert states.count(ConsentState.WITHDRAWN.value) == len(people)


async def test_old_data_opens_with_the_keys_of_after_a_retirement_and_the_erased_stay_closed(
    house: House, unstarted_url: str, tmp_path: Path
) -> None:
    """Data from before, keys from after: the erased have no key, everybody else is back."""
    erased = await house.customer("erased", {"email": "erased@example.com"})
    kept = await house.customer("kept", {"email": "kept@example.com"})
    await take(house, tmp_path / "backup")
    await house.erase(erased)
    await prepare_retirement(house.registry, SYSTEM)
    shutil.rmtree(tmp_path / "backup" / "keys")
    await back_up(house.registry, SYSTEM, {Part.KEYS: tmp_path / "backup" / "keys"})
    provider = open_provider(house.settings.key_provider_url)
    await destroy_retired(house.registry, SYSTEM, await verify_backup(provider, tmp_path / "backup" / "keys"))
    async with restored(restored_settings(house, unstarted_url), unstarted_url, tmp_path / "backup") as again:
        assert codes(await again.read("shop", "order_fulfilment", ["email"], kept)) == []
        assert codes(await again.read("shop", "order_fulfilment", ["email"], erased)) == ["NO_SUBJECT"]


async def test_a_damaged_backup_changes_nothing(house: House, unstarted_url: str, tmp_path: Path) -> None:
    await house.customer()
    await take(house, tmp_path / "backup")
    path = tmp_path / "backup" / "data" / "record.jsonl"
    content = path.read_bytes()
    settings = restored_settings(house, unstarted_url)
    for damaged in (content.replace(b"a", b"b", 1), content[:-1], b""):
        path.write_bytes(damaged)
        with pytest.raises(BackupError):
            await fill(settings, tmp_path / "backup")
    path.write_bytes(content)
    (tmp_path / "backup" / "keys" / MANIFEST).rename(tmp_path / "manifest")
    with pytest.raises(BackupError, match="no whole keys part"):
        await fill(settings, tmp_path / "backup")
    (tmp_path / "manifest").rename(tmp_path / "backup" / "keys" / MANIFEST)
    assert (await fill(settings, tmp_path / "backup"))["record"] > 0
    with pytest.raises(BackupError, match="not empty"):
        await fill(settings, tmp_path / "backup")


async def test_keys_older_than_the_data_are_refused(house: House, unstarted_url: str, tmp_path: Path) -> None:
    await take(house, tmp_path / "old")
    await house.customer()
    await back_up(house.registry, SHOP, {Part.DATA: tmp_path / "new" / "data"})
    shutil.copytree(tmp_path / "old" / "keys", tmp_path / "new" / "keys")
    with pytest.raises(BackupError, match="older"):
        await fill(restored_settings(house, unstarted_url), tmp_path / "new")


async def test_neither_part_has_what_the_other_has(house: House, tmp_path: Path) -> None:
    await house.customer()
    await take(house, tmp_path / "backup")
    data = {path.stem for path in (tmp_path / "backup" / "data").glob("*.jsonl")}
    keys = {path.stem for path in (tmp_path / "backup" / "keys").glob("*.jsonl")}
    assert not data & keys
    assert keys == {"key_epoch", "index_key", "service_key", "data_key", "audit_person_key"}
    assert not {"portal_session", "staff_session", "portal_code"} & data
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "backup").rglob("*"))


async def test_a_folder_that_is_not_empty_is_refused(house: House, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "file").touch()
    with pytest.raises(BackupError):
        await back_up(house.registry, SHOP, {Part.KEYS: tmp_path / "keys"})
