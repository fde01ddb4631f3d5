"""The long version of the kills: a hundred of the service, two hundred of processes called without HTTP, in parts.

On PostgreSQL two processes serve one log, on SQLite one.
"""

import logging
from pathlib import Path

import pytest

from tests.faults.kills import kill_inside, kill_under_load, processes_on
from tests.faults.service import Answers
from tests.house import settings_for

PARTS = 5
KILLS_OF_THE_SERVICE = 10
KILLS_INSIDE = 20

_log = logging.getLogger(__name__)


def _told(answers: Answers, kills: int) -> None:
    _log.warning("%d kills, %d answers, none missing, no fork", answers.kills, len(answers))
    assert answers.kills >= kills
    assert len(answers) > kills


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
async def test_kills_of_the_service(engine: str, database_url: str, tmp_path: Path, part: int) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    answers = await kill_under_load(settings, processes_on(engine), KILLS_OF_THE_SERVICE, seed=20 + part)
    _told(answers, KILLS_OF_THE_SERVICE)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_kills_of_processes_called_inside(engine: str, database_url: str, tmp_path: Path, part: int) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    answers = kill_inside(settings, database_url, processes_on(engine), KILLS_INSIDE, seed=40 + part)
    _told(answers, KILLS_INSIDE)
