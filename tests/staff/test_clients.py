"""A client that is revoked or gets another secret is refused at once, by every process. R-ENC-6, R-AUD-2."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from api.app import create_app
from api.tokens import Tokens
from audit.event import EventTag
from audit.log import Filters
from registry import clients
from registry.actors import Role
from registry.errors import AuthenticationError, DuplicateIdentifierError, ForbiddenError, NotFoundError
from registry.keys.signatures import Signature
from registry.tables import StateRow
from tests.house import House
from tests.http.v1.api import BASE

pytestmark = pytest.mark.gdpr("32(1)(b)")


@dataclass(frozen=True, slots=True)
class Worker:
    """The service over somebody else's database, as another process sees it."""

    http: httpx.AsyncClient
    token: str

    async def ask(self, method: str, path: str, body: object = None) -> int:
        headers = {"Authorization": f"Bearer {self.token}"}
        return (await self.http.request(method, path, headers=headers, json=body)).status_code


@asynccontextmanager
async def worker(house: House) -> AsyncIterator[Worker]:
    """Another worker beside the house's own; on SQLite there is only the one process, so it borrows its registry."""
    app = create_app(house.settings)
    if house.registry.database.engine == "sqlite":
        key = house.registry.ring.service_key(Signature.TOKEN)
        app.state.registry = house.registry
        app.state.tokens = Tokens(key, house.settings.issuer, house.settings.audience, 900)
        house.registry.credentials.watch(app.state.tokens.revoke)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http:
            yield Worker(http, app.state.tokens.issue("shop"))
        return
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http,
    ):
        yield Worker(http, app.state.tokens.issue("shop"))


@pytest.mark.parametrize("change", ["revoke", "rotate"])
async def test_the_next_call_of_a_client_that_lost_its_secret_is_refused_everywhere(house: House, change: str) -> None:
    subject_id = await house.customer()
    await clients.create_client(house.registry, "shop")
    calls: list[tuple[str, str, object]] = [
        ("GET", f"/v1/subjects/{subject_id}?purpose=order_fulfilment&fields=first_name", None),
        ("POST", "/v1/decisions", {"purpose": "order_fulfilment", "subject_ids": [str(subject_id)]}),
        ("POST", "/v1/consents", {"action": "withdraw", "subject_id": str(subject_id), "purpose": "newsletter"}),
    ]
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(worker(house)) for _ in calls]
        for one, call in zip(workers, calls, strict=True):
            assert await one.ask(*call) != httpx.codes.UNAUTHORIZED, call
        await (clients.revoke_client if change == "revoke" else clients.rotate_client)(house.registry, "shop")
        for one, call in zip(workers, calls, strict=True):
            assert await one.ask(*call) == httpx.codes.UNAUTHORIZED, call
            assert await one.ask(*call) == httpx.codes.UNAUTHORIZED, call
    assert len(await house.registry.log.search(Filters(operation=EventTag.TOKEN_REFUSE), 50)) == 2 * len(calls)


async def test_tokens_of_another_client_go_on(house: House) -> None:
    subject_id = await house.customer()
    await clients.create_client(house.registry, "mailer")
    async with worker(house) as other:
        await clients.revoke_client(house.registry, "mailer")
        read = f"/v1/subjects/{subject_id}?purpose=order_fulfilment&fields=first_name"
        assert await other.ask("GET", read) == httpx.codes.OK


async def test_a_new_secret_opens_and_the_old_one_does_not(house: House) -> None:
    old = await clients.create_client(house.registry, "shop")
    new = await clients.rotate_client(house.registry, "shop")
    assert (await clients.authenticate_client(house.registry, "shop", new)).client == "shop"
    with pytest.raises(AuthenticationError):
        await clients.authenticate_client(house.registry, "shop", old)
    await clients.revoke_client(house.registry, "shop")
    with pytest.raises(AuthenticationError):
        await clients.authenticate_client(house.registry, "shop", new)


async def test_a_client_that_was_let_in_again_gets_tokens_that_count(house: House) -> None:
    await house.customer()
    await clients.create_client(house.registry, "shop")
    await clients.revoke_client(house.registry, "shop")
    await clients.create_client(house.registry, "shop")
    async with worker(house) as other:
        assert await other.ask("GET", "/v1/purposes") == httpx.codes.OK


async def test_clients_are_listed_with_what_became_of_them(house: House) -> None:
    await clients.create_client(house.registry, "shop")
    await clients.create_client(house.registry, "mailer")
    await clients.revoke_client(house.registry, "mailer")
    listed = {one.code: one for one in await clients.clients(house.registry)}
    assert listed["mailer"].revoked_at is not None
    assert listed["shop"].revoked_at is None
    assert "order_fulfilment" in listed["shop"].purposes


async def test_every_change_is_recorded_and_only_administrators_make_one(house: House) -> None:
    admin = await house.staff(Role.ADMIN)
    await clients.create_client(house.registry, "shop", by=admin.caller)
    await clients.rotate_client(house.registry, "shop", by=admin.caller)
    await clients.revoke_client(house.registry, "shop", by=admin.caller)
    for operation in (EventTag.CLIENT_CREATE, EventTag.CLIENT_ROTATE, EventTag.CLIENT_REVOKE):
        (entry,) = await house.registry.log.search(Filters(operation=operation), 10)
        assert (entry.tree["cli"], entry.tree["out"]) == ("shop", "done")
        assert "act" in entry.tree
    for role in (Role.DPO, Role.CLERK, Role.DECIDER):
        by = (await house.staff(role)).caller
        with pytest.raises(ForbiddenError):
            await clients.create_client(house.registry, "mailer", by=by)
        with pytest.raises(ForbiddenError):
            await clients.rotate_client(house.registry, "shop", by=by)
        with pytest.raises(ForbiddenError):
            await clients.revoke_client(house.registry, "shop", by=by)


async def test_a_secret_is_neither_made_twice_nor_ended_twice(house: House) -> None:
    await clients.create_client(house.registry, "shop")
    with pytest.raises(DuplicateIdentifierError):
        await clients.create_client(house.registry, "shop")
    await clients.revoke_client(house.registry, "shop")
    for again in (clients.revoke_client, clients.rotate_client):
        with pytest.raises(NotFoundError):
            await again(house.registry, "shop")


async def test_the_version_of_all_clients_moves_with_every_voided_token(house: House) -> None:
    await clients.create_client(house.registry, "shop")
    await clients.rotate_client(house.registry, "shop")
    async with house.registry.database.reading() as session:
        state = await session.get(StateRow, 1)
    assert state is not None
    assert state.clients_version == 1 == house.registry.credentials.version
