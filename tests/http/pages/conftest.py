"""Both sites over a real registry, on both engines; visitors without scripts."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import FastAPI

from api import console, portal, problems
from registry.actors import Role
from registry.second_factor import code_at, step_at
from registry.staff import enrol_second_factor
from tests.house import ANNA, House
from tests.http.pages.browser import Browser, Page, code_in, letters

PASSWORD = "correct horse battery"

LogIn = Callable[..., Awaitable[Page]]


@pytest.fixture
def app(house: House) -> FastAPI:
    """The application's two sites."""
    app = FastAPI()
    app.state.registry = house.registry
    app.state.settings = house.settings
    problems.install(app)
    app.include_router(console.router)
    app.include_router(portal.router)
    return app


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    async with Browser(app) as browser:
        yield browser


@pytest.fixture
async def other_browser(app: FastAPI) -> AsyncIterator[Browser]:
    async with Browser(app) as browser:
        yield browser


@pytest.fixture
def customer_logs_in(house: House) -> LogIn:
    """Log in to the portal with the code from the letter."""

    async def log_in(browser: Browser, email: str = ANNA["email"]) -> Page:
        asked = await browser.press(await browser.open("/portal"), "/portal/code", email=email)
        code = code_in(letters(house.settings.home)[-1])
        return await browser.press(asked, "/portal/login", code=code)

    return log_in


@pytest.fixture
def staff_logs_in(house: House) -> LogIn:
    """Log in to the console as somebody with this role."""

    async def log_in(browser: Browser, role: Role = Role.DPO) -> Page:
        staff_id = await house.account(role.value, role, PASSWORD)
        enrolment = await enrol_second_factor(house.registry, staff_id)
        code = code_at(enrolment.secret, step_at(await house.registry.database.now()))
        page = await browser.open("/console")
        return await browser.press(page, "/console/login", login=role.value, password=PASSWORD, code=code)

    return log_in
