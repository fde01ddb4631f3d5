"""The customer portal: my data, who looked, my consents, my requests; in German and English, without scripts."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages import redirect, stylesheet
from api.portal import accesses, me, session, wishes
from api.portal.site import PORTAL, PortalRoute

router = APIRouter(route_class=PortalRoute, include_in_schema=False)
router.include_router(session.router)
router.include_router(me.router)
router.include_router(wishes.router)
router.include_router(accesses.router)


@router.get("/portal/portal.css")
async def style() -> Response:
    """The stylesheet."""
    return stylesheet(PORTAL)


@router.get("/portal/")
async def start(request: Request) -> Response:
    """The start page under its other spelling."""
    return redirect(request, PORTAL.start)


@router.api_route("/portal/{rest:path}", methods=["GET", "POST"])
async def nowhere(request: Request) -> Response:
    """Everything else."""
    return PORTAL.error(request, 404)
