"""Consent: declarations go in, the state comes out, now or as it was on any day.

A grant that arrives after a newer withdrawal or objection is refused with 409 and listed as a conflict.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import problems
from api.deps import Authenticated, Call
from api.routes import LeanRoute
from api.v1.answers import Telling, answered, documented, refusal
from api.v1.batches import given_consent
from api.v1.schemas.consents import (
    DECLARATION_EXAMPLES,
    ConsentsOut,
    ConsentsQuery,
    DeclarationIn,
    DeclaredOut,
    GrantIn,
)
from api.v1.schemas.shape import SubjectId
from audit.event import EventTag
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, ConsentState, LegalBasis, PurposeId
from registry.consent_states import Untold, tell_consents
from registry.consents import RefusedGrant, give_consent
from registry.withdrawals import withdraw_consent

router = APIRouter(route_class=LeanRoute, tags=["consent"])


@router.post(
    "/v1/consents",
    **documented(DeclaredOut, DECLARATION_EXAMPLES, status=201, fails=(403, 404, 409, 413, 415)),
)
async def declare(call: Authenticated, body: DeclarationIn) -> Response:
    """Somebody gave consent, or withdrew it; any client may pass a withdrawal on.

    The answer to a withdrawal repeats what was withdrawn and tells nothing of what was there: without a purpose it
    names this client's own that rest on consent, although the purposes of all others are withdrawn too.
    """
    if isinstance(body, GrantIn):
        async with call.recording_refusals(EventTag.CONSENT_GIVE, body.purpose):
            outcome = await give_consent(call.registry, call.caller, body.subject_id, given_consent(body))
        if isinstance(outcome, RefusedGrant):
            return problems.respond(problems.CONSENT_CONFLICT)
        return answered({"event_id": outcome.event_id, "state": outcome.state}, 201)
    async with call.recording_refusals(EventTag.CONSENT_WITHDRAW, body.purpose):
        await withdraw_consent(
            call.registry,
            call.caller,
            body.subject_id,
            PurposeId(body.purpose) if body.purpose else None,
            body.channel,
            body.effective_at,
            body.touchpoint,
        )
    purposes = [body.purpose] if body.purpose else _own_by_consent(call)
    return answered({"state": ConsentState.WITHDRAWN, "purposes": purposes}, 201)


@router.get("/v1/subjects/{subject_id}/consents", **documented(ConsentsOut, fails=(403, 404)))
async def read_consents(
    call: Authenticated, subject_id: SubjectId, query: Annotated[ConsentsQuery, Query()]
) -> Response:
    """How one person's consent to one purpose of this client stands; decided by the purpose, counted and recorded."""
    request = AccessRequest(
        ClientCode(call.caller.client), PurposeId(query.purpose), (), case_reference=query.case_reference
    )
    async with call.recording_refusals(EventTag.CONSENT_READ, query.purpose):
        found = await tell_consents(call.registry, call.caller, request, subject_id, query.as_of)
    if isinstance(found, Untold):
        return refusal(found.deny, found.index, Telling(call.policy, ()))
    return answered(
        {
            "consents": [
                {
                    "purpose": one.purpose,
                    "channel": one.channel,
                    "state": one.state,
                    "since": one.since,
                    "explicit": one.explicit,
                    "expires_at": one.expires_at,
                }
                for one in found.permissions
            ],
            "log_index": found.index,
        },
    )


def _own_by_consent(call: Call) -> list[str]:
    return [name for name in call.own_purposes if LegalBasis.CONSENT in call.policy.purposes[name].articles]
