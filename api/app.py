"""The web application: the only place where all rooms meet.

Nothing is served before the registry is ready (durable database, keys, journal, policy).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.staticfiles import StaticFiles

from api import console, portal, problems, v1
from api.compose import open_registry
from api.metrics import MEDIA_TYPE, Metrics, is_operator
from api.settings import Settings
from api.token_keys import tokens_of
from registry.errors import NotFoundError
from registry.standing import standing

DESCRIPTION = """Customer data by purpose: every read names one, gets the fields that purpose may have for this person
now, and is in the audit log before the first byte leaves."""

_BUILT: list[bytes] = []


def create_app(settings: Settings) -> FastAPI:
    """The application on a database that has been migrated."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _openapi(app)
        async with open_registry(settings) as registry:
            app.state.registry = registry
            app.state.tokens = tokens_of(registry, settings)
            registry.credentials.watch(app.state.tokens.revoke)
            yield

    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        title="Consent and customer data registry",
        version="0.1.0",
        summary="Encrypted customer data, purpose-bound consent, audited reads",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    problems.install(app)
    _document(app)
    _measure(app, settings.metrics_token)
    app.include_router(v1.router)
    app.state.shortcuts = v1.shortcuts
    app.include_router(console.router)
    app.include_router(portal.router)
    return app


def _openapi(app: FastAPI) -> bytes:
    """The OpenAPI document, built once a process: every application of this module has the same routes."""
    if not _BUILT:
        _BUILT.append(orjson.dumps(app.openapi()))
    return _BUILT[0]


def _document(app: FastAPI) -> None:
    """The OpenAPI document, and the page that shows it with scripts from this machine: ours load nothing elsewhere."""
    assets = files("fastapi_offline") / "static"
    app.mount("/docs/assets", StaticFiles(directory=str(assets)), name="documentation")

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(_openapi(app), media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> Response:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="data:,",
        )


def _measure(app: FastAPI, token: str) -> None:
    """What the operator's monitoring reads, under a token of its own; to everybody else there is no such page."""

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if not is_operator(request.headers.get("authorization", ""), token):
            raise NotFoundError("no such page")
        now = await standing(request.app.state.registry)
        gauges = {
            "registry_letters_waiting": ("Letters that the mail server has not taken yet.", now.letters_waiting),
            "registry_requests_open": ("Requests of data subjects not decided yet.", now.requests_open),
            "registry_requests_overdue": ("Open requests past their due date (Art. 12(3) GDPR).", now.requests_overdue),
            "registry_journal_entries": ("Lines of the journal outside the database.", now.journal_entries),
        }
        return Response(app.state.metrics.text(gauges), media_type=MEDIA_TYPE)
