"""Decides what may come in at all, and how everything goes out.

A body has at most one mebibyte, counted as it streams in whatever its header claims; imports are read line by line
and bounded there. The machine API takes the content type its resource declares and no other. Every answer tells
caches to keep nothing, and is counted by its route, never by its address. An exception that nobody foresaw becomes a
problem here and goes no further, because servers print exceptions, and exceptions may carry data.

Legal: GDPR Art. 32(1)(b), (c); R-AUD-6.
"""

import logging
import time
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import OTHER, Metrics
from api.routes import Shortcuts

MOST_BYTES = 1_048_576
IMPORTS = "/v1/imports"
_JSON = frozenset({"application/json"})
_MERGE = frozenset({"application/json", "application/merge-patch+json"})
_LINES = frozenset({"application/x-ndjson"})
_FORM = frozenset({"application/x-www-form-urlencoded"})

_log = logging.getLogger(__name__)


class Boundary:
    """ASGI middleware around the whole application.

    Args:
        app: what is inside.
        answer: the response to an exception.
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Exception, FastAPI], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        began = time.perf_counter()

        async def send_uncached(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._serve(scope, receive, send_uncached)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever failed, it ends here and is told by its type alone
            response = self._answer(error, scope["app"])
            if not status:
                await response(scope, receive, send_uncached)
            # An answer that broke off midway is not completed: the server closes the connection.
        finally:
            metrics: Metrics | None = getattr(scope["app"].state, "metrics", None)
            if metrics is not None and status:
                template = str(scope.get("template") or getattr(scope.get("route"), "path", OTHER))
                metrics.count(scope["method"], template, status, time.perf_counter() - began)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = _check_headers(scope)
        if scope["path"] != IMPORTS and length != 0:
            receive = _counted(receive)
        shortcuts: Shortcuts | None = getattr(scope["app"].state, "shortcuts", None)
        found = shortcuts.find(scope["method"], scope["path"]) if shortcuts else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["path_params"], scope["template"] = found.path_params, found.template
        response = await found.handler(Request(scope, receive, send))
        await response(scope, receive, send)


def accepted_types(method: str, path: str) -> frozenset[str] | None:
    """The content types of a body sent there; None = no body is looked at, or the page reads it itself."""
    if method == "POST" and path == "/oauth/token":
        return _FORM
    if not path.startswith("/v1/") or method not in {"POST", "PATCH", "PUT"}:
        return None
    if path == IMPORTS:
        return _LINES
    return _MERGE if method == "PATCH" else _JSON


def _check_headers(scope: Scope) -> int | None:
    """Refuse by headers alone; returns the announced length.

    Raises:
        HTTPException: 413 or 415.
    """
    length: int | None = None
    types: list[bytes] = []
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"content-type":
            types.append(value)
    accepted = accepted_types(scope["method"], scope["path"])
    if accepted is not None:
        stated = types[0].partition(b";")[0].strip().lower().decode("latin-1") if len(types) == 1 else ""
        if stated not in accepted:
            raise HTTPException(415)
    if length is not None and length > MOST_BYTES and scope["path"] != IMPORTS:
        raise HTTPException(413)
    return length


def _counted(receive: Receive) -> Receive:
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise HTTPException(413)
        return message

    return counting
