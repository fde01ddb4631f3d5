"""An estimate whose inputs were corrected or erased serves nobody until it is worked out anew.

It is wrong with what it was made of. Only a duty of law or a claim that reaches all data still sees it, marked as
stale: the person's own access, the proof of what was decided.

Legal: GDPR Art. 5(1)(d), Art. 16; R-22-5.
"""

from collections.abc import Iterable

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import Item
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 5(1)(d)",)
_STALE = Reason(ReasonCode.SCORE_STALE, CITES)


def check_items(purpose: Purpose, items: Iterable[Item]) -> dict[int, Reason]:
    """The values that may not serve this purpose because they are stale, by their place in the row."""
    if purpose.from_any_purpose:
        return {}
    return {place: _STALE for place, item in enumerate(items) if item.stale}
