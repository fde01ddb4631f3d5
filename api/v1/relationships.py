"""Contracts and what happens under them: the ground a contract basis stands on, and the behaviour it collects."""

from fastapi import APIRouter, Response

from api import problems
from api.deps import Authenticated
from api.routes import LeanRoute
from api.v1.answers import answered, documented
from api.v1.batches import given_event, given_relationship, require_contracts
from api.v1.schemas.events import EventsIn, EventsOut
from api.v1.schemas.relationships import ClosedRelationshipIn, OpenedRelationshipIn, RelationshipOut
from api.v1.schemas.shape import SubjectId
from audit.event import EventTag
from registry.events import EventStatus, RefusedEvents, add_events
from registry.relationships import close_relationship, open_relationship

router = APIRouter(route_class=LeanRoute, tags=["customers"])


@router.post(
    "/v1/relationships",
    **documented(RelationshipOut, OpenedRelationshipIn, status=201, fails=(403, 404, 409, 413, 415)),
)
async def open_one(call: Authenticated, body: OpenedRelationshipIn) -> Response:
    """A contract, account, warranty or claim began."""
    async with call.recording_refusals(EventTag.RELATIONSHIP_OPEN):
        require_contracts(call)
        await open_relationship(call.registry, call.caller, body.subject_id, given_relationship(body))
    return answered({"status": "closed" if body.closed_at else "open"}, 201)


@router.post(
    "/v1/relationships/close",
    **documented(RelationshipOut, ClosedRelationshipIn, fails=(403, 404, 409, 413, 415)),
)
async def close_one(call: Authenticated, body: ClosedRelationshipIn) -> Response:
    """It ended; from that instant nothing rests on it any more."""
    async with call.recording_refusals(EventTag.RELATIONSHIP_CLOSE):
        require_contracts(call)
        await close_relationship(
            call.registry, call.caller, body.subject_id, body.kind, body.source, body.reference, body.closed_at
        )
    return answered({"status": "closed"})


@router.post(
    "/v1/subjects/{subject_id}/events",
    **documented(EventsOut, EventsIn, status=201, also={200: EventsOut}, fails=(403, 404, 409, 413, 415)),
)
async def add_some(call: Authenticated, subject_id: SubjectId, body: EventsIn) -> Response:
    """Behaviour of one person; all events are stored or none.

    201 when something was stored; 200 when all of it was there already under the same references; 409 when one of
    these references stands for another event, and then nothing is stored.
    """
    async with call.recording_refusals(EventTag.EVENT_ADD, body.events[0].collected_for):
        taken = await add_events(call.registry, call.caller, subject_id, [given_event(one) for one in body.events])
    if isinstance(taken, RefusedEvents):
        code = problems.EVENT_CONFLICT.slug
        places = [{"pointer": f"/events/{number}/event_ref", "code": code} for number in taken.conflicts]
        return problems.respond(problems.EVENT_CONFLICT, places=places)
    stored = any(one.status is EventStatus.STORED for one in taken)
    told = {"event_ids": [one.event_id for one in taken], "statuses": [one.status for one in taken]}
    return answered(told, 201 if stored else 200)
