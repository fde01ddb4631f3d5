"""Revision 0007: look-ups from before are spelled by the first rule; a later rule's are not lost by going back."""

from uuid import uuid4

import pytest
from sqlalchemy import Connection, inspect, text

from registry.migrations import downgrade_async, upgrade_async
from tests.migrations.test_0001_the_first_tables import _on, empty_url

__all__ = ["empty_url"]

BEFORE = "0006"


async def test_look_ups_survive_up_and_down(empty_url: str) -> None:
    await upgrade_async(empty_url, BEFORE)
    given = {"digest": b"d" * 16, "subject": uuid4().bytes if empty_url.startswith("sqlite") else uuid4()}
    statement = text("INSERT INTO lookup VALUES ('email', :digest, :subject, :digest, 2, 3)")
    await _on(empty_url, lambda connection: connection.execute(statement, given))

    def indexes(connection: Connection) -> set[str | None]:
        return {index["name"] for index in inspect(connection).get_indexes("data_key")}

    for _ in range(2):
        await upgrade_async(empty_url)
        assert "ix_data_key_epoch" not in await _on(empty_url, indexes)
        await downgrade_async(empty_url, BEFORE)
        assert "ix_data_key_epoch" in await _on(empty_url, indexes)
    await upgrade_async(empty_url)
    told = text("SELECT digest, index_version, suppression_version, normalisation FROM lookup")
    assert await _on(empty_url, lambda connection: [tuple(row) for row in connection.execute(told)]) == [
        (given["digest"], 2, 3, 1)
    ]
    await _on(empty_url, lambda connection: connection.execute(text("UPDATE lookup SET normalisation = 2")))
    with pytest.raises(RuntimeError, match="spelling"):
        await downgrade_async(empty_url, BEFORE)
