"""Every route is called once, and the entry that the table names for it is really in the log; `NOTHING` leaves none.

Without it a route could be listed under an entry that it never makes (promise 2).
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from api.console.site import CONSOLE, record_reading
from api.pages import Site
from api.portal.site import PORTAL
from audit.event import EventTag, PersonRef
from audit.log import Filters
from policies.vocabulary import FieldName, Origin, PurposeId
from registry import rights, subjects
from registry.actors import Role, Staff
from registry.clients import create_client
from registry.context import Caller
from registry.records import GivenValue
from registry.scores import ModelRef
from registry.second_factor import code_at, step_at
from registry.staff import enrol_second_factor
from registry.staff_names import Need, Opinion, Weighed
from tests.architecture.entries import ENTRIES, NOTHING
from tests.house import ANNA, SHOP, House
from tests.http.pages.browser import OWN_PAGE, Browser, code_in, letters
from tests.http.v1.api import Api

PASSWORD = "correct horse battery"
REQUEST = "/v1/subjects/{subject_id}/requests/{request_id}"
ANOTHER = "battery staple horse"
NAMED = {"need": Need.ACCESS_IN_DOUBT.value, "weighed": Weighed.HEARD_OUTWEIGHED.value}
REVIEWED = {"outcome": "changed", "reasons": "Die Mahnung war ein Irrtum."}
CONTRACT = {"kind": "contract", "reference": "order-9", "source": "shop"}
ROW = {"external_id": "A-1", "source": "shop", "collected_for": "order_fulfilment"}


class Visitor:
    """Somebody at one of the two sites, who sends forms with the token that its pages carry for them."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser = browser
        self._site = site

    async def get(self, path: str) -> httpx.Response:
        return await self._browser.get(path)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        cookies = self._browser.cookies
        secret = cookies.get(self._site.session_cookie) or cookies[self._site.visit_cookie]
        return await self._browser.send(path, {"token": self._site._token(secret), **fields}, OWN_PAGE)


