"""Decides who may enter the console: staff with a login and a password.

Legal: GDPR Art. 32(1)(b); R-ENC-6.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.console.site import CONSOLE, ConsoleRoute
from api.pages import Held, redirect
from registry.actors import end_staff_session, login_staff, staff_of
from registry.errors import AuthenticationError

LONGEST_LOGIN = 320
LONGEST_PASSWORD = 1024
NO_ZERO_BYTE = r"^[^\x00]+$"  # PostgreSQL takes none in a text
UNAUTHENTICATED = 401

router = APIRouter(route_class=ConsoleRoute)


@router.get("/console/login")
async def ask(request: Request, registry: Held) -> Response:
    """Ask for login and password; whoever is logged in goes on."""
    try:
        await staff_of(registry, request.cookies.get(CONSOLE.session_cookie, ""))
    except AuthenticationError:
        return CONSOLE.page(request, "login.html", failed=False)
    return redirect(request, "/console")


@router.post("/console/login")
async def login(
    request: Request,
    registry: Held,
    login: Annotated[str, Form(pattern=NO_ZERO_BYTE, max_length=LONGEST_LOGIN)],
    password: Annotated[str, Form(min_length=1, max_length=LONGEST_PASSWORD)],
) -> Response:
    """Open a session."""
    try:
        cookie = await login_staff(registry, login, password)
    except AuthenticationError:
        return CONSOLE.page(request, "login.html", UNAUTHENTICATED, failed=True)
    response = redirect(request, "/console")
    CONSOLE.open_session(request, response, cookie)
    return response


@router.post("/console/logout")
async def logout(request: Request, registry: Held) -> Response:
    """End the session."""
    await end_staff_session(registry, request.cookies.get(CONSOLE.session_cookie, ""))
    response = redirect(request, CONSOLE.start)
    CONSOLE.close_session(response)
    return response
