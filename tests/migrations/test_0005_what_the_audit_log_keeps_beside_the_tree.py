"""Revision 0005 with a log in the database: openings get their period, reasons are found; up and down."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from registry.migrations import async_url, downgrade_async, upgrade_async
from tests.postgres import Postgres

BODIES = {
    0: '{"n":1,"op":"consent-give","out":"done"}',
    1: '{"bas":["A6-1-a"],"n":1,"op":"disclose","out":"permit"}',
    2: '{"bas":["A6-1-a"],"n":1,"op":"disclose","out":"deny","why":["DM_OBJECTION","CONSENT_WITHDRAWN"]}',
    3: '{"bas":["A6-1-b"],"n":1,"op":"disclose","out":"permit","why":["FIELD_NOT_ALLOWED"]}',
    4: '{"n":0,"op":"start","out":"done"}',
}


@pytest.fixture
def empty_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that was never migrated."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"empty5_{tmp_path.name.lower()}".replace("-", "_")[:60]
    postgres.drop_database(name)
    return postgres.create_database(name).url()


async def _on(url: str, work: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _fill(connection: Connection) -> None:
    uid = bytes(16) if connection.dialect.name == "sqlite" else None
    for index, body in BODIES.items():
        operation, outcome = (body.split(f'"{name}":"')[1].split('"')[0] for name in ("op", "out"))
        entry_id = bytes([index] * 16) if uid else f"{index:032x}"
        connection.execute(
            text(
                'INSERT INTO audit_leaf ("index", uid, hash, body, second, operation, outcome, purpose, client)'
                " VALUES (:index, :uid, :hash, :body, 0, :operation, :outcome, '', '')"
            ),
            {
                "index": index,
                "uid": entry_id,
                "hash": bytes(32),
                "body": body.encode(),
                "operation": operation,
                "outcome": outcome,
            },
        )
        connection.execute(
            text("INSERT INTO audit_opening (person_ref, leaf, position, detail) VALUES (:ref, :leaf, 0, '')"),
            {"ref": uid or "0" * 32, "leaf": index},
        )


def _rows(statement: str) -> Callable[[Connection], list[tuple[Any, ...]]]:
    return lambda connection: [tuple(row) for row in connection.execute(text(statement)).all()]


async def test_openings_get_their_period_and_reasons_are_found(empty_url: str) -> None:
    await upgrade_async(empty_url, "0001")
    await _on(empty_url, _fill)
    await upgrade_async(empty_url, "0005")
    kept = await _on(empty_url, _rows("SELECT leaf, keep FROM audit_opening ORDER BY leaf"))
    assert kept == [(0, 1), (1, 1), (2, 0), (3, 0), (4, 0)]
    reasons = await _on(empty_url, _rows("SELECT leaf, reason FROM audit_reason ORDER BY leaf, reason"))
    assert reasons == [(2, "CONSENT_WITHDRAWN"), (2, "DM_OBJECTION"), (3, "FIELD_NOT_ALLOWED")]


async def test_down_keeps_the_log(empty_url: str) -> None:
    await upgrade_async(empty_url, "0001")
    await _on(empty_url, _fill)
    await upgrade_async(empty_url, "0005")
    await downgrade_async(empty_url, "0001")
    names = set(await _on(empty_url, lambda connection: inspect(connection).get_table_names()))
    assert names.isdisjoint({"audit_commitments", "audit_reason", "audit_quarantine"})
    assert await _on(empty_url, _rows("SELECT count(*) FROM audit_leaf")) == [(len(BODIES),)]
    assert await _on(empty_url, _rows("SELECT count(*) FROM audit_opening")) == [(len(BODIES),)]
