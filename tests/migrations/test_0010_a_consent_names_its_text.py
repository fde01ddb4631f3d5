"""Revision 0010: a consent's state names its text, and single channels get back what was said of them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from audit.columns import Id, Instant
from registry.migrations import downgrade_async, upgrade_async
from tests.migrations.test_0001_the_first_tables import _on, empty_url

__all__ = ["empty_url"]

BEFORE = "0009"
START = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = sa.table(
    "consent_event",
    *(sa.column(name, Id()) for name in ("subject_id", "event_id")),
    *(sa.column(name, Instant()) for name in ("effective_at", "recorded_at")),
    sa.column("explicit", sa.Boolean()),
    *map(sa.column, ("sequence", "purpose", "channel", "state", "method", "touchpoint", "source")),
    *map(sa.column, ("notice", "notice_version", "notice_language", "notice_sha256")),
)
PERMISSION = sa.table(
    "permission",
    sa.column("subject_id", Id()),
    sa.column("since", Instant()),
    *map(sa.column, ("purpose", "channel", "state", "explicit", "parental")),
)
GIVEN, WITHDRAWN, INVALIDATED = "ConsentGiven", "ConsentWithdrawn", "ConsentInvalidated"
# What was declared (channel, state, version of the text), what stood until now, and what stands from now on.
CASES = {
    "one consent": (
        [("email", GIVEN, "1")],
        [("email", GIVEN, 0)],
        [("email", GIVEN, 0, "news_text/1")],
    ),
    "a consent without text": ([("any", "ConsentUnknown", "")], [("any", "ConsentUnknown", 0)], [
        ("any", "ConsentUnknown", 0, ""),
    ]),
    "no to calls, then a consent that names none": (
        [("phone", WITHDRAWN, ""), ("any", GIVEN, "2")],
        [("any", GIVEN, 1), ("phone", GIVEN, 1)],
        [("any", GIVEN, 1, "news_text/2"), ("phone", WITHDRAWN, 0, "")],
    ),
    "a withdrawal that names none": (
        [("email", GIVEN, "1"), ("any", WITHDRAWN, "")],
        [("any", WITHDRAWN, 1), ("email", WITHDRAWN, 1)],
        [("any", WITHDRAWN, 1, ""), ("email", WITHDRAWN, 1, "")],
    ),
    "a box that was ticked beforehand": (
        [("email", GIVEN, "1"), ("email", INVALIDATED, "1")],
        [("email", INVALIDATED, 1)],
        [("email", GIVEN, 0, "news_text/1")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_the_state_is_worked_out_anew_where_it_was_wrong(empty_url: str, case: str) -> None:
    declared, stood, stands = CASES[case]
    id_ = uuid4()
    await upgrade_async(empty_url, BEFORE)

    def fill(connection: sa.Connection) -> None:
        for number, (channel, state, version) in enumerate(declared):
            at = START + timedelta(days=number)
            row: dict[str, object] = dict.fromkeys(
                ("method", "touchpoint", "source", "notice_language", "notice_sha256"), "x"
            )
            row |= {"subject_id": id_, "event_id": uuid4(), "sequence": number, "purpose": "news", "channel": channel}
            row |= {"state": state, "effective_at": at, "recorded_at": at, "explicit": False}
            row |= {"notice": "news_text" if version else "", "notice_version": version}
            connection.execute(sa.insert(EVENT).values(row))
        for channel, state, number in stood:
            row = {"subject_id": id_, "purpose": "news", "channel": channel, "state": state, "explicit": False}
            row |= {"since": START + timedelta(days=number), "parental": False}
            connection.execute(sa.insert(PERMISSION).values(row))

    def told(connection: sa.Connection) -> list[tuple[str, str, int, str]]:
        columns = [PERMISSION.c.channel, PERMISSION.c.state, PERMISSION.c.since, sa.column("quoted")]
        rows = connection.execute(sa.select(*columns).select_from(PERMISSION).order_by(PERMISSION.c.channel))
        return [(row[0], row[1], (row[2] - START).days, row[3]) for row in rows]

    await _on(empty_url, fill)
    for _ in range(2):
        await upgrade_async(empty_url, "0010")
        assert await _on(empty_url, told) == stands
        await downgrade_async(empty_url, BEFORE)
