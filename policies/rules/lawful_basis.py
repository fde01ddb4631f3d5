"""Every category of data needs a legal basis that holds for this person now.

A contract basis rests on an open relationship, a legitimate interest on a notice that named it to this person,
a consent on the person's own declaration; a legal obligation holds as the document states it.

Legal: GDPR Art. 6(1), Art. 13(1)(d); R-6.1-1, R-6.1f-2, C-394/23.
"""

from policies.decision import Reason
from policies.documents import Basis, Purpose
from policies.facts import Facts
from policies.vocabulary import LegalBasis, ReasonCode

CITES = ("GDPR Art. 6(1)", "GDPR Art. 6(1)(b)", "GDPR Art. 13(1)(d)")


def check_basis(purpose: Purpose, basis: Basis, facts: Facts) -> tuple[Reason, ...]:
    """Reasons why this basis does not hold; consent is checked by its own rule."""
    match basis.article:
        case LegalBasis.CONSENT | LegalBasis.LEGAL_OBLIGATION:
            return ()
        case LegalBasis.CONTRACT:
            if any(
                relationship.kind in basis.rests_on
                and relationship.opened_at <= facts.as_of
                and (relationship.closed_at is None or facts.as_of < relationship.closed_at)
                for relationship in facts.relationships or ()
            ):
                return ()
            return (Reason(ReasonCode.NO_BASIS, CITES[1:2]),)
        case LegalBasis.LEGITIMATE_INTERESTS:
            if facts.notices is not None and purpose.notice in facts.notices:
                return ()
            return (Reason(ReasonCode.LI_NOT_INFORMED, CITES[2:]),)
        case _:
            return (Reason(ReasonCode.NO_BASIS, CITES[:1]),)
