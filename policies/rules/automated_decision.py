"""Nobody is subjected to a decision of weight that a machine takes alone, save in three cases.

A purpose whose outcome has legal or similarly significant effects is open once a human has decided the case, on the
data that is on file now (a stored review). To a machine alone it is open only where the document names one of the cases
of Art. 22(2), the case holds for this person, the document does not ask for a person's review of every case, and the
person does not contest it. A score that others draw strongly on is such a decision itself (C-634/21).

Legal: GDPR Art. 22(1)-(3), Recital 71; R-22-2 to R-22-4.
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import AccessRequest, Facts
from policies.standing import is_given
from policies.vocabulary import ReasonCode, RelationshipKind

_RIGHT, _CONTRACT, _EXPLICIT_CONSENT, _HUMAN = CITES = (
    "GDPR Art. 22(1)",
    "GDPR Art. 22(2)(a)",
    "GDPR Art. 22(2)(c)",
    "GDPR Art. 22(3)",
)
_NO_EXCEPTION = Reason(ReasonCode.ADM_BLOCKED, (_RIGHT,))
_NO_CONTRACT = Reason(ReasonCode.ADM_BLOCKED, (_CONTRACT,))
_NO_EXPLICIT_CONSENT = Reason(ReasonCode.ADM_BLOCKED, (_EXPLICIT_CONSENT,))
_NO_HUMAN = Reason(ReasonCode.ADM_BLOCKED, (_HUMAN,))
_CONTRACTS = frozenset({RelationshipKind.CONTRACT})


def check_person(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """Why a machine may not decide about this person alone."""
    if not purpose.significant_decision or facts.by_human(request.purpose):
        return ()
    if purpose.human_review != "not_required" or facts.contested(request.purpose):
        return (_NO_HUMAN,)
    match purpose.adm_exception:
        case "law":
            return ()
        case "contract":
            return () if facts.has_open(_CONTRACTS) else (_NO_CONTRACT,)
        case "explicit_consent":
            given = is_given(request, purpose, facts, explicit=True)
            return () if given else (_NO_EXPLICIT_CONSENT,)
        case None:
            return (_NO_EXCEPTION,)
