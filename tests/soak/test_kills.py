"""The long version of the kills: 100 rounds on each engine, 200 in all."""

from pathlib import Path

import pytest

from tests.faults.kills import kill_under_load
from tests.faults.service import Service
from tests.house import settings_for

ROUNDS = 100


@pytest.mark.soak
async def test_a_hundred_kills_under_load(database_url: str, tmp_path: Path) -> None:
    service = Service(settings_for(database_url, tmp_path / "home"))
    answers = await kill_under_load(service, ROUNDS, seed=20)
    assert len(answers) > 10 * ROUNDS
