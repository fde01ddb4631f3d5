"""The long version of the stops of PostgreSQL: fifty, in five parts, 2,000 answers before each."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.test_postgres_stops import stop_under_load
from tests.postgres import Postgres

PARTS = 5
ROUNDS = 10
ANSWERS = 2_000

_log = logging.getLogger(__name__)


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server of this test alone, which may be stopped."""
    with Postgres() as server:
        yield server


@pytest.mark.soak
@pytest.mark.postgresql
@pytest.mark.parametrize("part", range(PARTS))
async def test_ten_stops_under_load(server: Postgres, tmp_path: Path, part: int) -> None:
    answers = await stop_under_load(server, tmp_path, ROUNDS, ANSWERS)
    _log.warning("%d stops, %d answers, none missing, no fork", ROUNDS, answers)
    assert answers >= ROUNDS * ANSWERS
