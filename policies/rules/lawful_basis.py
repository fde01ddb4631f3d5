"""Every category of data needs a legal basis that holds for this person now.

A contract basis rests on an open relationship, a legitimate interest on a notice that named this purpose to this
person, a consent on the person's own declaration, a soft opt-in on four conditions; a legal obligation holds as the
document states it. Whose consent for a purpose was withdrawn, refused or invalid, or has run out, is not taken back
into it on a legitimate interest.

Legal: GDPR Art. 6(1), Art. 7(3), Art. 13(1)(d), Art. 14(2)(b); R-6.1-1, R-6.1-3, R-6.1f-2, C-394/23.
"""

from policies.decision import Reason
from policies.documents import Basis, Purpose
from policies.facts import AccessRequest, Facts
from policies.standing import channels_asked, is_ended
from policies.vocabulary import LegalBasis, ReasonCode

CITES = ("GDPR Art. 6(1)", "GDPR Art. 6(1)(b)", "GDPR Art. 13(1)(d)", "GDPR Art. 7(3)")


def check_basis(request: AccessRequest, purpose: Purpose, basis: Basis, facts: Facts) -> tuple[Reason, ...]:
    """Reasons why this basis does not hold; consent and soft opt-in are checked by rules of their own."""
    match basis.article:
        case LegalBasis.CONSENT | LegalBasis.LEGAL_OBLIGATION | LegalBasis.SOFT_OPT_IN:
            return ()
        case LegalBasis.CONTRACT:
            return () if _has_relationship(basis, facts) else (Reason(ReasonCode.NO_BASIS, CITES[1:2]),)
        case LegalBasis.LEGITIMATE_INTERESTS:
            return (*_told(request, purpose, facts), *_not_withdrawn(request, purpose, facts))
        case _:
            return (Reason(ReasonCode.NO_BASIS, CITES[:1]),)


def _has_relationship(basis: Basis, facts: Facts) -> bool:
    for one in facts.relationships or ():  # a plain loop: every read of an order comes by here
        over = one.closed_at is not None and one.closed_at <= facts.as_of
        if one.kind in basis.rests_on and one.opened_at <= facts.as_of and not over:
            return True
    return False


def _told(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """A version of the notice that did not name this purpose yet told nobody of it."""
    told = any(
        one.notice == purpose.notice and request.purpose in one.purposes and one.delivered_at <= facts.as_of
        for one in facts.notices or ()
    )
    return () if told else (Reason(ReasonCode.LI_NOT_INFORMED, CITES[2:3]),)


def _not_withdrawn(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    ended = any(is_ended(request, channel, facts) for channel in channels_asked(request, purpose))
    return (Reason(ReasonCode.NO_BASIS, CITES[3:]),) if ended else ()
