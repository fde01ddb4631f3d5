"""An objection bars: against direct marketing always, against another purpose while open or upheld.

Nothing is weighed against an objection to direct marketing, so no state of it lets anything through. An earlier
consent does not override a later objection; a later declaration of will does, for the channels it names. An
objection against a purpose that rests on consent counts as its end.

Legal: GDPR Art. 21(1)-(3), Art. 18(1)(d); R-21.1-1, R-21.2-1, R-21.2-2.
"""

from policies.decision import Reason
from policies.documents import Purpose
from policies.facts import AccessRequest, Facts, Objection
from policies.standing import carries, channels_asked, meets, standing
from policies.vocabulary import Channel, ObjectionState, ReasonCode

_TO_MARKETING, _TO_ANOTHER_PURPOSE = CITES = ("GDPR Art. 21(2), (3)", "GDPR Art. 21(1)")
_NO_MARKETING = Reason(ReasonCode.DM_OBJECTION, (_TO_MARKETING,))
_OBJECTED = Reason(ReasonCode.OBJECTION, (_TO_ANOTHER_PURPOSE,))


def check_person(request: AccessRequest, purpose: Purpose, facts: Facts) -> tuple[Reason, ...]:
    """Reasons from objections of this person; unknown objections bar every purpose that can be objected to."""
    if facts.objections == ():
        return ()
    if purpose.direct_marketing:
        barred = facts.objections is None or any(
            objection.purpose in {None, request.purpose} and _bars_marketing(objection, request, purpose, facts)
            for objection in facts.objections
        )
        return (_NO_MARKETING,) if barred else ()
    if purpose.objection == "not_applicable":
        return ()
    barred = facts.objections is None or any(
        objection.purpose == request.purpose and _bars(objection, request, purpose, facts)
        for objection in facts.objections
    )
    return (_OBJECTED,) if barred else ()


def _bars_marketing(objection: Objection, request: AccessRequest, purpose: Purpose, facts: Facts) -> bool:
    """An objection that named no channel covers all; one limited by the person is honoured as stated."""
    covered = [channel for channel in channels_asked(request, purpose) if meets(objection.channel, channel)]
    return not all(_consented_since(objection, channel, request, purpose, facts) for channel in covered)


def _bars(objection: Objection, request: AccessRequest, purpose: Purpose, facts: Facts) -> bool:
    match purpose.objection:
        case "weighed":
            return objection.state is not ObjectionState.REJECTED
        case "withdraws_consent":
            asked = channels_asked(request, purpose)
            return not all(_consented_since(objection, channel, request, purpose, facts) for channel in asked)
        case _:
            return True


def _consented_since(
    objection: Objection, channel: Channel, request: AccessRequest, purpose: Purpose, facts: Facts
) -> bool:
    """Whether a later consent stands for the channel."""
    declared = standing(facts.permissions or (), request, channel, facts.as_of)
    return carries(declared, facts.as_of, after=objection.since, texts=purpose.consent_texts)
