"""Bulk data streams in line by line, is stored in chunks, and every row's outcome streams out.

A line that cannot be stored is told and costs nobody else. After an interruption go on from the first line without an
outcome: a row is an upsert by its external id, and events that carry their `event_ref` are stored once. Outcomes wait
until the client reads them: most clients send everything before they read anything, and neither side may block the
other.

Each line is one customer (`SubjectIn`), each outcome names its line. An import that cannot go on ends with `stopped`:
nothing from that line on was acknowledged. When not even the first chunk could be stored, the answer is a problem.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.deps import Authenticated, Call
from api.problems import places_in, report
from api.routes import LeanRoute, tree_of, validated
from api.v1.answers import documented, example_of, json_of
from api.v1.batches import Failed, fits, given_subject, outcome_of, store
from api.v1.schemas.imports import ImportedOut, ImportQuery
from api.v1.schemas.subjects import SubjectIn
from registry.subjects import GivenSubject

LONGEST_LINE = 1_048_576
MOST_WAITING = 100
MEDIA_TYPE = "application/x-ndjson"

_ROW: TypeAdapter[SubjectIn] = TypeAdapter(SubjectIn)
_Row = GivenSubject | Failed


@dataclass(frozen=True, slots=True)
class _Stopped:
    """What an import could not go on from, and the first line that was not acknowledged."""

    line: int
    error: Exception


_Outcomes = asyncio.Queue[bytes | _Stopped | None]

router = APIRouter(route_class=LeanRoute, tags=["customers"])


class _WhileReceiving(StreamingResponse):
    """Sends while the request is still coming in: only the import itself may take what arrives."""

    media_type = MEDIA_TYPE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await self.stream_response(send)


class _Lines(JSONResponse):
    """Tells the document that each line is JSON."""

    media_type = MEDIA_TYPE


def _document() -> dict[str, Any]:
    """Lines in, lines out; the schema of a line stands for all of them."""
    kwargs = documented(ImportedOut, fails=(413, 415))
    kwargs["responses"][200]["content"] = {MEDIA_TYPE: {"example": example_of(ImportedOut)}}
    row = {"schema": {"$ref": "#/components/schemas/SubjectIn"}, "example": example_of(SubjectIn)}
    extra = {"requestBody": {"required": True, "content": {MEDIA_TYPE: row}}}
    return {**kwargs, "response_class": _Lines, "openapi_extra": extra}


@router.post("/v1/imports", **_document())
async def import_subjects(call: Authenticated, query: Annotated[ImportQuery, Query()]) -> Response:  # noqa: ARG001 - the only mode there is
    """Any number of customers, one a line; each is stored or not on its own."""
    outcomes: _Outcomes = asyncio.Queue()
    work = asyncio.create_task(_Import(call).run(outcomes))
    first = await outcomes.get()
    if isinstance(first, _Stopped):
        raise first.error
    return _WhileReceiving(_told(first, outcomes, work))


async def _told(first: bytes | None, outcomes: _Outcomes, work: asyncio.Task[None]) -> AsyncIterator[bytes]:
    lines: bytes | _Stopped | None = first
    while isinstance(lines, bytes):
        yield lines
        lines = await outcomes.get()
    await work
    if lines is not None:
        slug = report(lines.error, uuid4().urn).slug
        yield json_of({"line": lines.line, "status": "stopped", "error": slug}, line=True)


class _Import:
    """One import on its way; `waiting` are the rows of the next chunk with their lines."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._waiting: list[tuple[int, _Row]] = []

    async def run(self, outcomes: _Outcomes) -> None:
        """Store everything that arrives; ends with None, or with what stopped it."""
        number = 0
        try:
            async for line in _lines(self._call.request):
                number += 1
                if not line.strip():
                    continue
                row = self._parsed(line)
                if not self._joins(row):
                    outcomes.put_nowait(await self._store())
                self._waiting.append((number, row))
            outcomes.put_nowait(await self._store())
            outcomes.put_nowait(None)
        except ClientDisconnect:
            outcomes.put_nowait(None)
        except Exception as error:  # noqa: BLE001 - whatever stopped it is told by its type, and nobody waits for ever
            outcomes.put_nowait(_Stopped(self._waiting[0][0] if self._waiting else number + 1, error))

    def _parsed(self, line: bytes) -> _Row:
        try:
            row: SubjectIn = validated(_ROW, tree_of(line), ("body",))
        except RequestValidationError as error:
            return Failed(report(error, "").slug, tuple(places_in(error, self._call.request.app)))
        return given_subject(row)

    def _joins(self, row: _Row) -> bool:
        sound = [one for _, one in self._waiting if isinstance(one, GivenSubject)]
        return len(self._waiting) < MOST_WAITING and (isinstance(row, Failed) or not sound or fits(sound, row))

    async def _store(self) -> bytes:
        """Store what waits; the outcomes as lines, in the order of their rows."""
        stored = iter(await store(self._call, [row for _, row in self._waiting if isinstance(row, GivenSubject)]))
        lines = [
            json_of({"line": number, **outcome_of(row if isinstance(row, Failed) else next(stored))}, line=True)
            for number, row in self._waiting
        ]
        self._waiting = []
        return b"".join(lines)


def _check_length(line: bytes) -> None:
    if len(line) > LONGEST_LINE:
        raise HTTPException(413)


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """The request's lines without their ends.

    Raises:
        HTTPException: 413, when a line has more than one mebibyte.
    """
    rest = b""
    async for part in request.stream():
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            _check_length(line)
            yield line
        _check_length(rest)
    yield rest
