"""Who gets into the console, what each role finds there, and the own account. R-38-1, R-ENC-6."""

from urllib.parse import urlsplit

import pytest

from audit.event import EventTag, Outcome
from audit.log import Filters
from registry import staff
from registry.actors import Role
from registry.attempts import LIMITS, Place
from registry.rights import RequestKind, Wish, receive_request
from tests.colleagues import PASSWORD, hire
from tests.house import SHOP, House
from tests.http.pages.browser import Browser, Page
from tests.http.pages.conftest import LogIn

pytestmark = [pytest.mark.gdpr("32(1)(b)"), pytest.mark.sqlite]
READERS = {Role.DPO, Role.CLERK, Role.DECIDER}
EXPORTERS = {Role.DPO, Role.DECIDER}


@pytest.fixture
def house(sqlite_house: House) -> House:
    """Who may do what does not depend on the engine."""
    return sqlite_house


async def enters(browser: Browser, login: str, code: str, password: str = PASSWORD) -> Page:
    page = await browser.open("/console/login")
    return await browser.press(page, "/console/login", login=login, password=password, code=code)


@pytest.mark.gdpr("38(3)")
@pytest.mark.parametrize("role", Role)
async def test_each_role_finds_what_its_duties_need_and_nothing_else(
    browser: Browser, house: House, staff_logs_in: LogIn, role: Role
) -> None:
    subject_id = await house.customer()
    request = await receive_request(house.registry, SHOP, subject_id, RequestKind.ERASURE, Wish())
    case = f"/console/requests/{subject_id}/{request.request_id}"
    page = await staff_logs_in(browser, role)
    assert urlsplit(page.url).path == ("/console" if role in READERS else "/console/account")
    expected = {
        "/console": role in READERS,
        "/console/conflicts": role in READERS,
        "/console/audit/0": role in READERS,
        "/console/audit/0/proof.json": role in READERS,
        "/console/audit/export": role in EXPORTERS,
        case: role in READERS,
        "/console/account": True,
    }
    for path, allowed in expected.items():
        answer = await browser.get(path)
        assert answer.status_code == (200 if allowed else 403), (role, path)
        assert allowed or str(subject_id) not in answer.text.replace(path, "")
    token = (await browser.open("/console/account")).forms[0].fields["token"]
    decided = await browser.send(f"{case}/decision", {"token": token, "decision": "accepted"})
    assert decided.status_code == (303 if role is Role.DECIDER else 403)
    refused = await house.registry.log.search(Filters(operation=EventTag.AUDIT_READ, outcome=Outcome.DENY), 50)
    assert bool(refused) == (role not in READERS)


async def test_a_code_opens_the_console_once(browser: Browser, other_browser: Browser, house: House) -> None:
    clerk = await hire(house, Role.CLERK)
    code = await clerk.code()
    assert (await enters(browser, clerk.login, code)).status == 200
    again = await enters(other_browser, clerk.login, code)
    assert again.status == 401
    assert "console_session" not in other_browser.cookies


async def test_whoever_is_locked_out_sees_the_page_of_a_wrong_password(browser: Browser, house: House) -> None:
    clerk = await hire(house, Role.CLERK)
    pages = [await enters(browser, clerk.login, "000000") for _ in range(LIMITS[Place.STAFF_LOGIN].most + 1)]
    locked = await enters(browser, clerk.login, await clerk.code())
    unknown = await enters(browser, "nobody", "000000")
    assert {page.status for page in (*pages, locked, unknown)} == {401}
    assert len({page.text for page in (*pages, locked, unknown)}) == 1


async def test_the_account_page_tells_sessions_and_recovery_codes(
    browser: Browser, other_browser: Browser, house: House
) -> None:
    clerk = await hire(house, Role.CLERK)
    await enters(browser, clerk.login, await clerk.code())
    await enters(other_browser, clerk.login, clerk.enrolment.recovery_codes[0])
    page = await browser.open("/console/account")
    assert "Offene Sitzungen 2" in page.text
    assert "Übrige Notfallcodes 9" in page.text
    out = await browser.press(page, "/console/account/sessions")
    assert urlsplit(out.url).path == "/console/login"
    assert (await other_browser.get("/console")).status_code == 303


async def test_a_new_password_ends_every_session_and_opens_the_next(browser: Browser, house: House) -> None:
    clerk = await hire(house, Role.CLERK)
    page = await enters(browser, clerk.login, await clerk.code())
    page = await browser.open("/console/account")
    new = "another long password"
    action = "/console/account/password"
    for old, first, second, status in (
        ("wrong password 1", new, new, 401),
        (PASSWORD, new, new + "!", 422),
        (PASSWORD, "short", "short", 422),
    ):
        page = await browser.press(page, action, old=old, new=first, again=second)
        assert page.status == status
        assert new not in page.source
    out = await browser.press(page, action, old=PASSWORD, new=new, again=new)
    assert urlsplit(out.url).path == "/console/login"
    assert (await enters(browser, clerk.login, clerk.enrolment.recovery_codes[0])).status == 401
    assert (await enters(browser, clerk.login, clerk.enrolment.recovery_codes[0], new)).status == 200


async def test_a_role_that_changed_counts_from_the_next_page_on(browser: Browser, house: House) -> None:
    clerk = await hire(house, Role.CLERK)
    await enters(browser, clerk.login, await clerk.code())
    await staff.set_role(house.registry, clerk.staff.staff_id, Role.LEGAL)
    assert (await browser.get("/console")).status_code == 303
