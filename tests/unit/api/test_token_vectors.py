"""Signatures that others made are judged as they judge them: Project Wycheproof's vectors through our own code.

What is not ES256 is refused whatever its verdict, because this service speaks ES256 alone. So is what says the same
in another spelling: an issued token has one.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.tokens import TokenError, Tokens, signed_payload, verification_key
from tests.forgeries import AUDIENCE, ISSUER, KEY, LIFETIME, decode, encode, pem
from tests.vectors import vector_files

JWS_VECTORS = 401
JWS_VALID_ES256 = [18, 378]
ECDSA_VECTORS = 262


def accepted(token: str, public: Mapping[str, object]) -> bool:
    try:
        signed_payload(token, verification_key(public))
    except TokenError:
        return False
    return True


def cases(path: Path) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each vector with its group."""
    for group in json.loads(path.read_text(encoding="utf-8"))["testGroups"]:
        for case in group["tests"]:
            yield group, case


@pytest.mark.parametrize("vectors", vector_files("wycheproof", "json_web_signature_test.json"))
def test_every_jws_vector_is_judged_as_expected(vectors: Path) -> None:
    found = list(cases(vectors))
    assert len(found) == JWS_VECTORS
    taken, wrong = [], []
    for group, case in found:
        public = group.get("public") or group["private"]
        token = case["jws"] if isinstance(case["jws"], str) else json.dumps(case["jws"])
        expected = case["result"] == "valid" and public.get("alg") == "ES256"
        if accepted(token, public) is not expected:
            wrong.append(case["tcId"])
        if expected:
            taken.append(case["tcId"])
    assert not wrong
    assert taken == JWS_VALID_ES256


@pytest.mark.parametrize("vectors", vector_files("wycheproof", "json_web_signature_test.json"))
def test_no_vector_opens_our_door_even_with_our_key_in_its_place(vectors: Path) -> None:
    tokens = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME)
    for _, case in cases(vectors):
        with pytest.raises(TokenError):
            tokens.verify(case["jws"] if isinstance(case["jws"], str) else json.dumps(case["jws"]))


@pytest.mark.parametrize("vectors", vector_files("wycheproof", "ecdsa_secp256r1_sha256_p1363_test.json"))
def test_every_ecdsa_vector_is_judged_as_expected(vectors: Path) -> None:
    """Signatures of 64 bytes over P-256 and SHA-256 are exactly what ES256 is made of."""
    found = list(cases(vectors))
    assert len(found) == ECDSA_VECTORS
    wrong = []
    for group, case in found:
        point = {name: encode(int(group["publicKey"][f"w{name}"], 16).to_bytes(32)) for name in ("x", "y")}
        key = verification_key({"kty": "EC", "crv": "P-256", **point})
        holds = key.verify(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
        if holds is not (case["result"] == "valid"):
            wrong.append(case["tcId"])
    assert not wrong


@pytest.mark.parametrize("vectors", vector_files("wycheproof", "json_web_key_test.json"))
def test_no_key_of_a_key_set_vector_opens_what_it_must_not(vectors: Path) -> None:
    """Their valid cases are RSA and HMAC; of their EC keys each has something wrong with it."""
    seen = 0
    for group, case in cases(vectors):
        given = group.get("public") or group["private"]
        for key in given.get("keys", [given]):
            assert not accepted(case["jws"], key), case["tcId"]
            seen += key.get("kty") == "EC"
    assert seen >= 6


def published() -> dict[str, str]:
    (key,) = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME).jwks()["keys"]
    return key


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "RSA"},
        {"kty": None},
        {"crv": "P-384"},
        {"crv": None},
        {"alg": "ES384"},
        {"alg": "HS256"},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": ["verify", "sign"]},
        {"d": "AA"},
        {"x": None},
        {"x": "AA"},
        {"y": encode(bytes(32))},
        {"y": 7},
    ],
)
def test_a_key_of_another_kind_is_refused(changes: dict[str, object]) -> None:
    key = {name: value for name, value in {**published(), **changes}.items() if value is not None}
    with pytest.raises(TokenError):
        verification_key(key)


@given(bit=st.integers(min_value=0, max_value=64 * 8 - 1))
def test_no_bit_of_a_signature_can_be_changed(bit: int) -> None:
    token = Tokens(pem(KEY), ISSUER, AUDIENCE, LIFETIME).issue("shop")
    text, _, signature = token.rpartition(".")
    number = int.from_bytes(decode(signature), "big") ^ (1 << bit)
    assert accepted(token, published())
    assert not accepted(f"{text}.{encode(number.to_bytes(64, 'big'))}", published())
