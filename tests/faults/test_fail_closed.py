"""Whatever keeps the log from recording: 503, not one byte of anybody, not ready; and on again without a restart."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from api.compose import open_registry
from audit import sqlite_store
from audit.postgres_store import PostgresStore
from audit.sqlite_store import SqliteStore
from audit.store import AuditUnavailableError
from policies.vocabulary import Channel
from registry.errors import KeyUnavailableError, NotReadyError
from tests.house import ANNA, House, settings_for
from tests.http.v1.api import Api
from tests.http.v1.conftest import serve
from tests.rollback import blob

UNAVAILABLE = 503
ONE_PAGE = 4096  # bytes


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with serve(database_url, tmp_path) as api:
        yield api


@pytest.fixture
async def on_postgresql(postgresql_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with serve(postgresql_url, tmp_path) as api:
        yield api


@pytest.fixture
async def on_sqlite(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with serve(sqlite_url, tmp_path) as api:
        yield api


Cause = Callable[[], Awaitable[None]]


async def _closes_and_opens(api: Api, subject: UUID, begin: Cause, end: Cause) -> None:
    """Serves, is closed while the cause is there, and serves again."""
    path = f"/v1/subjects/{subject}?purpose=order_fulfilment&fields=email"
    assert (await api.call("shop", "GET", path)).status_code == 200
    await begin()
    try:
        for asked in (path, f"/v1/subjects/{subject}/consents?purpose=newsletter", "/readyz"):
            refused = await api.call("shop", "GET", asked)
            assert refused.status_code == UNAVAILABLE, asked
            assert ANNA["email"] not in refused.text
    finally:
        await end()
    for _ in range(50):
        if (await api.get(None, "/readyz")).status_code == 200:
            break
        await asyncio.sleep(0.1)
    assert ANNA["email"] in (await api.call("shop", "GET", path)).text


async def test_a_clock_that_stepped_back(api: Api) -> None:
    subject = await api.house.customer()
    later = "UPDATE audit_head SET second = second {} 3600"
    await _closes_and_opens(
        api,
        subject,
        lambda: api.house.as_owner(later.format("+")),
        lambda: api.house.as_owner(later.format("-")),
    )


async def test_a_log_whose_table_is_gone(api: Api) -> None:
    subject = await api.house.customer()
    await _closes_and_opens(
        api,
        subject,
        lambda: api.house.as_owner("ALTER TABLE audit_head RENAME TO audit_head_away"),
        lambda: api.house.as_owner("ALTER TABLE audit_head_away RENAME TO audit_head"),
    )


@pytest.mark.sqlite
async def test_a_disk_that_is_full(on_sqlite: Api, tmp_path: Path) -> None:
    """Files of this process may not grow: SQLite gets what a full disk gives."""
    api = on_sqlite
    subject = await api.house.customer()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ONE_PAGE, before[1]))

    async def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    try:
        await _full(api, subject, fill)
    finally:
        await free()
    path = f"/v1/subjects/{subject}?purpose=order_fulfilment&fields=email"
    assert ANNA["email"] in (await api.call("shop", "GET", path)).text
    assert (await api.house.registry.log.reconcile()).wrong == ()


@pytest.mark.sqlite
async def test_a_disk_that_is_nearly_full(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readiness and reads say the same, before a page is missing."""
    left = [sqlite_store.ROOM_BYTES]
    monkeypatch.setattr(sqlite_store, "free_bytes", lambda _path: left[0])
    subject = await on_sqlite.house.customer()

    async def fill() -> None:
        left[0] -= 1

    async def free() -> None:
        left[0] += 1

    await _closes_and_opens(on_sqlite, subject, fill, free)


async def _full(api: Api, subject: UUID, fill: Cause) -> None:
    await fill()
    path = f"/v1/subjects/{subject}?purpose=order_fulfilment&fields=email"
    answers = [await api.call("shop", "GET", path) for _ in range(40)]
    refused = [answer for answer in answers if answer.status_code == UNAVAILABLE]
    assert refused
    assert all(ANNA["email"] not in answer.text for answer in refused)
    assert {answer.status_code for answer in answers} <= {200, UNAVAILABLE}
    assert answers[-1].status_code == UNAVAILABLE


@asynccontextmanager
async def _owner(url: str) -> AsyncIterator[asyncpg.Connection]:
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def _drop_connections(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )


@pytest.mark.postgresql
async def test_a_database_that_is_down(on_postgresql: Api) -> None:
    api = on_postgresql
    subject = await api.house.customer()
    async with _owner(api.house.owner_url) as owner:
        name = await owner.fetchval("SELECT current_database()")

        async def down() -> None:
            await owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
            await _drop_connections(owner)

        async def up() -> None:
            await owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')

        await _closes_and_opens(api, subject, down, up)


