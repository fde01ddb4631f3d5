"""Decides whether a bearer token is one of ours: the only module that touches python-jose.

The library accepts more than it should: tokens without `exp` or `aud`, unknown critical headers, repeated names, keys
of another kind when told a list that allows them. So nothing is left to it but the arithmetic of the signature:

1. The token has the one compact form this module writes: three parts, base64url without padding or spare bits.
2. Its header is, byte for byte, the header this module writes: ES256, a key of ours that has not ended, nothing else.
3. The signature is checked with the one prebuilt key that this header names, which knows one algorithm.
4. The claims are exactly those this module writes, each once, of the right types, for us, from us, and not over.
5. The client was not revoked after the token was issued.

Steps 1 and 3 stand alone as `signed_payload`, so that vectors which others wrote can be put to them.

Legal: GDPR Art. 32(1)(b); R-ENC-6.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jose import jwk, jwt
from jose.backends.base import Key
from jose.constants import ALGORITHMS
from jose.exceptions import JOSEError

from registry.errors import NotReadyError, RegistryError

LONGEST_TOKEN = 2048
MOST_REMEMBERED = 10_000
CLOCK_TOLERANCE_SECONDS = 5

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})", re.ASCII)
_CLAIMS: dict[str, type] = {"iss": str, "aud": str, "sub": str, "iat": int, "exp": int, "jti": str}
_KEY_MEMBERS = {"kty": "EC", "crv": "P-256", "alg": ALGORITHMS.ES256, "use": "sig"}


class TokenError(RegistryError):
    """Raised when a bearer token is missing, forged, malformed, over, revoked or not for this service."""


class UnknownTokenKeyError(TokenError):
    """Raised when a token names another key than those held; it may be one that this process has not heard of."""


class Tokens:
    """Issues and verifies the access tokens of machine clients; one per process.

    Args:
        private_key_pem: a P-256 private key.
        issuer: the `iss` of every token.
        audience: the `aud` of every token.
        lifetime_seconds: from issue to expiry.
        clock: seconds since 1970, UTC.

    Raises:
        NotReadyError: when the key is not a P-256 private key.
    """

    def __init__(
        self,
        private_key_pem: bytes,
        issuer: str,
        audience: str,
        lifetime_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys: dict[str, _Key] = {}
        self._revoked: dict[str, int] = {}
        self._verified: dict[bytes, tuple[str, int]] = {}
        self.adopt([(private_key_pem, None)])
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime_seconds
        self._clock = clock

    def adopt(self, keys: Sequence[tuple[bytes, datetime | None]]) -> None:
        """Work with these keys from now on.

        Args:
            keys: P-256 private keys (PEM) and from when on nothing they signed counts; the first one signs.

        Raises:
            NotReadyError: when one of them is not such a key; what was held stays.
        """
        made = [_Key(pem, until.timestamp() if until else None) for pem, until in keys]
        self._keys = {key.header_part: key for key in made}
        self._signing = made[0]
        self._verified = {}

    @property
    def lifetime_seconds(self) -> int:
        """From issue to expiry."""
        return self._lifetime

    def issue(self, client_code: str) -> str:
        """A token for a client that proved who it is."""
        now = int(self._clock())
        # A client that was let in again within the second of its revocation must not be refused.
        issued_at = max(now, self._revoked.get(client_code, 0) + 1)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": client_code,
            "iat": issued_at,
            "exp": issued_at + self._lifetime,
            "jti": uuid4().hex,
        }
        key = self._signing
        token: str = jwt.encode(claims, key.private, algorithm=ALGORITHMS.ES256, headers=key.headers)
        return token

    @property
    def key_ids(self) -> frozenset[str]:
        """The keys whose tokens count."""
        return frozenset(key.kid for key in self._keys.values())

    def key_of(self, token: str) -> str:
        """Which key a token that was verified names."""
        return self._keys[token.partition(".")[0]].kid

    def verify(self, token: str) -> str:
        """The code of the client a token was issued to.

        Raises:
            TokenError: for every token this object did not issue, and for its own that are over or revoked.
            UnknownTokenKeyError: when it names none of the keys held.
        """
        now = self._clock()
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is not None and known[1] > now:
            return known[0]
        claims = self._signed_claims(token, now)
        client = self._check_claims(claims, now)
        self._remember(digest, client, claims["exp"], now)
        return client

    def revoke(self, client_code: str, until: datetime | None = None) -> None:
        """Refuse, in this process, every token issued to this client until then, to the second.

        Args:
            client_code: whose tokens.
            until: an aware instant; None = now.
        """
        bound = int(self._clock()) if until is None else int(until.timestamp())
        if bound <= self._revoked.get(client_code, -1):
            return
        self._revoked[client_code] = bound
        self._verified = {digest: known for digest, known in self._verified.items() if known[0] != client_code}

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, for those who verify our tokens themselves (RFC 7517); the one that signs first."""
        now = self._clock()
        return {"keys": [{**key.public, "kid": key.kid} for key in self._keys.values() if key.counts_at(now)]}

    def _signed_claims(self, token: str, now: float) -> dict[str, Any]:
        key = self._keys.get(token.partition(".")[0])
        if key is None:
            raise UnknownTokenKeyError("not our header")
        if not key.counts_at(now):
            raise TokenError("its key has ended")
        return _object(signed_payload(token, key.verifying))

    def _check_claims(self, claims: dict[str, Any], now: float) -> str:
        if claims.keys() != _CLAIMS.keys() or any(type(claims[name]) is not kind for name, kind in _CLAIMS.items()):
            raise TokenError("not our claims")
        if not all(claims.values()):
            raise TokenError("a claim says nothing")
        if claims["aud"] != self._audience or claims["iss"] != self._issuer:
            raise TokenError("not for us")
        if claims["exp"] <= now:
            raise TokenError("over")
        if claims["iat"] > now + CLOCK_TOLERANCE_SECONDS or claims["exp"] - claims["iat"] > self._lifetime:
            raise TokenError("not of our time")
        client: str = claims["sub"]
        if claims["iat"] <= self._revoked.get(client, -1):
            raise TokenError("revoked")
        return client

    def _remember(self, digest: bytes, client: str, expires_at: int, now: float) -> None:
        if len(self._verified) >= MOST_REMEMBERED:
            self._verified = {held: known for held, known in self._verified.items() if known[1] > now}
        if len(self._verified) >= MOST_REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = (client, expires_at)


