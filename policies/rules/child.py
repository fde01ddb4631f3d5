"""A purpose with a minimum age is closed to younger persons.

Nobody under eighteen is profiled for advertising or subjected to a decision of weight, whatever age the purpose states.
The registry keeps the month in which a person comes of age, not the birth date; the whole month still counts
as younger, so that nobody is treated as of age too early.

Legal: GDPR Art. 8, Recitals 38, 71; R-8-1, R-8-3.
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import Facts
from policies.vocabulary import ReasonCode, SubjectKind

CITES = ("GDPR Art. 8",)
MAJORITY_YEARS = 18


def check_person(purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """Whether this person is old enough; an unknown age is judged as the document says."""
    age = least_age(purpose)
    if not age or facts.kind is SubjectKind.ORGANISATION:
        return ()
    if facts.majority_month is None:
        young = purpose.unknown_age == "deny"
    else:
        reached = (facts.majority_month.year - MAJORITY_YEARS + age, facts.majority_month.month)
        young = (facts.as_of.year, facts.as_of.month) <= reached
    return (Reason(ReasonCode.MINOR, CITES),) if young else ()


def least_age(purpose: Purpose) -> int:
    """The age in years from which the purpose may reach a person; 0 = any."""
    grave = purpose.significant_decision or (purpose.profiling and purpose.direct_marketing)
    return max(purpose.minimum_age, MAJORITY_YEARS) if grave else purpose.minimum_age
