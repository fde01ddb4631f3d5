"""Revision 0004: key rows and digests of before survive, up and down."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from registry.migrations import async_url, downgrade_async, upgrade_async
from tests.postgres import Postgres


@pytest.fixture
def empty_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that was never migrated."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"empty_{tmp_path.name.lower()}".replace("-", "_")[:60]
    postgres.drop_database(name)
    return postgres.create_database(name).url()


async def _on(url: str, work: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


async def _run(url: str, statement: str) -> Any:  # noqa: ANN401 - rows or nothing
    def work(connection: Connection) -> Any:  # noqa: ANN401 - likewise
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else None

    return await _on(url, work)


async def _fill(url: str) -> None:
    sqlite = url.startswith("sqlite")
    at, raw, id_ = ("0", "x'00'", "x'00'") if sqlite else ("now()", "'\\x00'::bytea", f"'{'0' * 32}'::uuid")
    await _run(url, "INSERT INTO registry_state VALUES (1, 'd', 0, 3, 7)")
    await _run(url, f"INSERT INTO key_epoch VALUES (3, 'active', 1, {raw}, {at})")  # noqa: S608 - own names
    await _run(url, f"INSERT INTO lookup VALUES ('email', {raw}, {id_}, {raw})")  # noqa: S608 - own names
    await _run(url, f"INSERT INTO suppression VALUES ('email', {raw}, 'erased', {at})")  # noqa: S608 - own names


async def test_keys_and_digests_survive_up_and_down(empty_url: str) -> None:
    await upgrade_async(empty_url, "0001")
    await _fill(empty_url)
    await upgrade_async(empty_url, "0004")
    assert await _run(empty_url, "SELECT keys_version, journal_sequence FROM registry_state") == [(3, 7)]
    assert await _run(empty_url, "SELECT epoch, guard FROM key_epoch") == [(3, 0)]
    assert await _run(empty_url, "SELECT index_version, suppression_version FROM lookup") == [(1, 1)]
    assert await _run(empty_url, "SELECT key_version FROM suppression") == [(1,)]
    await downgrade_async(empty_url, "0001")
    assert await _run(empty_url, "SELECT epoch FROM registry_state") == [(3,)]
    assert await _run(empty_url, "SELECT kind FROM lookup") == [("email",)]


async def test_digests_of_a_second_key_version_stop_the_way_down(empty_url: str) -> None:
    await upgrade_async(empty_url, "0001")
    await _fill(empty_url)
    await upgrade_async(empty_url, "0004")
    await _run(empty_url, "UPDATE lookup SET index_version = 2")
    with pytest.raises(RuntimeError, match="lookup"):
        await downgrade_async(empty_url, "0001")
