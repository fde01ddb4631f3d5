"""What humans made of machines' decisions: for the system that has to carry the human's decision out.

Reviewing itself is done by staff in the console; no machine client can (Art. 22(3) GDPR).
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import Authenticated
from api.routes import LeanRoute
from api.v1.answers import answered, documented
from api.v1.schemas.rights import ReviewsOut, ReviewsQuery
from api.v1.schemas.shape import SubjectId
from audit.event import Entry, EventTag, Outcome, PersonRef
from registry.rights import reviews_of

router = APIRouter(route_class=LeanRoute, tags=["rights"])


@router.get("/v1/subjects/{subject_id}/reviews", **documented(ReviewsOut, fails=(403,)))
async def read_reviews(call: Authenticated, subject_id: SubjectId, query: Annotated[ReviewsQuery, Query()]) -> Response:
    """Reviews of this client's own decisions about somebody, newest first; reasons are the person's letter alone."""
    async with call.recording_refusals(EventTag.REQUEST_LIST, query.purpose):
        call.require_purpose(query.purpose)
    found = await reviews_of(call.registry, subject_id, query.purpose)
    entry = Entry(
        EventTag.REQUEST_LIST,
        Outcome.DONE,
        client=call.caller.client,
        purpose=query.purpose,
        policy=call.policy.version,
        persons=(PersonRef(subject_id, "human_review"),) if found else (),
    )
    recorded = await call.registry.log.append(entry, found)
    return answered(
        {
            "reviews": [
                {
                    "request_id": one.request_id,
                    "state": one.state,
                    "opened_at": one.opened_at,
                    "decided_at": one.decided_at,
                    "outcome": one.outcome or None,
                }
                for one in recorded.value
            ],
            "log_index": recorded.index,
        },
    )
