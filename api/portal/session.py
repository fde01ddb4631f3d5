"""Decides who may enter the portal: whoever reads a one-time code at a contact address on file.

The answer is the same whether somebody is known or not, and the letter leaves after the answer, so that its time
tells nothing either. Whoever asks too often, or at an address that was written over another one lately, gets the same
answer and no letter. The address travels in forms only, never in a page's address.

Legal: GDPR Art. 12(6), Art. 32(1)(b); R-12.6-1, R-12.6-2, R-ENC-6.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.background import BackgroundTask

from api.pages import Held, address_of, redirect
from api.portal.site import PORTAL, PortalRoute
from registry.errors import AuthenticationError
from registry.portal_login import CODE_VALID, end_portal_session, prepare_code, redeem_code, subject_of

LONGEST_ADDRESS = 320
LONGEST_CODE = 40
UNAUTHENTICATED = 401
SUBJECT = "Ihr Code für das Kundenportal / Your code for the customer portal"
LETTER = """Ihr Code für das Kundenportal: {code}

Er gilt {minutes} Minuten und einmal. Geben Sie ihn niemandem weiter; wir fragen nie danach.
Wenn Sie keinen Code angefordert haben, ist nichts zu tun.

Your code for the customer portal: {code}

It is valid for {minutes} minutes and once. Do not give it to anybody; we never ask for it.
If you did not ask for a code, there is nothing to do.
"""

router = APIRouter(route_class=PortalRoute)
Address = Annotated[str, Form(alias="email", min_length=1, max_length=LONGEST_ADDRESS)]
Code = Annotated[str, Form(alias="code", min_length=1, max_length=LONGEST_CODE)]


@router.get("/portal")
async def start(request: Request, registry: Held) -> Response:
    """Ask for the address; whoever is logged in goes on to their data."""
    try:
        await subject_of(registry, request.cookies.get(PORTAL.session_cookie, ""))
    except AuthenticationError:
        return PORTAL.page(request, "start.html")
    return redirect(request, "/portal/me")


@router.post("/portal/code")
async def send_code(request: Request, registry: Held, address: Address) -> Response:
    """Send a one-time code, if the address is on file, and ask for it in any case."""
    days = request.app.state.settings.new_address_days
    prepared = await prepare_code(registry, address, timedelta(days=days), address_of(request))
    response = PORTAL.page(request, "code.html", address=address, failed=False, wait_days=days)
    if prepared is not None:
        to, code = prepared
        letter = LETTER.format(code=code, minutes=int(CODE_VALID.total_seconds()) // 60)
        response.background = BackgroundTask(registry.mailer.send, to, SUBJECT, letter)
    return response


@router.post("/portal/login")
async def login(request: Request, registry: Held, address: Address, code: Code) -> Response:
    """Open a session with the code."""
    try:
        cookie = await redeem_code(registry, address, "".join(code.split()), address_of(request))
    except AuthenticationError:
        return PORTAL.page(request, "code.html", UNAUTHENTICATED, address=address, failed=True)
    response = redirect(request, "/portal/me")
    PORTAL.open_session(request, response, cookie)
    return response


@router.post("/portal/logout")
async def logout(request: Request, registry: Held) -> Response:
    """End the session."""
    await end_portal_session(registry, request.cookies.get(PORTAL.session_cookie, ""))
    response = redirect(request, PORTAL.start)
    PORTAL.close_session(response)
    return response
