"""Shows what a sync wanted and was refused, so that somebody looks into the system that sent it.

Legal: GDPR Art. 5(1)(d), Art. 7(3); C-129/21; R-7.3-5.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console.site import CONSOLE, ConsoleRoute, Member, record_reading
from api.pages import Held, titles_of
from audit.event import PersonRef
from registry.conflicts import conflicts

MOST_SHOWN = 100

router = APIRouter(route_class=ConsoleRoute)


@router.get("/console/conflicts")
async def listing(request: Request, registry: Held, staff: Member) -> Response:
    """The newest conflicts, by field or purpose, never by value."""
    found = await conflicts(registry, limit=MOST_SHOWN)
    await record_reading(registry, staff, [PersonRef(one.subject_id) for one in found])
    return CONSOLE.page(
        request, "conflicts.html", signed_in=True, staff=staff, titles=titles_of(request), conflicts=found
    )
