"""The long version of the kills: a hundred rounds on each engine, of rotation, retirement, erasure and of restore."""

from pathlib import Path

import pytest

from tests.faults.key_kills import kill_again_and_again
from tests.faults.restore_kills import kill_restores
from tests.house import settings_for
from tests.soak.seeds import seeds

ROUNDS = 10


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(10))
def test_kills_in_rotation_retirement_and_erasure(database_url: str, tmp_path: Path, seed: int) -> None:
    kill_again_and_again(settings_for(database_url, tmp_path / "home"), database_url, tmp_path, ROUNDS, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(10))
def test_kills_in_a_restore(database_url: str, unstarted_url: str, tmp_path: Path, seed: int) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    assert kill_restores(settings, database_url, unstarted_url, tmp_path, ROUNDS + 1, seed) >= ROUNDS // 2
