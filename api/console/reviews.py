"""Lets a decider review what a machine decided: see what it saw, hear the person, and decide with reasons.

What is shown was recorded before; how long the reviewer looked is counted from there.

Legal: GDPR Art. 22(3); WP251rev.01; R-22-4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.console.site import ConsoleRoute, Member, caller_of
from api.pages import Held, redirect
from policies.documents import ScoreModel
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, EventKind, FieldName, ReviewOutcome, ReviewState
from registry.actors import Staff
from registry.context import Registry
from registry.disclosure import Disclosed, disclose
from registry.events import field_of
from registry.rights import (
    LONGEST_REASON,
    OWN_PURPOSE,
    RequestOverview,
    begin_review,
    decide_review,
    fields_of,
    models_of,
    reviews_of,
)

router = APIRouter(route_class=ConsoleRoute)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a reviewer sees of a case; `shown` is empty before they began."""

    purpose: str
    begun: bool
    outcome: str
    statement: str
    shown: Mapping[str, object]
    models: list[ScoreModel]


@router.post("/console/requests/{subject_id}/{request_id}/review/begin")
async def begin(request: Request, registry: Held, staff: Member, subject_id: UUID, request_id: UUID) -> Response:
    """Begin to look; what is seen from here on is stored."""
    await begin_review(registry, caller_of(staff), subject_id, request_id)
    return redirect(request, f"/console/requests/{subject_id}/{request_id}")


@router.post("/console/requests/{subject_id}/{request_id}/review")
async def review(
    request: Request,
    registry: Held,
    staff: Member,
    subject_id: UUID,
    request_id: UUID,
    outcome: Annotated[ReviewOutcome, Form()],
    reasons: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
) -> Response:
    """Decide, with reasons that the person gets."""
    await decide_review(registry, caller_of(staff), subject_id, request_id, outcome, reasons)
    return redirect(request, f"/console/requests/{subject_id}/{request_id}")


async def reviewed(registry: Registry, staff: Staff, overview: RequestOverview) -> Reviewed | None:
    """What the page shows of a review; None once an erasure took it."""
    own = [one for one in await reviews_of(registry, overview.subject_id) if one.request_id == overview.request_id]
    if not own:
        return None
    (row,) = own
    begun = row.state == ReviewState.OPEN.value and row.reviewer == staff.staff_id
    letters = field_of(registry.policy, EventKind.REQUEST_WISH)
    asked = (letters, *(fields_of(registry.policy, row.purpose) if begun else ()))
    request = AccessRequest(ClientCode(caller_of(staff).client), OWN_PURPOSE, tuple(dict.fromkeys(asked)))
    (outcome,) = await disclose(registry, caller_of(staff), request, [overview.subject_id])
    values = dict(outcome.values) if isinstance(outcome, Disclosed) else {}
    written = values.pop(letters, None)
    wishes = [one for one in written or () if one["request_id"] == str(overview.request_id)]  # type: ignore[attr-defined]  # events are lists
    return Reviewed(
        purpose=row.purpose,
        begun=begun,
        outcome=row.outcome,
        statement=str(wishes[0]["statement"]) if wishes else "",
        shown={FieldName(name): value for name, value in values.items() if value is not None},
        models=models_of(registry.policy, row.purpose),
    )
