"""Shows a person what is known about them, and lets them take it away. Every view is itself a recorded access.

Legal: GDPR Art. 15(1), (3), Art. 20; R-15.1-1, R-15.1-4, R-15.3-1.
"""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages import HIGHEST_INDEX, Held, titles_of
from api.portal import view
from api.portal.site import CALLER, PORTAL, Customer, PortalRoute
from registry.erasure import plan
from registry.export import access_package
from registry.rights import requests

ACCESSES_SHOWN = 25
MOST_REQUESTS = 1000

router = APIRouter(route_class=PortalRoute)


@router.get("/portal/me")
async def me(
    request: Request,
    registry: Held,
    subject: Customer,
    before: Annotated[int | None, Query(ge=0, le=HIGHEST_INDEX)] = None,
    done: str = "",
) -> Response:
    """Everything on one page: consents, data, who looked, requests."""
    package = await access_package(registry, CALLER, subject, before=before, most_accesses=ACCESSES_SHOWN + 1)
    titles = titles_of(request)
    wished = view.requests(package, titles, await requests(registry, subject, limit=MOST_REQUESTS))
    listed = view.accesses(package, titles, ACCESSES_SHOWN)
    return PORTAL.page(
        request,
        "me.html",
        signed_in=True,
        titles=titles,
        done=done,
        categories=view.categories(package, titles),
        consents=view.consents(package, titles.policy),
        objection=view.advertising_objection(package),
        accesses=listed,
        older=listed[-1]["index"] if len(package["accesses"]) > len(listed) else None,
        before=before,
        recipients=package["recipients"],
        purposes=view.purposes(package, titles),
        requests=wished,
        erasure_asked=view.erasure_asked(wished),
        contestable=view.contestable(package, titles),
        kept=await plan(registry, subject),
        controller=registry.policy.policy.controller,
    )


@router.get("/portal/me.json")
async def download(registry: Held, subject: Customer) -> Response:
    """The whole package as a file."""
    package = await access_package(registry, CALLER, subject)
    return Response(
        orjson.dumps(package, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="meine-daten-my-data.json"'},
    )
