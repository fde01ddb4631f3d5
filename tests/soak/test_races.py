"""The long version of the races: thousands of rounds on each engine, in fresh databases of 25 rounds."""

from pathlib import Path

import pytest

from tests.faults.races import race
from tests.house import House
from tests.soak.seeds import seeds

ROUNDS = 25


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(80))
async def test_twenty_five_rounds_of_everything_against_an_erasure(house: House, tmp_path: Path, seed: int) -> None:
    await race(house, tmp_path, ROUNDS, seed)
