"""Windows and retention periods of single values."""

from datetime import UTC, date, datetime, timedelta

import pytest

from policies.decision import Permit
from policies.vocabulary import ReasonCode
from tests.unit.policies.people import (
    NOW,
    ORDER_READ,
    RECOMMENDATIONS,
    ask,
    customer,
    decide,
    item,
    reasons,
)

PURCHASES = ask("recommender", RECOMMENDATIONS, "purchases")
WINDOW_OPENS = datetime(2024, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.gdpr("5(1)(c)")
@pytest.mark.parametrize(
    ("observed_at", "expected"),
    [
        (WINDOW_OPENS, []),
        (WINDOW_OPENS - timedelta(milliseconds=1), [ReasonCode.MINIMISED]),
        (NOW, []),
    ],
)
def test_a_window_of_24_months_is_counted_by_the_time_of_the_event(
    observed_at: datetime, expected: list[ReasonCode]
) -> None:
    """R-5.1c-2, C-446/21: even with consent."""
    assert reasons(decide(PURCHASES, customer(items=(item("purchases", observed_at=observed_at),)))) == expected


@pytest.mark.gdpr("5(1)(c)")
def test_recent_values_are_let_out_and_older_ones_of_the_same_field_stay() -> None:
    recent = item("purchases", observed_at=NOW, number=1)
    old = item("purchases", observed_at=WINDOW_OPENS - timedelta(days=1), number=2)
    decision = decide(PURCHASES, customer(items=(old, recent)))
    assert isinstance(decision, Permit)
    assert decision.rows == {recent.row_id: "purchases"}


def test_a_purpose_without_a_window_sees_the_past() -> None:
    facts = customer(items=(item("purchases", observed_at=datetime(2001, 1, 1, tzinfo=UTC)),))
    assert not reasons(decide(ask("shop", "order_fulfilment", "purchases"), facts))


@pytest.mark.gdpr("5(1)(e)")
@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (NOW, []),
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), []),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), [ReasonCode.RETENTION_OVER]),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), [ReasonCode.RETENTION_OVER]),
    ],
)
def test_a_value_is_gone_after_the_last_day_of_its_retention_in_germany(
    as_of: datetime, expected: list[ReasonCode]
) -> None:
    facts = customer(items=(item("street", delete_after=date(2026, 12, 31)),), as_of=as_of)
    assert reasons(decide(ask("shop", "order_fulfilment", "street"), facts)) == expected


def test_a_value_without_an_end_is_readable() -> None:
    assert not reasons(decide(ORDER_READ, customer(items=(item("street"),))))
