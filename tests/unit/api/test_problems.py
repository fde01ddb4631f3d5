"""Every error has its row and its section, and no problem repeats the input."""

import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from openapi_schema_validator import OAS31Validator
from starlette.types import Message

import api.app  # noqa: F401 - loads every module that may define an error
from api import problems
from api.boundary import MOST_BYTES, accepted_types
from api.tokens import TokenError
from audit.merkle import ProofError
from audit.store import AuditUnavailableError
from registry.errors import RegistryError
from tests.checkout import ROOT

SECRET = "erika.mustermann@example.com"
RECORDED = {AuditUnavailableError, ProofError, TokenError}


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


ERRORS = sorted({*family(RegistryError), *RECORDED}, key=lambda one: one.__name__)
SECTIONS = re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/problems.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_has_a_row_and_a_section(error: type[Exception]) -> None:
    assert error in problems.KINDS
    assert problems.KINDS[error].slug in SECTIONS


def test_every_kind_has_a_section_with_its_status_and_every_section_its_kind() -> None:
    text = (ROOT / "docs/problems.md").read_text(encoding="utf-8")
    assert sorted(SECTIONS) == sorted(kind.slug for kind in problems.ALL_KINDS)
    for kind in problems.ALL_KINDS:
        assert re.search(rf"^## {kind.slug}\n\n{kind.status}\b", text, re.MULTILINE), kind.slug


def test_one_slug_means_one_kind() -> None:
    kinds = [*problems.KINDS.values(), *problems.ALL_KINDS]
    assert len({kind.slug for kind in kinds}) == len({id(kind) for kind in kinds})


def test_what_could_not_be_recorded_is_closed_and_says_when_to_come_back() -> None:
    kind = problems.kind_of(AuditUnavailableError("x"))
    assert kind.status == 503
    assert problems.respond(kind).headers["retry-after"]


def test_an_unknown_error_of_the_registry_is_an_internal_error() -> None:
    class NewError(RegistryError):
        """Raised never."""

    assert problems.kind_of(NewError()) is problems.INTERNAL
    assert problems.kind_of(ValueError(SECRET)) is problems.INTERNAL


@pytest.mark.parametrize("error", ERRORS)
def test_no_problem_repeats_the_message_of_its_error(error: type[Exception]) -> None:
    app = FastAPI()
    response = problems.answer(error(SECRET), app)
    assert response.media_type == problems.MEDIA_TYPE
    problem = orjson.loads(response.body)
    OAS31Validator(problems.SCHEMA).validate(problem)
    assert problem["status"] == response.status_code == problems.KINDS[error].status
    assert SECRET.encode() not in response.body


def test_reasons_and_index_are_told() -> None:
    members = {"policy": "2026-11-01", "reasons": [{"code": "MINIMISED", "cites": ["GDPR Art. 5(1)(c)"]}]}
    problem = orjson.loads(problems.respond(problems.REFUSED, members=members, log_index=0).body)
    OAS31Validator(problems.SCHEMA).validate(problem)
    assert {name: problem[name] for name in members} == members
    assert problem["log_index"] == 0


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (("body",), ""),
        (("body", "purpose"), "/purpose"),
        (("body", "items", 3, "purpose"), "/*/3/purpose"),
        (("body", "@one", "purpose"), "/purpose"),
        (("query", "purpose"), "/purpose"),
        (("body", "values", SECRET, "[key]"), "/*/*/*"),
        (("body", "a/b"), "/*"),
        ((), ""),
    ],
)
def test_a_pointer_shows_declared_names_and_hides_all_others(place: tuple[str | int, ...], shown: str) -> None:
    assert problems.pointer(place, frozenset({"purpose"})) == shown


def test_at_most_twenty_places_are_told() -> None:
    error = RequestValidationError([{"type": "missing", "loc": ("body", SECRET)}] * 500)
    problem = orjson.loads(problems.answer(error, FastAPI()).body)
    assert problem["errors"] == [{"pointer": "/*", "code": "missing"}] * 20


