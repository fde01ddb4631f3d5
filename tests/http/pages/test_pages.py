"""What holds for every page of both sites."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from api import console, portal
from api.pages import LARGEST_FORM_BYTES
from registry import rights
from registry.actors import Role
from registry.migrations import async_url
from registry.rights import RequestKind
from tests.house import ANNA, SHOP, House
from tests.http.pages.browser import HOST, OWN_PAGE, Browser, Page
from tests.http.pages.conftest import LogIn

PUBLIC = {"/portal", "/portal/portal.css", "/portal/", "/console/login", "/console/console.css", "/console/"}
STYLES = {"/portal/portal.css", "/console/console.css"}
FILES = {"/portal/me.json", "proof.json", "/console/audit/export"}
NOBODY = "00000000-0000-4000-8000-000000000000"
RAW = {"script", "style", "iframe", "object", "embed", "base"}


def start_of(path: str) -> str:
    """Where a site sends those who are not logged in."""
    return "/portal" if path.startswith("/portal") else "/console/login"


def routes_of(router: APIRouter) -> Iterator[APIRoute]:
    """Every route of a router and of those it includes."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes_of(route.original_router)  # type: ignore[attr-defined]  # FastAPI's own wrapper


def paths(method: str) -> list[str]:
    """Every path of both sites that takes this method, but the one for all others."""
    routes = [*routes_of(portal.router), *routes_of(console.router)]
    return sorted(route.path for route in routes if method in (route.methods or ()) and "{rest:path}" not in route.path)


@dataclass
class Visit:
    """A customer and a decider logged in on both sites, with every address of theirs filled in."""

    browser: Browser
    house: House
    given: dict[str, Any]

    def address(self, path: str) -> str:
        return path.format(**self.given)


@pytest.fixture
async def visit(browser: Browser, house: House, customer_logs_in: LogIn, staff_logs_in: LogIn) -> Visit:
    subject_id = await house.customer(newsletter=True, profiling=True)
    await house.invoice(subject_id)
    read = await house.read("mailer", "newsletter", ["email"], subject_id)
    wish = rights.Wish(values={"street": "Neuestraße 9"})  # type: ignore[dict-item]  # a field's name
    request = await rights.receive_request(house.registry, SHOP, subject_id, RequestKind.RECTIFICATION, wish)
    await customer_logs_in(browser)
    await staff_logs_in(browser, Role.DECIDER)
    given = {"index": read.index, "subject_id": subject_id, "request_id": request.request_id}
    return Visit(browser, house, given)


def test_there_are_pages_to_look_at() -> None:
    assert {"/portal", "/portal/me", "/console", "/console/audit/{index}"} <= set(paths("GET"))
    assert {"/portal/consents/withdraw", "/console/login"} <= set(paths("POST"))


async def test_nobody_is_sent_to_the_start_page(browser: Browser) -> None:
    for path in paths("GET"):
        if path not in PUBLIC:
            answer = await browser.get(path.format(index=0, subject_id=NOBODY, request_id=NOBODY))
            assert (answer.status_code, answer.headers["location"]) == (303, start_of(path)), path


async def test_nobody_changes_anything(browser: Browser) -> None:
    """With a token of their own, but no session."""
    fields = {"purpose": "newsletter", "channel": "email", "kind": "erasure", "decision": "accepted"}
    for path in paths("POST"):
        if path not in {"/portal/code", "/portal/login", "/console/login"}:
            token = (await browser.open(start_of(path))).forms[0].fields["token"]
            sent = fields | {"token": token}
            answer = await browser.send(path.format(index=0, subject_id=NOBODY, request_id=NOBODY), sent)
            assert (answer.status_code, answer.headers["location"]) == (303, start_of(path)), path


async def test_get_changes_nothing_but_the_audit_log(visit: Visit) -> None:
    before = await contents(visit.house)
    for path in paths("GET"):
        for method in ("GET", "HEAD"):
            answer = await visit.browser.request(method, visit.address(path))
            assert answer.status_code in {200, 303, 405}, path
    assert await contents(visit.house) == before


