"""Revision 0003: up with data, and down again; open sessions end, accounts and clients stay."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, column, insert, inspect, literal, table, text
from sqlalchemy.ext.asyncio import create_async_engine

from audit.columns import Id, Instant
from registry.migrations import async_url, downgrade_async, upgrade_async
from tests.postgres import Postgres

BEFORE, AFTER = "0002", "0003"
NEW = {
    "attempt",
    "policy_proposal",
    "policy_step",
    "staff_recovery_code",
    "staff_second_factor",
    "staff_signing_key",
}


@pytest.fixture
def empty_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that was never migrated."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"third_{tmp_path.name.lower()}".replace("-", "_")[:60]
    postgres.drop_database(name)
    return postgres.create_database(name).url()


async def on(url: str, work: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


async def told(url: str, question: str) -> list[tuple[Any, ...]]:
    rows = await on(url, lambda connection: connection.execute(text(question)).all())
    return [tuple(row) for row in rows]


STAFF = table("staff", *(column(name) for name in ("staff_id", "login", "role", "password_hash", "created_at")))
SESSION = table("staff_session", *(column(name) for name in ("staff_id", "digest", "expires_at")))
CLIENT = table("client", *(column(name) for name in ("code", "secret_hash", "created_at")))


async def fill(url: str) -> None:
    """An account with a session, and a client, as revision 0002 knows them."""
    who, now = literal(UUID(int=7), Id()), literal(datetime.now(UTC), Instant())

    def write(connection: Connection) -> None:
        connection.execute(
            insert(STAFF).values(staff_id=who, login="maria", role="decider", password_hash="x", created_at=now)
        )
        connection.execute(insert(SESSION).values(staff_id=who, digest=b"d", expires_at=now))
        connection.execute(insert(CLIENT).values(code="shop", secret_hash="x", created_at=now))

    await on(url, write)


async def test_accounts_and_clients_stay_and_sessions_end(empty_url: str) -> None:
    await upgrade_async(empty_url, BEFORE)
    await fill(empty_url)
    await upgrade_async(empty_url, AFTER)
    assert await told(empty_url, "select login, role from staff") == [("maria", "decider")]
    assert await told(empty_url, "select code, tokens_from from client") == [("shop", None)]
    assert await told(empty_url, "select opened_at, seen_at from staff_session") == []


async def test_down_takes_back_what_is_new_and_leaves_the_rest(empty_url: str) -> None:
    await upgrade_async(empty_url, BEFORE)
    await fill(empty_url)
    before = set(await on(empty_url, lambda connection: inspect(connection).get_table_names()))
    await upgrade_async(empty_url, AFTER)
    during = set(await on(empty_url, lambda connection: inspect(connection).get_table_names()))
    await downgrade_async(empty_url, BEFORE)
    after = set(await on(empty_url, lambda connection: inspect(connection).get_table_names()))
    assert (during - before, after) == (NEW, before)
    assert await told(empty_url, "select login from staff") == [("maria",)]
    columns = await on(empty_url, lambda connection: inspect(connection).get_columns("staff_session"))
    assert {one["name"] for one in columns} == {"staff_id", "digest", "expires_at"}
