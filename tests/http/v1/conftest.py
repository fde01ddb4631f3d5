"""The real application, started as in production, on both engines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from tests.house import House, settings_for
from tests.http.v1.api import BASE, Api


@asynccontextmanager
async def serve(database_url: str, folder: Path, **others: object) -> AsyncIterator[Api]:
    """The application over this database, until the end of the block; `others` are further settings."""
    settings = settings_for(database_url, folder / "home", **others)
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http,
    ):
        yield Api(app, House(app.state.registry, settings, database_url), http)


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with serve(database_url, tmp_path) as api:
        yield api


@pytest.fixture
async def sqlite_api(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """For what never reaches a database; a test that asks for it is marked `sqlite`."""
    async with serve(sqlite_url, tmp_path) as api:
        yield api
