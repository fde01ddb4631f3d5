"""What was in force at a past instant stays what it was, whatever came into force since. R-5.2-1."""

from datetime import datetime
from pathlib import Path

import pytest

from registry.context import Registry
from registry.past import policy_at
from tests.activation.test_trust import BROKEN, in_words_of
from tests.boards import SHIPPED, board_of, document
from tests.house import House, open_house, settings_for
from tests.http.v1.test_decisions import after

pytestmark = pytest.mark.gdpr("5(2)")
FIRST, FORGED = "2026-11-01", "update policy_version set document = {document} where version = '2026-11-01'"


async def version_at(registry: Registry, at: datetime) -> str | None:
    async with registry.database.reading() as session:
        found = await policy_at(registry, session, at)
    return found.version if found is not None else None


async def tick(house: House) -> datetime:
    """An instant at which nothing happened."""
    now = await house.registry.database.now()
    return await after(house, await after(house, now))


async def test_a_document_that_comes_back_does_not_take_the_time_of_the_one_between(house: House) -> None:
    board, asked = await board_of(house), []
    for source in (None, document("2"), SHIPPED):
        if source is not None:
            await board.put_in_force(source)
        asked.append(await tick(house))
    assert [await version_at(house.registry, at) for at in asked] == [FIRST, "2", FIRST]


async def test_after_a_fall_back_the_last_good_one_counts_and_the_broken_one_answers_nothing(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house = House(registry, settings, database_url)
        first = await tick(house)
        await (await board_of(house)).put_in_force(document("2"))
        second = await tick(house)
    await house.as_owner(in_words_of(house, BROKEN["bytes"]))
    async with open_house(settings) as registry:
        now = await tick(House(registry, settings, database_url))
        assert [await version_at(registry, at) for at in (first, second, now)] == [FIRST, None, FIRST]


async def test_a_retired_document_that_was_changed_decides_no_past(database_url: str, tmp_path: Path) -> None:
    """Its bytes are another lawful document; whoever loaded the true one goes on with it."""
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house = House(registry, settings, database_url)
        at = await tick(house)
        await (await board_of(house)).put_in_force(document("2"))
        wider = document(FIRST, ("master: [email, salutation,", "master: [email, phone, salutation,")).hex()
        literal = f"x'{wider}'" if database_url.startswith("sqlite") else f"decode('{wider}', 'hex')"
        await house.as_owner(FORGED.format(document=literal))
        assert await version_at(registry, at) == FIRST
    async with open_house(settings) as registry:
        assert await version_at(registry, at) is None
