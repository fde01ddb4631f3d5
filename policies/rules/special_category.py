"""Special categories of data need a condition of Art. 9(2) besides their legal basis.

A value worked out from special data is special too, true or not (C-184/20). The condition stands in the document, field
by field. Where it is the person's consent, an explicit one must stand for this purpose; that somebody made something
public never reaches advertising (C-446/21).

Legal: GDPR Art. 9(1), (2), Art. 22(4); R-9-1 to R-9-4.
"""

from collections.abc import Iterable

from policies.decision import Reason
from policies.documents import PolicyDocument, Purpose
from policies.facts import AccessRequest, Facts
from policies.standing import is_given
from policies.vocabulary import ReasonCode

_SPECIAL, _EXPLICIT, _PUBLIC, _AUTOMATED = CITES = (
    "GDPR Art. 9(1)",
    "GDPR Art. 9(2)(a)",
    "GDPR Art. 9(2)(e)",
    "GDPR Art. 22(4)",
)
EXPLICIT_CONSENT = "A9-2-a"
MADE_PUBLIC = "A9-2-e"
_FOR_AUTOMATED_DECISIONS = frozenset({EXPLICIT_CONSENT, "A9-2-g"})
_NO_CONDITION = Reason(ReasonCode.ART9_MISSING, (_SPECIAL,))
_NO_EXPLICIT_CONSENT = Reason(ReasonCode.ART9_MISSING, (_EXPLICIT,))
_NOT_FOR_MARKETING = Reason(ReasonCode.ART9_MISSING, (_PUBLIC,))
_NOT_FOR_MACHINES = Reason(ReasonCode.ART9_MISSING, (_AUTOMATED,))


def condition_of(
    document: PolicyDocument, purpose: Purpose, field: str, inputs: Iterable[str]
) -> tuple[str | None, tuple[Reason, ...]]:
    """The condition under which the purpose may use the field, None where it is not special, and what speaks against.

    Args:
        document: the policy.
        purpose: who wants to use it.
        field: a declared field.
        inputs: the fields it is worked out from, or was asked for with.
    """
    names = [field, *inputs]
    if not any(name in document.fields and document.fields[name].special for name in names):
        return None, ()
    condition = purpose.condition(field)
    if condition is None:
        return None, (_NO_CONDITION,)
    if condition == MADE_PUBLIC and purpose.direct_marketing:
        return condition, (_NOT_FOR_MARKETING,)
    if purpose.significant_decision and condition not in _FOR_AUTOMATED_DECISIONS:
        return condition, (_NOT_FOR_MACHINES,)
    return condition, ()


def check_field(request: AccessRequest, purpose: Purpose, condition: str | None, facts: Facts) -> tuple[Reason, ...]:
    """Whether the condition holds for this person; what the document states by itself holds for everybody."""
    if condition != EXPLICIT_CONSENT or is_given(request, purpose, facts, explicit=True):
        return ()
    return (_NO_EXPLICIT_CONSENT,)
