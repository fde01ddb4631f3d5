"""Only tokens that this service issued open anything: every known forgery is refused, and a second opinion agrees.

The second opinion is ECDSA from `cryptography` over the token's own bytes, without python-jose.
"""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from api.tokens import (
    LONGEST_TOKEN,
    MOST_REMEMBERED,
    TokenError,
    Tokens,
    UnknownTokenKeyError,
    signed_payload,
    verification_key,
)
from registry.errors import NotReadyError
from tests.forgeries import AUDIENCE, ISSUER, KEY, LIFETIME, decode, encode, forgeries, pem, signed

ANOTHER = ec.generate_private_key(ec.SECP256R1())
TOKENS = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME)


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def our_header() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(decode(TOKENS.issue("shop").split(".")[0]))
    return tree


def our_claims(**changes: object) -> dict[str, Any]:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "shop",
        "iat": now,
        "exp": now + LIFETIME,
        "jti": "0" * 32,
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def token_of(claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    head = json.dumps(header or our_header(), separators=(",", ":"), sort_keys=True).encode()
    return signed(head, json.dumps(claims).encode())


def second_opinion(token: str) -> bool:
    """Whether the signature over the first two parts holds, by `cryptography` alone."""
    header, payload, signature = token.split(".")
    raw = decode(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        KEY.public_key().verify(der, f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def refused(token: str, tokens: Tokens = TOKENS) -> bool:
    try:
        tokens.verify(token)
    except TokenError:
        return True
    return False


def test_an_issued_token_tells_its_client() -> None:
    token = TOKENS.issue("shop")
    assert TOKENS.verify(token) == "shop"
    assert second_opinion(token)


def test_a_token_made_by_hand_from_the_right_parts_is_accepted() -> None:
    assert TOKENS.verify(token_of(our_claims())) == "shop"


def test_the_published_key_verifies_an_issued_token() -> None:
    (key,) = TOKENS.jwks()["keys"]
    assert key["kty"] == "EC"
    assert key["use"] == "sig"
    assert "d" not in key
    assert key["kid"] == our_header()["kid"]
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(decode(key["x"]), "big"), int.from_bytes(decode(key["y"]), "big"), ec.SECP256R1()
    )
    assert numbers == KEY.public_key().public_numbers()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "HS256", "ES384", "RS256", "", "ES256 ", "ES", "es256"])
def test_another_algorithm_is_refused(alg: str) -> None:
    assert refused(token_of(our_claims(), {**our_header(), "alg": alg}))


@pytest.mark.parametrize("signature", ["", encode(bytes(64)), encode(b"\1" * 64)])
def test_a_token_without_a_signature_is_refused(signature: str) -> None:
    for alg in ("none", "ES256"):
        header, payload, _ = token_of(our_claims(), {**our_header(), "alg": alg}).split(".")
        assert refused(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
@pytest.mark.parametrize("alg", ["HS256", "HS512", "ES256"])
def test_the_public_key_is_no_shared_secret(encoding: Encoding, alg: str) -> None:
    secret = KEY.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    header = encode(json.dumps({**our_header(), "alg": alg}, separators=(",", ":"), sort_keys=True).encode())
    text = f"{header}.{encode(json.dumps(our_claims()).encode())}"
    digest = hashlib.sha512 if alg in {"HS512", "ES256"} else hashlib.sha256
    assert refused(f"{text}.{encode(hmac.new(secret, text.encode(), digest).digest())}")


@pytest.mark.parametrize("alg", ["ES", "S256", "E", "2", "none", "HS256", "ES384"])
def test_a_signature_that_holds_does_not_carry_another_algorithm(alg: str) -> None:
    """Behind our look at the whole header stands a second bar: even our own signature carries no other name."""
    token = token_of(our_claims(), {**our_header(), "alg": alg})
    assert second_opinion(token)
    with pytest.raises(TokenError):
        signed_payload(token, verification_key(TOKENS.jwks()["keys"][0]))


@pytest.mark.parametrize("family", forgeries(TOKENS.issue("shop"), KEY))
def test_a_forgery_of_every_family_is_refused(family: str) -> None:
    good = TOKENS.issue("shop")
    assert TOKENS.verify(good) == "shop"
    assert refused(forgeries(good, KEY)[family])


@pytest.mark.parametrize("changes", [{"aud": "another"}, {"iss": "another"}])
def test_our_own_look_at_the_claims_does_not_rely_on_the_library(changes: dict[str, object]) -> None:
    with pytest.raises(TokenError):
        TOKENS._check_claims(our_claims(**changes), time.time())


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"jku": "https://example.test/keys"},
        {"x5u": "https://example.test/cert"},
        {"x5c": ["MA=="]},
        {"jwk": {"kty": "oct", "k": "AA"}},
        {"zip": "DEF"},
        {"enc": "A128GCM"},
        {"cty": "JWT"},
        {"kid": "another"},
        {"typ": "JWT"},
        {"typ": None},
    ],
)
def test_a_header_that_is_not_ours_is_refused(extra: dict[str, Any]) -> None:
    assert refused(token_of(our_claims(), {**our_header(), **extra}))


