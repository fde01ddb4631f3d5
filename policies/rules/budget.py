"""A client looks at no more people a day than its work needs.

Access that is right for each person can be wrong in number: a stolen credential asks for everybody. A purpose can state
how many different people one client may look at on one day.

Legal: GDPR Art. 5(1)(f), Art. 25(2), Art. 32(1), (2).
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import Facts
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 32(1)",)
USED_UP = Reason(ReasonCode.QUOTA, CITES)


def check_person(purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """Whether this person still fits into today's number; an unknown count is a full one."""
    if purpose.budget is None or facts.within_budget:
        return ()
    return (USED_UP,)
