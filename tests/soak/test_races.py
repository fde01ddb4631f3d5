"""The long version of the races: thousands of rounds on each engine, in fresh databases of 50 rounds."""

from pathlib import Path

import pytest

from tests.faults.races import race
from tests.house import House

ROUNDS = 50


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
async def test_fifty_rounds_of_everything_against_an_erasure(house: House, tmp_path: Path, seed: int) -> None:
    await race(house, tmp_path, ROUNDS, seed)
