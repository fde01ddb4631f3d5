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

_LAWFUL, _CONTRACT, _INFORMATION, _WITHDRAWAL = CITES = (
    "GDPR Art. 6(1)",
    "GDPR Art. 6(1)(b)",
    "GDPR Art. 13(1)(d)",
    "GDPR Art. 7(3)",
)
NO_BASIS = Reason(ReasonCode.NO_BASIS, (_LAWFUL,))
_NO_CONTRACT = Reason(ReasonCode.NO_BASIS, (_CONTRACT,))
_NOT_INFORMED = Reason(ReasonCode.LI_NOT_INFORMED, (_INFORMATION,))
_WITHDRAWN = Reason(ReasonCode.NO_BASIS, (_WITHDRAWAL,))


def check_basis(request: AccessRequest, purpose: Purpose, basis: Basis, facts: Facts) -> tuple[Reason, ...]:
    """Reasons why this basis does not hold; consent and soft opt-in are checked by rules of their own."""
    match basis.article:
        case LegalBasis.CONSENT | LegalBasis.LEGAL_OBLIGATION | LegalBasis.SOFT_OPT_IN:
            return ()
        case LegalBasis.CONTRACT:
            return () if facts.has_open(basis.rests_on) else (_NO_CONTRACT,)
        case LegalBasis.LEGITIMATE_INTERESTS:
            return (*_told(request, purpose, facts), *_not_withdrawn(request, purpose, facts))
        case _:
            return (NO_BASIS,)


def _told(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """A version of the notice that did not name this purpose yet told nobody of it."""
    return () if facts.was_told(request.purpose, purpose.notice, facts.as_of) else (_NOT_INFORMED,)


def _not_withdrawn(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    ended = any(is_ended(request, channel, facts) for channel in channels_asked(request, purpose))
    return (_WITHDRAWN,) if ended else ()