@pytest.mark.parametrize("missing", ["alg", "kid", "typ"])
def test_a_header_that_lacks_something_is_refused(missing: str) -> None:
    header = {name: value for name, value in our_header().items() if name != missing}
    assert refused(token_of(our_claims(), header))


def test_a_key_in_the_header_is_not_used() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    numbers = stranger.public_key().public_numbers()
    key = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32)), "y": encode(numbers.y.to_bytes(32))}
    header = json.dumps({**our_header(), "jwk": key}).encode()
    assert refused(signed(header, json.dumps(our_claims()).encode(), stranger))


def test_another_key_is_refused() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    header, payload, _ = TOKENS.issue("shop").split(".")
    assert refused(signed(decode(header), decode(payload), stranger))
    assert refused(Tokens(pem(stranger), ISSUER, AUDIENCE, LIFETIME).issue("shop"))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "exp", "jti"])
def test_a_missing_claim_is_refused(claim: str) -> None:
    assert refused(token_of(our_claims(**{claim: None})))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://example.test"},
        {"iss": [ISSUER]},
        {"aud": "another"},
        {"aud": [AUDIENCE]},
        {"aud": [AUDIENCE, "another"]},
        {"aud": ""},
        {"sub": 7},
        {"sub": ""},
        {"jti": ""},
        {"sub": ["shop"]},
        {"exp": int(time.time()) - 1},
        {"exp": int(time.time())},
        {"exp": str(int(time.time()) + 60)},
        {"exp": time.time() + 60.5},
        {"exp": int(time.time()) + LIFETIME + 10**6},
        {"exp": True},
        {"exp": {}},
        {"iat": int(time.time()) + 10**6},
        {"iat": "now"},
        {"iat": []},
        {"jti": 1},
        {"nbf": int(time.time()) + 10**6},
        {"at_hash": "AA"},
        {"scope": "everything"},
    ],
)
def test_claims_that_are_not_ours_are_refused(changes: dict[str, object]) -> None:
    assert refused(token_of({**our_claims(), **changes}))


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 1400, b'"shop"'])
def test_a_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    header = json.dumps(our_header(), separators=(",", ":"), sort_keys=True).encode()
    assert refused(signed(header, payload))


def test_a_changed_payload_is_refused() -> None:
    header, _, signature = TOKENS.issue("mailer").split(".")
    payload = encode(json.dumps(our_claims(sub="console")).encode())
    assert refused(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize(
    "change", ["{}=", "{}==", "{}A", "{}.", ".{}", "{}\n", " {}", "{}\0", "{}.{}", "{}é", "{}\ud800"]
)
def test_anything_before_or_after_a_token_is_refused(change: str) -> None:
    token = TOKENS.issue("shop")
    assert refused(change.format(token, token))


def test_spare_bits_in_base64_are_refused() -> None:
    header, payload, signature = TOKENS.issue("shop").split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = alphabet[alphabet.index(signature[-1]) + 1]
    assert decode(signature[:-1] + spare) == decode(signature), "the other spelling means the same bytes"
    assert refused(f"{header}.{payload}.{signature[:-1]}{spare}")


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a.b.c", "a" * 5000, "é.é.é"])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token)


def test_an_encrypted_token_is_refused() -> None:
    header = encode(json.dumps({"alg": "dir", "enc": "A128GCM"}).encode())
    assert refused(f"{header}..{encode(bytes(12))}.{encode(bytes(30))}.{encode(bytes(16))}")


def test_a_token_that_is_too_long_is_refused() -> None:
    assert refused(token_of(our_claims(sub="s" * LONGEST_TOKEN)))


@given(place=st.integers(min_value=0), with_=st.characters(min_codepoint=0, max_codepoint=0x17F))
def test_a_token_with_one_changed_character_is_refused(place: int, with_: str) -> None:
    token = TOKENS.issue("shop")
    at = place % len(token)
    changed = token[:at] + with_ + token[at + 1 :]
    assert changed == token or refused(changed)


@given(
    claims=st.fixed_dictionaries(
        {},
        optional={
            "iss": st.sampled_from([ISSUER, "x", 1]),
            "aud": st.sampled_from([AUDIENCE, [AUDIENCE], "x", None]),
            "sub": st.one_of(st.text(max_size=20), st.integers(), st.none()),
            "exp": st.one_of(
                st.integers(-10, 10).map(lambda offset: int(time.time()) + offset * 300), st.text(max_size=3)
            ),
            "iat": st.integers(-10, 10).map(lambda offset: int(time.time()) + offset * 300),
            "nbf": st.integers(0, 9),
        },
    ),
    own_key=st.booleans(),
)
def test_a_second_opinion_agrees(claims: dict[str, Any], own_key: bool) -> None:  # noqa: FBT001 - drawn
    """What is accepted has a signature that holds and exactly the claims the rules ask for."""
    key = KEY if own_key else ANOTHER
    tree = {**our_claims(), **claims}
    header = json.dumps(our_header(), separators=(",", ":"), sort_keys=True).encode()
    token = signed(header, json.dumps(tree).encode(), key)
    now = time.time()
    ours = (
        second_opinion(token)
        and tree.keys() == our_claims().keys()
        and tree["iss"] == ISSUER
        and tree["aud"] == AUDIENCE
        and isinstance(tree["sub"], str)
        and bool(tree["sub"])
        and isinstance(tree["exp"], int)
        and tree["exp"] > now
        and tree["iat"] <= now + 5
        and tree["exp"] - tree["iat"] <= LIFETIME
    )
    assert refused(token) is not ours


def test_a_token_is_over_at_its_very_second_even_when_remembered() -> None:
    clock = Clock()
    clock.now = float(int(time.time()))
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME, clock)
    token = tokens.issue("shop")
    assert tokens.verify(token) == "shop"
    clock.now += LIFETIME - 0.01
    assert tokens.verify(token) == "shop"
    clock.now += 0.01
    assert refused(token, tokens)


