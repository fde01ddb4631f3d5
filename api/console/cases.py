"""Shows requests of data subjects with their clocks, and lets the controller's decider decide them.

The data protection officer and the clerk see the same page without the buttons; whoever sends the decision all the
same is refused by the use case (Art. 38(6)). What a person wrote is read like any other value: recorded first.

Legal: GDPR Art. 12(3), (4), Art. 15-17, Art. 38(6); R-12.3-1, R-12.4-1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.console.reviews import reviewed
from api.console.site import CONSOLE, ConsoleRoute, Member, caller_of
from api.pages import Held, redirect, titles_of
from policies.deadlines import local_date
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, EventKind, FieldName
from registry.actors import Action
from registry.context import Caller, Registry
from registry.disclosure import Disclosed, disclose
from registry.erasure import plan
from registry.errors import UnknownRequestError
from registry.events import field_of
from registry.rights import (
    LONGEST_REASON,
    OWN_PURPOSE,
    RequestKind,
    RequestOverview,
    RequestState,
    answers_of,
    decide_request,
    record_listing,
    requests,
)

MOST_OF_ONE_PERSON = 1000

router = APIRouter(route_class=ConsoleRoute)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person wants changed, beside what is stored now."""

    field: FieldName
    stored: object
    wanted: object


def days_left(overview: RequestOverview, today: date) -> int:
    """Days until the answer is due; negative = overdue."""
    return (overview.due_on - today).days


@router.get("/console/requests/{subject_id}/{request_id}")
async def case(request: Request, registry: Held, staff: Member, subject_id: UUID, request_id: UUID) -> Response:
    """One request: its clock, what is asked for, and what a decision would do."""
    overview = await _overview(registry, subject_id, request_id)
    caller = caller_of(staff)
    await record_listing(registry, caller, [overview])
    is_open = overview.state is RequestState.RECEIVED
    rectification = overview.kind is RequestKind.RECTIFICATION
    erasure = overview.kind is RequestKind.ERASURE
    review = overview.kind is RequestKind.HUMAN_REVIEW
    return CONSOLE.page(
        request,
        "case.html",
        signed_in=True,
        staff=staff,
        titles=titles_of(request),
        case=overview,
        left=days_left(overview, local_date(await registry.database.now())),
        is_open=is_open,
        may_decide=staff.may(Action.DECIDE_REQUEST),
        corrections=await _corrections(registry, caller, overview) if rectification else [],
        kept=await plan(registry, subject_id) if erasure else [],
        review=await reviewed(registry, staff, overview) if review else None,
        answer={} if is_open else (await answers_of(registry, caller, subject_id)).get(request_id, {}),
        longest_reason=LONGEST_REASON,
    )


@router.post("/console/requests/{subject_id}/{request_id}/decision")
async def decide(
    request: Request,
    registry: Held,
    staff: Member,
    subject_id: UUID,
    request_id: UUID,
    decision: Annotated[Literal["accepted", "refused"], Form()],
    reasons: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
) -> Response:
    """Decide, and carry it out."""
    accepted = decision == "accepted"
    await decide_request(registry, caller_of(staff), subject_id, request_id, accepted=accepted, reasons=reasons)
    return redirect(request, f"/console/requests/{subject_id}/{request_id}")


async def _overview(registry: Registry, subject_id: UUID, request_id: UUID) -> RequestOverview:
    listed = await requests(registry, subject_id, limit=MOST_OF_ONE_PERSON)
    found = next((one for one in listed if one.request_id == request_id), None)
    if found is None:
        raise UnknownRequestError("no such request")
    return found


async def _corrections(registry: Registry, caller: Caller, overview: RequestOverview) -> list[Correction]:
    """What is asked to be corrected; nothing once it cannot be read any more."""
    letters = field_of(registry.policy, EventKind.REQUEST_WISH)
    written = (await _read(registry, caller, overview.subject_id, [letters])).get(letters)
    wishes = written if isinstance(written, list) else []
    own = [one["values"] for one in wishes if one["request_id"] == str(overview.request_id)]
    wanted: Mapping[str, object] = own[0] if own else {}
    if not wanted:
        return []
    stored = await _read(registry, caller, overview.subject_id, [FieldName(name) for name in wanted])
    return [Correction(FieldName(name), stored.get(FieldName(name)), value) for name, value in wanted.items()]


async def _read(
    registry: Registry, caller: Caller, subject_id: UUID, fields: Sequence[FieldName]
) -> Mapping[FieldName, object]:
    asked = AccessRequest(ClientCode(caller.client), OWN_PURPOSE, tuple(fields))
    (outcome,) = await disclose(registry, caller, asked, [subject_id])
    return outcome.values if isinstance(outcome, Disclosed) else {}
