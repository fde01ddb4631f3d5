"""Revision 0011: what is known of before becomes the history of what was in force when, up and down."""

import pytest

from registry.migrations import downgrade_async, upgrade_async
from tests.migrations.test_0001_the_first_tables import empty_url
from tests.migrations.test_0009_scores_and_reviews import _run

__all__ = ["empty_url"]

BEFORE = "0010"
VERSION = "INSERT INTO policy_version (digest, version, document, activated_at) VALUES (:digest, :digest, :none, {at})"
STEP = """INSERT INTO policy_step (digest, number, step, at, result, reasons, previous, fingerprint, signature)
 VALUES (:digest, :number, :step, {at}, :result, '', '', '', :none)"""
STATE = """INSERT INTO registry_state (id, policy_digest, clients_version, keys_version, journal_sequence)
 VALUES (1, :digest, 0, 1, 1)"""
SINCE = "SELECT count(*) FROM policy_activation WHERE since >= {at}"
TOLD = "SELECT digest FROM policy_activation ORDER BY number"


def at(url: str, second: int) -> str:
    return str(second * 1000) if url.startswith("sqlite") else f"to_timestamp({second})"


async def in_force(url: str, digest: str, second: int, step: str = "decide") -> None:
    """A document that came into force for the first time, decided a moment earlier."""
    await _run(url, VERSION.format(at=at(url, second)), digest=digest, none=b"")
    moment = second if step == "found" else second - 1
    await _run(url, STEP.format(at=at(url, moment)), digest=digest, number=1, step=step, result="accepted", none=b"")


@pytest.mark.parametrize(
    ("in_the_end", "told"),
    [("a", ["a", "b", "a"]), ("b", ["a", "b", "a", "b"])],
    ids=["as decided", "after a fall-back"],
)
async def test_a_document_counts_from_each_time_it_came_into_force(
    empty_url: str, in_the_end: str, told: list[str]
) -> None:
    await upgrade_async(empty_url, BEFORE)
    await in_force(empty_url, "a", 100, "found")
    await in_force(empty_url, "b", 200)
    for number, step, result in [(2, "propose", "submitted"), (3, "decide", "rejected"), (4, "decide", "accepted")]:
        statement = STEP.format(at=at(empty_url, 300 + number))
        await _run(empty_url, statement, digest="a", number=number, step=step, result=result, none=b"")
    await _run(empty_url, STATE, digest=in_the_end)
    for _ in range(2):
        await upgrade_async(empty_url, "0011")
        assert [row[0] for row in await _run(empty_url, TOLD)] == told
        first, today = SINCE.format(at=at(empty_url, 100)), SINCE.format(at=at(empty_url, 10**9))
        assert await _run(empty_url, first) == [(len(told),)]
        assert await _run(empty_url, today) == [(len(told) - 3,)], "what nobody knows the day of counts from today"
        await downgrade_async(empty_url, BEFORE)


async def test_an_empty_registry_has_no_history(empty_url: str) -> None:
    await upgrade_async(empty_url, "0011")
    assert await _run(empty_url, TOLD) == []
