"""Everything an application serves, found by walking it: wrappers, mounts and what waits behind them too."""

from collections.abc import Iterator

from fastapi import FastAPI
from starlette.routing import BaseRoute, Route


def served(app: FastAPI) -> Iterator[tuple[str, BaseRoute]]:
    """Each thing that is served, as often as it is there: "GET /portal", or its kind and path for what is no route."""
    yield from _below(app.router)


def names(app: FastAPI) -> list[str]:
    """What is served, in order."""
    return sorted(name for name, _ in served(app))


def _below(router: object, prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    for route in (*getattr(router, "routes", ()), *getattr(router, "_low_priority_routes", ())):
        path = prefix + getattr(route, "path", "")
        inside = getattr(route, "original_router", None)
        if inside is not None:  # what FastAPI wraps an included router in
            context = getattr(route, "include_context", None)
            yield from _below(inside, prefix + getattr(context, "prefix", ""))
        elif isinstance(route, Route):
            yield from ((f"{method} {path}", route) for method in sorted(route.methods or {"*"}))
        else:
            yield f"{type(route).__name__} {path}", route
            yield from _below(getattr(route, "app", None), path)
