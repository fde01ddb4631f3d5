"""Who may enter the portal."""

from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest

from audit.event import EventTag
from audit.log import Filters
from policies.vocabulary import FieldName, PurposeId, Touchpoint
from registry import rights, subjects
from registry.attempts import LIMITS, Limit, Place
from registry.portal_login import MOST_ATTEMPTS
from registry.records import GivenValue, Value
from tests.house import ANNA, SHOP, House
from tests.http.pages.browser import Browser, Page, code_in, letters
from tests.http.pages.conftest import LogIn

WRONG = "00000000"


async def ask_for_code(browser: Browser, email: str = ANNA["email"]) -> Page:
    return await browser.press(await browser.open("/portal"), "/portal/code", email=email)


async def test_a_code_from_the_letter_opens_my_data(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    await house.customer()
    page = await customer_logs_in(browser)
    assert urlsplit(page.url).path == "/portal/me"
    assert ANNA["street"] in page.text


async def test_the_letter_speaks_both_languages(browser: Browser, house: House) -> None:
    await house.customer()
    await ask_for_code(browser)
    (letter,) = letters(house.settings.home)
    assert letter["To"] == ANNA["email"]
    assert letter.get_content().count(code_in(letter)) == 2
    assert "Ihr Code" in letter.get_content()
    assert "Your code" in letter.get_content()


async def test_the_session_cookie_is_for_the_portal_alone(browser: Browser, house: House) -> None:
    await house.customer()
    asked = await ask_for_code(browser)
    form = asked.form("/portal/login", {})
    response = await browser.send(form.action, form.fields | {"code": code_in(letters(house.settings.home)[0])})
    (cookie,) = [one for one in response.headers.get_list("set-cookie") if one.startswith("portal_session=")]
    assert {"HttpOnly", "Path=/portal", "SameSite=strict"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    house.settings.secure_cookies = True
    (visit,) = (await browser.get("/console/login")).headers.get_list("set-cookie")
    assert "Secure" in visit


async def test_an_unknown_address_gets_the_same_page_and_no_letter(
    browser: Browser, other_browser: Browser, house: House
) -> None:
    await house.customer()
    stranger = "nobody.at.all@example.com"
    known, unknown = await ask_for_code(browser), await ask_for_code(other_browser, stranger)
    assert [letter["To"] for letter in letters(house.settings.home)] == [ANNA["email"]]
    pages = []
    for page, address in ((known, ANNA["email"]), (unknown, stranger)):
        token = page.form("/portal/login", {}).fields["token"]
        pages.append(page.source.replace(address, "").replace(token, ""))
    assert known.status == unknown.status == 200
    assert pages[0] == pages[1]


async def test_an_address_shared_by_two_people_lets_nobody_in(browser: Browser, house: House) -> None:
    await house.customer("A-1")
    await house.customer("A-2")
    await ask_for_code(browser)
    assert letters(house.settings.home) == []


async def test_the_address_is_in_no_url(browser: Browser, house: House) -> None:
    await house.customer()
    asked = await ask_for_code(browser)
    targets = [form.action for form in asked.forms] + [link["href"] for link in asked.all("a")]
    refused = await browser.press(asked, "/portal/login", code=WRONG)
    targets += [asked.url, refused.url] + [form.action for form in refused.forms]
    assert not [target for target in targets if "annegret" in unquote(target)]


async def test_a_wrong_code_does_not_open(browser: Browser, house: House) -> None:
    await house.customer()
    refused = await browser.press(await ask_for_code(browser), "/portal/login", code=WRONG)
    assert refused.status == 401
    assert "portal_session" not in browser.cookies
    right = code_in(letters(house.settings.home)[0])
    again = await browser.press(refused, "/portal/login", code=f"{right[:4]} {right[4:]}")
    assert again.status == 200
    assert urlsplit(again.url).path == "/portal/me"


async def test_after_five_wrong_codes_the_right_one_is_refused(browser: Browser, house: House) -> None:
    await house.customer()
    page = await ask_for_code(browser)
    for _ in range(MOST_ATTEMPTS):
        page = await browser.press(page, "/portal/login", code=WRONG)
    page = await browser.press(page, "/portal/login", code=code_in(letters(house.settings.home)[0]))
    assert page.status == 401
    assert "portal_session" not in browser.cookies


async def test_an_expired_code_does_not_open(browser: Browser, house: House) -> None:
    await house.customer()
    page = await ask_for_code(browser)
    await house.as_owner("update portal_code set expires_at = created_at")
    page = await browser.press(page, "/portal/login", code=code_in(letters(house.settings.home)[0]))
    assert page.status == 401


async def test_a_code_opens_once(browser: Browser, other_browser: Browser, house: House) -> None:
    await house.customer()
    page = await ask_for_code(browser)
    code = code_in(letters(house.settings.home)[0])
    await browser.press(page, "/portal/login", code=code)
    start = await other_browser.open("/portal")
    form = start.form("/portal/code", {})
    again = await other_browser.send("/portal/login", form.fields | {"email": ANNA["email"], "code": code})
    assert again.status_code == 401


async def test_logging_out_ends_the_session_on_the_server_too(
    browser: Browser, other_browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    await house.customer()
    page = await customer_logs_in(browser)
    kept = browser.cookies["portal_session"]
    out = await browser.press(page, "/portal/logout")
    assert urlsplit(out.url).path == "/portal"
    assert "portal_session" not in browser.cookies
    answer = await other_browser.get("/portal/me", Cookie=f"portal_session={kept}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")


async def test_a_session_that_is_over_leads_to_the_start_page(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    await house.customer()
    await customer_logs_in(browser)
    await house.as_owner("update portal_session set expires_at = 0" if "sqlite" in house.owner_url else EXPIRE)
    answer = await browser.get("/portal/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")


EXPIRE = "update portal_session set expires_at = now()"


async def test_whoever_is_logged_in_need_not_ask_again(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    await house.customer()
    await customer_logs_in(browser)
    answer = await browser.get("/portal?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/me?lang=en")


@pytest.mark.parametrize("cookie", ["", "x", "0" * 96, "z" * 96])
async def test_a_made_up_cookie_is_nobodys(browser: Browser, cookie: str) -> None:
    answer = await browser.get("/portal/me", Cookie=f"portal_session={cookie}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")


async def test_whoever_asks_for_codes_too_often_gets_the_same_page_and_no_letter(
    browser: Browser, house: House
) -> None:
    await house.customer()
    most = LIMITS[Place.CODE_REQUEST].most
    pages = [await ask_for_code(browser) for _ in range(most + 2)]
    assert len(letters(house.settings.home)) == most
    assert len({page.source for page in pages}) == 1
    stranger = "nobody.at.all@example.com"
    strange = [await ask_for_code(browser, stranger) for _ in range(most + 2)][-1]
    assert strange.source.replace(stranger, ANNA["email"]) == pages[0].source
    limited = await house.registry.log.search(Filters(operation=EventTag.CODE_SENT), most + 2)
    assert [entry.tree.get("why") for entry in limited][:2] == [["TOO_MANY_ATTEMPTS"]] * 2


async def test_a_network_address_that_tries_too_often_is_let_in_no_more(
    browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.customer()
    monkeypatch.setitem(LIMITS, Place.PORTAL_ADDRESS, Limit(3, LIMITS[Place.PORTAL_ADDRESS].window))
    page = await ask_for_code(browser)
    for _ in range(2):
        page = await browser.press(page, "/portal/login", code=WRONG)
    page = await browser.press(page, "/portal/login", code=code_in(letters(house.settings.home)[0]))
    assert page.status == 401


THEIRS = "thief@example.test"
WITHOUT = {name: value for name, value in ANNA.items() if name != "email"}
LONG_AGO = {
    "sqlite": "update attempt set since = since - 1209600000 where place = 'new-address'",
    "postgresql": "update attempt set since = since - interval '14 days' where place = 'new-address'",
}


async def write(house: House, email: Value, purpose: str = "order_fulfilment", **others: Value) -> None:
    """What a client with its credential may do: another value for somebody it knows by number."""
    now = await house.registry.database.now()
    values = {
        FieldName(name): GivenValue(value, PurposeId(purpose), observed_at=now)
        for name, value in {"email": email, **others}.items()
    }
    await subjects.upsert(house.registry, SHOP, [subjects.GivenSubject("A-1", "shop", values=values)])


async def correct(house: House, subject_id: UUID, touchpoint: Touchpoint) -> None:
    """A correction that reached the registry by a client, decided by a person."""
    wish = rights.Wish({FieldName("email"): THEIRS})
    kind = rights.RequestKind.RECTIFICATION
    asked = await rights.receive_request(house.registry, SHOP, subject_id, kind, wish, touchpoint)
    await rights.decide_request(house.registry, await house.decider(), subject_id, asked.request_id, accepted=True)


async def is_answered(browser: Browser, house: House, email: str = THEIRS) -> bool:
    before = len(letters(house.settings.home))
    await ask_for_code(browser, email)
    return len(letters(house.settings.home)) > before


@pytest.mark.gdpr("12(6)")
@pytest.mark.parametrize("values", [ANNA, WITHOUT], ids=["overwritten", "added"])
async def test_an_address_that_came_later_than_its_person_gets_no_code_for_a_while(
    browser: Browser, house: House, values: dict[str, str], engine: str
) -> None:
    """R-12.6-2: nobody who can write an address reads that person's data with it."""
    subject_id = await house.customer(values=values)
    await write(house, THEIRS)
    assert not await is_answered(browser, house)
    (refused,) = await house.registry.log.search(Filters(operation=EventTag.CODE_SENT), 2)
    assert (refused.tree["out"], refused.tree["why"]) == ("deny", ["NEW_ADDRESS"])
    assert [one.person_ref for one in await house.registry.log.persons_of(refused.index)] == [subject_id]
    await house.as_owner(LONG_AGO[engine])
    assert await is_answered(browser, house)


async def test_waiting_shows_nowhere(browser: Browser, other_browser: Browser, house: House) -> None:
    await house.customer()
    await write(house, THEIRS)
    pages = []
    for one, email in ((browser, THEIRS), (other_browser, "nobody.at.all@example.com")):
        page = await ask_for_code(one, email)
        pages.append(page.source.replace(email, "").replace(page.form("/portal/login", {}).fields["token"], ""))
    assert pages[0] == pages[1]
    assert "14 Tage" in pages[0]


async def test_how_long_an_address_waits_can_be_set(browser: Browser, house: House) -> None:
    await house.customer()
    await write(house, THEIRS)
    house.settings.new_address_days = 0
    assert await is_answered(browser, house)


@pytest.mark.parametrize("touchpoint", [Touchpoint.HOTLINE, Touchpoint.PORTAL])
async def test_a_correction_that_a_client_passes_on_waits_whatever_it_says_of_itself(
    browser: Browser, house: House, touchpoint: Touchpoint
) -> None:
    await correct(house, await house.customer(), touchpoint)
    assert not await is_answered(browser, house)


async def test_an_address_that_comes_back_waits_too(browser: Browser, house: House) -> None:
    await house.customer()
    await write(house, None)
    await write(house, ANNA["email"])
    assert not await is_answered(browser, house, ANNA["email"])


async def test_what_does_not_change_the_address_closes_no_door(
    browser: Browser, other_browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    await house.customer()
    await customer_logs_in(browser)
    await write(house, f" {ANNA['email'].upper()}", first_name="Anne", phone="+493023125002")
    assert (await browser.get("/portal/me")).status_code == 200
    assert await is_answered(other_browser, house, ANNA["email"])


@pytest.mark.parametrize("email", [THEIRS, None])
async def test_another_address_ends_sessions_and_codes(
    browser: Browser, other_browser: Browser, house: House, customer_logs_in: LogIn, email: str | None
) -> None:
    await house.customer()
    await customer_logs_in(browser)
    asked = await ask_for_code(other_browser)
    await write(house, email)
    answer = await browser.get("/portal/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    await write(house, ANNA["email"])  # so that the code would find its person again
    late = await other_browser.press(asked, "/portal/login", code=code_in(letters(house.settings.home)[-1]))
    assert late.status == 401


async def test_whoever_asks_for_another_address_in_the_portal_does_not_wait_for_it(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    page = await customer_logs_in(browser)
    await browser.press(
        page, "/portal/requests", given={"kind": "rectification", "field": "email"}, value=" New@Example.com "
    )
    (asked,) = await rights.requests(house.registry, subject_id)
    await rights.decide_request(house.registry, await house.decider(), subject_id, asked.request_id, accepted=True)
    assert await is_answered(browser, house, "new@example.com")
    await write(house, THEIRS)
    assert not await is_answered(browser, house)
