"""Calendar arithmetic on ISO 8601 periods of whole days, months or years (`P24M`).

A month later is the same day number, or the last day of a shorter month.
"""

import calendar
from datetime import date, datetime, timedelta
from typing import TypeVar

_Instant = TypeVar("_Instant", date, datetime)


def _split(period: str) -> tuple[int, str]:
    return int(period[1:-1]), period[-1]


def plus(start: _Instant, period: str, sign: int = 1) -> _Instant:
    """`start` moved by `period`; the clock time of a datetime stays."""
    count, unit = _split(period)
    if unit == "D":
        return start + timedelta(days=sign * count)
    months = start.year * 12 + start.month - 1 + sign * (count * 12 if unit == "Y" else count)
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def minus(start: _Instant, period: str) -> _Instant:
    """`start` moved back by `period`."""
    return plus(start, period, -1)


def months(period: str) -> float:
    """The length in months, a day as the thirtieth of one: to tell the longer of two periods, not to count days."""
    count, unit = _split(period)
    return count * {"Y": 12.0, "M": 1.0, "D": 1 / 30}[unit]
