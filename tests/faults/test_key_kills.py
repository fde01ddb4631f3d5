"""kill -9 in rotation, retirement and erasure, in short; tests/soak does a hundred rounds (R-DEL-2, R-ENC-2)."""

from pathlib import Path

from tests.faults.key_kills import kill_again_and_again
from tests.house import settings_for

ROUNDS = 2


def test_after_each_kill_everybody_is_readable_and_the_retirement_can_be_ended(
    database_url: str, tmp_path: Path
) -> None:
    kill_again_and_again(settings_for(database_url, tmp_path / "home"), database_url, tmp_path, ROUNDS, seed=3)
