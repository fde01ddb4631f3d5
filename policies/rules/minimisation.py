"""A purpose reads the fields it was given, and nothing else.

A purpose that needs only figures over many people lets nothing out about one.

Legal: GDPR Art. 5(1)(c), Art. 25(2), Art. 89(1); R-5.1c-1.
"""

from policies.decision import Reason
from policies.documents import PolicyDocument, Purpose
from policies.facts import AccessRequest
from policies.vocabulary import FieldName, Operation, ReasonCode

CITES = ("GDPR Art. 5(1)(c)", "GDPR Art. 89(1)")


def check_request(request: AccessRequest, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether single persons may be asked about."""
    if purpose.aggregates_only and request.operation is not Operation.AGGREGATE:
        return (Reason(ReasonCode.AGGREGATES_ONLY, CITES),)
    return ()


def check_field(document: PolicyDocument, purpose: Purpose, field: FieldName) -> tuple[Reason, ...]:
    """Whether the field exists and the purpose may read it."""
    if field not in document.fields:
        return (Reason(ReasonCode.UNKNOWN_FIELD, CITES[:1]),)
    if field not in purpose.allowed:
        return (Reason(ReasonCode.MINIMISED, CITES[:1]),)
    return ()
