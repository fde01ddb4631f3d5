"""Data is read only for a registered, active purpose of this client and role, and only if it was collected for it.

Data collected for one purpose serves another only where the document records an Art. 6(4) assessment and people have
been told, or where a legal obligation of its own reaches all data (`from_any_purpose`). What was worked out from other
data serves only the purposes that all of that data serves.

Legal: GDPR Art. 5(1)(b), Art. 6(4), Art. 13(3), Art. 14(4), Art. 35; R-5.1b-1, R-5.1b-2, R-35-1.
"""

from collections.abc import Iterable
from datetime import datetime

from policies.deadlines import local_date
from policies.decision import Reason
from policies.documents import PolicyDocument, Purpose
from policies.facts import AccessRequest, Item
from policies.parties import Client, ConsoleRole
from policies.vocabulary import FieldName, ReasonCode

_SPECIFIED, _COMPATIBLE, _ASSESSED = CITES = ("GDPR Art. 5(1)(b)", "GDPR Art. 6(4)", "GDPR Art. 35")
_UNKNOWN = Reason(ReasonCode.UNKNOWN_PURPOSE, (_SPECIFIED,))
_INACTIVE = Reason(ReasonCode.PURPOSE_INACTIVE, (_SPECIFIED,))
_NOT_THE_ASKERS = Reason(ReasonCode.UNAUTHORISED, (_SPECIFIED,))
_NOT_ASSESSED = Reason(ReasonCode.DPIA_MISSING, (_ASSESSED,))
_FOREIGN = Reason(ReasonCode.PURPOSE_INCOMPATIBLE, (_COMPATIBLE,))


def check_gate(request: AccessRequest, document: PolicyDocument, *, observing: bool = False) -> tuple[Reason, ...]:
    """Reasons that end the decision before anything about the person is looked at.

    Args:
        request: who asks for what.
        document: the policy that decides.
        observing: whether a purpose in observe mode passes, because nothing can leave whatever the answer is.
    """
    purpose = document.purposes.get(request.purpose)
    if purpose is None:
        return (_UNKNOWN,)
    if purpose.state != ("observe" if observing else "active"):
        return (_INACTIVE,)
    if not all(one is not None and request.purpose in one.purposes for one in _asking(request, document)):
        return (_NOT_THE_ASKERS,)
    if purpose.profiling and not purpose.dpia:
        return (_NOT_ASSESSED,)
    return ()


def check_asker(request: AccessRequest, document: PolicyDocument) -> tuple[Reason, ...]:
    """Whether this client and role may ask about another time, by the document of today.

    What has become of the purpose since does not matter, only whose it is; one that is gone is judged by its own time.
    """
    gone = request.purpose not in document.purposes
    if not all(one is not None and (gone or request.purpose in one.purposes) for one in _asking(request, document)):
        return (_NOT_THE_ASKERS,)
    return ()


def _asking(request: AccessRequest, document: PolicyDocument) -> tuple[Client | ConsoleRole | None, ...]:
    """The client, and the role where a member of staff asks; None where the document has no such one."""
    client = document.clients.get(request.client)
    return (client,) if request.role is None else (client, document.roles.get(request.role))


def check_field(document: PolicyDocument, purpose: Purpose, field: FieldName) -> tuple[Reason, ...]:
    """Whether what was worked out from other fields may serve the purpose: only if each of those may.

    What a law reaches in all data it reaches in what was worked out too.
    """
    if purpose.from_any_purpose:
        return ()
    foreign = inputs_of(document, field) - purpose.allowed
    return (_FOREIGN,) if foreign else ()


def inputs_of(document: PolicyDocument, field: str) -> frozenset[str]:
    """Every field that this one is worked out from, by its declaration or a score model, directly or by way of others.

    Itself only where it is a loop. What somebody else supplies is worked out there.
    """
    return document.made_of(field, received=False)


def sources(purpose_id: str, purpose: Purpose, as_of: datetime) -> frozenset[str]:
    """The purposes whose data may serve this one at `as_of`: its own, and those with an assessment.

    Where people were to be told first, an assessment counts from the day in Germany on which they were.
    """
    return frozenset(
        {
            purpose_id,
            *(
                one.purpose
                for one in purpose.compatible_from
                if one.informed_from is None or one.informed_from <= local_date(as_of)
            ),
        },
    )


def check_items(purpose: Purpose, items: Iterable[Item], serving: frozenset[str]) -> dict[int, Reason]:
    """The values that may not serve this purpose, by their place in the row: they were collected for something else.

    `serving` is what `sources` found.
    """
    if purpose.from_any_purpose:
        return {}
    return {place: _FOREIGN for place, item in enumerate(items) if item.collected_for not in serving}
