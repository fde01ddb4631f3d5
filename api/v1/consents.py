"""Consent: declarations go in, the state comes out, now or as it was on any day.

A grant that arrives after a newer withdrawal or objection is refused with 409 and listed as a conflict.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import problems
from api.deps import Authenticated
from api.routes import LeanRoute
from api.v1.answers import answered, documented
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
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.vocabulary import ConsentState, PurposeId, SubjectStatus
from registry.consents import RefusedGrant, consents_of, give_consent
from registry.errors import UnknownSubjectError
from registry.withdrawals import withdraw_consent

router = APIRouter(route_class=LeanRoute, tags=["consent"])


@router.post(
    "/v1/consents",
    **documented(DeclaredOut, DECLARATION_EXAMPLES, status=201, fails=(403, 404, 409, 413, 415)),
)
async def declare(call: Authenticated, body: DeclarationIn) -> Response:
    """Somebody gave consent, or withdrew it; any client may pass a withdrawal on."""
    if isinstance(body, GrantIn):
        async with call.recording_refusals(EventTag.CONSENT_GIVE, body.purpose):
            outcome = await give_consent(call.registry, call.caller, body.subject_id, given_consent(body))
        if isinstance(outcome, RefusedGrant):
            return problems.respond(problems.CONSENT_CONFLICT)
        return answered({"event_id": outcome.event_id, "state": outcome.state}, 201)
    async with call.recording_refusals(EventTag.CONSENT_WITHDRAW, body.purpose):
        purposes = await withdraw_consent(
            call.registry,
            call.caller,
            body.subject_id,
            PurposeId(body.purpose) if body.purpose else None,
            body.channel,
            body.effective_at,
            body.touchpoint,
        )
    return answered({"state": ConsentState.WITHDRAWN, "purposes": purposes}, 201)


@router.get("/v1/subjects/{subject_id}/consents", **documented(ConsentsOut, fails=(404,)))
async def read_consents(
    call: Authenticated, subject_id: SubjectId, query: Annotated[ConsentsQuery, Query()]
) -> Response:
    """The state of one person's consents, for this client's purposes only; recorded first."""
    found = await call.registry.database.gather([subject_id], frozenset(), with_events=False)
    async with call.recording_refusals(EventTag.CONSENT_READ):
        if found[subject_id].status is not SubjectStatus.ACTIVE:
            raise UnknownSubjectError("no such subject")
    shown = [
        permission
        for permission in await consents_of(call.registry, subject_id, query.as_of)
        if permission.purpose in call.own_purposes
    ]
    entry = Entry(
        EventTag.CONSENT_READ,
        Outcome.PERMIT,
        client=call.caller.client,
        policy=call.policy.version,
        persons=(PersonRef(subject_id, ",".join(dict.fromkeys(one.purpose for one in shown))),),
    )
    recorded = await call.registry.log.append(entry, shown)
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
                for one in recorded.value
            ],
            "log_index": recorded.index,
        },
    )
