"""What holds for every route alike, read from the document itself: so that no new route can forget it."""

from typing import Any
from uuid import uuid4

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import v1
from api.boundary import MOST_BYTES, accepted_types
from audit.store import AuditUnavailableError
from tests.house import ANNA
from tests.http.v1.api import Api, described

OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in described()["paths"].items()
    if path.startswith(("/v1/", "/oauth", "/.well-known"))
    for method, operation in operations.items()
]
GUARDED = [(method, path) for method, path, operation in OPERATIONS if path.startswith("/v1/")]
PUBLIC = {"/oauth/token", "/.well-known/jwks.json"}
FILLED = {"subject_id": str(uuid4()), "request_id": str(uuid4()), "index": "0", "level": "0", "number": "0"}


def schema(part: dict[str, Any]) -> OAS31Validator:
    return OAS31Validator({**part, "components": described()["components"]})


def examples(content: dict[str, Any]) -> list[object]:
    named = [example["value"] for example in content.get("examples", {}).values()]
    return [*named, content["example"]] if "example" in content else named


def headers_for(method: str, path: str) -> dict[str, str]:
    types = sorted(accepted_types(method, path) or ())
    return {"Content-Type": types[0]} if types else {}


def test_the_document_is_valid_openapi() -> None:
    assert described()["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(described()).validate()


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_request_and_answer_has_an_example_that_fits(method: str, path: str, operation: dict[str, Any]) -> None:
    parts = list(operation.get("requestBody", {}).get("content", {}).values())
    assert method == "GET" or parts
    for status, response in operation["responses"].items():
        if int(status) < 300:
            parts += list(response["content"].values())
    for part in parts:
        assert examples(part)
        for example in examples(part):
            if "$ref" in part["schema"] or "oneOf" in part["schema"] or "anyOf" in part["schema"]:
                schema(part["schema"]).validate(example)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_operation_says_what_it_does_and_how_it_fails(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["tags"]
    assert operation["description"]
    assert ("security" in operation) is (path not in PUBLIC)
    failures = {status: response for status, response in operation["responses"].items() if int(status) >= 400}
    assert path in PUBLIC or {"401", "422", "503"} <= failures.keys()
    for status, response in failures.items():
        if path != "/oauth/token" or status not in {"400", "401"}:
            (content,) = response["content"].items()
            assert content == ("application/problem+json", {"schema": {"$ref": "#/components/schemas/Problem"}})


async def test_nobody_gets_past_the_door_of_any_route(api: Api) -> None:
    for method, path in GUARDED:
        response = await api.http.request(method, path.format(**FILLED), headers=headers_for(method, path))
        assert (response.status_code, response.json()["type"]) == (401, "/problems/not-authenticated"), path
        api.look_at(response, [])
    refusals = await api.log("token-refuse")
    assert len(refusals) == len(GUARDED)
    assert {entry["out"] for entry in refusals} == {"deny"}


async def test_a_request_that_cannot_be_recorded_is_not_answered(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither whose token is no good, nor who may read: 503 and not one byte of anybody."""
    subject = await api.house.customer(newsletter=True)

    async def fail(*_: object) -> None:
        raise AuditUnavailableError

    monkeypatch.setattr(api.house.registry.log, "append", fail)
    for path, query in (
        (f"/v1/subjects/{subject}", {"purpose": "newsletter", "fields": "email"}),
        (f"/v1/subjects/{subject}", {"purpose": "world_domination", "fields": "email"}),
        (f"/v1/subjects/{subject}/consents", {"purpose": "newsletter"}),
        ("/v1/conflicts", {}),
        ("/v1/audit", {}),
    ):
        for client in ("mailer", None):
            response = await api.get(client, path, **query)
            assert (response.status_code, response.json()["type"]) == (503, "/problems/not-recorded"), path
            assert response.headers["retry-after"]
            assert ANNA["email"] not in response.text
    for path, body in (
        ("/v1/disclosures", {"purpose": "newsletter", "fields": ["email"], "subject_ids": [str(subject)]}),
        ("/v1/decisions", {"purpose": "newsletter", "subject_ids": [str(subject)]}),
        ("/v1/subjects/lookup", {"purpose": "newsletter", "kind": "email", "value": ANNA["email"]}),
    ):
        response = await api.post("shop", path, body)
        assert (response.status_code, response.json()["type"]) == (503, "/problems/not-recorded"), path


@pytest.mark.sqlite
async def test_another_content_type_or_too_large_a_body_is_refused_everywhere(sqlite_api: Api) -> None:
    api = sqlite_api
    for method, path, _ in OPERATIONS:
        if method == "GET":
            continue
        headers = api.bearer("shop")
        asked = path.format(**FILLED)
        wrong = await api.http.request(method, asked, headers={**headers, "Content-Type": "text/csv"}, content=b"a;b")
        assert (wrong.status_code, wrong.json()["type"]) == (415, "/problems/unsupported-media-type"), path
        if path != "/v1/imports":
            own = {**headers, **headers_for(method, path)}
            large = await api.http.request(method, asked, headers=own, content=b" " * (MOST_BYTES + 1))
            assert (large.status_code, large.json()["type"]) == (413, "/problems/too-large"), path


@pytest.mark.sqlite
async def test_what_is_not_there_is_a_problem_too(sqlite_api: Api) -> None:
    response = await sqlite_api.get("shop", "/v1/gossip")
    assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")
    response = await sqlite_api.call("shop", "DELETE", "/v1/purposes")
    assert (response.status_code, response.json()["type"]) == (405, "/problems/method-not-allowed")


async def test_the_short_way_and_the_long_way_give_the_same_answer(api: Api) -> None:
    """What `Shortcuts` finds is what the framework's own router would have found."""
    subject = await api.house.customer(newsletter=True)
    questions: list[tuple[str, str, str, object]] = [
        ("mailer", "GET", f"/v1/subjects/{subject}?purpose=newsletter&fields=email", None),
        ("mailer", "GET", f"/v1/subjects/{uuid4()}?purpose=newsletter&fields=email", None),
        ("mailer", "GET", "/v1/subjects/erika?purpose=newsletter&fields=email", None),
        ("console", "GET", "/v1/audit/checkpoint", None),
        ("console", "GET", "/v1/audit/0", None),
        ("shop", "POST", "/v1/subjects/lookup", {"purpose": "newsletter", "kind": "email", "value": ANNA["email"]}),
        ("shop", "POST", f"/v1/subjects/{subject}/events", {"events": []}),
        ("shop", "GET", "/v1/purposes", None),
    ]
    for client, method, path, body in questions:
        found = v1.shortcuts.find(method, path.partition("?")[0])
        assert found is not None, path
        answers = []
        for shortcuts in (v1.shortcuts, None):
            api.app.state.shortcuts = shortcuts
            response = await api.http.request(method, path, headers=api.bearer(client), json=body)
            api.look_at(response, [])
            answers.append((response.status_code, sorted(response.json())))
        assert answers[0] == answers[1], path


def test_every_guarded_route_has_its_short_way() -> None:
    for method, path in GUARDED:
        assert v1.shortcuts.find(method, path.format(**FILLED)) is not None
    assert v1.shortcuts.find("GET", "/v1/gossip") is None
    assert v1.shortcuts.find("DELETE", "/v1/purposes") is None


async def test_a_defect_tells_nothing_of_anybody(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    subject = await api.house.customer(newsletter=True)

    async def break_down(*_: object) -> None:
        raise ValueError(ANNA["email"])

    monkeypatch.setattr("api.v1.disclosures.disclose", break_down)
    with caplog.at_level("DEBUG"):
        response = await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
    assert (response.status_code, response.json()["type"]) == (500, "/problems/internal-error")
    assert ANNA["email"] not in response.text + caplog.text
    assert f"ValueError {response.json()['instance']}" in caplog.text
