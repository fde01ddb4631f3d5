"""Decides who may enter the console: staff with login, password and a code of their second factor.

All three go in one form and are judged together, so that nobody learns which of them was wrong.

Legal: GDPR Art. 32(1)(b); R-ENC-6.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.console.site import CONSOLE, Colleague, ConsoleRoute
from api.pages import Held, address_of, redirect
from registry.actors import Action, Staff
from registry.errors import AuthenticationError, InvalidValueError
from registry.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from registry.signing_keys import keys_of
from registry.staff import LONGEST_LOGIN, account_of, change_password, revoke_sessions
from registry.staff_login import Credentials, access_of, end_staff_session, login_staff, staff_of

LONGEST_CODE = 40
NO_ZERO_BYTE = r"^[^\x00]+$"  # PostgreSQL takes none in a text
UNAUTHENTICATED = 401
UNPROCESSABLE = 422

router = APIRouter(route_class=ConsoleRoute)
Password = Annotated[str, Form(min_length=1, max_length=LONGEST_PASSWORD)]


@router.get("/console/login")
async def ask(request: Request, registry: Held) -> Response:
    """Ask for login, password and code; whoever is logged in goes on."""
    try:
        staff = await staff_of(registry, request.cookies.get(CONSOLE.session_cookie, ""))
    except AuthenticationError:
        return CONSOLE.page(request, "login.html", failed=False)
    return redirect(request, _start_of(staff))


@router.post("/console/login")
async def login(
    request: Request,
    registry: Held,
    login: Annotated[str, Form(pattern=NO_ZERO_BYTE, max_length=LONGEST_LOGIN)],
    password: Password,
    code: Annotated[str, Form(pattern=NO_ZERO_BYTE, max_length=LONGEST_CODE)],
) -> Response:
    """Open a session, and end the one this browser had."""
    given = Credentials(login, password, code, address_of(request))
    try:
        cookie = await login_staff(registry, given, request.cookies.get(CONSOLE.session_cookie, ""))
    except AuthenticationError:
        return CONSOLE.page(request, "login.html", UNAUTHENTICATED, failed=True)
    response = redirect(request, _start_of(await staff_of(registry, cookie)))
    CONSOLE.open_session(request, response, cookie)
    return response


@router.post("/console/logout")
async def logout(request: Request, registry: Held) -> Response:
    """End the session."""
    await end_staff_session(registry, request.cookies.get(CONSOLE.session_cookie, ""))
    return _out(request)


@router.get("/console/account")
async def account(request: Request, registry: Held, staff: Colleague) -> Response:
    """The own account: role, open sessions, recovery codes left, signing keys."""
    return await _account(request, registry, staff)


@router.post("/console/account/password")
async def new_password(
    request: Request, registry: Held, staff: Colleague, old: Password, new: Password, again: Password
) -> Response:
    """Change the own password; every session ends, this one too."""
    if new != again:
        return await _account(request, registry, staff, UNPROCESSABLE, failure="differ")
    try:
        changed = await change_password(registry, staff, old, new)
    except InvalidValueError:
        return await _account(request, registry, staff, UNPROCESSABLE, failure="form")
    return _out(request) if changed else await _account(request, registry, staff, UNAUTHENTICATED, failure="old")


@router.post("/console/account/sessions")
async def end_sessions(request: Request, registry: Held, staff: Colleague) -> Response:
    """End every session of the own account, this one too."""
    await revoke_sessions(registry, staff.staff_id, by=staff.caller)
    return _out(request)


async def _account(request: Request, registry: Held, staff: Staff, status: int = 200, failure: str = "") -> Response:
    return CONSOLE.page(
        request,
        "account.html",
        status,
        signed_in=True,
        staff=staff,
        account=await account_of(registry, staff.staff_id),
        access=await access_of(registry, staff),
        keys=await keys_of(registry, staff.staff_id),
        failure=failure,
        shortest=SHORTEST_PASSWORD,
    )


def _start_of(staff: Staff) -> str:
    """Where somebody begins: at the requests, or at the own account where the role reads none."""
    return "/console" if staff.may(Action.READ_REGISTRY) else "/console/account"


def _out(request: Request) -> Response:
    response = redirect(request, CONSOLE.start)
    CONSOLE.close_session(response)
    return response
