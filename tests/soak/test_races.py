"""The long version of the races: thousands of rounds on each engine, in fresh databases of 50 rounds."""

from pathlib import Path

import pytest

from api.compose import open_registry
from tests.faults.races import Race
from tests.house import House

ROUNDS = 50


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
async def test_fifty_rounds_of_everything_against_an_erasure(house: House, tmp_path: Path, seed: int) -> None:
    async with open_registry(house.settings, serving=False) as second:
        houses = [house, House(second, house.settings, house.owner_url)]
        await Race(houses, tmp_path, seed).run(ROUNDS)