def application() -> FastAPI:
    router = APIRouter()

    @router.get("/fail/{kind}")
    async def fail(kind: str) -> Response:
        raise {"value": ValueError(SECRET), "forbidden": HTTPException(403, SECRET)}.get(
            kind, HTTPException(303, None, {"Location": "/"})
        )

    @router.get("/number")
    async def number(value: int) -> int:
        return value

    @router.get("/broken")
    async def broken() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise ValueError(SECRET)

        return StreamingResponse(parts())

    @router.post("/size")
    async def size(request: Request) -> Response:
        return Response(str(len(await request.body())))

    @router.post("/v1/size")
    async def size_of_json(value: dict[str, Any]) -> Response:
        return Response(str(len(value)))

    @router.patch("/v1/size")
    async def size_of_patch(value: dict[str, Any]) -> Response:
        return Response(str(len(value)))

    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    return app


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(application(), raise_app_exceptions=True), base_url="http://registry.example.test"
    )


async def test_an_unforeseen_error_is_known_by_its_type_alone(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = await client.get("/fail/value")
    assert response.status_code == 500
    assert response.json()["type"] == "/problems/internal-error"
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == f"ValueError {response.json()['instance']}"
    assert record.exc_info is None
    assert SECRET not in response.text + caplog.text


async def test_errors_of_the_framework_are_problems_too(client: httpx.AsyncClient) -> None:
    for method, path, status, slug in (
        ("GET", f"/{SECRET}", 404, "not-found"),
        ("DELETE", "/size", 405, "method-not-allowed"),
        ("GET", "/fail/forbidden", 403, "forbidden"),
        ("GET", f"/number?value={SECRET}", 422, "invalid-request"),
        ("GET", "/number", 422, "invalid-request"),
    ):
        response = await client.request(method, path)
        assert (response.status_code, response.json()["type"]) == (status, f"/problems/{slug}")
        assert response.headers["content-type"] == problems.MEDIA_TYPE
        assert response.headers["cache-control"] == "no-store"
        assert SECRET not in response.text
    assert (await client.request("DELETE", "/size")).headers["allow"] == "POST"


async def test_a_redirect_stays_a_redirect(client: httpx.AsyncClient) -> None:
    response = await client.get("/fail/elsewhere")
    assert (response.status_code, response.headers["location"]) == (303, "/")


async def test_an_answer_that_breaks_off_ends_without_a_trace(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/broken",
        "raw_path": b"/broken",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [],
        "client": ("c", 1),
        "server": ("s", 80),
    }
    await application()(scope, receive, send)
    assert [message.get("body") for message in sent[1:]] == [b"half"]
    assert sent[1]["more_body"]
    assert SECRET not in caplog.text


async def test_a_body_is_counted_whatever_its_header_claims(client: httpx.AsyncClient) -> None:
    async def parts(number: int) -> AsyncIterator[bytes]:
        for _ in range(number):
            yield b"x" * 65_536

    allowed = await client.post("/size", content=parts(16))
    assert allowed.text == str(MOST_BYTES)
    for response in (
        await client.post("/size", content=parts(17)),
        await client.post("/size", content=b"x" * (MOST_BYTES + 1)),
        await client.post("/v1/size", content=parts(17), headers={"Content-Type": "application/json"}),
    ):
        assert (response.status_code, response.json()["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize(
    "stated",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "multipart/form-data",
        "application/x-ndjson",
    ],
)
async def test_another_content_type_is_refused(client: httpx.AsyncClient, stated: str) -> None:
    headers = {"Content-Type": stated} if stated else {}
    for method in ("POST", "PATCH"):
        response = await client.request(method, "/v1/size", content=b"{}", headers=headers)
        assert (response.status_code, response.json()["type"]) == (415, "/problems/unsupported-media-type")


async def test_two_content_types_are_none(client: httpx.AsyncClient) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "application/json")]
    assert (await client.post("/v1/size", content=b"{}", headers=headers)).status_code == 415


@pytest.mark.parametrize("stated", ["application/json", "Application/JSON; charset=utf-8"])
async def test_json_is_taken(client: httpx.AsyncClient, stated: str) -> None:
    response = await client.post("/v1/size", content=b"{}", headers={"Content-Type": stated})
    assert response.text == "0"


def test_each_resource_takes_its_own_content_type() -> None:
    for method, path, types in (
        ("POST", "/v1/imports", {"application/x-ndjson"}),
        ("PATCH", "/v1/subjects", {"application/json", "application/merge-patch+json"}),
        ("POST", "/v1/subjects/lookup", {"application/json"}),
        ("POST", "/oauth/token", {"application/x-www-form-urlencoded"}),
    ):
        assert set(accepted_types(method, path) or ()) == types
    assert accepted_types("GET", "/v1/purposes") is None
    assert accepted_types("POST", "/portal/code") is None
