"""Requests of data subjects, from receipt to answer.

`intake` takes them in and starts their clock, `decision` carries out what the controller's decider decided, `answer`
writes to the person, `cases` is what all three know about a request.

States: received -> fulfilled | partly_fulfilled | refused.

Legal: GDPR Art. 12(3), (4), Art. 15-17, Art. 21, Art. 38(6); R-12.3-1, R-12.4-1, R-16-2, R-17.1-1.
"""

from registry.rights.answer import answers_of
from registry.rights.cases import (
    OWN_PURPOSE,
    RequestKind,
    RequestOverview,
    RequestState,
    record_listing,
    requests,
)
from registry.rights.decision import LONGEST_REASON, decide_request, fulfil_access
from registry.rights.intake import Wish, receive_request

__all__ = [
    "LONGEST_REASON",
    "OWN_PURPOSE",
    "RequestKind",
    "RequestOverview",
    "RequestState",
    "Wish",
    "answers_of",
    "decide_request",
    "fulfil_access",
    "receive_request",
    "record_listing",
    "requests",
]
