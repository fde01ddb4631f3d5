"""A client that holds the service to its word: every answer against its document, every problem against the input.

Whatever a test asks, `Api` looks at each answer: a success must be what the OpenAPI document says, a failure must be
a problem that repeats nothing of what was sent, and nothing may be cached.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from openapi_schema_validator import OAS31Validator

from api.app import create_app
from api.problems import SCHEMA
from api.settings import Settings
from audit.log import Filters
from tests.house import House

BASE = "http://registry.example.test"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Api:
    """One running service."""

    app: FastAPI
    house: House
    http: httpx.AsyncClient

    def bearer(self, client: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.app.state.tokens.issue(client)}"}

    async def call(
        self,
        client: str | None,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Ask as a client, or as nobody; the answer has been looked at."""
        given = {**(self.bearer(client) if client else {}), **(headers or {})}
        response = await self.http.request(method, path, params=query, headers=given, json=body)
        self.look_at(response, [body, query])
        return response

    async def get(self, client: str | None, path: str, /, **query: str) -> httpx.Response:
        return await self.call(client, "GET", path, query=query)

    async def post(self, client: str | None, path: str, body: object) -> httpx.Response:
        return await self.call(client, "POST", path, body)

    async def patch(self, client: str | None, path: str, body: object) -> httpx.Response:
        return await self.call(client, "PATCH", path, body)

    async def log(self, operation: str, limit: int = 50) -> list[dict[str, Any]]:
        """The bodies of the newest entries of one operation, newest first."""
        return [one.tree for one in await self.house.registry.log.search(Filters(operation=operation), limit)]

    def look_at(self, response: httpx.Response, sent: object) -> None:
        assert response.headers["cache-control"] == "no-store"
        if response.status_code >= 400:
            if response.headers["content-type"] == PROBLEM:
                assert_problem(response, sent)
            return
        self._look_at_success(response)

    def _look_at_success(self, response: httpx.Response) -> None:
        pattern = pattern_of(described(), response.request.method, response.request.url.path)
        media = response.headers["content-type"].partition(";")[0]
        validator = validator_of(response.request.method.lower(), pattern, str(response.status_code), media)
        lines = response.text.splitlines() if "ndjson" in response.headers["content-type"] else [response.text]
        for line in lines:
            validator.validate(httpx.Response(200, text=line).json())


@cache
def described() -> dict[str, Any]:
    """The OpenAPI document; it is the same for every database."""
    return create_app(Settings()).openapi()


@cache
def validator_of(method: str, pattern: str, status: str, media: str) -> OAS31Validator:
    """What a documented answer must look like."""
    document = described()
    schema = document["paths"][pattern][method]["responses"][status]["content"][media]["schema"]
    return OAS31Validator({**schema, "components": document["components"]})


def assert_problem(response: httpx.Response, sent: object) -> None:
    """A problem as documented, that says nothing of what was sent."""
    problem = response.json()
    OAS31Validator(SCHEMA).validate(problem)
    assert problem["status"] == response.status_code
    shown = response.text
    assert not [value for value in texts(sent) if value in shown]


def texts(tree: object) -> Iterator[str]:
    """Every text of a tree that could only have come from it; words of the law are shared by both sides."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if name not in {"kind", "action", "operation", "outcome", "fields", "mode"}:
                yield from texts(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from texts(value)
    elif isinstance(tree, str) and len(tree) > 2:
        yield tree


def pattern_of(document: dict[str, Any], method: str, path: str) -> str:
    """The documented path a request belongs to."""
    asked = path.split("/")
    for pattern, operations in sorted(document["paths"].items(), key=lambda item: "{" in item[0]):
        parts = pattern.split("/")
        fits = len(parts) == len(asked) and all(p == a or p.startswith("{") for p, a in zip(parts, asked, strict=True))
        if fits and method.lower() in operations:
            return str(pattern)
    message = f"not documented: {method} {path}"
    raise AssertionError(message)
