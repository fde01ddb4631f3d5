"""Revision 0002: up, with data, down."""

from sqlalchemy import inspect, text

from registry.migrations import downgrade_async, upgrade_async
from tests.migrations.test_0001_the_first_tables import _on, empty_url  # noqa: F401 - a fixture and its helper

_TABLES = {"budget_day", "budget_use"}


async def test_up_keeps_what_was_there_and_down_takes_only_its_own(empty_url: str) -> None:  # noqa: F811 - the fixture
    await upgrade_async(empty_url, "0001")
    client = text("INSERT INTO client (code, secret_hash, created_at) VALUES ('shop', '', :at)")
    at = "0" if empty_url.startswith("sqlite") else "now()"
    await _on(empty_url, lambda connection: connection.execute(text(client.text.replace(":at", at))))
    await upgrade_async(empty_url, "0002")
    day = text("INSERT INTO budget_day (client, purpose, day, used) VALUES ('shop', 'newsletter', '2026-11-21', 3)")
    await _on(empty_url, lambda connection: connection.execute(day))
    names = set(await _on(empty_url, lambda connection: inspect(connection).get_table_names()))
    assert names >= _TABLES
    await downgrade_async(empty_url, "0001")
    names = set(await _on(empty_url, lambda connection: inspect(connection).get_table_names()))
    assert not names & _TABLES
    rows = await _on(empty_url, lambda connection: connection.execute(text("SELECT code FROM client")).all())
    assert [row[0] for row in rows] == ["shop"]
