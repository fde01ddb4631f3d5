"""Takes the data protection officer's opinion on naming whoever acted in an entry, and the decider's release.

Legal: GDPR Art. 15(1), (4), Art. 38(6); C-579/21; R-15.1-4, R-DE-WORK-1.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.console.site import ConsoleRoute, Member, caller_of, record_reading
from api.pages import Held, Index, redirect
from audit.event import EventTag, Outcome
from registry.actors import Action
from registry.staff_names import Need, Opinion, Weighed, advise, release

router = APIRouter(route_class=ConsoleRoute)


@router.post("/console/audit/{index}/opinion")
async def opinion(
    request: Request, registry: Held, staff: Member, index: Index, opinion: Annotated[Opinion, Form()]
) -> Response:
    """The data protection officer's opinion on naming whoever acted in this entry."""
    if not staff.may(Action.ADVISE_ON_NAME):
        await record_reading(registry, staff, operation=EventTag.NAME_ADVISE, outcome=Outcome.DENY)
    await advise(registry, caller_of(staff), index, opinion)
    return redirect(request, f"/console/audit/{index}#name")


@router.post("/console/audit/{index}/name")
async def name(
    request: Request,
    registry: Held,
    staff: Member,
    index: Index,
    need: Annotated[Need, Form()],
    weighed: Annotated[Weighed, Form()],
    told: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Release the name of whoever acted in this entry; the decider alone."""
    if not staff.may(Action.RELEASE_NAME):
        await record_reading(registry, staff, operation=EventTag.NAME_RELEASE, outcome=Outcome.DENY)
    await release(registry, caller_of(staff), index, need, weighed, told)
    return redirect(request, f"/console/audit/{index}#name")
