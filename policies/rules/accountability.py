"""Some looks at people have to say which case they are for.

A purpose that serves single cases (a claim, a complaint, an inquiry) can demand that each question quotes the case, so
that the log can be held against the files.

Legal: GDPR Art. 5(2), Art. 24(1); R-18-1.
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import AccessRequest
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 5(2)",)
_NO_CASE = Reason(ReasonCode.CASE_REFERENCE_MISSING, CITES)


def check_request(request: AccessRequest, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether a case is quoted where the purpose asks for one."""
    if purpose.case_reference == "optional" or request.case_reference:
        return ()
    return (_NO_CASE,)
