"""The long version of the kills: a hundred on each engine, in ten parts; on PostgreSQL two processes serve."""

import logging
from pathlib import Path

import pytest

from tests.faults.kills import kill_under_load, processes_on
from tests.house import settings_for

PARTS = 10
KILLS = 10

_log = logging.getLogger(__name__)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
async def test_ten_kills_under_load(engine: str, database_url: str, tmp_path: Path, part: int) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    answers = await kill_under_load(settings, processes_on(engine), KILLS, seed=20 + part)
    _log.warning("%d kills, %d answers, none missing, no fork", answers.kills, len(answers))
    assert len(answers) > KILLS