def test_a_verified_token_is_not_verified_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME)
    token = tokens.issue("shop")
    assert tokens.verify(token) == "shop"
    monkeypatch.setattr("api.tokens.signed_payload", None)
    assert tokens.verify(token) == "shop"


def test_a_refused_token_is_not_remembered() -> None:
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME)
    forged = token_of(our_claims(aud="another"))
    assert refused(forged, tokens)
    assert refused(forged, tokens)


def test_what_is_remembered_stays_bounded() -> None:
    clock = Clock()
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME, clock)
    for number in range(MOST_REMEMBERED + 10):
        tokens._remember(number.to_bytes(32), "shop", int(clock.now) + LIFETIME, clock.now)
    assert len(tokens._verified) == MOST_REMEMBERED
    clock.now += LIFETIME
    tokens._remember(b"new", "shop", int(clock.now) + LIFETIME, clock.now)
    assert list(tokens._verified) == [b"new"]


def test_a_revoked_client_is_refused_until_it_gets_a_new_token() -> None:
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME)
    remembered, unseen, other = tokens.issue("shop"), tokens.issue("shop"), tokens.issue("mailer")
    assert tokens.verify(remembered) == "shop"
    tokens.revoke("shop")
    assert refused(remembered, tokens)
    assert refused(unseen, tokens)
    assert tokens.verify(other) == "mailer"
    assert tokens.verify(tokens.issue("shop")) == "shop"


def test_a_revocation_made_elsewhere_counts_from_its_own_instant() -> None:
    clock = Clock()
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME, clock)
    before = tokens.issue("shop")
    clock.now += 60
    after = tokens.issue("shop")
    assert tokens.verify(before) == tokens.verify(after) == "shop"
    tokens.revoke("shop", datetime.fromtimestamp(clock.now - 30, UTC))
    assert refused(before, tokens)
    assert tokens.verify(after) == "shop"
    tokens.revoke("shop", datetime.fromtimestamp(clock.now - 45, UTC))
    assert refused(before, tokens)


@pytest.mark.parametrize(
    "key",
    [
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 2048)),
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        b"secret",
    ],
    ids=["another curve", "rsa", "public", "no key"],
)
def test_a_key_that_is_not_p256_and_private_is_refused(key: bytes) -> None:
    with pytest.raises(NotReadyError):
        Tokens(key, ISSUER, AUDIENCE, LIFETIME)


def test_a_token_says_nothing_in_its_error() -> None:
    token = token_of(our_claims(sub="erika.mustermann@example.com", aud="another"))
    with pytest.raises(TokenError) as caught:
        TOKENS.verify(token)
    assert "erika" not in str(caught.value)


def test_a_replaced_key_counts_until_its_tokens_have_ended_and_signs_no_more() -> None:
    clock = Clock()
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME, clock)
    before = tokens.issue("shop")
    until = datetime.fromtimestamp(clock.now + LIFETIME, UTC)
    tokens.adopt([(pem(ANOTHER), None), (pem(KEY), until)])
    after = tokens.issue("shop")
    assert [tokens.verify(one) for one in (before, after, before)] == ["shop"] * 3
    assert tokens.key_of(before) != tokens.key_of(after) == tokens.jwks()["keys"][0]["kid"]
    assert len(tokens.jwks()["keys"]) == len(tokens.key_ids) == 2
    clock.now = until.timestamp()
    late = token_of(our_claims(iat=int(clock.now), exp=int(clock.now) + LIFETIME))
    assert refused(late, tokens), "signed with the old key after its end"
    assert len(tokens.jwks()["keys"]) == 1
    tokens.adopt([(pem(ANOTHER), None)])
    with pytest.raises(UnknownTokenKeyError):
        tokens.verify(before)


def test_a_token_that_was_remembered_is_forgotten_with_its_key() -> None:
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME)
    token = tokens.issue("shop")
    assert tokens.verify(token) == "shop"
    tokens.adopt([(pem(ANOTHER), None)])
    assert refused(token, tokens)
