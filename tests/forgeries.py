"""Tokens that this service never issued: made by hand from any parts, and signed or not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ISSUER = "https://registry.example.com"
AUDIENCE = "consent-registry"
LIFETIME = 900
KEY = ec.generate_private_key(ec.SECP256R1())
SPARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """A private key as the service stores it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part: str) -> bytes:
    """What a part of a token says."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def compact_json(tree: Mapping[str, Any]) -> bytes:
    """JSON as the service writes it."""
    return json.dumps(tree, separators=(",", ":"), sort_keys=True).encode()


def signed(header: bytes, payload: bytes, key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """A token over any bytes, with an ES256 signature that holds."""
    text = f"{encode(header)}.{encode(payload)}"
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def forgeries(good: str, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """One forgery of every family that has been seen to work somewhere, from a good token and its private key.

    Those that are signed with the key itself would be accepted by whoever checks the signature alone.
    """
    header_part, payload_part, signature = good.split(".")
    header, claims = json.loads(decode(header_part)), json.loads(decode(payload_part))
    payload = decode(payload_part)
    stranger = ec.generate_private_key(ec.SECP256R1())

    def with_header(**changes: object) -> str:
        return signed(compact_json({**header, **changes}), payload, key)

    def with_claims(**changes: object) -> str:
        kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return signed(decode(header_part), json.dumps(kept).encode(), key)

    def mac(encoding: Encoding, algorithm: str) -> str:
        secret = key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        text = f"{encode(compact_json({**header, 'alg': algorithm}))}.{payload_part}"
        digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
        return f"{text}.{encode(hmac.new(secret, text.encode(), digest).digest())}"

    none = encode(compact_json({**header, "alg": "none"}))
    spare = signature[:-1] + SPARE[SPARE.index(signature[-1]) + 1]
    numbers = stranger.public_key().public_numbers()
    own_key = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32)), "y": encode(numbers.y.to_bytes(32))}
    jwe = encode(compact_json({"alg": "dir", "enc": "A128GCM"}))
    return {
        **{f"mac-{alg}-{name}": mac(form, alg) for alg in ("HS256", "HS384", "HS512") for name, form in _FORMS.items()},
        **{f"alg-{alg}": with_header(alg=alg) for alg in ("none", "None", "HS256", "ES384", "ES", "ES256 ", "es256")},
        "alg-list": with_header(alg=["ES256"]),
        "alg-null": with_header(alg=None),
        "none-unsigned": f"{none}.{payload_part}.",
        "none-with-a-signature": f"{none}.{payload_part}.{signature}",
        "unsigned": f"{header_part}.{payload_part}.",
        "signature-of-zeros": f"{header_part}.{payload_part}.{encode(bytes(64))}",
        "signature-as-der": f"{header_part}.{payload_part}.{encode(_der(header_part, payload_part, key))}",
        **{f"without-{name}": with_claims(**{name: None}) for name in claims},
        "aud-of-others": with_claims(aud="another"),
        "aud-as-list": with_claims(aud=[claims["aud"]]),
        "iss-of-others": with_claims(iss="https://example.test"),
        "over": with_claims(iat=1, exp=2),
        "for-ever": with_claims(exp=2**40),
        "exp-as-text": with_claims(exp=str(claims["exp"])),
        "exp-as-infinity": signed(decode(header_part), _claim(claims, "exp", "Infinity"), key),
        "nbf-in-the-future": with_claims(nbf=claims["exp"]),
        "claim-twice": signed(decode(header_part), payload[:-1] + b',"sub":"console"}', key),
        "crit": with_header(crit=["exp"]),
        "crit-empty": with_header(crit=[]),
        "crit-b64": with_header(crit=["b64"], b64=False),
        "header-twice": signed(decode(header_part)[:-1] + b',"alg":"ES256"}', payload, key),
        "header-twice-none": signed(b'{"alg":"none",' + decode(header_part)[1:], payload, key),
        "header-with-spaces": signed(json.dumps(header).encode(), payload, key),
        "jwk-of-the-forger": signed(compact_json({**header, "jwk": own_key}), payload, stranger),
        "key-of-the-forger": signed(decode(header_part), payload, stranger),
        **{f"kid-{number}": with_header(kid=kid) for number, kid in enumerate(_KIDS)},
        "jku": with_header(jku="https://example.test/keys"),
        "x5u": with_header(x5u="https://example.test/certificate"),
        "zip": with_header(zip="DEF"),
        "typ-of-an-id-token": with_header(typ="JWT"),
        "jwe": f"{jwe}..{encode(bytes(12))}.{encode(bytes(30))}.{encode(bytes(16))}",
        "jwe-header-in-three-parts": f"{jwe}.{payload_part}.{signature}",
        "padded": f"{header_part}.{payload_part}.{signature}==",
        "spare-bits": f"{header_part}.{payload_part}.{spare}",
        "standard-alphabet": f"{header_part}.{payload_part}.{signature[:-2]}+/",
        "impossible-length": f"{header_part}.{payload_part}A.{signature}",
        "one-part-more": f"{good}.{signature}",
        "one-part-less": f"{header_part}.{payload_part}",
        "parts-swapped": f"{payload_part}.{header_part}.{signature}",
        "huge-claims": with_claims(sub="s" * 100_000),
        "huge-and-nested": signed(decode(header_part), b"[" * 1400, key),
        "json-serialisation": json.dumps({"protected": header_part, "payload": payload_part, "signature": signature}),
    }


_FORMS = {"DER": Encoding.DER, "PEM": Encoding.PEM}
_KIDS = ("", "another", "../../../dev/null", "' or 1=1 --", "https://example.test/key", 0, None, ["a"])


def _der(header_part: str, payload_part: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.sign(f"{header_part}.{payload_part}".encode(), ec.ECDSA(hashes.SHA256()))


def _claim(claims: Mapping[str, Any], name: str, text: str) -> bytes:
    """The claims with one of them as any text."""
    return json.dumps({**claims, name: "@"}).replace('"@"', text).encode()