async def contents(house: House) -> dict[str, list[str]]:
    """Every row of every table but the audit log's."""
    engine = create_async_engine(async_url(house.owner_url))
    try:
        async with engine.connect() as connection:
            return {
                name: sorted(repr(row) for row in (await connection.execute(text(f'select * from "{name}"'))).all())  # noqa: S608 - our own tables
                for name in SQLModel.metadata.tables
                if not name.startswith("audit_")
            }
    finally:
        await engine.dispose()


async def test_every_answer_carries_the_headers(visit: Visit) -> None:
    addresses = [visit.address(path) for path in paths("GET")]
    addresses += ["/portal/nowhere", "/console/nowhere", "/portal/accesses/999999", "/console?person=x"]
    for address in addresses:
        check_headers(await visit.browser.get(address), address)
    for path in paths("POST"):
        answer = await visit.browser.send(visit.address(path), {"token": ""})
        assert answer.status_code == 403
        check_headers(answer, path)


def check_headers(answer: Any, path: str) -> None:  # noqa: ANN401 - httpx has no marker here
    rules = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == ("public, max-age=3600" if path in STYLES else "no-store")


async def test_every_page_can_be_read_without_eyes_and_without_scripts(visit: Visit, other_browser: Browser) -> None:
    pages = [
        await visit.browser.open(visit.address(path))
        for path in paths("GET")
        if path not in STYLES and not path.endswith(tuple(FILES))
    ]
    start = await other_browser.open("/portal")
    pages += [start, await other_browser.press(start, "/portal/code", email=ANNA["email"])]
    pages.append(await other_browser.press(pages[-1], "/portal/login", code="00000000"))
    pages += [await other_browser.open(path) for path in ("/console/login", "/console/nowhere", "/portal/nowhere")]
    assert len({page.source for page in pages}) > 10
    for page in pages:
        check_page(page)


def check_page(page: Page) -> None:
    assert not page.tangled, page.url
    assert page.open == [], page.url
    assert page.all("html")[0]["lang"] in {"de", "en"}
    assert page.all("meta")[1] == {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    for tag in ("title", "h1", "main", "header", "footer"):
        assert len(page.all(tag)) == 1, (page.url, tag)
    assert not RAW & {tag for tag, _ in page.tags}
    for tag, attrs in page.tags:
        assert "style" not in attrs, (page.url, tag)
        assert not [name for name in attrs if name.startswith("on")], (page.url, tag)
    labels = {label["for"] for label in page.all("label")}
    for tag in ("input", "select", "textarea"):
        unnamed = [one for one in page.all(tag) if one.get("type") != "hidden" and one["id"] not in labels]
        assert unnamed == [], page.url
    identifiers = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(identifiers) == len(set(identifiers)), page.url
    for _, attrs in page.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attrs.get(name, identifiers[0]) in identifiers
    assert len(page.all("table")) == len(page.all("caption"))
    assert {form.method for form in page.forms} <= {"post", "get"}
    for form in page.forms:
        assert ("token" in form.fields) == (form.method == "post"), (page.url, form.action)


async def test_a_form_from_elsewhere_is_refused(visit: Visit) -> None:
    form = (await visit.browser.open("/portal/me")).form("/portal/consents/withdraw", {})
    before = await contents(visit.house)
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://elsewhere.example.test"},
        {"Origin": "http://elsewhere.example.test"},
        {"Origin": "http://registry.example.test:8080"},
        {"Origin": "null"},
        {},
    ):
        answer = await visit.browser.send(form.action, form.fields, headers)
        assert answer.status_code == 403, headers
        assert "Das ist nicht erlaubt" in answer.text
    assert await contents(visit.house) == before


async def test_a_form_of_our_own_page_is_taken(visit: Visit) -> None:
    form = (await visit.browser.open("/portal/me")).form("/portal/consents/withdraw", {})
    for headers in (OWN_PAGE, {"Origin": HOST}, {"Sec-Fetch-Site": "same-origin", "Origin": HOST}):
        assert (await visit.browser.send(form.action, form.fields, headers)).status_code == 303, headers


