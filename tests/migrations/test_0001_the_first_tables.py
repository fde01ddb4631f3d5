"""Revision 0001: up, with data, down; and after the newest revision the database is what the models say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import registry.tables  # noqa: F401 - both fill the metadata
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


async def test_the_newest_revision_is_what_the_models_say(empty_url: str) -> None:
    await upgrade_async(empty_url)

    def difference(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

    assert await _on(empty_url, difference) == []


async def test_data_survives_a_second_upgrade(empty_url: str) -> None:
    await upgrade_async(empty_url, "0001")

    at = "0" if empty_url.startswith("sqlite") else "now()"
    row = f"VALUES ('d', '1', '', {at})"
    statement = text(f"INSERT INTO policy_version (digest, version, document, activated_at) {row}")
    await _on(empty_url, lambda connection: connection.execute(statement))
    await upgrade_async(empty_url)
    rows = await _on(empty_url, lambda connection: connection.execute(text("SELECT version FROM policy_version")).all())
    assert [row[0] for row in rows] == ["1"]


async def test_down_takes_everything_back(empty_url: str) -> None:
    await upgrade_async(empty_url)
    await downgrade_async(empty_url, "base")
    names = await _on(empty_url, lambda connection: inspect(connection).get_table_names())
    assert names == ["alembic_version"]
