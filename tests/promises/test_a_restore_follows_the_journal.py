"""Promise 6, the rarer facts: the policy that was in force last, and records of accesses that were closed (R-DEL-6)."""

import hashlib
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from api.compose import open_registry
from audit.log import Filters
from registry.access_logs import ClosingGround, Retained, close_access_log, retain
from registry.actors import SYSTEM
from registry.context import Registry
from registry.errors import BackupError
from registry.policy_history import versions
from registry.policy_steps import Standing
from registry.restore import replay_journal
from registry.tables import PolicyActivationRow
from tests.boards import board_of, document
from tests.house import House
from tests.promises.test_a_restore_undoes_nothing import fill, restored, restored_settings, take


async def times_of(registry: Registry) -> list[tuple[str, datetime]]:
    """Which document was in force from when on."""
    rows = select(PolicyActivationRow).order_by(col(PolicyActivationRow.number))
    async with registry.database.reading() as session:
        return [(row.digest, row.since) for row in (await session.execute(rows)).scalars()]


@pytest.mark.gdpr("5(2)")
async def test_the_policy_that_was_in_force_last_is_in_force_again_by_the_word_of_the_journal(
    house: House, unstarted_url: str, tmp_path: Path
) -> None:
    """The backup has never heard of it: without its document nothing is replayed, and another one does not do."""
    await take(house, tmp_path / "backup")
    source = document("2")
    digest = hashlib.sha256(source).hexdigest()
    await (await board_of(house)).put_in_force(source)
    times = await times_of(house.registry)
    settings = restored_settings(house, unstarted_url)
    await fill(settings, tmp_path / "backup")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    async with open_registry(settings, restored=True) as registry:
        for documents in ({}, {digest: document("3")}):
            with pytest.raises(BackupError, match=digest[:16]):
                await replay_journal(registry, SYSTEM, documents)
            assert registry.policy.version != "2"
        with pytest.raises(KeyboardInterrupt):
            await replay_journal(registry, SYSTEM, {digest: source}, interrupt)
    async with open_registry(settings, restored=True) as registry:
        assert await replay_journal(registry, SYSTEM, {}) > 0, "its document is on file since the first try"
        assert await replay_journal(registry, SYSTEM, {}) == 0
    async with open_registry(settings) as registry:
        assert registry.policy.version == "2"
        newest = next(one for one in await versions(registry) if one.digest == digest)
        assert (newest.standing, len(newest.steps)) == (Standing.FOUNDED, 1)
        assert await times_of(registry) == times, "what was in force when stays as it was"
        entries = await registry.log.search(Filters(operation="policy-activate"), 5)
        assert [(one.tree["pol"], one.tree.get("why")) for one in entries][:1] == [("2", ["replayed"])]


@pytest.mark.gdpr("5(2)")
async def test_a_fall_back_of_the_copy_alone_does_not_outlive_its_replay(
    house: House, unstarted_url: str, tmp_path: Path
) -> None:
    """The policy of the backup is broken there; once it is replayed, what the journal names last is in force."""
    board, sources = await board_of(house), {hashlib.sha256(one).hexdigest(): one for one in map(document, "23")}
    second, third = sources.values()
    await board.put_in_force(second)
    await take(house, tmp_path / "backup")
    await board.put_in_force(third)
    settings = restored_settings(house, unstarted_url)
    await fill(settings, tmp_path / "backup")
    away = House(house.registry, settings, unstarted_url)
    await away.as_owner("delete from policy_step where step = 'decide'")
    async with open_registry(settings, restored=True) as registry:
        assert registry.policy.version == "2026-11-01"
        await replay_journal(registry, SYSTEM, sources)
    for _ in range(2):
        async with open_registry(settings) as registry:
            assert registry.policy.version == "3"


@pytest.mark.gdpr("17(3)(b)")
async def test_a_closed_record_of_accesses_stays_closed(house: House, unstarted_url: str, tmp_path: Path) -> None:
    """For who is gone, and for who has data left under a duty: the accesses before the closing are nobody's."""
    gone = await house.customer("gone", {"email": "gone@example.com"})
    retained = await house.customer("retained", {"email": "retained@example.com"})
    await house.invoice(retained)
    for person in (gone, retained):
        await house.read("shop", "order_fulfilment", ["email"], person)
    await take(house, tmp_path / "backup")
    for person in (gone, retained):
        await house.erase(person)
        await close_access_log(house.registry, await house.decider(), person, ClosingGround.COURT_ORDER)

    async with restored(restored_settings(house, unstarted_url), unstarted_url, tmp_path / "backup") as again:
        for person in (gone, retained):
            told = [part.entry.tree["op"] for part in await again.registry.log.entries_of(person)]
            assert "disclose" not in told
            assert "subject-create" not in told
        assert await retain(again.registry, SYSTEM) == Retained(0, 0, 0)
        found = await again.registry.log.reconcile()
        assert (found.first_bad, found.wrong, found.quarantined) == (None, (), 0)
