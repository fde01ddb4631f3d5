"""A purpose with a minimum age is closed to younger persons.

One that rests on consent is open to a younger person whose consent the holder of parental responsibility gave or
authorised, on record for this purpose and channel. When the age is reached that consent goes on until the young person
changes it (EDPB guidelines 05/2020), and is shown as to be confirmed.
Nobody under eighteen is profiled for advertising or subjected to a decision of weight, whatever age the purpose states.
The registry keeps the month in which a person comes of age, not the birth date; the whole month still counts
as younger, so that nobody is treated as of age too early.

Legal: GDPR Art. 8, Recitals 38, 71; R-8-1 to R-8-3.
"""

from datetime import date, datetime

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import AccessRequest, Facts
from policies.standing import is_given
from policies.vocabulary import LegalBasis, ReasonCode, SubjectKind

CITES = ("GDPR Art. 8",)
_TOO_YOUNG = Reason(ReasonCode.MINOR, CITES)
MAJORITY_YEARS = 18


def check_person(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """Whether this person is old enough; an unknown age is judged as the document says, and an organisation has none.

    Whoever has a month of coming of age is a human, whatever they are listed as.
    """
    age = least_age(purpose)
    if not age:
        return ()
    if facts.majority_month is None:
        young = purpose.unknown_age == "deny" and facts.kind is not SubjectKind.ORGANISATION
    else:
        young = not has_reached(age, facts.majority_month, facts.as_of)
        if young and parents_may_decide(purpose) and is_given(request, purpose, facts, parental=True):
            return ()
    return (_TOO_YOUNG,) if young else ()


def has_reached(age: int, majority_month: date, as_of: datetime) -> bool:
    """Whether somebody who comes of age in a month has this age in years; the whole month still counts as younger.

    Args:
        age: in years.
        majority_month: the month of the 18th birthday.
        as_of: the instant of the question (aware, UTC).
    """
    reached = (majority_month.year - MAJORITY_YEARS + age, majority_month.month)
    return (as_of.year, as_of.month) > reached


def parents_may_decide(purpose: Purpose) -> bool:
    """Whether parental authorisation opens the purpose: it rests on consent, and makes no profile, decides nothing."""
    return LegalBasis.CONSENT in purpose.articles and not _grave(purpose)


def least_age(purpose: Purpose) -> int:
    """The age in years from which the purpose may reach a person; 0 = any."""
    return max(purpose.minimum_age, MAJORITY_YEARS) if _grave(purpose) else purpose.minimum_age


def _grave(purpose: Purpose) -> bool:
    return purpose.significant_decision or (purpose.profiling and purpose.direct_marketing)
