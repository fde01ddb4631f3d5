"""The keys that the service signs with, as a process holds them; the newest version signs.

Legal: GDPR Art. 32(1)(a), (b); R-ENC-6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from registry.keys.ring import KeyRing

# A process that has not heard of the newest key yet signs with the one before.
NOTICED_WITHIN = timedelta(minutes=5)


class Signature(StrEnum):
    """What the service signs; names of the keys."""

    AUDIT = "audit-signing"
    TOKEN = "token-signing"  # noqa: S105 - a key's name
    SETUP = "policy-setup"


def new_ed25519_key() -> bytes:
    """A private key, 32 bytes."""
    return ed25519.Ed25519PrivateKey.generate().private_bytes_raw()


def new_token_key() -> bytes:
    """A P-256 private key, PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


NEW_KEY: Mapping[Signature, Callable[[], bytes]] = {
    Signature.AUDIT: new_ed25519_key,
    Signature.TOKEN: new_token_key,
    Signature.SETUP: new_ed25519_key,
}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key of access tokens; `until` None = it signs, else from when on nothing it signed counts."""

    private_key_pem: bytes
    until: datetime | None

    def __repr__(self) -> str:
        return f"TokenKey(until={self.until})"


def ed25519_keys(ring: KeyRing, signature: Signature) -> list[ed25519.Ed25519PrivateKey]:
    """The keys of a signature, the one that signs first.

    Raises:
        KeyUnavailableError: when there is none.
    """
    return [ed25519.Ed25519PrivateKey.from_private_bytes(held.key) for held in ring.service_versions(signature)]


def token_keys(ring: KeyRing, lifetime: timedelta) -> list[TokenKey]:
    """The keys of access tokens that live this long, the one that signs first.

    Raises:
        KeyUnavailableError: when there is none.
    """
    held = ring.service_versions(Signature.TOKEN)
    ends = [None, *(newer.created_at + NOTICED_WITHIN + lifetime for newer in held)]
    return [TokenKey(one.key, until) for one, until in zip(held, ends, strict=False)]
