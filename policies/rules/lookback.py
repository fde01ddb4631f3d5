"""Old behaviour stays behind: a purpose looks back as far as its window, counted by the time of the event.

A retention period ends with a day in Germany, not with a day of the server's clock.

Legal: GDPR Art. 5(1)(c), (e); C-446/21; R-5.1c-2.
"""

from collections.abc import Iterable
from datetime import datetime

from policies.deadlines import is_past
from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import Item
from policies.periods import minus
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 5(1)(c)",)
_OVER = Reason(ReasonCode.RETENTION_OVER, ("GDPR Art. 5(1)(e)",))
_TOO_OLD = Reason(ReasonCode.MINIMISED, CITES)


def check_items(purpose: Purpose, items: Iterable[Item], as_of: datetime) -> dict[int, Reason]:
    """The values that are past their own retention period or older than the window, by their place in the row."""
    over = {
        place: _OVER
        for place, item in enumerate(items)
        if item.delete_after is not None and is_past(item.delete_after, as_of)
    }
    if not purpose.look_back:
        return over
    oldest = {category: minus(as_of, window) for category, window in purpose.look_back.items()}
    too_old = {
        place: _TOO_OLD
        for place, item in enumerate(items)
        if item.category in oldest and item.observed_at < oldest[item.category]
    }
    return too_old | over