class _Key:
    """One key pair; `until` seconds since 1970, UTC: from then on nothing it signed counts, None = no end yet."""

    def __init__(self, private_key_pem: bytes, until: float | None) -> None:
        self.private = jwk.construct(_load(private_key_pem), ALGORITHMS.ES256)
        self.public: dict[str, str] = {**self.private.public_key().to_dict(), "use": "sig"}
        self.verifying = verification_key(self.public)
        self.kid = _thumbprint(self.public)
        self.headers = {"alg": ALGORITHMS.ES256, "kid": self.kid, "typ": "at+jwt"}
        self.header_part = _encode(_sorted_json(self.headers))
        self.until = until

    def counts_at(self, now: float) -> bool:
        """Whether what it signed may still count."""
        return self.until is None or now < self.until


def verification_key(public: Mapping[str, object]) -> Key:
    """A public key that checks ES256 signatures and can do nothing else.

    Args:
        public: a JSON Web Key (RFC 7517).

    Raises:
        TokenError: another type, curve, algorithm or use, a private key, or no point of the curve.
    """
    other = [name for name, value in _KEY_MEMBERS.items() if public.get(name, value) != value]
    if other or {"kty", "crv"} - public.keys() or "d" in public or public.get("key_ops", ["verify"]) != ["verify"]:
        raise TokenError("not a key for our signatures")
    try:
        key: Key = jwk.construct({name: public[name] for name in ("kty", "crv", "x", "y")}, ALGORITHMS.ES256)
    except (JOSEError, KeyError, ValueError, TypeError) as error:
        raise TokenError("not a key for our signatures") from error
    return key


def signed_payload(token: str, key: Key) -> bytes:
    """What a token carries, once its form and its ES256 signature hold; says nothing about who issued it for whom.

    Args:
        token: compact form (RFC 7515), at most 2,048 characters.
        key: as `verification_key` makes it.

    Raises:
        TokenError: another form, another algorithm, a critical extension, or a signature that does not hold.
    """
    found = _COMPACT.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
    if found is None or not all(_is_canonical(part) for part in found.groups()):
        raise TokenError("not in compact form")
    header, payload, signature = map(_decode, found.groups())
    tree = _object(header)
    # A critical extension is one that must be understood, and this module understands none (RFC 7515 section 4.1.11);
    # `b64` changes what is signed (RFC 7797).
    if tree.get("alg") != ALGORITHMS.ES256 or "crit" in tree or "b64" in tree:
        raise TokenError("another algorithm")
    if not key.verify(token[: found.start(3) - 1].encode("ascii"), signature):
        raise TokenError("the signature does not hold")
    return payload


def _load(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise NotReadyError("the token key cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NotReadyError("the token key is not a P-256 private key")
    return key


def _sorted_json(tree: dict[str, str]) -> bytes:
    return json.dumps(tree, separators=(",", ":"), sort_keys=True).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _is_canonical(part: str) -> bool:
    """Whether decoding and encoding again gives the same text: no spare bits, no impossible length."""
    return len(part) % 4 != 1 and _encode(_decode(part)) == part


def _object(text: bytes) -> dict[str, Any]:
    """A JSON object that says each thing once; readers that keep the first or the last of two would disagree.

    Raises:
        TokenError: when the text is none.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        tree = dict(pairs)
        if len(tree) != len(pairs):
            raise TokenError("a name stands there twice")
        return tree

    try:
        tree = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise TokenError("not a JSON object") from error
    if not isinstance(tree, dict):
        raise TokenError("not a JSON object")
    return tree


def _thumbprint(public: dict[str, str]) -> str:
    """RFC 7638."""
    members = {name: public[name] for name in ("crv", "kty", "x", "y")}
    return _encode(hashlib.sha256(_sorted_json(members)).digest())
