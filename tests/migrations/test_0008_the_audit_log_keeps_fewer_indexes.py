"""Revision 0008 with a log in the database: entries stay as they are and are found as before; up and down."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from audit.retention import first_at
from audit.search import Filters, search
from registry.migrations import async_url, downgrade_async, upgrade_async
from tests.migrations.test_0001_the_first_tables import _on, empty_url

__all__ = ["empty_url"]

BEFORE = "0007"
TIMES = [0, 10, 10, 20, 20, 20, 30]
OUTCOMES = ["permit", "deny", "done", "permit", "deny", "permit", "permit"]


def _fill(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    for index, (second, outcome) in enumerate(zip(TIMES, OUTCOMES, strict=True)):
        connection.execute(
            text(
                'INSERT INTO audit_leaf ("index", uid, hash, body, second, operation, outcome, purpose, client)'
                " VALUES (:index, :uid, :hash, :body, :second, 'disclose', :outcome, '', '')"
            ),
            {
                "index": index,
                "uid": bytes([index] * 16) if sqlite else f"{index:032x}",
                "hash": bytes(32),
                "body": b"{}",
                "second": second,
                "outcome": outcome,
            },
        )


def _indexes(connection: Connection) -> set[str | None]:
    return {index["name"] for index in inspect(connection).get_indexes("audit_leaf")}


async def test_entries_are_found_by_time_and_outcome_before_and_after(empty_url: str) -> None:
    await upgrade_async(empty_url, BEFORE)
    await _on(empty_url, _fill)
    for _ in range(2):
        await upgrade_async(empty_url)
        indexes = await _on(empty_url, _indexes)
        assert "ix_audit_leaf_not_permit" in indexes
        assert not {"ix_audit_leaf_second", "ix_audit_leaf_outcome"} & indexes
        await _find(empty_url)
        await downgrade_async(empty_url, BEFORE)
        assert {"ix_audit_leaf_second", "ix_audit_leaf_outcome"} <= await _on(empty_url, _indexes)
        await _find(empty_url)


async def test_a_time_is_found_where_entries_are_missing(empty_url: str) -> None:
    await upgrade_async(empty_url)
    await _on(empty_url, _fill)
    await _on(empty_url, lambda connection: connection.execute(text('DELETE FROM audit_leaf WHERE "index" = 3')))
    async with _session(empty_url) as session:
        assert await first_at(session, datetime.fromtimestamp(20, UTC)) == 4


async def _find(url: str) -> None:
    async with _session(url) as session:
        for second in range(32):
            expected = next((index for index, one in enumerate(TIMES) if one >= second), len(TIMES))
            assert await first_at(session, datetime.fromtimestamp(second, UTC)) == expected
        for outcome in ("permit", "deny", "done"):
            found = await search(session, Filters(outcome=outcome))
            assert [one.index for one in found] == [at for at in range(6, -1, -1) if OUTCOMES[at] == outcome]


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(async_url(url))
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()
