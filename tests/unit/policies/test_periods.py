"""Calendar arithmetic on whole days, months and years."""

from datetime import UTC, date, datetime

import pytest

from policies.periods import minus, months, plus


@pytest.mark.parametrize(
    ("start", "period", "later"),
    [
        (date(2026, 3, 5), "P1M", date(2026, 4, 5)),
        (date(2026, 1, 31), "P1M", date(2026, 2, 28)),
        (date(2028, 1, 31), "P1M", date(2028, 2, 29)),
        (date(2026, 8, 31), "P1M", date(2026, 9, 30)),
        (date(2026, 12, 31), "P1M", date(2027, 1, 31)),
        (date(2026, 11, 30), "P3M", date(2027, 2, 28)),
        (date(2028, 2, 29), "P1Y", date(2029, 2, 28)),
        (date(2024, 2, 29), "P4Y", date(2028, 2, 29)),
        (date(2026, 12, 31), "P90D", date(2027, 3, 31)),
        (date(2025, 12, 31), "P8Y", date(2033, 12, 31)),
        (date(2026, 1, 31), "P24M", date(2028, 1, 31)),
    ],
)
def test_a_month_later_is_the_same_day_number_or_the_last_day(start: date, period: str, later: date) -> None:
    assert plus(start, period) == later


@pytest.mark.parametrize(
    ("start", "period", "earlier"),
    [
        (date(2026, 3, 31), "P1M", date(2026, 2, 28)),
        (date(2026, 1, 15), "P1M", date(2025, 12, 15)),
        (date(2026, 1, 15), "P24M", date(2024, 1, 15)),
        (date(2028, 2, 29), "P1Y", date(2027, 2, 28)),
        (date(2026, 1, 1), "P1D", date(2025, 12, 31)),
    ],
)
def test_a_month_earlier_likewise(start: date, period: str, earlier: date) -> None:
    assert minus(start, period) == earlier


def test_the_clock_time_of_an_instant_stays() -> None:
    assert plus(datetime(2026, 1, 31, 22, 30, tzinfo=UTC), "P1M") == datetime(2026, 2, 28, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(("period", "length"), [("P2Y", 24.0), ("P3M", 3.0), ("P30D", 1.0), ("P90D", 3.0)])
def test_periods_are_compared_by_their_months(period: str, length: float) -> None:
    assert months(period) == length
