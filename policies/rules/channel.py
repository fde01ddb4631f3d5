"""A purpose contacts people only by the channels it names, and advertises electronically only with consent.

Legal: § 7(1), (2), (3) UWG; Directive 2002/58/EC Art. 13; R-DE-UWG-1, R-DE-UWG-2.
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import AccessRequest
from policies.vocabulary import Channel, LegalBasis, Operation, ReasonCode

CITES = ("UWG § 7", "UWG § 7(2)")
WITHOUT_CONSENT = frozenset({Channel.POST})
PRIOR_CONSENT = frozenset({LegalBasis.CONSENT, LegalBasis.SOFT_OPT_IN})


def check_request(request: AccessRequest, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether the purpose may use the channel asked for; a contact names its channel."""
    if request.channel is None and request.operation is not Operation.CONTACT:
        return ()
    if request.channel not in purpose.channels:
        return (Reason(ReasonCode.CHANNEL_NOT_ALLOWED, CITES[:1]),)
    consented = all(basis.article in PRIOR_CONSENT for basis in purpose.basis.values())
    if purpose.direct_marketing and request.channel not in WITHOUT_CONSENT and not consented:
        return (Reason(ReasonCode.CHANNEL_NOT_ALLOWED, CITES[1:]),)
    return ()
