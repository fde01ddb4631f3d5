"""Keeps the tokens of a process in step with the keys that sign them.

A rotation shows itself in three ways: the ring was loaded anew, a token names a key that nobody here has heard of, and,
where keys ended at once, the database says that clients changed. Each leads to the newest keys before anything is
answered.
"""

from datetime import datetime, timedelta

from api.settings import Settings
from api.tokens import Tokens, UnknownTokenKeyError
from registry.context import Registry
from registry.keys.signatures import token_keys


def tokens_of(registry: Registry, settings: Settings) -> Tokens:
    """The tokens of this process, with the keys of its ring from now on."""
    lifetime = timedelta(seconds=settings.token_lifetime_seconds)

    def held() -> list[tuple[bytes, datetime | None]]:
        return [(key.private_key_pem, key.until) for key in token_keys(registry.ring, lifetime)]

    tokens = Tokens(held()[0][0], settings.issuer, settings.audience, settings.token_lifetime_seconds)

    def follow() -> None:
        tokens.adopt(held())
        registry.credentials.token_keys = tokens.key_ids

    registry.ring.watch(follow)
    return tokens


async def verified(registry: Registry, tokens: Tokens, token: str) -> str:
    """The code of the client a token was issued to, by a key that may be newer than this process's ring.

    Raises:
        TokenError: as `Tokens.verify`.
        NotReadyError: when the database is out of reach.
    """
    try:
        return tokens.verify(token)
    except UnknownTokenKeyError:
        async with registry.database.reading() as session:
            await registry.fresh_keys(session)
        return tokens.verify(token)
