"""A purpose contacts people only by the channels it names, and advertises on each only as far as the law lets it.

| channel     | private person         | business or organisation                        |
|-------------|------------------------|-------------------------------------------------|
| e-mail, SMS | consent or soft opt-in | consent or soft opt-in                          |
| telephone   | consent                | consent, or presumed consent of a business party |
| fax, push   | consent                | consent                                         |
| post        | nothing more           | nothing more; an objection is seen elsewhere    |

Consent means prior express consent for this purpose that names the channel; where a purpose has one channel alone, its
text names it. A consent for e-mail proves nothing for the telephone. A presumed consent needs a documented reason: the
purpose's assessment of its legitimate interest, and an open relationship that the assessment rests on.

Advertising to `info@` of a company is advertising: organisations are judged like persons.

Legal: § 7(1), (2) no. 1 and 2, (3) UWG; Directive 2002/58/EC Art. 13; R-DE-UWG-1, -2, -3, -5, R-DE-DOI-5.
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import AccessRequest, Facts
from policies.standing import carries, standing
from policies.vocabulary import VALID_CONSENT, Channel, LegalBasis, Operation, ReasonCode, SubjectKind

_UNWANTED, _PHONE, _ELECTRONIC = CITES = ("UWG § 7", "UWG § 7(2) no. 1", "UWG § 7(2) no. 2")
_NOT_ITS_OWN = Reason(ReasonCode.CHANNEL_NOT_ALLOWED, (_UNWANTED,))
_NO_CALL = Reason(ReasonCode.CHANNEL_NOT_ALLOWED, (_PHONE,))
_NO_MESSAGE = Reason(ReasonCode.CHANNEL_NOT_ALLOWED, (_ELECTRONIC,))
WITHOUT_CONSENT = frozenset({Channel.POST})
SOFT_OPT_IN = frozenset({Channel.EMAIL, Channel.SMS})
BUSINESS = frozenset({SubjectKind.SOLE_TRADER, SubjectKind.CONTACT_PERSON, SubjectKind.ORGANISATION})


def check_request(request: AccessRequest, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether the purpose may use the channel asked for; a contact names its channel."""
    if request.channel is None and request.operation is not Operation.CONTACT:
        return ()
    if request.channel not in purpose.channels:
        return (_NOT_ITS_OWN,)
    return ()


def check_person(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """Whether this person may be advertised to on the channel asked about; other messages need nothing more."""
    channel = request.channel
    if channel is None or not purpose.direct_marketing or channel in WITHOUT_CONSENT:
        return ()
    if _is_named(channel, request, purpose, facts):
        return ()
    if channel in SOFT_OPT_IN and LegalBasis.SOFT_OPT_IN in purpose.articles:
        return ()
    if channel is Channel.PHONE:
        return () if facts.kind in BUSINESS and _is_presumed(purpose, facts) else (_NO_CALL,)
    return (_NO_MESSAGE,)


def _is_named(channel: Channel, request: AccessRequest, purpose: Purpose, facts: Facts) -> bool:
    speaking = [
        one
        for one in facts.permissions or ()
        if one.state not in VALID_CONSENT or one.channel is channel or purpose.channels == (channel,)
    ]
    return carries(standing(speaking, request, channel, facts.as_of), facts.as_of, texts=purpose.consent_texts)


def _is_presumed(purpose: Purpose, facts: Facts) -> bool:
    return any(
        basis.article is LegalBasis.LEGITIMATE_INTERESTS
        and basis.assessment is not None
        and facts.has_open(basis.rests_on)
        for basis in purpose.basis.values()
    )