class Log:
    """What was written between one look and the next."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._seen = -1
        self.left: dict[str, list[str]] = {}

    async def look(self) -> list[str]:
        """The operations of the entries since the last look."""
        entries = [one for one in await self._house.registry.log.search(Filters(), 50) if one.index > self._seen]
        self._seen = max([self._seen, *(one.index for one in entries)])
        return [one.tree["op"] for one in entries]

    async def took(self, route: str, answer: httpx.Response) -> httpx.Response:
        """Remember what one call left, which must have been answered."""
        assert answer.status_code < 400 or "{rest:path}" in route, (route, answer.status_code, answer.text)
        assert route not in self.left
        self.left[route] = await self.look()
        return answer


async def scored(house: House, external_id: str) -> UUID:
    """Somebody about whom a machine decides."""
    subject_id = await house.customer(external_id, {**ANNA, "email": f"{external_id}@example.com".lower()})
    at = await house.registry.database.now()
    model = ModelRef("bureau_score", "2026-1")
    given = GivenValue("0.31", PurposeId("credit_check"), Origin.THIRD_PARTY, observed_at=at, model=model)
    row = subjects.GivenSubject(external_id, "shop", values={FieldName("credit_score"): given})
    await subjects.upsert(house.registry, Caller("sales"), [row])
    return subject_id


async def call_the_api(api: Api, log: Log) -> None:
    house, subject = api.house, str(await api.house.customer(newsletter=True))
    secret = await create_client(house.registry, "importer")
    basic = {"grant_type": "client_credentials", "client_id": "importer", "client_secret": secret}
    quote = await house.quote("newsletter")
    now = datetime.now(UTC).isoformat()
    consent = {
        "action": "grant", "purpose": "newsletter", "channel": "email", "method": "doi_confirm", "given_at": now,
        "subject_id": subject, "notice": quote.notice, "version": quote.version, "language": quote.language,
        "sha256": quote.sha256,
    }  # fmt: skip
    purchase = {"kind": "purchase", "occurred_at": "2026-10-01T09:00:00Z", "collected_for": "order_fulfilment"}
    lookup = {"purpose": "newsletter", "kind": "email", "value": ANNA["email"]}
    read = {"purpose": "newsletter", "fields": ["email"], "subject_ids": [subject]}
    who = {"subject_id": subject}
    request = {**who, "kind": "access", "touchpoint": "hotline"}
    calls: list[tuple[str, str, str, object]] = [
        ("shop", "GET /v1/purposes", "", None),
        ("shop", "GET /v1/notices/current", "?purpose=newsletter", None),
        ("shop", "PATCH /v1/subjects", "", {**ROW, "values": {"first_name": {"value": "Anne"}}}),
        ("mailer", "POST /v1/subjects/lookup", "", lookup),
        ("mailer", "GET /v1/subjects/{subject_id}", "?purpose=newsletter&fields=email", None),
        ("mailer", "POST /v1/disclosures", "", read),
        ("mailer", "POST /v1/decisions", "", {"purpose": "newsletter", "subject_ids": [subject]}),
        ("shop", "POST /v1/consents", "", consent),
        ("shop", "GET /v1/subjects/{subject_id}/consents", "?purpose=newsletter", None),
        ("shop", "POST /v1/relationships", "", {**who, **CONTRACT, "opened_at": "2026-11-01T09:30:00Z"}),
        ("shop", "POST /v1/relationships/close", "", {**who, **CONTRACT}),
        ("shop", "POST /v1/subjects/{subject_id}/events", "", {"events": [{**purchase, "payload": {"amount": "1"}}]}),
        ("service_desk", "POST /v1/objections", "", who),
        ("service_desk", "POST /v1/requests", "", request),
        ("sales", "GET /v1/subjects/{subject_id}/reviews", "?purpose=credit_check", None),
        ("console", "GET /v1/conflicts", "", None),
        ("console", "GET /v1/audit", "", None),
        ("shop", "GET /v1/audit/checkpoint", "", None),
        ("shop", "GET /v1/audit/tiles/{level}/{number}", "", None),
        ("console", "GET /v1/audit/{index}", "", None),
        ("shop", "GET /.well-known/jwks.json", "", None),
        ("shop", "GET /readyz", "", None),
    ]
    await log.look()
    for client, route, query, body in calls:
        method, path = route.split()
        address = path.format(subject_id=subject, index=0, level=0, number=0) + query
        answer = await api.http.request(method, address, json=body, headers=api.bearer(client))
        await log.took(route, answer)
        if route == "POST /v1/requests":
            address = REQUEST.format(subject_id=subject, request_id=answer.json()["request_id"])
            await log.took(f"GET {REQUEST}", await api.http.get(address, headers=api.bearer("console")))
    rows = [json.dumps({**ROW, "external_id": f"I-{number}"}) for number in range(2)]
    lines = {**api.bearer("importer"), "Content-Type": "application/x-ndjson"}
    sent = await api.http.post("/v1/imports?mode=commit", headers=lines, content="\n".join(rows))
    await log.took("POST /v1/imports", sent)
    await log.took("POST /oauth/token", await api.http.post("/oauth/token", data=basic))


async def call_the_portal(api: Api, log: Log, visitor: Visitor) -> None:
    await scored(api.house, "P-1")
    email = {"email": "p-1@example.com"}
    await log.look()
    for path in ("/portal", "/portal/", "/portal/portal.css", "/portal/nowhere"):
        route = path if path != "/portal/nowhere" else "/portal/{rest:path}"
        await log.took(f"GET {route}", await visitor.get(path))
    await log.took("POST /portal/{rest:path}", await visitor.post("/portal/nowhere"))
    await log.took("POST /portal/code", await visitor.post("/portal/code", **email))
    code = code_in(letters(api.house.settings.home)[-1])
    await log.took("POST /portal/login", await visitor.post("/portal/login", **email, code=code))
    for route in ("/portal/me", "/portal/me.json"):
        await log.took(f"GET {route}", await visitor.get(route))
    (mine,) = await api.house.registry.log.search(Filters(operation=EventTag.SUBJECT_CREATE), 1)
    for route in ("/portal/accesses/{index}", "/portal/accesses/{index}/proof.json"):
        await log.took(f"GET {route}", await visitor.get(route.format(index=mine.index)))
    forms: list[tuple[str, Mapping[str, str]]] = [
        ("/portal/consents/withdraw", {"purpose": "newsletter", "channel": "email"}),
        ("/portal/objections", {}),
        ("/portal/requests", {"kind": "rectification", "field": "street", "value": "Testweg 1"}),
        ("/portal/reviews", {"purpose": "credit_check", "statement": "Ich habe bezahlt."}),
        ("/portal/logout", {}),
    ]
    for route, fields in forms:
        await log.took(f"POST {route}", await visitor.post(route, **fields))


async def call_the_console(api: Api, log: Log, people: Mapping[Role, Visitor]) -> None:
    house, registry = api.house, api.house.registry
    decider, dpo, clerk = people[Role.DECIDER], people[Role.DPO], people[Role.CLERK]
    subject, gone = await scored(house, "K-1"), await house.customer("K-2")
    access = await rights.receive_request(registry, SHOP, subject, rights.RequestKind.ACCESS, rights.Wish())
    wish = rights.Wish(purpose=PurposeId("credit_check"))
    review = await rights.receive_request(registry, SHOP, subject, rights.RequestKind.HUMAN_REVIEW, wish)
    await house.erase(gone)
    colleague = Staff(await house.account("erika", Role.CLERK), Role.CLERK)
    await record_reading(registry, colleague, [PersonRef(subject)])
    (entry,) = await registry.log.search(Filters(operation=EventTag.AUDIT_READ), 1)
    await log.look()
    await log.took("GET /console/login", await decider.get("/console/login"))
    await log.took("POST /console/login", await log_in(house, decider, Role.DECIDER))
    for role in (Role.DPO, Role.CLERK):
        await people[role].get("/console/login")
        await log_in(house, people[role], role)
    await log.look()
    for path in ("", "/", "/account", "/conflicts", "/audit/export", "/console.css"):
        await log.took(f"GET /console{path}", await decider.get(f"/console{path}"))
    await log.took("GET /console/{rest:path}", await decider.get("/console/nowhere"))
    await log.took("POST /console/{rest:path}", await decider.post("/console/nowhere"))
    for route in ("/console/audit/{index}", "/console/audit/{index}/proof.json"):
        await log.took(f"GET {route}", await decider.get(route.format(index=entry.index)))
    forms: list[tuple[Visitor, str, UUID, Mapping[str, str]]] = [
        (dpo, "/console/audit/{index}/opinion", subject, {"opinion": Opinion.FOR.value}),
        (decider, "/console/audit/{index}/name", subject, NAMED | {"told": str(subject)}),
        (decider, "/console/audit/close", subject, {"person": str(gone), "ground": "COURT_ORDER"}),
        (decider, "/console/requests/{subject_id}/{request_id}/decision", access.request_id, {"decision": "accepted"}),
        (decider, "/console/requests/{subject_id}/{request_id}/review/begin", review.request_id, {}),
        (decider, "/console/requests/{subject_id}/{request_id}/review", review.request_id, REVIEWED),
        (dpo, "/console/account/password", subject, {"old": PASSWORD, "new": ANOTHER, "again": ANOTHER}),
        (clerk, "/console/logout", subject, {}),
    ]
    for visitor, route, number, fields in forms:
        path = route.format(index=entry.index, subject_id=subject, request_id=number)
        await log.took(f"POST {route}", await visitor.post(path, **fields))
    case = "/console/requests/{subject_id}/{request_id}"
    path = case.format(subject_id=subject, request_id=access.request_id)
    await log.took(f"GET {case}", await decider.get(path))
    await log.took("POST /console/account/sessions", await decider.post("/console/account/sessions"))


async def log_in(house: House, visitor: Visitor, role: Role) -> httpx.Response:
    staff_id = await house.account(role.value, role, PASSWORD)
    factor = await enrol_second_factor(house.registry, staff_id)
    code = code_at(factor.secret, step_at(await house.registry.database.now()))
    return await visitor.post("/console/login", login=role.value, password=PASSWORD, code=code)


@pytest.mark.sqlite
async def test_every_route_leaves_the_entry_that_the_table_names(sqlite_api: Api) -> None:
    log = Log(sqlite_api.house)
    await call_the_api(sqlite_api, log)
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(Browser(sqlite_api.app)) for _ in range(4)]
        await call_the_portal(sqlite_api, log, Visitor(browsers[0], PORTAL))
        roles = (Role.DECIDER, Role.DPO, Role.CLERK)
        people = {role: Visitor(browser, CONSOLE) for role, browser in zip(roles, browsers[1:], strict=True)}
        await call_the_console(sqlite_api, log, people)
    assert unrecorded(log.left) == {}


def unrecorded(left: Mapping[str, Sequence[str]]) -> dict[str, tuple[object, object]]:
    """Routes that were not called, or did not leave what the table names: that, and what they left."""
    return {
        route: (named, left.get(route))
        for route, named in ENTRIES.items()
        if route not in left or (left[route] != [] if named == NOTHING else named not in left[route])
    }


def test_a_route_that_does_not_leave_what_it_should_is_seen() -> None:
    honest: dict[str, list[str]] = {route: [] if named == NOTHING else [named] for route, named in ENTRIES.items()}
    assert unrecorded(honest) == {}
    for route, named in (("POST /v1/disclosures", EventTag.DISCLOSE), ("GET /portal/me", EventTag.EXPORT)):
        assert unrecorded(honest | {route: []}) == {route: (named, [])}
        assert unrecorded(honest | {route: [EventTag.DECIDE]}) == {route: (named, [EventTag.DECIDE])}
        assert unrecorded({one: left for one, left in honest.items() if one != route}) == {route: (named, None)}
    assert unrecorded(honest | {"GET /docs": ["disclose"], "GET /readyz": ["disclose"]}) == {
        "GET /readyz": (NOTHING, ["disclose"])
    }
