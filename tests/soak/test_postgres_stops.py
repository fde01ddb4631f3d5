"""The long version of the stops of PostgreSQL: fifty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.test_postgres_stops import stop_under_load
from tests.postgres import Postgres

ROUNDS = 50


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server of this test alone, which may be stopped."""
    with Postgres() as server:
        yield server


@pytest.mark.soak
@pytest.mark.postgresql
async def test_fifty_stops_under_load(server: Postgres, tmp_path: Path) -> None:
    await stop_under_load(server, tmp_path, ROUNDS)
