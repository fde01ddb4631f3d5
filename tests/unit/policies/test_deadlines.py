"""Due dates, extensions, breach notices and ends of retention."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from policies.deadlines import (
    LAENDER,
    TIME_ZONE,
    _holidays,
    breach_due_at,
    due_on,
    extended_due_on,
    is_past,
    local_date,
    retention_end,
)
from policies.documents import RetentionClass, Words
from tests.unit.policies.people import retailer


def at_noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, 0, tzinfo=TIME_ZONE)


def retention(period: str, starts: str) -> RetentionClass:
    return RetentionClass.model_validate(
        {"period": period, "starts": starts, "why": "test", "title": Words(de="Test", en="test")}
    )


@pytest.mark.gdpr("12(3)")
@pytest.mark.parametrize(
    ("received_at", "due"),
    [
        (at_noon(2026, 8, 31), date(2026, 9, 30)),
        (at_noon(2026, 1, 31), date(2026, 3, 2)),
        (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), date(2026, 8, 3)),
        (at_noon(2025, 3, 5), date(2025, 4, 7)),
        (at_noon(2024, 3, 5), date(2024, 4, 5)),
        (at_noon(2028, 1, 31), date(2028, 2, 29)),
        (at_noon(2026, 12, 31), date(2027, 2, 1)),
        (at_noon(2026, 2, 28), date(2026, 3, 30)),
        (at_noon(2026, 11, 15), date(2026, 12, 15)),
    ],
)
def test_one_month_ends_on_the_same_day_number_or_the_last_day(received_at: datetime, due: date) -> None:
    """R-12.3-1: 31 August -> 30 September; 31 January -> Saturday 28 February -> Monday 2 March."""
    assert due_on(received_at) == due


@pytest.mark.gdpr("12(3)")
@pytest.mark.parametrize(
    ("received_at", "day"),
    [
        (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 22, 0, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 7, 1, 3, 0, tzinfo=timezone(timedelta(hours=9))), date(2026, 6, 30)),
    ],
)
def test_the_day_of_receipt_is_the_day_in_germany(received_at: datetime, day: date) -> None:
    """R-12.3-1, in summer and in winter, and from anywhere."""
    assert local_date(received_at) == day


@pytest.mark.gdpr("5(1)(e)")
@pytest.mark.parametrize(
    ("as_of", "past"),
    [
        (datetime(2025, 7, 2, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 6, 29, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 30, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 1, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 8, 1, 12, 0, tzinfo=UTC), True),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), True),
    ],
)
def test_a_last_day_is_over_at_midnight_in_germany(as_of: datetime, *, past: bool) -> None:
    """R-5.1e-1."""
    assert is_past(date(2026, 6, 30), as_of) is past


@pytest.mark.gdpr("12(3)")
@pytest.mark.parametrize(
    ("received_at", "due", "why"),
    [
        (at_noon(2026, 3, 3), date(2026, 4, 7), "Good Friday, then Saturday, Easter Sunday and Easter Monday 2026"),
        (at_noon(2026, 3, 6), date(2026, 4, 7), "Easter Monday 2026"),
        (at_noon(2026, 4, 1), date(2026, 5, 4), "1 May on a Friday, then the weekend"),
        (at_noon(2026, 4, 14), date(2026, 5, 15), "Ascension Day 2026, a Thursday"),
        (at_noon(2026, 4, 25), date(2026, 5, 26), "Whit Monday 2026"),
        (at_noon(2026, 9, 3), date(2026, 10, 5), "3 October on a Saturday"),
        (at_noon(2026, 11, 25), date(2026, 12, 28), "25 and 26 December, then Sunday"),
        (at_noon(2026, 11, 24), date(2026, 12, 24), "24 December is no holiday"),
        (at_noon(2026, 11, 30), date(2026, 12, 30), "an ordinary Wednesday"),
        (at_noon(2025, 12, 1), date(2026, 1, 2), "New Year's Day"),
        (at_noon(2026, 10, 31), date(2026, 11, 30), "31 October -> 30 November"),
        (at_noon(2026, 11, 1), date(2026, 12, 1), "received on a Sunday: counts as received"),
    ],
)
def test_the_last_day_moves_to_the_next_working_day(received_at: datetime, due: date, why: str) -> None:
    """R-12.3-2, Regulation 1182/71 Art. 3(4)."""
    assert due_on(received_at) == due, why


@pytest.mark.gdpr("12(3)")
def test_31_december_is_no_holiday() -> None:
    assert due_on(at_noon(2025, 10, 31), months=2) == date(2025, 12, 31)


@pytest.mark.gdpr("12(3)")
@pytest.mark.parametrize(
    ("land", "due"),
    [(None, date(2026, 6, 4)), ("BE", date(2026, 6, 4)), ("HH", date(2026, 6, 4)), ("NW", date(2026, 6, 5))],
)
def test_a_holiday_of_one_land_counts_there_alone(land: str | None, due: date) -> None:
    """R-12.3-2: Fronleichnam 2026 is a holiday in NW and not in BE; the default is nationwide."""
    assert due_on(at_noon(2026, 5, 4), land=land) == due


@pytest.mark.gdpr("12(3)")
@pytest.mark.parametrize(
    ("land", "received_at", "due"),
    [
        ("HH", at_noon(2025, 9, 30), date(2025, 10, 30)),
        ("HH", at_noon(2025, 8, 31), date(2025, 9, 30)),
        ("BE", at_noon(2027, 2, 8), date(2027, 3, 9)),
        ("HH", at_noon(2027, 2, 8), date(2027, 3, 8)),
        ("SN", at_noon(2026, 10, 18), date(2026, 11, 19)),
    ],
)
def test_holidays_of_other_laender(land: str, received_at: datetime, due: date) -> None:
    assert due_on(received_at, land=land) == due


def test_all_sixteen_laender_are_known() -> None:
    assert " ".join(sorted(LAENDER)) == "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH"


@pytest.mark.gdpr("12(3)")
@pytest.mark.parametrize(
    ("received_at", "due"),
    [
        (at_noon(2026, 8, 31), date(2026, 11, 30)),
        (at_noon(2026, 11, 30), date(2027, 3, 1)),
        (at_noon(2026, 1, 31), date(2026, 4, 30)),
        (at_noon(2027, 11, 30), date(2028, 2, 29)),
        (at_noon(2026, 9, 25), date(2026, 12, 28)),
    ],
)
def test_an_extension_counts_three_months_from_receipt(received_at: datetime, due: date) -> None:
    """R-12.3-3: same clamp, same roll; not one month and then two."""
    assert extended_due_on(received_at) == due


@pytest.mark.gdpr("12(3)")
def test_an_extension_rolls_over_the_same_holidays() -> None:
    assert extended_due_on(at_noon(2026, 3, 4)) == date(2026, 6, 4)
    assert extended_due_on(at_noon(2026, 3, 4), land="NW") == date(2026, 6, 5)


def test_a_due_date_is_a_working_day_after_receipt_and_never_before_the_month() -> None:
    day = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)
    for number in range(3 * 366):
        received_at = day + timedelta(days=number)
        due = due_on(received_at)
        assert due.weekday() < 5
        assert timedelta(days=28) <= due - received_at.date() <= timedelta(days=31 + 4)
        assert due_on(received_at, land="BY") >= due
        assert extended_due_on(received_at) > due


@pytest.mark.parametrize("function", [due_on, extended_due_on, local_date, breach_due_at])
def test_an_instant_without_time_zone_is_refused(function: Callable[[datetime], object]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        function(datetime(2026, 8, 31, 12, 0))  # noqa: DTZ001 - the point


@pytest.mark.parametrize("months", [0, -1])
def test_a_period_has_a_length(months: int) -> None:
    with pytest.raises(ValueError, match="month"):
        due_on(at_noon(2026, 8, 31), months=months)


@pytest.mark.parametrize("land", ["XX", "Augsburg", "", "hh"])
def test_what_is_no_land_is_refused(land: str) -> None:
    with pytest.raises(ValueError, match="Land"):
        due_on(at_noon(2026, 8, 31), land=land)


@pytest.mark.gdpr("33(1)")
@pytest.mark.parametrize(
    ("aware_at", "due_at"),
    [
        (datetime(2026, 11, 20, 16, 0, tzinfo=UTC), datetime(2026, 11, 23, 16, 0, tzinfo=UTC)),
        (datetime(2026, 12, 24, 9, 30, tzinfo=UTC), datetime(2026, 12, 27, 9, 30, tzinfo=UTC)),
        (datetime(2026, 3, 27, 12, 0, tzinfo=TIME_ZONE), datetime(2026, 3, 30, 11, 0, tzinfo=UTC)),
        (datetime(2026, 10, 23, 12, 0, tzinfo=TIME_ZONE), datetime(2026, 10, 26, 10, 0, tzinfo=UTC)),
    ],
    ids=["over a weekend", "over Christmas", "over the start of summer time", "over its end"],
)
def test_a_breach_is_notified_within_72_full_hours(aware_at: datetime, due_at: datetime) -> None:
    """R-33-1: hours run through weekends and clock changes."""
    due = breach_due_at(aware_at)
    assert due == due_at
    assert due.utcoffset() == timedelta(0)
    assert due - aware_at.astimezone(UTC) == timedelta(hours=72)


@pytest.mark.gdpr("5(1)(e)")
@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("P10Y", date(2025, 3, 1), date(2035, 12, 31)),
        ("P8Y", date(2025, 1, 1), date(2033, 12, 31)),
        ("P8Y", date(2025, 12, 31), date(2033, 12, 31)),
        ("P8Y", date(2026, 1, 1), date(2034, 12, 31)),
        ("P8Y", date(2016, 5, 4), date(2024, 12, 31)),
        ("P8Y", date(2017, 5, 4), date(2025, 12, 31)),
        ("P6Y", date(2026, 7, 15), date(2032, 12, 31)),
        ("P3Y", date(2023, 1, 2), date(2026, 12, 31)),
    ],
)
def test_statutory_periods_start_at_the_end_of_the_year(period: str, start: date, end: date) -> None:
    """R-DE-RET-1: books 10, vouchers 8 and letters 6 years; R-DE-RET-4: claims 3 years."""
    assert retention_end(start, retention(period, "year_end")) == end


@pytest.mark.gdpr("5(1)(e)")
@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("P24M", date(2026, 2, 28), date(2028, 2, 28)),
        ("P6M", date(2026, 8, 31), date(2027, 2, 28)),
        ("P14D", date(2026, 12, 25), date(2027, 1, 8)),
    ],
)
def test_other_periods_start_with_the_collection(period: str, start: date, end: date) -> None:
    """§ 188(2) BGB: the day of the event is not counted; the day with its number is the last."""
    assert retention_end(start, retention(period, "collected")) == end


@pytest.mark.gdpr("5(1)(e)")
def test_what_ends_with_a_relationship_has_no_end_while_it_lasts() -> None:
    """R-5.1e-1: computable as soon as the event has occurred."""
    class_ = retention("P3Y", "relationship_end")
    assert retention_end(date(2020, 1, 1), class_) is None
    assert retention_end(date(2020, 1, 1), class_, ended_on=date(2026, 2, 28)) == date(2029, 2, 28)


def test_what_was_collected_after_the_end_counts_from_its_collection() -> None:
    class_ = retention("P3Y", "relationship_end")
    assert retention_end(date(2027, 1, 1), class_, ended_on=date(2026, 2, 28)) == date(2030, 1, 1)


@pytest.mark.parametrize("starts", ["collected", "year_end"])
def test_the_end_of_a_relationship_moves_no_other_class(starts: str) -> None:
    class_ = retention("P1Y", starts)
    start = date(2026, 5, 5)
    assert retention_end(start, class_, ended_on=date(2026, 9, 9)) == retention_end(start, class_)


def test_an_invoice_of_new_years_eve_counts_for_the_year_it_has_in_germany() -> None:
    """23:30 UTC on 31 December is already the next year: a day off by one would cost a year."""
    vouchers = retailer().retention["accounting_documents"]
    written_at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert retention_end(local_date(written_at), vouchers) == date(2035, 12, 31)


def test_the_holidays_of_a_year_are_worked_out_once() -> None:
    """To make them takes longer than the answer that asks for them."""
    assert _holidays(2026, "HH") is _holidays(2026, "HH")
    assert _holidays(2026, "HH") != _holidays(2026, None)


def test_the_end_of_a_relationship_is_named_and_not_taken_for_the_start() -> None:
    ended_on, kept = date(2027, 1, 1), retention("P1Y", "relationship_end")
    assert retention_end(date(2026, 1, 1), kept, ended_on=ended_on) == date(2028, 1, 1)
    with pytest.raises(TypeError):
        retention_end(date(2026, 1, 1), kept, ended_on)  # type: ignore[call-arg]  # what is tested
