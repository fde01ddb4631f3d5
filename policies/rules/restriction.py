"""Restricted data is only stored, unless Art. 18(2) leaves the use.

The law lists what it leaves: legal claims, the rights of another person and important public interest, for which the
document marks a purpose (`while_restricted`); and the person's own consent, which counts when it was given after the
restriction, because whoever consented before could not mean the restricted use. A value worked out from restricted
data is restricted with it.

Legal: GDPR Art. 18(1), (2); R-18-1.
"""

from collections.abc import Iterable

from policies.decision import Reason
from policies.documents import Basis, Purpose
from policies.facts import AccessRequest, Facts, Restriction
from policies.standing import is_given
from policies.vocabulary import Category, FieldName, LegalBasis, ReasonCode

CITES = ("GDPR Art. 18(2)",)
_STORED_ONLY = Reason(ReasonCode.RESTRICTED, CITES)

Place = tuple[Category, FieldName]


def check_field(
    request: AccessRequest, purpose: Purpose, basis: Basis | None, facts: Facts, places: Iterable[Place]
) -> tuple[Reason, ...]:
    """Whether a restriction covers a field or what it is worked out from; unknown restrictions cover everything."""
    if purpose.while_restricted or facts.restrictions == ():
        return ()
    if facts.restrictions is None:
        return (_STORED_ONLY,)
    for one in facts.restrictions:
        if _covers(one, places) and not _agreed_since(one, request, purpose, basis, facts):
            return (_STORED_ONLY,)
    return ()


def _covers(restriction: Restriction, places: Iterable[Place]) -> bool:
    for category, field in places:
        if restriction.category in (None, category) and restriction.field in (None, field):
            return True
    return False


def _agreed_since(
    restriction: Restriction, request: AccessRequest, purpose: Purpose, basis: Basis | None, facts: Facts
) -> bool:
    """A consent carries restricted data only for a purpose that rests on consent."""
    if restriction.since is None or basis is None or basis.article is not LegalBasis.CONSENT:
        return False
    return is_given(request, purpose, facts, explicit=basis.explicit, after=restriction.since)
