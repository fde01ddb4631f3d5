"""A purpose reads the fields it was given, and nothing else.

A purpose that needs only figures over many people lets nothing out about one.

Legal: GDPR Art. 5(1)(c), Art. 25(2), Art. 89(1); R-5.1c-1.
"""

from policies.decision import Reason
from policies.documents import PolicyDocument, Purpose
from policies.facts import AccessRequest
from policies.vocabulary import FieldName, Operation, ReasonCode

_NECESSARY, _FIGURES = CITES = ("GDPR Art. 5(1)(c)", "GDPR Art. 89(1)")
NOT_NEEDED = Reason(ReasonCode.MINIMISED, (_NECESSARY,))
_UNKNOWN = Reason(ReasonCode.UNKNOWN_FIELD, (_NECESSARY,))
_FIGURES_ONLY = Reason(ReasonCode.AGGREGATES_ONLY, (_NECESSARY, _FIGURES))
_ABOUT_MANY = frozenset({Operation.AGGREGATE})


def check_request(request: AccessRequest, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether single persons may be asked about."""
    if purpose.aggregates_only and request.operation not in _ABOUT_MANY:
        return (_FIGURES_ONLY,)
    return ()


def check_field(document: PolicyDocument, purpose: Purpose, field: FieldName) -> tuple[Reason, ...]:
    """Whether the field exists and the purpose may read it."""
    if field not in document.fields:
        return (_UNKNOWN,)
    if field not in purpose.allowed:
        return (NOT_NEEDED,)
    return ()
