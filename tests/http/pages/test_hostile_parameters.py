"""No parameter, form field or cookie brings a page down: not the largest number, the first day or a zero byte.

All of them are read off the routes, so that no new one can be forgotten. What either engine or the calendar cannot
hold is refused like anything else that has not its form.
"""

from collections.abc import Iterator
from enum import Enum, EnumType
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.console.audit import _FILTERS
from registry.actors import Role
from tests.house import House
from tests.http.hostile import HOSTILE, TEXTS, addresses, sound, wire
from tests.http.pages.browser import OWN_PAGE, Browser
from tests.http.pages.conftest import LogIn
from tests.http.routes import served

FORM = {**OWN_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
READ_BY_HAND = {"/console": _FILTERS, "/portal": ("lang",), "/console/login": ("lang",)}


def pages(app: FastAPI, method: str) -> Iterator[APIRoute]:
    return (
        route
        for name, route in served(app)
        if isinstance(route, APIRoute) and name.startswith((f"{method} /portal", f"{method} /console"))
    )


async def test_no_parameter_brings_a_page_down(
    app: FastAPI, browser: Browser, house: House, customer_logs_in: LogIn, staff_logs_in: LogIn
) -> None:
    await house.customer()
    await customer_logs_in(browser)
    await staff_logs_in(browser, Role.DPO)
    tried = 0
    for route in pages(app, "GET"):
        query = [one.alias for one in route.dependant.query_params] + [*READ_BY_HAND.get(route.path, ())]
        for address in addresses(route.path, query):
            response = await browser.get(address)
            assert response.status_code < 500, address
            tried += 1
    assert tried >= 20 * len(HOSTILE)


async def test_no_field_of_a_form_brings_a_page_down(
    app: FastAPI, browser: Browser, house: House, customer_logs_in: LogIn, staff_logs_in: LogIn
) -> None:
    await house.customer()
    portal, console = await customer_logs_in(browser), await staff_logs_in(browser, Role.DECIDER)
    tokens = {"/portal": portal.forms[0].fields["token"], "/console": console.forms[0].fields["token"]}
    tried = 0
    for route in pages(app, "POST"):
        for field in (one.alias for one in route.dependant.body_params):
            given = {one.alias: _sound(one.alias, one.field_info.annotation) for one in route.dependant.body_params}
            for hostile in TEXTS:
                pairs = given | {field: wire(hostile), "token": tokens["/" + route.path.split("/")[1]]}
                content = "&".join(f"{name}={value}" for name, value in pairs.items()).encode()
                response = await browser.request("POST", sound(route.path), content, FORM)
                assert response.status_code < 500, (route.path, field, hostile)
                assert response.status_code != 403 or route.path.startswith("/console"), route.path
                tried += 1
    assert tried >= 15 * len(TEXTS)


def _sound(name: str, kind: object) -> str:
    """A value that has its form."""
    words = {"kind": "rectification", "email": "somebody@example.com", "field": "birth_date"}
    members: list[Enum] = list(kind) if isinstance(kind, EnumType) else []
    return words.get(name) or (str(members[0].value) if members else str(uuid4()))


@pytest.mark.parametrize("cookie", ["portal_session", "console_session"])
async def test_no_cookie_brings_a_page_down(browser: Browser, cookie: str) -> None:
    for hostile in ("x", "%00", "." * 500, "9" * 400, uuid4().hex, f"{uuid4().hex}\\000", "-", "=", '"\\000"'):
        for path in ("/portal", "/portal/me", "/console", "/console/login"):
            response = await browser.request("GET", path, headers={"Cookie": f"{cookie}={hostile}"})
            assert response.status_code in {200, 303}, (path, hostile)
