"""Erasure against read, import, event, rotation and retirement, in short; tests/soak runs thousands of rounds."""

from pathlib import Path

from tests.faults.races import race
from tests.house import House

ROUNDS = 4


async def test_whatever_meets_an_erasure_the_person_is_gone_and_nobody_else(house: House, tmp_path: Path) -> None:
    await race(house, tmp_path, ROUNDS, seed=1)
