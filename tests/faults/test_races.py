"""Erasure against read, import, event, rotation and retirement, in short; tests/soak runs thousands of rounds."""

from pathlib import Path

from api.compose import open_registry
from tests.faults.races import Race
from tests.house import House

ROUNDS = 4


async def test_whatever_meets_an_erasure_the_person_is_gone_and_nobody_else(house: House, tmp_path: Path) -> None:
    async with open_registry(house.settings, serving=False) as second:
        houses = [house, House(second, house.settings, house.owner_url)]
        await Race(houses, tmp_path, seed=1).run(ROUNDS)
