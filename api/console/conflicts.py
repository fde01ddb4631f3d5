"""Shows what a sync wanted and was refused, so that somebody looks into the system that sent it.

Legal: GDPR Art. 5(1)(d), Art. 7(3); C-129/21; R-7.3-5.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.console.site import CONSOLE, ConsoleRoute, Member, record_reading
from api.pages import Held, titles_of
from audit.columns import from_milliseconds, to_milliseconds
from audit.event import PersonRef
from registry.conflicts import ConflictPlace, conflicts

MOST_SHOWN = 100
LATEST_MILLISECONDS = 10**14 - 1
SYSTEM_OR_ALL = r"^([a-z][a-z0-9_]{0,62})?$"

router = APIRouter(route_class=ConsoleRoute)


@router.get("/console/conflicts")
async def listing(
    request: Request,
    registry: Held,
    staff: Member,
    source: Annotated[str, Query(pattern=SYSTEM_OR_ALL)] = "",
    at: Annotated[int | None, Query(ge=0, le=LATEST_MILLISECONDS)] = None,
    number: UUID | None = None,
) -> Response:
    """A page of conflicts, newest first, of one system or all; by field or purpose, never by value."""
    after = ConflictPlace(from_milliseconds(at), number) if at is not None and number is not None else None
    found = await conflicts(registry, limit=MOST_SHOWN, source=source or None, after=after)
    await record_reading(registry, staff, [PersonRef(one.subject_id) for one in found])
    last = found[-1] if len(found) == MOST_SHOWN else None
    place = {"at": str(to_milliseconds(last.arrived_at)), "number": str(last.conflict_id)} if last else {}
    return CONSOLE.page(
        request,
        "conflicts.html",
        signed_in=True,
        staff=staff,
        titles=titles_of(request),
        conflicts=found,
        source=source,
        clients=sorted(registry.policy.clients),
        older=place,
    )
