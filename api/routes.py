"""Serves the machine API with FastAPI's signatures and document, without its work on every request.

A `LeanRoute` looks like any route to FastAPI: what its function asks for is in the OpenAPI document. When called, it
authenticates, parses and calls the function itself, and `Shortcuts` finds it without walking nested routers. That
takes a tenth of the time, and the read everybody waits for is worth it.

What a function may ask for: the call (`Depends`), path parameters, one query model (`Query`), one JSON body.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from re import Pattern
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import orjson
from fastapi import Request, Response, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one function asks for, by parameter name."""

    call: tuple[str, Callable[[Request], Awaitable[object]]] | None
    path: dict[str, TypeAdapter[Any]]
    query: tuple[str, TypeAdapter[Any]] | None
    body: tuple[str, TypeAdapter[Any]] | None


class LeanRoute(APIRoute):
    """A route that does itself what its signature says."""

    def get_route_handler(self) -> Handler:
        """Bind the function to what it asks for, once."""
        endpoint = self.endpoint
        wanted = _wanted(endpoint, self.path_format)

        async def handle(request: Request) -> Response:
            given: dict[str, Any] = {}
            if wanted.call is not None:
                given[wanted.call[0]] = await wanted.call[1](request)
            for name, adapter in wanted.path.items():
                given[name] = validated(adapter, request.path_params[name], ("path", name))
            if wanted.query is not None:
                given[wanted.query[0]] = validated(wanted.query[1], _single(request), ("query",))
            if wanted.body is not None:
                given[wanted.body[0]] = validated(wanted.body[1], tree_of(await request.body()), ("body",))
            response: Response = await endpoint(**given)
            return response

        return handle


class Found(NamedTuple):
    """What serves a request: its handler, the parameters in its path, and the path's template."""

    handler: Handler
    path_params: dict[str, Any]
    template: str


class Shortcuts:
    """Finds a lean route by method and path."""

    def __init__(self, routes: Iterable[LeanRoute]) -> None:
        self._fixed: dict[tuple[str, str], Handler] = {}
        self._patterns: list[tuple[str, Pattern[str], Handler, dict[str, Any], str]] = []
        for route in routes:
            handler = route.get_route_handler()
            for method in sorted(route.methods or ()):
                if route.param_convertors:
                    self._patterns.append((method, route.path_regex, handler, route.param_convertors, route.path))
                else:
                    self._fixed[method, route.path] = handler

    def find(self, method: str, path: str) -> Found | None:
        """What serves it; None = FastAPI's router knows."""
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return Found(fixed, {}, path)
        for known, pattern, handler, convertors, template in self._patterns:
            found = pattern.match(path) if known == method else None
            if found is not None:
                given = {name: convertors[name].convert(text) for name, text in found.groupdict().items()}
                return Found(handler, given, template)
        return None


def validated(adapter: TypeAdapter[Any], tree: object, place: tuple[str, ...]) -> Any:  # noqa: ANN401 - the adapter's type
    """Parse one part of a request.

    Raises:
        RequestValidationError: with places and codes; the input stays behind.
    """
    try:
        return adapter.validate_python(tree)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": (*place, *one["loc"])} for one in found]) from None


def tree_of(body: bytes) -> object:
    """What a JSON text says; `orjson` refuses lone surrogates, NaN and endless nesting.

    Raises:
        RequestValidationError: when it is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",)}]) from None


def _single(request: Request) -> dict[str, str]:
    """The query; a parameter that stands there twice means nothing."""
    pairs = request.query_params.multi_items()
    query = dict(pairs)
    if len(query) != len(pairs):
        raise RequestValidationError([{"type": "repeated_parameter", "loc": ("query",)}])
    return query


def _wanted(endpoint: Callable[..., Any], path: str) -> _Wanted:
    call: tuple[str, Callable[[Request], Awaitable[object]]] | None = None
    query: tuple[str, TypeAdapter[Any]] | None = None
    body: tuple[str, TypeAdapter[Any]] | None = None
    of_path: dict[str, TypeAdapter[Any]] = {}
    for name, parameter in inspect.signature(endpoint).parameters.items():
        annotation = parameter.annotation
        marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
        depends = next((mark for mark in marks if isinstance(mark, params.Depends)), None)
        if depends is not None and depends.dependency is not None:
            call = (name, depends.dependency)
        elif f"{{{name}}}" in path:
            of_path[name] = TypeAdapter(annotation)
        elif any(isinstance(mark, params.Query) for mark in marks):
            query = (name, TypeAdapter(get_args(annotation)[0]))
        else:
            body = (name, TypeAdapter(annotation))
    return _Wanted(call, of_path, query, body)
