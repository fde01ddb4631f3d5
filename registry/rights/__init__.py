"""Requests of data subjects, from receipt to answer.

`intake` takes them in and starts their clock, `decision` carries out what the controller's decider decided, `review`
has a human look at what a machine decided and `figures` counts how that went, `answer` writes to the person, `cases` is
what all of them know about a request.

States: received -> fulfilled | partly_fulfilled | refused.

Legal: GDPR Art. 12(3), (4), Art. 15-17, Art. 21, 22(3), Art. 38(6); R-12.3-1, R-12.4-1, R-16-2, R-17.1-1,
R-22-4.
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
from registry.rights.figures import ReviewFigures, review_figures
from registry.rights.intake import Wish, receive_request
from registry.rights.review import (
    LONGEST_STATEMENT,
    begin_review,
    decide_review,
    fields_of,
    models_of,
    reviews_of,
)

__all__ = [
    "LONGEST_REASON",
    "LONGEST_STATEMENT",
    "OWN_PURPOSE",
    "RequestKind",
    "RequestOverview",
    "RequestState",
    "ReviewFigures",
    "Wish",
    "answers_of",
    "begin_review",
    "decide_request",
    "decide_review",
    "fields_of",
    "fulfil_access",
    "models_of",
    "receive_request",
    "record_listing",
    "requests",
    "review_figures",
    "reviews_of",
]
