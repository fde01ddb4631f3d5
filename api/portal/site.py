"""Keeps what every page of the customer portal has: its site, its caller, and whose session it is."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from api.pages import Held, PageRoute, Site
from registry.context import Caller
from registry.portal_login import subject_of

CALLER = Caller("portal")
PORTAL = Site("portal", Path(__file__).parent, start="/portal")


class PortalRoute(PageRoute):
    """A route of the portal."""

    site = PORTAL


async def customer(request: Request, registry: Held) -> UUID:
    """Who is logged in.

    Raises:
        AuthenticationError: nobody; the visitor is sent to the start page.
    """
    return await subject_of(registry, request.cookies.get(PORTAL.session_cookie, ""))


Customer = Annotated[UUID, Depends(customer)]
