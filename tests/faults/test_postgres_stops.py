"""PostgreSQL stops at once, as in a crash, under two processes' worth of logs: what was acknowledged is in the tree."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from audit.log import AuditLog
from audit.store import AuditUnavailableError
from audit.tables import LeafRow
from registry.migrations import upgrade_async
from tests.house import House, open_house, settings_for
from tests.postgres import Postgres

ROUNDS = 2
CALLERS = 6


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server of this test alone, which may be stopped."""
    with Postgres() as server:
        yield server


@pytest.mark.postgresql
async def test_after_each_stop_every_acknowledged_entry_is_there(server: Postgres, tmp_path: Path) -> None:
    await stop_under_load(server, tmp_path, ROUNDS)


async def stop_under_load(server: Postgres, folder: Path, rounds: int, answers: int = 50) -> int:
    """Two logs on one database, each with callers; stop, start, look; `rounds` times.

    Returns:
        How many entries were acknowledged, at least `answers` a round; each of them was found again by its uid.
    """
    url = server.create_database("stops").url()
    await upgrade_async(url)
    settings = settings_for(url, folder / "home").model_copy(update={"database_url": url, "eraser_database_url": ""})
    async with AsyncExitStack() as stack:
        houses = [House(await stack.enter_async_context(open_house(settings)), settings, url) for _ in range(2)]
        signed: list[str] = []
        acknowledged: dict[UUID, int] = {}
        for _ in range(rounds):
            before = len(acknowledged)
            callers = [asyncio.create_task(_calls(one, acknowledged)) for one in houses for _ in range(CALLERS)]
            while len(acknowledged) < before + answers:  # noqa: ASYNC110 - many callers count
                await asyncio.sleep(0.01)
            await asyncio.to_thread(server.stop, immediate=True)
            await asyncio.gather(*callers)
            await asyncio.to_thread(server.start)
            for house in houses:
                await _recovered(house.registry.log)
            found = await houses[0].registry.log.reconcile()
            assert found.wrong == ()
            async with houses[0].registry.database.reading() as session:
                leaves = await session.execute(select(col(LeafRow.uid), col(LeafRow.index)))
            assert acknowledged.items() <= {row[0]: row[1] for row in leaves.all()}.items()
            signed.append(await houses[0].registry.log.checkpoint())
            for note in map(houses[1].registry.log.open_note, signed):
                assert await houses[1].registry.log.root_at(note.size) == note.root
    return len(acknowledged)


async def _calls(house: House, acknowledged: dict[UUID, int]) -> None:
    """Record until it is refused."""
    while True:
        try:
            recorded = await house.registry.log.append(house.some_entry(), None)
            acknowledged[recorded.uid] = recorded.index
        except AuditUnavailableError:
            return


async def _recovered(log: AuditLog) -> None:
    for _ in range(100):
        try:
            await log.check_writable()
        except AuditUnavailableError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the log did not come back")
