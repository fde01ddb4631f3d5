"""Access tokens for machine clients (RFC 6749 section 4.4), and the key that signs them.

Errors here have the shape that OAuth clients know, not that of problems.
"""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

import orjson
from fastapi import APIRouter, Request, Response

from api.tokens import Tokens
from api.v1.answers import answered, documented
from api.v1.schemas.tokens import KeysOut, TokenErrorOut, TokenOut
from registry.clients import authenticate_client
from registry.context import Registry
from registry.errors import AuthenticationError

GRANT = "client_credentials"
_LONGEST = 512
_FORM = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "const": GRANT},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string", "format": "password"},
    },
}
_EXTRA = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": _FORM,
                "example": {"grant_type": GRANT, "client_id": "shop", "client_secret": "…"},
            }
        },
    },
}

router = APIRouter(tags=["tokens"])


def _document() -> dict[str, Any]:
    kwargs = documented(TokenOut, also={400: TokenErrorOut, 401: TokenErrorOut}, fails=(413, 415), always=(503,))
    return {**kwargs, "openapi_extra": _EXTRA}


class _RefusedError(Exception):
    """Raised when a token request has not the form RFC 6749 asks for; the code is its `error`."""


@router.post("/oauth/token", **_document())
async def issue_token(request: Request) -> Response:
    """A short-lived token for a client that proves who it is, by HTTP Basic or in the form."""
    registry: Registry = request.app.state.registry
    tokens: Tokens = request.app.state.tokens
    try:
        code, secret = await _credentials(request)
        caller = await authenticate_client(registry, code, secret)
    except _RefusedError as error:
        return _refused(str(error), 400)
    except AuthenticationError:
        return _refused("invalid_client", 401)
    async with registry.database.reading() as session:
        await registry.fresh_keys(session)  # signed with the newest key
    return answered(
        {
            "access_token": tokens.issue(caller.client),
            "token_type": "Bearer",
            "expires_in": tokens.lifetime_seconds,
        },
    )


@router.get("/.well-known/jwks.json", **documented(KeysOut, always=()))
async def read_keys(request: Request) -> Response:
    """The public keys of our tokens: more than one while the tokens of a replaced key last."""
    tokens: Tokens = request.app.state.tokens
    return answered(tokens.jwks())


async def _credentials(request: Request) -> tuple[str, str]:
    """Code and secret, from exactly one place."""
    form = await request.form()
    if any(not isinstance(value, str) or len(value) > _LONGEST for _, value in form.multi_items()):
        raise _RefusedError("invalid_request")
    given = {name: str(value) for name, value in form.multi_items()}
    if len(given) != len(form.multi_items()) or "grant_type" not in given:
        raise _RefusedError("invalid_request")
    if given["grant_type"] != GRANT:
        raise _RefusedError("unsupported_grant_type")
    if given.get("scope"):
        raise _RefusedError("invalid_scope")
    basic = request.headers.getlist("authorization")
    if basic and "client_secret" in given:
        raise _RefusedError("invalid_request")
    if basic:
        return _basic(basic)
    if "client_id" not in given or "client_secret" not in given:
        raise _RefusedError("invalid_request")
    return given["client_id"], given["client_secret"]


def _basic(headers: list[str]) -> tuple[str, str]:
    scheme, _, encoded = headers[0].partition(" ")
    if len(headers) != 1 or scheme.lower() != "basic" or len(encoded) > _LONGEST:
        raise _RefusedError("invalid_request")
    try:
        code, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _RefusedError("invalid_request") from None
    if not colon:
        raise _RefusedError("invalid_request")
    return unquote_plus(code), unquote_plus(secret)


def _refused(error: str, status: int) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="registry"'} if status == 401 else {}  # noqa: PLR2004 - named by HTTP
    return Response(orjson.dumps({"error": error}), status, headers, "application/json")
