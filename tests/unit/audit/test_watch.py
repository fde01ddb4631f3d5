"""Checkpoints outside the database show a log that was cut, rolled back or replaced; nothing is served from it."""

from pathlib import Path

import pytest

from api.compose import open_log, open_registry
from audit import verify
from audit.log import Names
from audit.pins import LATEST, PinFolder, size_of
from audit.store import AuditUnavailableError
from audit.watch import NothingToReopenError, PinnedLogError, Watch
from registry.disclosure import Disclosed
from tests.house import House, settings_for
from tests.rollback import blob, roll_back


def _watch(house: House) -> Watch:
    return Watch(house.registry.log, PinFolder(house.settings.pins), house.registry.database.now)


async def _grown(house: House) -> tuple[int, Watch]:
    """A log that was pinned, and a size it had before."""
    await house.customer()
    earlier = await house.registry.log.size()
    for _ in range(3):
        await house.registry.log.append(house.some_entry(), None)
    watch = _watch(house)
    await watch.pin()
    return earlier, watch


async def test_a_pin_says_what_was_committed_and_only_grows(house: House) -> None:
    _, watch = await _grown(house)
    folder = PinFolder(house.settings.pins)
    note = folder.latest()
    assert note is not None
    assert size_of(note) == await house.registry.log.size()
    pinned = house.registry.log.open_note(note)
    assert pinned.root == await house.registry.log.root_at(pinned.size)
    older = note.replace(f"\n{pinned.size}\n", "\n1\n")
    folder.put(older, await house.registry.database.now())
    assert folder.latest() == note
    assert len(watch.earlier()) == 2  # the first of the day, made at the start, and the newest
    (day,) = [path for path in house.settings.pins.iterdir() if path.name[0] == "2"]
    assert day.stat().st_mode & 0o777 == 0o600


@pytest.mark.gdpr("5(2)")
async def test_a_log_that_was_rolled_back_is_found_by_its_pin(house: House) -> None:
    """R-AUD-4: nothing inside the database shows it."""
    earlier, watch = await _grown(house)
    await roll_back(house, earlier)
    assert (await house.registry.log.reconcile()).wrong == ()
    with pytest.raises(PinnedLogError, match="shorter"):
        await watch.check()
    for _ in range(5):  # as long again, but another log
        await house.registry.log.append(house.some_entry(), None)
    with pytest.raises(PinnedLogError, match="are not those"):
        await watch.check()


async def test_a_start_refuses_a_log_behind_its_pin(house: House) -> None:
    earlier, _ = await _grown(house)
    await roll_back(house, earlier)
    await house.registry.log.stop()
    settings = settings_for(house.owner_url, house.settings.home)
    if house.registry.database.engine == "sqlite":
        await house.registry.database.close()
    with pytest.raises(PinnedLogError, match="shorter"):
        async with open_registry(settings):
            pass


async def test_hashes_that_do_not_lead_to_the_root_are_found(house: House) -> None:
    _, watch = await _grown(house)
    await house.as_owner(f"UPDATE audit_head SET root = {blob(house, bytes(32))}")  # noqa: S608 - own words
    with pytest.raises(PinnedLogError, match="stored hashes"):
        await watch.check()


@pytest.mark.parametrize("content", [b"", b"gossip", b"\xff", b"other/log\n1\nAAAA\n\n\xe2\x80\x94 x y\n"])
async def test_a_pin_that_is_not_the_logs_own_is_refused(house: House, content: bytes) -> None:
    _, watch = await _grown(house)
    (house.settings.pins / LATEST).write_bytes(content)
    with pytest.raises(PinnedLogError, match="newest pin"):
        await watch.check()


