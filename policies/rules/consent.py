"""Consent counts from when it is given until it is withdrawn, per purpose and channel.

The instant of withdrawal itself already refuses: there is no grace period. A withdrawal for one channel ends that
channel although a consent for every channel goes on for the others. Profiling and special categories need an
explicit declaration. Where a purpose grew wider than an earlier text, a declaration on that text is none for it.

Legal: GDPR Art. 6(1)(a), Art. 7(3), Art. 9(2)(a); R-6.1-2, R-7.3-1, R-9-3, R-22-2.
"""

from policies.decision import Reason
from policies.documents import Basis, Purpose
from policies.facts import AccessRequest, Facts, Permission
from policies.standing import channels_asked, covers, is_over, standing
from policies.vocabulary import NO_DECLARATION, VALID_CONSENT, Channel, ConsentState, LegalBasis, ReasonCode

_CONSENT, _WITHDRAWAL, _PROOF, _EXPLICIT = CITES = (
    "GDPR Art. 6(1)(a)",
    "GDPR Art. 7(3)",
    "GDPR Art. 7(1)",
    "GDPR Art. 22(2)(c)",
)
_MISSING = Reason(ReasonCode.CONSENT_MISSING, (_CONSENT,))
_WITHDRAWN = Reason(ReasonCode.CONSENT_WITHDRAWN, (_WITHDRAWAL,))
_EXPIRED = Reason(ReasonCode.CONSENT_EXPIRED, (_CONSENT,))
_UNPROVEN = Reason(ReasonCode.CONSENT_INVALID, (_PROOF,))
_NOT_EXPLICIT = Reason(ReasonCode.CONSENT_INVALID, (_EXPLICIT,))
_ENDED = {
    ConsentState.WITHDRAWN: _WITHDRAWN,
    ConsentState.REVOKED: _WITHDRAWN,
    ConsentState.EXPIRED: _EXPIRED,
}
_NEVER_GIVEN = {
    ConsentState.REFUSED: _MISSING,
    **dict.fromkeys(NO_DECLARATION, _MISSING),
    ConsentState.INVALIDATED: _UNPROVEN,
}


def check_basis(request: AccessRequest, purpose: Purpose, basis: Basis, facts: Facts) -> tuple[Reason, ...]:
    """Reasons why no valid consent carries this purpose; () at once where the basis is another one.

    A question without a channel is carried by a consent for any one channel of the purpose.
    """
    if basis.article is not LegalBasis.CONSENT:
        return ()
    against: list[Reason] = []
    for channel in channels_asked(request, purpose):
        reasons = _against(channel, request, purpose, basis, facts)
        if not reasons:
            return ()
        against.extend(reasons)
    return tuple(dict.fromkeys(against))


def _against(
    channel: Channel, request: AccessRequest, purpose: Purpose, basis: Basis, facts: Facts
) -> tuple[Reason, ...]:
    declared = standing(facts.permissions or (), request, channel, facts.as_of)
    if not declared:
        return (_MISSING,)
    reasons = [_why_not(permission, purpose, basis, facts) for permission in declared]
    return tuple(reason for reason in reasons if reason is not None)


def _why_not(permission: Permission, purpose: Purpose, basis: Basis, facts: Facts) -> Reason | None:
    if permission.state in _ENDED:
        return _ENDED[permission.state]
    if is_over(permission, facts.as_of):
        return _EXPIRED
    if permission.state not in VALID_CONSENT:
        return _NEVER_GIVEN[permission.state]
    if not covers(purpose.consent_texts, permission):
        return _MISSING
    if basis.explicit and not permission.explicit:
        return _NOT_EXPLICIT
    return None
