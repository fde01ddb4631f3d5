"""A client looks at no more people a day than its work needs.

Access that is right for each person can be wrong in number: a stolen credential asks for everybody. A purpose can state
how many different people one client may look at on one day, and a client a number of its own, which goes before that.

Legal: GDPR Art. 5(1)(f), Art. 25(2), Art. 32(1), (2).
"""

from policies.decision import Reason
from policies.facts import Facts
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 32(1)",)
USED_UP = Reason(ReasonCode.QUOTA, CITES)


def check_person(subjects_per_day: int | None, facts: Facts) -> tuple[Reason, ...]:
    """Whether this person still fits into today's number, if there is one; an unknown count is a full one."""
    if subjects_per_day is None or facts.within_budget:
        return ()
    return (USED_UP,)
