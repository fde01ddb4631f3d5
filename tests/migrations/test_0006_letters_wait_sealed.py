"""Revision 0006: up over data, down, and up again; the roles may do with letters what they need and no more."""

from uuid import uuid4

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from registry.migrations import async_url, downgrade_async, upgrade_async
from tests.house import House
from tests.migrations.test_0001_the_first_tables import _on, empty_url

__all__ = ["empty_url"]

BEFORE = "0001"
CONFLICT = """INSERT INTO conflict (subject_id, conflict_id, kind, about, source, arrived_at)
 VALUES (:subject, :conflict, 'older_value', 'email', 'shop', {at})"""


async def test_conflicts_survive_up_and_down(empty_url: str) -> None:
    await upgrade_async(empty_url, BEFORE)
    sqlite = empty_url.startswith("sqlite")
    ids = {name: uuid4().bytes if sqlite else uuid4() for name in ("subject", "conflict")}
    statement = text(CONFLICT.format(at="0" if sqlite else "now()"))
    await _on(empty_url, lambda connection: connection.execute(statement, ids))

    def tables(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    def indexes(connection: Connection) -> set[str | None]:
        return {index["name"] for index in inspect(connection).get_indexes("conflict")}

    for _ in range(2):
        await upgrade_async(empty_url)
        assert "letter_outbox" in await _on(empty_url, tables)
        assert "ix_conflict_arrived" in await _on(empty_url, indexes)
        await downgrade_async(empty_url, BEFORE)
        assert "letter_outbox" not in await _on(empty_url, tables)
        assert "ix_conflict_arrived" not in await _on(empty_url, indexes)
    rows = await _on(empty_url, lambda connection: connection.execute(text("SELECT source FROM conflict")).all())
    assert [row[0] for row in rows] == ["shop"]


@pytest.mark.postgresql
async def test_the_serving_role_empties_the_outbox_and_the_eraser_fills_it(postgresql_house: House) -> None:
    urls = (postgresql_house.settings.database_url, postgresql_house.settings.eraser_database_url)
    for url in urls:
        engine = create_async_engine(async_url(url))
        async with engine.begin() as connection:
            await connection.execute(
                text("INSERT INTO letter_outbox VALUES (:subject, :letter, 1, '', now(), now(), 0)"),
                {"subject": uuid4(), "letter": uuid4()},
            )
            await connection.execute(text("UPDATE letter_outbox SET tries = 1"))
            await connection.execute(text("DELETE FROM letter_outbox"))
        with pytest.raises(DBAPIError):
            async with engine.begin() as connection:
                await connection.execute(text("DROP TABLE letter_outbox"))
        await engine.dispose()
