"""Old behaviour stays behind: a purpose looks back as far as its window, counted by the time of the event.

A retention period ends with a day in Germany, not with a day of the server's clock.

Legal: GDPR Art. 5(1)(c), (e); C-446/21; R-5.1c-2.
"""

from datetime import date, datetime

from policies.deadlines import local_date
from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import Item
from policies.periods import minus
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 5(1)(c)",)


def check_item(purpose: Purpose, item: Item, as_of: datetime) -> tuple[Reason, ...]:
    """Whether the value is recent enough, and still within its own retention period."""
    if item.delete_after is not None and _is_past(item.delete_after, as_of):
        return (Reason(ReasonCode.RETENTION_OVER, ("GDPR Art. 5(1)(e)",)),)
    window = purpose.look_back.get(item.category)
    if window is not None and item.observed_at < minus(as_of, window):
        return (Reason(ReasonCode.MINIMISED, CITES),)
    return ()


def _is_past(last_day: date, as_of: datetime) -> bool:
    # Germany is ahead of UTC by less than a day: its date is looked up only where that can make the difference.
    utc_day = as_of.date()
    return utc_day > last_day or (utc_day == last_day and local_date(as_of) > last_day)
