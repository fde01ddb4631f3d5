"""A purpose reads the fields it was given, and nothing else.

Legal: GDPR Art. 5(1)(c), Art. 25(2); R-5.1c-1.
"""

from policies.decision import Reason
from policies.documents import PolicyDocument, Purpose
from policies.vocabulary import FieldName, ReasonCode

CITES = ("GDPR Art. 5(1)(c)",)


def check_field(document: PolicyDocument, purpose: Purpose, field: FieldName) -> tuple[Reason, ...]:
    """Whether the field exists and the purpose may read it."""
    if field not in document.fields:
        return (Reason(ReasonCode.UNKNOWN_FIELD, CITES),)
    if field not in purpose.allowed:
        return (Reason(ReasonCode.MINIMISED, CITES),)
    return ()
