"""Rights of the person: objections, requests with their due dates, and what a sync was refused because of them.

Any client may pass an objection or a request on: the law knows no wrong door (Art. 12(2) GDPR). Looking at requests is
for those who answer them.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.deps import Authenticated
from api.routes import LeanRoute
from api.v1.answers import answered, documented
from api.v1.schemas.rights import (
    ConflictsOut,
    ConflictsQuery,
    ObjectionIn,
    ObjectionOut,
    RequestIn,
    RequestOut,
)
from api.v1.schemas.shape import SubjectId
from audit.columns import from_milliseconds, to_milliseconds
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.vocabulary import FieldName, PurposeId
from registry.conflicts import ConflictPlace, conflicts
from registry.errors import UnknownRequestError
from registry.objections import object_to
from registry.rights import OWN_PURPOSE, RequestOverview, Wish, receive_request, record_listing, requests

_CONTROL = "privacy_control"

router = APIRouter(route_class=LeanRoute, tags=["rights"])


@router.post("/v1/objections", **documented(ObjectionOut, ObjectionIn, status=201, fails=(404, 413, 415)))
async def take_objection(call: Authenticated, body: ObjectionIn) -> Response:
    """Somebody objects: to advertising at once and without reasons, to another purpose until it is weighed."""
    async with call.recording_refusals(EventTag.OBJECTION, body.purpose):
        purpose = PurposeId(body.purpose) if body.purpose else None
        objection_id = await object_to(call.registry, call.caller, body.subject_id, purpose, body.channel)
    return answered({"objection_id": objection_id}, 201)


@router.post("/v1/requests", **documented(RequestOut, RequestIn, status=201, fails=(404, 413, 415)))
async def take_request(call: Authenticated, body: RequestIn) -> Response:
    """Somebody asks for access, rectification, erasure or a human review, or objects; the clock runs from now on."""
    wish = Wish(
        {FieldName(name): value for name, value in body.values.items()},
        PurposeId(body.purpose) if body.purpose else None,
        body.channel,
        body.statement,
    )
    async with call.recording_refusals(EventTag.REQUEST_RECEIVE, OWN_PURPOSE):
        taken = await receive_request(call.registry, call.caller, body.subject_id, body.kind, wish, body.touchpoint)
    return answered(_told(taken), 201)


@router.get("/v1/subjects/{subject_id}/requests/{request_id}", **documented(RequestOut, fails=(403, 404)))
async def read_request(call: Authenticated, subject_id: SubjectId, request_id: UUID) -> Response:
    """Where one request stands; for clients that answer requests."""
    async with call.recording_refusals(EventTag.REQUEST_LIST, OWN_PURPOSE):
        call.require_purpose(OWN_PURPOSE)
    found = [one for one in await requests(call.registry, subject_id) if one.request_id == request_id]
    await record_listing(call.registry, call.caller, found)
    if not found:
        raise UnknownRequestError("no such request")
    return answered(_told(found[0]))


@router.get("/v1/conflicts", **documented(ConflictsOut))
async def list_conflicts(call: Authenticated, query: Annotated[ConflictsQuery, Query()]) -> Response:
    """What was refused, newest first: this client's own wishes, or everything for the privacy console."""
    everything = _CONTROL in call.own_purposes
    own = call.caller.client
    source = query.source if everything else own
    hidden = not everything and query.source not in {None, own}
    after = _place(query.cursor) if query.cursor else None
    shown = [] if hidden else await conflicts(call.registry, query.subject_id, query.limit, source=source, after=after)
    entry = Entry(
        EventTag.AUDIT_READ,
        Outcome.PERMIT,
        client=call.caller.client,
        purpose=_CONTROL if everything else "",
        policy=call.policy.version,
        persons=tuple(
            PersonRef(subject_id, "conflicts") for subject_id in dict.fromkeys(one.subject_id for one in shown)
        ),
    )
    recorded = await call.registry.log.append(entry, shown)
    return answered(
        {
            "conflicts": [
                {
                    "subject_id": one.subject_id,
                    "kind": one.kind,
                    "about": one.about,
                    "source": one.source,
                    "claimed_at": one.claimed_at,
                    "arrived_at": one.arrived_at,
                }
                for one in recorded.value
            ],
            "next_cursor": _cursor(shown[-1].place) if len(shown) == query.limit else None,
            "log_index": recorded.index,
        },
    )


def _cursor(place: ConflictPlace) -> str:
    return f"{to_milliseconds(place.arrived_at)}-{place.conflict_id.hex}"


def _place(cursor: str) -> ConflictPlace:
    at, _, number = cursor.partition("-")
    return ConflictPlace(from_milliseconds(int(at)), UUID(number))


def _told(one: RequestOverview) -> dict[str, object]:
    return {
        "request_id": one.request_id,
        "subject_id": one.subject_id,
        "kind": one.kind,
        "state": one.state,
        "touchpoint": one.touchpoint,
        "received_at": one.received_at,
        "due_on": one.due_on,
        "answered_at": one.answered_at,
    }