async def test_a_form_without_its_token_or_with_another_visitors_is_refused(
    visit: Visit, other_browser: Browser
) -> None:
    form = (await visit.browser.open("/portal/me")).form("/portal/consents/withdraw", {})
    console_token = (await visit.browser.open("/console")).form("/console/logout", {}).fields["token"]
    foreign = (await other_browser.open("/portal")).form("/portal/code", {}).fields["token"]
    before = await contents(visit.house)
    for token in (None, "", "é", foreign, console_token, visit.browser.cookies["portal_session"]):
        fields = {name: value for name, value in form.fields.items() if name != "token"}
        answer = await visit.browser.send(form.action, fields | ({} if token is None else {"token": token}))
        assert answer.status_code == 403
    assert await contents(visit.house) == before


async def test_a_token_does_not_show_the_cookie(visit: Visit, other_browser: Browser) -> None:
    for page in (await visit.browser.open("/portal/me"), await visit.browser.open("/console")):
        assert not [name for name, value in visit.browser.cookies.items() if value in page.source]
    start = await other_browser.open("/portal")
    assert other_browser.cookies["portal_visit"] not in start.source


async def test_what_is_no_small_form_is_not_read(browser: Browser) -> None:
    for body, kind, status in (
        ("token=x&" + "a" * LARGEST_FORM_BYTES, "application/x-www-form-urlencoded", 413),
        ('{"token": "x"}', "application/json", 415),
        ("token=x", "", 415),
        ("&".join(f"f{number}=1" for number in range(50)), "application/x-www-form-urlencoded", 400),
    ):
        headers = {**OWN_PAGE, "Content-Type": kind}
        answer = await browser.request("POST", "/portal/login", content=body.encode(), headers=headers)
        assert answer.status_code == status
        check_page(Page(answer))


async def test_zero_bytes_and_surrogates_harm_nobody(visit: Visit, other_browser: Browser) -> None:
    start = (await other_browser.open("/portal")).forms[0].fields
    staff = (await other_browser.open("/console/login")).form("/console/login", {}).fields
    own = (await visit.browser.open("/portal/me")).form("/portal/requests", {"field": "city"}).fields
    for odd in ("\0", "a\0b@example.com", "\ufffe", "💥", "a@" + "x" * 300):
        assert (await other_browser.send("/portal/code", start | {"email": odd})).status_code in {200, 422}
        answer = await other_browser.send("/portal/login", start | {"email": odd, "code": "\0"})
        assert answer.status_code in {401, 422}
        refused = await other_browser.send("/console/login", staff | {"login": odd, "password": odd})
        assert refused.status_code in {401, 422}
        assert (await visit.browser.send("/portal/requests", own | {"field": odd})).status_code == 422
        withdrawn = await visit.browser.send("/portal/consents/withdraw", own | {"purpose": odd, "channel": "email"})
        assert withdrawn.status_code == 422


async def test_the_language_is_the_chosen_one_then_the_browsers_then_german(browser: Browser) -> None:
    for query, header, expected in (
        ("", "", "de"),
        ("", "fr", "de"),
        ("", "en-GB,en;q=0.9,de;q=0.8", "en"),
        ("", "fr, de;q=0.3, en;q=0.7", "en"),
        ("", "en;q=0, de;q=0.1", "de"),
        ("", "en;q=x, ;;;, *", "de"),
        ("?lang=en", "de", "en"),
        ("?lang=de", "en", "de"),
        ("?lang=fr", "en", "en"),
    ):
        for path in ("/portal", "/console/login"):
            answer = await browser.get(path + query, **{"Accept-Language": header})
            assert Page(answer).all("html") == [{"lang": expected}], (query, header)
            assert answer.headers["content-language"] == expected


async def test_a_defect_ends_as_a_page_that_says_nothing_of_it(visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    await visit.house.as_owner("update record set sealed = substr(sealed, 1, 20)")
    answer = await visit.browser.get("/portal/me")
    assert answer.status_code == 500
    check_page(Page(answer))
    assert [record.getMessage() for record in caplog.records if record.name == "api.pages"] == ["SealBrokenError"]


async def test_other_spellings_lead_to_the_start_pages(browser: Browser) -> None:
    assert (await browser.get("/portal/")).headers["location"] == "/portal"
    assert (await browser.get("/console/")).headers["location"] == "/console"


def test_pages_are_no_part_of_the_machine_api(app: FastAPI) -> None:
    assert app.openapi()["paths"] == {}
