"""Every route is known, with the audit entry it leaves; a new route without one fails here (promises 1 and 2).

What counts is what is served once the application runs, wherever it hangs: the tests walk to it, and plant there what
they must see.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api import problems, v1
from api.app import create_app
from api.boundary import Boundary
from api.routes import Handler, LeanRoute, Shortcuts
from api.settings import Settings
from tests.architecture.entries import BESIDE, ENTRIES
from tests.house import settings_for
from tests.http.routes import names, served

EXPECTED = sorted([*ENTRIES, *BESIDE])
KNOWN_HANDLERS = {problems.__name__, "fastapi.exception_handlers"}


@pytest.mark.sqlite
async def test_every_route_is_known_with_its_entry(sqlite_url: str, tmp_path: Path) -> None:
    """After the start, because a start could add some; twice the same counts twice."""
    app = create_app(settings_for(sqlite_url, tmp_path / "home"))
    async with app.router.lifespan_context(app):
        assert names(app) == EXPECTED
        assert beside_the_routes(app) == []
        assert short_ways(app) == []


def beside_the_routes(app: FastAPI) -> list[str]:
    """What would answer instead of a route, or instead of its function."""
    found = [str(one.cls) for one in app.user_middleware if str(one.cls) != str(Boundary)]
    found += [f"{Boundary.__name__} is missing"] * (len(app.user_middleware) - len(found) != 1)
    found += ["what is not found"] * (app.router.default != app.router.not_found)
    found += [str(one) for one in app.dependency_overrides]
    return found + [str(one) for one in app.exception_handlers.values() if one.__module__ not in KNOWN_HANDLERS]


def short_ways(app: FastAPI) -> list[str]:
    """Short ways that lead elsewhere than the long way does."""
    shortcuts: Shortcuts = app.state.shortcuts
    long = {name: route.endpoint for name, route in served(app) if isinstance(route, LeanRoute)}
    short = [(f"{method} {path}", handler) for (method, path), handler in shortcuts._fixed.items()]
    short += [(f"{method} {template}", handler) for method, _, handler, _, template in shortcuts._patterns]
    return [name for name, handler in short if _endpoint(handler) != long.get(name)]


def _endpoint(handler: Handler) -> object:
    return inspect.getclosurevars(handler).nonlocals["endpoint"]


async def evil(request: Request) -> Response:
    return PlainTextResponse("everything")


async def lean() -> Response:
    return PlainTextResponse("everything")


async def evil_app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("everything")(scope, receive, send)


def router(path: str = "/v1/evil", **options: bool) -> APIRouter:
    made = APIRouter(**options)  # type: ignore[arg-type]  # one option of any type
    made.add_api_route(path, evil)
    return made


def nested() -> APIRouter:
    outer = APIRouter()
    outer.include_router(router("/more"), prefix="/evil")
    return outer


def with_mount() -> APIRouter:
    made = APIRouter()
    made.mount("/evil", evil_app)
    return made


def with_socket() -> APIRouter:
    made = APIRouter()
    made.add_api_websocket_route("/evil", evil)
    return made


def inner() -> FastAPI:
    made = FastAPI(openapi_url=None)
    made.add_api_route("/hidden", evil)
    return made


PLANTED: dict[str, tuple[Callable[[FastAPI], object], set[str]]] = {
    "a router": (lambda app: app.include_router(router()), {"GET /v1/evil"}),
    "a hidden router": (lambda app: app.include_router(router(include_in_schema=False)), {"GET /v1/evil"}),
    "a router in a router": (lambda app: app.include_router(nested()), {"GET /evil/more"}),
    "a prefix": (lambda app: app.include_router(router("/me"), prefix="/portal"), {"GET /portal/me"}),
    "a known route again": (lambda app: app.include_router(router("/portal/me")), {"GET /portal/me"}),
    "a known path by another method": (
        lambda app: app.add_api_route("/metrics", evil, methods=["POST"]),
        {"POST /metrics"},
    ),
    "a plain route": (lambda app: app.add_route("/evil", evil, methods=["PUT"]), {"PUT /evil"}),
    "a mount": (lambda app: app.mount("/evil", evil_app), {"Mount /evil"}),
    "a mount under a known path": (lambda app: app.mount("/docs/assets", evil_app), {"Mount /docs/assets"}),
    "an application in a mount": (lambda app: app.mount("/evil", inner()), {"Mount /evil", "GET /evil/hidden"}),
    "a mount in a router": (lambda app: app.include_router(with_mount()), {"Mount /evil"}),
    "a socket": (lambda app: app.add_api_websocket_route("/evil", evil), {"APIWebSocketRoute /evil"}),
    "a socket in a router": (lambda app: app.include_router(with_socket()), {"APIWebSocketRoute /evil"}),
    "a host": (lambda app: app.host("evil.example.test", evil_app), {"Host "}),
}


@pytest.mark.parametrize("trick", PLANTED)
def test_whatever_is_served_is_seen(trick: str) -> None:
    app = create_app(Settings())
    plant, added = PLANTED[trick]
    plant(app)
    shown = names(app)
    for one in EXPECTED:
        shown.remove(one)
    assert set(shown) == added


@pytest.mark.sqlite
async def test_what_a_start_adds_is_seen(sqlite_url: str, tmp_path: Path) -> None:
    app = create_app(settings_for(sqlite_url, tmp_path / "home"))
    starting = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with starting(app):
            app.add_api_route("/evil", evil)
            yield

    app.router.lifespan_context = lifespan
    async with app.router.lifespan_context(app):
        assert names(app) == sorted([*EXPECTED, "GET /evil"])


async def dispatch(request: Request, call_next: RequestResponseEndpoint) -> Response:
    return PlainTextResponse("everything")


async def refuse(request: Request, error: Exception) -> Response:
    return PlainTextResponse("everything")


BESIDE_PLANTED: dict[str, Callable[[FastAPI], object]] = {
    "a middleware": lambda app: app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch),
    "the boundary twice": lambda app: app.add_middleware(Boundary, answer=problems.answer),
    "no boundary": lambda app: app.user_middleware.clear(),
    "what is not found": lambda app: setattr(app.router, "default", evil_app),
    "an answer to errors": lambda app: app.add_exception_handler(404, refuse),
    "another dependency": lambda app: app.dependency_overrides.update({evil: evil}),
}


@pytest.mark.parametrize("trick", BESIDE_PLANTED)
def test_whatever_answers_beside_the_routes_is_seen(trick: str) -> None:
    app = create_app(Settings())
    assert beside_the_routes(app) == []
    BESIDE_PLANTED[trick](app)
    assert len(beside_the_routes(app)) == 1


@pytest.mark.parametrize("path", ["/v1/evil", "/v1/purposes", "/v1/subjects/{subject_id}"])
def test_a_short_way_that_leads_elsewhere_is_seen(path: str) -> None:
    app = create_app(Settings())
    assert short_ways(app) == []
    effective = 0
    for routes in ([*v1._routes, LeanRoute(path, lean)], [LeanRoute(path, lean), *v1._routes]):
        app.state.shortcuts = Shortcuts(routes)
        found = app.state.shortcuts.find("GET", path.format(subject_id=UUID(int=0)))
        if _endpoint(found.handler) is lean:
            effective += 1
            assert short_ways(app) == [f"GET {path}"]
    assert effective
