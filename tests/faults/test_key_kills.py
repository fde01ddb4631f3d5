"""kill -9 in rotation, retirement, erasure and restore, in short; a hundred rounds in tests/soak (R-DEL-2, R-ENC-2)."""

import shutil
from pathlib import Path

import pytest

from tests.faults.key_kills import kill_again_and_again
from tests.faults.restore_kills import kill_restores
from tests.house import settings_for

ROUNDS = 2
RESTORES = 2  # the first of them is not killed


def test_after_each_kill_everybody_is_readable_and_the_retirement_can_be_ended(
    database_url: str, tmp_path: Path
) -> None:
    kill_again_and_again(settings_for(database_url, tmp_path / "home"), database_url, tmp_path, ROUNDS, seed=3)


@pytest.mark.sqlite
def test_a_restore_that_was_killed_is_ended_and_nobody_comes_back(
    sqlite_url: str, sqlite_template: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(sqlite_template / "template_migrated", empty / "registry.db")
    settings = settings_for(sqlite_url, tmp_path / "home")
    url = f"sqlite+aiosqlite:///{empty / 'registry.db'}"
    assert kill_restores(settings, sqlite_url, url, tmp_path, RESTORES, seed=2) > 0
