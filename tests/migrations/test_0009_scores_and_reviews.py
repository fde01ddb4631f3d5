"""Revision 0009: estimates of before name no model and are fresh; what is stale or contested stops the way back."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from registry.migrations import downgrade_async, upgrade_async
from tests.migrations.test_0001_the_first_tables import _on, empty_url

__all__ = ["empty_url"]

BEFORE = "0008"
RECORD = """INSERT INTO record (subject_id, field, record_id, category, version, key_version, sealed, origin,
 touchpoint, captured_by, collected_for, observed_at, collected_at, retention)
 VALUES (:id, 'credit_score', :id, 'score', 1, 1, :sealed, 'inferred', 'online_shop', 'sales', 'credit_check',
 {at}, {at}, 'credit_checks')"""

REQUEST = """INSERT INTO request VALUES (:id, :id, 'human_review', 'received', 'portal', {at}, '2026-11-21',
 NULL, NULL, NULL)"""
REVIEW = "INSERT INTO human_review VALUES (:id, :id, 'credit_check', 'open', {at}, NULL, NULL, '', '', NULL, '')"


async def _run(url: str, statement: str, **given: object) -> list[tuple[Any, ...]]:
    def work(connection: Connection) -> list[tuple[Any, ...]]:
        result = connection.execute(text(statement), given)
        return [tuple(row) for row in result] if result.returns_rows else []

    found: list[tuple[Any, ...]] = await _on(url, work)
    return found


async def test_estimates_survive_up_and_down(empty_url: str) -> None:
    sqlite = empty_url.startswith("sqlite")
    await upgrade_async(empty_url, BEFORE)
    id_ = uuid4().bytes if sqlite else uuid4()
    await _run(empty_url, RECORD.format(at="0" if sqlite else "now()"), id=id_, sealed=b"s" * 40)
    told = "SELECT sealed, model, model_version, stale_since FROM record"
    for _ in range(2):
        await upgrade_async(empty_url, "0009")
        assert await _run(empty_url, told) == [(b"s" * 40, "", "", None)]
        await downgrade_async(empty_url, BEFORE)
        assert await _run(empty_url, "SELECT sealed FROM record") == [(b"s" * 40,)]
    await upgrade_async(empty_url, "0009")
    await _run(empty_url, "UPDATE record SET stale_since = observed_at")
    with pytest.raises(RuntimeError, match="stale"):
        await downgrade_async(empty_url, BEFORE)


async def test_contested_decisions_stop_the_way_back_and_reviewed_ones_go_with_it(empty_url: str) -> None:
    sqlite = empty_url.startswith("sqlite")
    await upgrade_async(empty_url, "0009")
    id_, at = uuid4().bytes if sqlite else uuid4(), "0" if sqlite else "now()"
    await _run(empty_url, REQUEST.format(at=at), id=id_)
    await _run(empty_url, REVIEW.format(at=at), id=id_)
    with pytest.raises(RuntimeError, match="contested"):
        await downgrade_async(empty_url, BEFORE)
    await _run(empty_url, "UPDATE human_review SET state = 'decided', decided_at = opened_at")
    await downgrade_async(empty_url, BEFORE)
    assert await _run(empty_url, "SELECT kind FROM request") == []
