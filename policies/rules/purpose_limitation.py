"""Data is read only for a registered, active purpose of this client, and only if it was collected for it.

Data collected for one purpose serves another only where the document records an Art. 6(4) assessment, or
where a legal obligation of its own reaches all data (`from_any_purpose`).

Legal: GDPR Art. 5(1)(b), Art. 6(4); R-5.1b-1, R-5.1b-2.
"""

from policies.decision import Reason
from policies.documents import PolicyDocument, Purpose
from policies.facts import AccessRequest, Item
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 5(1)(b)", "GDPR Art. 6(4)")


def check_gate(request: AccessRequest, document: PolicyDocument) -> tuple[Reason, ...]:
    """Reasons that end the decision before anything about the person is looked at."""
    purpose = document.purposes.get(request.purpose)
    if purpose is None:
        return (Reason(ReasonCode.UNKNOWN_PURPOSE, CITES[:1]),)
    if purpose.state != "active":
        return (Reason(ReasonCode.PURPOSE_INACTIVE, CITES[:1]),)
    client = document.clients.get(request.client)
    if client is None or request.purpose not in client.purposes:
        return (Reason(ReasonCode.UNAUTHORISED, CITES[:1]),)
    if purpose.profiling and not purpose.dpia:
        return (Reason(ReasonCode.DPIA_MISSING, ("GDPR Art. 35",)),)
    return ()


def check_item(request: AccessRequest, purpose: Purpose, item: Item) -> tuple[Reason, ...]:
    """Whether a stored value may serve this purpose, given what it was collected for."""
    if purpose.from_any_purpose or item.collected_for == request.purpose or item.collected_for in purpose.sources:
        return ()
    return (Reason(ReasonCode.PURPOSE_INCOMPATIBLE, CITES[1:]),)
