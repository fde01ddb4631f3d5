"""The privacy console: requests with their clocks, the audit trail with its proofs, conflicts; for staff alone."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console import audit, cases, conflicts, names, reviews, session
from api.console.site import CONSOLE, ConsoleRoute
from api.pages import redirect, stylesheet

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)
router.include_router(session.router)
router.include_router(cases.router)
router.include_router(reviews.router)
router.include_router(audit.router)
router.include_router(names.router)
router.include_router(conflicts.router)


@router.get("/console/console.css")
async def style() -> Response:
    """The stylesheet."""
    return stylesheet(CONSOLE)


@router.get("/console/")
async def start(request: Request) -> Response:
    """The first page under its other spelling."""
    return redirect(request, "/console")


@router.api_route("/console/{rest:path}", methods=["GET", "POST"])
async def nowhere(request: Request) -> Response:
    """Everything else."""
    return CONSOLE.error(request, 404)
