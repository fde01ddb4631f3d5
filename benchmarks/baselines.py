"""What protection is measured against: the same ten fields, read without any, as applications usually do it.

    sqlmodel   FastAPI route, async SQLModel session, response model
    raw        bare ASGI, one held connection with a prepared statement, orjson

Run by uvicorn as factories; BASELINE_URL names a database with the table `plain_customer`.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

FIELDS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "street",
    "postcode",
    "city",
    "country",
    "customer_number",
    "language",
)
CREATE = f"CREATE TABLE plain_customer (id {{id_type}} PRIMARY KEY, {', '.join(f'{name} TEXT' for name in FIELDS)})"


class PlainCustomer(SQLModel, table=True):
    """Ten fields in the clear."""

    __tablename__ = "plain_customer"

    id: str = Field(primary_key=True)
    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    postcode: str
    city: str
    country: str
    customer_number: str
    language: str


def sqlmodel_app() -> FastAPI:
    """The idiomatic, unprotected read."""
    url = make_url(os.environ["BASELINE_URL"])
    driver = "sqlite+aiosqlite" if url.get_backend_name() == "sqlite" else "postgresql+asyncpg"
    engine = create_async_engine(url.set(drivername=driver), pool_size=8, max_overflow=8)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    async def session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine, expire_on_commit=False) as opened:
            yield opened

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/subjects/{customer_id}")
    async def read(
        _request: Request, customer_id: UUID, held: Annotated[AsyncSession, Depends(session)]
    ) -> PlainCustomer:
        row = await held.get(PlainCustomer, str(customer_id))
        if row is None:
            raise HTTPException(404)
        return row

    return app


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def raw_app() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The barest read there is: no framework, no pool, no model."""
    url = make_url(os.environ["BASELINE_URL"])
    is_sqlite = url.get_backend_name() == "sqlite"
    query = f"SELECT id, {', '.join(FIELDS)} FROM plain_customer WHERE id = "  # noqa: S608 - own names
    held: dict[str, Any] = {}

    async def fetch(customer_id: str) -> Any:  # noqa: ANN401 - a row of either driver
        if is_sqlite:
            if "connection" not in held:
                held["connection"] = sqlite3.connect(url.database or "")
            return held["connection"].execute(query + "?", (customer_id,)).fetchone()
        if "statements" not in held:
            await _hold(held, url.set(drivername="postgresql").render_as_string(hide_password=False), query + "$1")
        statement = held["statements"].pop() if held["statements"] else None
        if statement is None:
            await _hold(held, url.set(drivername="postgresql").render_as_string(hide_password=False), query + "$1")
            statement = held["statements"].pop()
        row = await statement.fetchrow(customer_id)
        held["statements"].append(statement)
        return row

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": message["type"] + ".complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        row = await fetch(scope["path"].rpartition("/")[2])
        body = orjson.dumps({"id": row[0], **dict(zip(FIELDS, tuple(row)[1:], strict=True))})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _hold(held: dict[str, Any], dsn: str, query: str) -> None:
    """One more held connection; there are never more than requests under way at once."""
    connection = await asyncpg.connect(dsn)
    held.setdefault("connections", []).append(connection)
    held.setdefault("statements", []).append(await connection.prepare(query))
