"""The web application: the only place where all rooms meet.

Nothing is served before the registry is ready (durable database, keys, journal, policy).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.staticfiles import StaticFiles

from api import console, portal, problems, v1
from api.compose import open_registry
from api.settings import Settings
from api.tokens import Tokens
from registry.setup import TOKEN_SIGNING_KEY

DESCRIPTION = """Customer data by purpose: every read names one, gets the fields that purpose may have for this person
now, and is in the audit log before the first byte leaves."""


def create_app(settings: Settings) -> FastAPI:
    """The application on a database that has been migrated."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_registry(settings) as registry:
            app.state.registry = registry
            app.state.tokens = Tokens(
                registry.ring.service_key(TOKEN_SIGNING_KEY),
                settings.issuer,
                settings.audience,
                settings.token_lifetime_seconds,
            )
            registry.credentials.watch(app.state.tokens.revoke)
            yield

    app = FastAPI(
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
    problems.install(app)
    _document(app)
    app.include_router(v1.router)
    app.state.shortcuts = v1.shortcuts
    app.include_router(console.router)
    app.include_router(portal.router)
    return app


def _document(app: FastAPI) -> None:
    """The documentation page, with its scripts from this machine: a page of ours loads nothing from elsewhere."""
    assets = files("fastapi_offline") / "static"
    app.mount("/docs/assets", StaticFiles(directory=str(assets)), name="documentation")

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> Response:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="data:,",
        )
