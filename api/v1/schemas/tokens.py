"""Access tokens on the wire (RFC 6749, RFC 7517)."""

from typing import Literal

from api.v1.schemas.shape import Out, example


class TokenOut(Out):
    """A bearer token for this service."""

    model_config = example({"access_token": "eyJhbGciOi…", "token_type": "Bearer", "expires_in": 900})

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class TokenErrorOut(Out):
    """Why no token was issued (RFC 6749 section 5.2)."""

    model_config = example({"error": "invalid_client"})

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]


class KeyOut(Out):
    """One public key."""

    kty: str
    crv: str
    x: str
    y: str
    alg: str
    use: str
    kid: str


class KeysOut(Out):
    """The keys that sign our tokens."""

    model_config = example(
        {
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": "fvoKtclt3aHRGu-vmzitjJz5ticiSG0tyRwbqkHlsYo",
                    "y": "37D0fHP94_hdm5IxeLC_BeRukkMnk6OJHJRZGnMjRUk",
                    "alg": "ES256",
                    "use": "sig",
                    "kid": "p0a5h1vREo8dYjxbHnWnEUYKZEQpDxn6E813iI-LCyM",
                }
            ]
        }
    )

    keys: list[KeyOut]
