"""The long version of the kills in rotation, retirement and erasure: a hundred rounds on each engine."""

from pathlib import Path

import pytest

from tests.faults.key_kills import kill_again_and_again
from tests.house import settings_for

ROUNDS = 25


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_kills_in_rotation_retirement_and_erasure(database_url: str, tmp_path: Path, seed: int) -> None:
    kill_again_and_again(settings_for(database_url, tmp_path / "home"), database_url, tmp_path, ROUNDS, seed)