async def test_a_log_behind_its_pin_stands_still_and_goes_on_by_itself(house: House) -> None:
    """R-AUD-5: 503 while the cause is there, no restart when it is gone."""
    subject_id = await house.customer()
    _, watch = await _grown(house)
    latest = house.settings.pins / LATEST
    good = latest.read_bytes()
    latest.write_bytes(b"gossip")
    await watch.look()
    with pytest.raises(AuditUnavailableError, match="newest pin"):
        await house.read("shop", "order_fulfilment", ["email"], subject_id)
    with pytest.raises(AuditUnavailableError):
        await house.registry.log.check_writable()  # what readiness asks
    latest.write_bytes(good)
    await watch.look()
    assert isinstance(await house.read("shop", "order_fulfilment", ["email"], subject_id), Disclosed)


async def test_a_pin_that_cannot_be_laid_stops_the_log(house: House) -> None:
    _, watch = await _grown(house)
    house.settings.pins.rename(house.settings.pins.with_name("away"))
    house.settings.pins.write_text("a file where the folder was")
    await watch.look()
    with pytest.raises(AuditUnavailableError):
        await house.registry.log.append(house.some_entry(), None)
    house.settings.pins.unlink()
    house.settings.pins.with_name("away").rename(house.settings.pins)
    await watch.look()
    await house.registry.log.append(house.some_entry(), None)


async def test_a_stop_lays_a_last_pin(house: House) -> None:
    watch = _watch(house)
    watch.start(3600)
    await house.registry.log.append(house.some_entry(), None)
    await watch.stop()
    assert size_of(PinFolder(house.settings.pins).latest() or "") == await house.registry.log.size()


async def test_a_restored_log_is_reopened_as_a_successor_that_names_what_is_lost(house: House, tmp_path: Path) -> None:
    earlier, _ = await _grown(house)
    old = PinFolder(house.settings.pins).latest()
    assert old is not None
    kept = tmp_path / "kept-outside"
    within = tmp_path / "kept-before"
    kept.write_text(old)
    await roll_back(house, earlier)
    within.write_text(await house.registry.log.checkpoint())
    old_key = house.registry.log.verifier_key
    await house.registry.log.stop()
    await house.registry.database.close()

    async with open_log(house.settings) as (_, watch):
        reopened = await watch.reopen()
    assert (reopened.survived, reopened.lost) == (earlier, size_of(old) - earlier)
    assert reopened.origin == f"{house.settings.log_origin}/2"
    sealed = house.settings.pins / f"sealed-{size_of(old)}"
    assert sealed.read_text() == old

    async with open_log(house.settings) as (log, watch):
        assert log.origin == reopened.origin
        entry = await log.entry(earlier)
        assert entry is not None
        assert (entry.tree["op"], entry.tree["prv"]) == ("log-reopen", old.partition("\n\n")[0] + "\n")
        with pytest.raises(NothingToReopenError):
            await watch.reopen()
        await log.export(tmp_path / "export", earlier=watch.earlier())
        keys = ["--key", log.verifier_key, "--key", old_key]
    export = str(tmp_path / "export")
    assert verify.main([export, *keys]) == 0
    assert verify.main([export, *keys, "--since", str(within)]) == 0
    assert verify.main([export, *keys, "--since", str(kept)]) == verify.Code.HISTORY


async def test_a_reopening_that_broke_off_is_finished_by_the_next(house: House) -> None:
    earlier, watch = await _grown(house)
    await roll_back(house, earlier)
    old = (house.settings.pins / LATEST).read_bytes()
    await watch.reopen()
    size = await house.registry.log.size()
    (house.settings.pins / LATEST).write_bytes(old)  # the successor's pin was not laid
    again = await watch.reopen()
    assert again.origin == house.registry.log.origin
    assert await house.registry.log.size() == size
    await watch.check()


def test_a_log_that_is_given_up_twice_has_a_third_name() -> None:
    names = Names("example.com/log")
    names.succeed("example.com/log", 90)
    names.succeed("example.com/log/2", 60)
    assert names.all == ["example.com/log/3", "example.com/log/2", "example.com/log"]
    assert names.continues("example.com/log/3", 10**9)
    assert names.continues("example.com/log/2", 60)
    assert not names.continues("example.com/log", 61)
    assert not names.continues("example.com/other", 1)
