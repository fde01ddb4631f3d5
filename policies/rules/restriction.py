"""Restricted data is only stored, unless the purpose is one that Art. 18(2) leaves.

Legal: GDPR Art. 18(1), (2); R-18-1.
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import Facts
from policies.vocabulary import Category, FieldName, ReasonCode

CITES = ("GDPR Art. 18(2)",)


def check_field(purpose: Purpose, facts: Facts, category: Category, field: FieldName) -> tuple[Reason, ...]:
    """Whether a restriction covers this field; unknown restrictions cover everything."""
    if purpose.while_restricted:
        return ()
    barred = facts.restrictions is None or any(
        restriction.category in {None, category} and restriction.field in {None, field}
        for restriction in facts.restrictions
    )
    return (Reason(ReasonCode.RESTRICTED, CITES),) if barred else ()
