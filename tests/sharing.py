"""What tests of one process share, each with a registry of its own: statements, routes, cheap hashes, a calm collector.

Nothing here reaches a program that a test starts.
"""

import gc
from typing import Final

from fastapi import routing
from passlib.hash import argon2
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from registry import passwords

OF_THE_PRODUCT: Final = passwords._argon2id
_statements: LRUCache[object, object] = LRUCache(4000)


def share_statements() -> None:
    """Compile each statement once a process: every engine of a kind speaks to the same version of its database."""
    for dialect in (PGDialect_asyncpg, SQLiteDialect_aiosqlite):
        dialect.__eq__ = _is_alike  # type: ignore[method-assign]  # for this process
        dialect.__hash__ = _hash_of_kind  # type: ignore[method-assign,assignment]  # for this process
    made = Engine.__init__

    def make(self: Engine, *arguments: object, **options: object) -> None:
        made(self, *arguments, **options)  # type: ignore[arg-type]  # as it came
        self._compiled_cache = _statements  # type: ignore[assignment]  # for this process

    Engine.__init__ = make  # type: ignore[method-assign]  # for this process


def share_routes() -> None:
    """Take each route's function to pieces once a process: every application has the same routes and overrides none."""
    made: dict[tuple[int, str], routing._EffectiveRouteContext] = {}  # each holds its route, so no other gets its id
    make = routing._EffectiveRouteContext.from_api_route

    def shared(
        *, original_route: routing.APIRoute, include_context: routing._RouterIncludeContext
    ) -> routing._EffectiveRouteContext:
        key = id(original_route), include_context.prefix
        if key not in made:
            made[key] = make(original_route=original_route, include_context=include_context)
        return made[key]

    routing._EffectiveRouteContext.from_api_route = shared  # type: ignore[method-assign]  # for this process


def hash_cheaply() -> None:
    """Passwords of this process take a hundredth of the effort; `OF_THE_PRODUCT` is what the product itself does."""
    passwords._argon2id = argon2.using(type="ID", memory_cost=64, time_cost=1, parallelism=1)
    passwords._NOBODYS_HASH = passwords._argon2id.hash("nobody's")


def collect_seldom() -> None:
    """The collector looks for cycles a hundred times less often."""
    gc.set_threshold(70_000, 10, 10)


def _is_alike(one: object, other: object) -> bool:
    return type(one) is type(other)


def _hash_of_kind(one: object) -> int:
    return hash(type(one))