@pytest.mark.postgresql
async def test_commits_that_would_not_be_durable(on_postgresql: Api) -> None:
    """Switched off under the running service; the next connection has it."""
    api = on_postgresql
    subject = await api.house.customer()
    async with _owner(api.house.owner_url) as owner:
        name = await owner.fetchval("SELECT current_database()")

        async def weaken() -> None:
            await owner.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
            await _drop_connections(owner)

        async def strengthen() -> None:
            await owner.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')
            await _drop_connections(owner)

        await _closes_and_opens(api, subject, weaken, strengthen)


@pytest.mark.postgresql
async def test_a_start_with_weak_commits_is_refused(postgresql_url: str, tmp_path: Path) -> None:
    async with _owner(postgresql_url) as owner:
        name = await owner.fetchval("SELECT current_database()")
        await owner.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    with pytest.raises(NotReadyError, match="synchronous_commit=off"):
        async with open_registry(settings_for(postgresql_url, tmp_path / "home")):
            pass


@pytest.mark.postgresql
async def test_a_head_that_somebody_else_holds(postgresql_house: House) -> None:
    house = postgresql_house
    dsn = make_url(house.settings.database).set(drivername="postgresql").render_as_string(hide_password=False)
    store = PostgresStore(dsn, lock_timeout_seconds=0.2)
    async with _owner(house.owner_url) as owner:
        async with owner.transaction():
            await owner.execute("SELECT 1 FROM audit_head FOR UPDATE")
            with pytest.raises(AuditUnavailableError, match="LockNotAvailable"):
                await _touch(store)
        await _touch(store)
    await store.close()


async def _touch(store: PostgresStore | SqliteStore) -> None:
    async with store.batch():
        pass


@pytest.mark.sqlite
async def test_a_file_that_another_program_writes(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_registry(settings_for(sqlite_url, tmp_path / "home")):
        pass
    path = Path(make_url(sqlite_url).database or "")
    monkeypatch.setattr(sqlite_store, "PRAGMAS", (*sqlite_store.PRAGMAS, "busy_timeout=50"))
    store = SqliteStore(path, asyncio.Lock())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AuditUnavailableError, match="OperationalError"):
        await _touch(store)
    other.execute("ROLLBACK")
    other.close()
    await _touch(store)
    await store.close()


@pytest.mark.sqlite
@pytest.mark.parametrize("weak", ["synchronous=NORMAL", "synchronous=OFF"])
async def test_a_file_whose_commits_would_not_be_durable(
    sqlite_url: str, weak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(Path(make_url(sqlite_url).database or ""), asyncio.Lock())
    monkeypatch.setattr(sqlite_store, "PRAGMAS", (*sqlite_store.PRAGMAS, weak))
    with pytest.raises(AuditUnavailableError, match="not be durable"):
        await _touch(store)


async def test_a_log_without_its_signer_is_not_opened(house: House) -> None:
    await house.as_owner("DELETE FROM service_key WHERE name = 'audit-signing'")
    await house.registry.log.stop()
    await house.registry.database.close()
    with pytest.raises(KeyUnavailableError):
        async with open_registry(house.settings):
            pass


async def test_one_unreadable_intent_blocks_nobody_and_is_not_lost(house: House) -> None:
    await house.registry.log.integrate()
    drafts = [b"", b"gossip", b"{}", b"[1]", b'{"op":"no-such"}', b"\xff"]
    at = "0" if house.registry.database.engine == "sqlite" else "now()"
    for number, draft in enumerate(drafts):
        uid = UUID(int=number)
        literal = f"x'{uid.hex}'" if house.registry.database.engine == "sqlite" else f"'{uid}'"
        await house.as_owner(
            f"INSERT INTO audit_intent (uid, created_at, draft) VALUES ({literal}, {at}, {blob(house, draft)})"  # noqa: S608 - own words
        )
    log = house.registry.log
    recorded = await log.append(house.some_entry(), None)
    entries = [await log.entry(recorded.index + number) for number in range(1, len(drafts) + 1)]
    assert [entry.tree["op"] for entry in entries if entry] == ["intent-quarantine"] * len(drafts)
    found = await log.reconcile()
    assert (found.quarantined, found.wrong) == (len(drafts), ("an intent is in quarantine",))
    await log.append(house.some_entry(), None)
    assert (await log.reconcile()).quarantined == len(drafts)


async def test_one_damaged_audit_key_stops_only_whom_it_concerns(house: House) -> None:
    subject_id = await house.customer()
    other = await house.customer("A-2", {"city": "Kiel"})
    await house.as_owner(
        f"UPDATE audit_person_key SET wrapped = {blob(house, bytes(60))} WHERE person_ref = {_id(house, subject_id)}"  # noqa: S608 - own words
    )
    with pytest.raises(AuditUnavailableError):
        await house.read("shop", "order_fulfilment", ["city"], subject_id)
    with pytest.raises(AuditUnavailableError, match="waits for a key"):
        await house.grant(subject_id, "newsletter", Channel.EMAIL)
    await house.read("shop", "order_fulfilment", ["city"], other)
    await house.grant(other, "newsletter", Channel.EMAIL)
    await house.registry.log.integrate()


def _id(house: House, person: UUID) -> str:
    return f"x'{person.hex}'" if house.registry.database.engine == "sqlite" else f"'{person}'"
