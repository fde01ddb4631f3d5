"""What this service accepts, joserfc accepts too: a second library agrees on generated, mutated and forged tokens.

The other way round is no law: ours knows one spelling, one header and one set of claims, theirs knows RFC 7515 to 7519.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from api.tokens import TokenError, Tokens, signed_payload, verification_key
from tests.forgeries import AUDIENCE, ISSUER, KEY, LIFETIME, SPARE, compact_json, decode, encode, forgeries, pem, signed

TOKENS = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME)
PUBLIC = TOKENS.jwks()["keys"][0]
THEIR_KEY = ECKey.import_key({name: PUBLIC[name] for name in ("kty", "crv", "x", "y")})
THEIR_CLAIMS = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    sub={"essential": True},
    exp={"essential": True},
    iat={"essential": True},
    jti={"essential": True},
    leeway=5,
)


def ours(token: str) -> bool:
    try:
        TOKENS.verify(token)
    except TokenError:
        return False
    return True


def theirs(token: str) -> bool:
    try:
        found = jwt.decode(token, THEIR_KEY, algorithms=["ES256"])
        THEIR_CLAIMS.validate(found.claims)
    except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return False
    return True


def our_signature(token: str) -> bool:
    try:
        signed_payload(token, verification_key(PUBLIC))
    except TokenError:
        return False
    return True


def their_signature(token: str) -> bool:
    try:
        jwt.decode(token, THEIR_KEY, algorithms=["ES256"])
    except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return False
    return True


def test_both_accept_what_was_issued() -> None:
    token = TOKENS.issue("shop")
    assert ours(token)
    assert theirs(token)


def test_no_forgery_is_accepted_here_and_a_signature_they_refuse_is_refused() -> None:
    forged = forgeries(TOKENS.issue("shop"), KEY)
    assert [family for family, token in forged.items() if ours(token)] == []
    looser = {family for family, token in forged.items() if our_signature(token) and not their_signature(token)}
    assert looser == {"kid-5", "kid-6", "kid-7", "zip"}, "headers they refuse and our comparison of the whole one too"
    stricter = {family for family, token in forged.items() if theirs(token)}
    assert {"aud-as-list", "header-twice", "claim-twice", "header-with-spaces", "typ-of-an-id-token"} <= stricter


HEADER = {"alg": "ES256", "kid": PUBLIC["kid"], "typ": "at+jwt"}
names = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "cty", "zip", "enc", "exp", "x"])
scalars = st.one_of(
    st.sampled_from(["ES256", "none", "HS256", "at+jwt", PUBLIC["kid"], "", 0, 1, True, None]), st.text(max_size=5)
)
headers = st.builds(
    lambda more, less: {name: value for name, value in {**HEADER, **more}.items() if name not in less},
    st.dictionaries(names, st.one_of(scalars, st.lists(scalars, max_size=2)), max_size=2),
    st.sets(names, max_size=1),
)
spans = st.integers(-3, 3).map(lambda count: int(time.time()) + count * 450)
claims = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.sampled_from([ISSUER, "x", 1, None, [ISSUER]]),
        "aud": st.sampled_from([AUDIENCE, [AUDIENCE], [AUDIENCE, "x"], "x", "", None]),
        "sub": st.one_of(st.text(max_size=8), st.none(), st.integers()),
        "exp": st.one_of(spans, spans.map(float), spans.map(str), st.none()),
        "iat": st.one_of(spans, spans.map(float), st.none()),
        "nbf": spans,
        "jti": scalars,
        "scope": scalars,
    },
)


def tree(changes: dict[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "shop", "iat": now, "exp": now + LIFETIME, "jti": "0" * 32}
    return {**good, **changes}


@given(header=headers, changes=claims, kept=st.booleans())
@settings(max_examples=300)
def test_what_ours_accepts_of_generated_tokens_theirs_accepts(
    header: dict[str, Any],
    changes: dict[str, Any],
    kept: bool,  # noqa: FBT001 - drawn
) -> None:
    token = signed(compact_json(HEADER if kept else header), json.dumps(tree(changes)).encode())
    assert theirs(token) or not ours(token)
    assert not kept or their_signature(token) is our_signature(token) is True


def _flip(token: str, at: int, to: str) -> str:
    at %= len(token)
    return token[:at] + to + token[at + 1 :]


def _swap(token: str, at: int, _: str) -> str:
    parts = token.split(".")
    at %= len(parts)
    parts[at], parts[at - 1] = parts[at - 1], parts[at]
    return ".".join(parts)


def _respell(token: str, at: int, _: str) -> str:
    """The same bytes in another spelling: padding, the other alphabet, spare bits."""
    parts = token.split(".")
    part = parts[at % 3]
    spelled = [
        part + "=" * (-len(part) % 4),
        part.replace("-", "+").replace("_", "/"),
        part[:-1] + SPARE[(SPARE.index(part[-1]) + 1) % 64],
        part + "\n",
    ]
    parts[at % 3] = spelled[at % 4]
    return ".".join(parts)


def _payload(token: str, at: int, to: str) -> str:
    header, payload, signature = token.split(".")
    text = decode(payload).decode()
    at %= len(text)
    return f"{header}.{encode((text[:at] + to + text[at + 1 :]).encode())}.{signature}"


def _cut(token: str, at: int, _: str) -> str:
    return token[: at % len(token)]


def _insert(token: str, at: int, to: str) -> str:
    at %= len(token) + 1
    return token[:at] + to + token[at:]


MUTATIONS: list[Callable[[str, int, str], str]] = [_flip, _swap, _respell, _payload, _cut, _insert]


@given(
    mutate=st.sampled_from(MUTATIONS),
    at=st.integers(0, 5000),
    to=st.sampled_from([*SPARE, "=", ".", "+", "/", " ", "\n", "\0", "é", "1"]),
)
@settings(max_examples=200)
def test_what_ours_accepts_of_mutated_tokens_theirs_accepts(
    mutate: Callable[[str, int, str], str], at: int, to: str
) -> None:
    good = TOKENS.issue("shop")
    mutated = mutate(good, at, to)
    assert theirs(mutated) or not ours(mutated)
    assert their_signature(mutated) or not our_signature(mutated)
    assert ours(mutated) is (mutated == good), "nothing but the token itself opens the door"
