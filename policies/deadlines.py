"""When something is due: answers to people, notices of breaches, and the end of what may be kept.

Days are days in Germany: what arrives at 22:30 UTC in summer arrived on the next day. Hours run through weekends
and clock changes. Nothing here asks a clock: every instant is handed in.

Legal: GDPR Art. 12(3), Art. 33(1); Regulation (EEC, Euratom) 1182/71 Art. 2, 3; § 147(4) AO, § 257(5) HGB,
§ 188(2), (3), § 199(1) BGB; R-12.3-1 to -3, R-33-1, R-DE-RET-1.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from policies.documents import RetentionClass
from policies.periods import plus

TIME_ZONE = ZoneInfo("Europe/Berlin")
ANSWER_MONTHS = 1
EXTENDED_MONTHS = 3
BREACH_HOURS = 72
LAENDER = frozenset(["BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"])

_SATURDAY = 5


def local_date(instant: datetime) -> date:
    """The day in Germany on which `instant` (aware) lies."""
    _require_aware(instant)
    return instant.astimezone(TIME_ZONE).date()


def is_past(last_day: date, as_of: datetime) -> bool:
    """Whether a day is over in Germany at `as_of` (aware, UTC)."""
    utc_day = as_of.date()
    # Germany is ahead of UTC by less than a day: its date is looked up only where that can make the difference.
    return (local_date(as_of) if utc_day == last_day else utc_day) > last_day


def due_on(received_at: datetime, months: int = ANSWER_MONTHS, land: str | None = None) -> date:
    """The last day for acting on what arrived at `received_at`; it ends at 24:00 in Germany.

    The day of receipt is not counted. The period ends on the same day number of the last month, or on that month's
    last day where it has no such number; from a Saturday, Sunday or public holiday it moves to the next working day.

    Args:
        received_at: aware; weekends, holidays and hours outside the office count as receipt.
        months: length of the period, at least 1.
        land: code of a Land (`HH`) whose holidays count too; by default only nationwide ones do, so that no
            answer is late wherever the reader is.

    Returns:
        The due date.

    Raises:
        ValueError: when `received_at` is naive, `months` is less than 1 or `land` is no Land.
    """
    if months < 1:
        raise ValueError("a period has at least one month")
    due = plus(local_date(received_at), f"P{months}M")
    while due.weekday() >= _SATURDAY or due in _holidays(due.year, land):
        due += timedelta(days=1)
    return due


def extended_due_on(received_at: datetime, land: str | None = None) -> date:
    """The last day after an extension by two further months, counted from receipt; see `due_on`."""
    return due_on(received_at, EXTENDED_MONTHS, land)


def breach_due_at(aware_at: datetime) -> datetime:
    """The instant (aware, UTC) by which a breach known since `aware_at` is notified: 72 full hours.

    Raises:
        ValueError: when `aware_at` is naive.
    """
    _require_aware(aware_at)
    return aware_at.astimezone(UTC) + timedelta(hours=BREACH_HOURS)


def retention_end(start: date, retention: RetentionClass, *, ended_on: date | None = None) -> date | None:
    """The last day on which a value may be kept.

    Args:
        start: the day in Germany on which the value was collected or its event happened.
        retention: the field's class.
        ended_on: the day on which the relationship ended that a `relationship_end` class counts from.

    Returns:
        The last day, included; None while the relationship that the class counts from has not ended.
    """
    match retention.starts:
        case "collected":
            return plus(start, retention.period)
        case "year_end":
            return plus(date(start.year, 12, 31), retention.period)
        case "relationship_end":
            return None if ended_on is None else plus(max(start, ended_on), retention.period)


@lru_cache
def _holidays(year: int, land: str | None) -> frozenset[date]:
    if land is not None and land not in LAENDER:
        raise ValueError(f"{land!r} is no Land")
    from holidays.countries.germany import Germany  # it loads every country: no start waits for it

    return frozenset(Germany(subdiv=land, years=year))


def _require_aware(instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise ValueError("an instant carries its time zone")
