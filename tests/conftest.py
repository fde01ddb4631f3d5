"""Gives every test a fresh database on SQLite and on a real PostgreSQL server, and says at the end what ran where.

Nothing is shared between tests but the two templates that each fresh database is copied from.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, settings

from registry import migrations
from tests.engines import EngineReport, pytest_addoption, pytest_configure  # noqa: F401 - pytest finds its hooks here
from tests.house import ERASER_ROLE, ROLE_PASSWORD, SERVING_ROLE, House, open_house, settings_for
from tests.postgres import Postgres
from tests.sharing import collect_seldom, hash_cheaply, share_routes, share_statements

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
_TEMPLATE = "template_registry"
_MIGRATED = "template_migrated"
_numbers = count(1)

# `ci` finds the same examples on every machine; `explore` looks for new ones.
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

share_statements()
share_routes()
hash_cheaply()
collect_seldom()


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Tests run on the loop that the service runs on."""
    return {"uvloop": uvloop.new_event_loop}


def migrate(url: str) -> None:
    """Bring the empty database at `url` to the newest revision, with the roles of production on PostgreSQL."""
    migrations.upgrade(url, roles=(SERVING_ROLE, ERASER_ROLE))


def start_once(url: str, home: Path) -> None:
    """Make keys, policy and log in a migrated database, with their files in `home`; each test gets a copy of both."""

    async def start() -> None:
        async with open_house(settings_for(url, home)):
            pass

    asyncio.run(start())


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Postgres]:
    """The server of this run, as strict about durability as production demands."""
    with Postgres() as server:
        EngineReport.of(pytestconfig).used_postgresql(server.version)
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the prepared database; its name is `_TEMPLATE`."""
    for role in (SERVING_ROLE, ERASER_ROLE):
        postgres.execute(f"create role {role} login password '{ROLE_PASSWORD}'")
    home = tmp_path_factory.mktemp("postgresql") / "home"
    migrate(postgres.create_database(_MIGRATED).url())
    start_once(postgres.create_database(_TEMPLATE, template=_MIGRATED).url(), home)
    return home


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the prepared database and its files."""
    folder = tmp_path_factory.mktemp("sqlite")
    migrate(f"sqlite+aiosqlite:///{folder / _MIGRATED}")
    shutil.copy(folder / _MIGRATED, folder / _TEMPLATE)
    start_once(f"sqlite+aiosqlite:///{folder / _TEMPLATE}", folder / "home")
    return folder


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ]
)
def engine(request: pytest.FixtureRequest) -> str:
    """The kind of database; a test that asks for it runs on both."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest) -> str:
    """A fresh, prepared database of this test alone, on SQLite and on PostgreSQL; its files lie in `tmp_path/home`."""
    return str(request.getfixturevalue(f"{engine}_url"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, prepared SQLite file; a test that asks for it directly is marked `sqlite`."""
    path = tmp_path / "registry.db"
    with closing(sqlite3.connect(sqlite_template / _TEMPLATE)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    shutil.copytree(sqlite_template / "home", tmp_path / "home")
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres: Postgres, postgres_template: Path, tmp_path: Path) -> Iterator[str]:
    """A fresh, prepared PostgreSQL database; a test that asks for it directly is marked `postgresql`."""
    database = postgres.create_database(f"test_{next(_numbers)}", template=_TEMPLATE)
    shutil.copytree(postgres_template, tmp_path / "home")
    yield database.url()
    postgres.drop_database(database.name)


@pytest.fixture
def unstarted_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that was migrated and never started: no keys, no policy, no log."""
    if engine == "sqlite":
        path = tmp_path / "unstarted" / "registry.db"
        path.parent.mkdir()
        shutil.copy(request.getfixturevalue("sqlite_template") / _MIGRATED, path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    request.getfixturevalue("postgres_template")
    server: Postgres = request.getfixturevalue("postgres")
    database = server.create_database(f"unstarted_{next(_numbers)}", template=_MIGRATED)
    yield database.url()
    server.drop_database(database.name)


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A registry ready to serve, on both engines."""
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        yield House(registry, settings, database_url)


@pytest.fixture
async def sqlite_house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A registry on SQLite alone, for what no engine changes; a test that asks for it is marked `sqlite`."""
    settings = settings_for(sqlite_url, tmp_path / "home")
    async with open_house(settings) as registry:
        yield House(registry, settings, sqlite_url)


@pytest.fixture
async def postgresql_house(postgresql_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A registry on PostgreSQL alone; a test that asks for it is marked `postgresql`."""
    settings = settings_for(postgresql_url, tmp_path / "home")
    async with open_house(settings) as registry:
        yield House(registry, settings, postgresql_url)
