"""Wraps keys under keys and makes keyed digests; what is wrapped is bound to what it is for.

Wrapping is AES-256-GCM-SIV, because many messages share one wrapping key and a repeated nonce must not matter; a
fingerprint of a data key is kept beside it, because GCM does not commit to its key.
"""

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from policies.vocabulary import Category
from registry.errors import KeyUnavailableError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
DIGEST_BYTES = 16
_FINGERPRINT_BYTES = 8


@dataclass(frozen=True, slots=True)
class WrappedDataKey:
    """A data key as stored: its version, epoch, wrapped bytes and the fingerprint of the plain key."""

    version: int
    epoch: int
    wrapped: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped data key, with the cipher that it is for; lives for one call."""

    version: int
    key: bytes
    cipher: AESGCM = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cipher", AESGCM(self.key))

    def __repr__(self) -> str:
        return f"DataKey(version={self.version})"


def wrap_key(wrapping: bytes, key: bytes, context: bytes) -> bytes:
    """Nonce (12) + AES-256-GCM-SIV ciphertext (as long as the key) + tag (16) bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCMSIV(wrapping).encrypt(nonce, key, context)


def unwrap_key(wrapping: bytes | AESGCMSIV, wrapped: bytes, context: bytes) -> bytes:
    """The key that `wrap_key` wrapped, with the wrapping key or a cipher prepared with it.

    Raises:
        KeyUnavailableError: when it was changed, or wrapped under another key or context.
    """
    try:
        cipher = AESGCMSIV(wrapping) if isinstance(wrapping, bytes) else wrapping
        return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise KeyUnavailableError("a wrapped key does not open") from error


def rewrap_key(old: AESGCMSIV, new: AESGCMSIV, wrapped: bytes, context: bytes, nonce: bytes) -> bytes:
    """The same key under another wrapping key; prepared ciphers, because survivors of an epoch come by the thousand.

    Args:
        old: what it is wrapped under.
        new: what it shall be wrapped under.
        wrapped: as `wrap_key` made it.
        context: what it is bound to, before and after.
        nonce: 12 fresh random bytes.

    Raises:
        KeyUnavailableError: when it was changed, or wrapped under another key or context.
    """
    return nonce + new.encrypt(nonce, unwrap_key(old, wrapped, context), context)


def keyed_digest(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256, cut to 16 bytes."""
    return hmac.digest(key, message, "sha256")[:DIGEST_BYTES]


def fingerprint(key: bytes) -> bytes:
    """Eight bytes that commit to a data key without telling it."""
    return hashlib.sha256(b"registry-key-fingerprint\0" + key).digest()[:_FINGERPRINT_BYTES]


def epoch_context(epoch: int) -> bytes:
    """What the wrapping of an epoch's key is bound to."""
    return b"epoch\0" + struct.pack(">I", epoch)


def data_context(subject_id: UUID, category: Category, version: int) -> bytes:
    """What the wrapping of a data key is bound to."""
    return b"data\0" + subject_id.bytes + struct.pack(">I", version) + category.encode()


def audit_context(ref: UUID) -> bytes:
    """What the wrapping of a person's audit key is bound to."""
    return b"audit\0" + ref.bytes


def index_context(kind: str, version: int) -> bytes:
    """What the wrapping of an index key is bound to; the first version carries no number."""
    return b"index\0" + kind.encode() + (b"" if version == 1 else b"\0" + struct.pack(">I", version))


def service_context(name: str) -> bytes:
    """What the wrapping of a service key is bound to."""
    return b"service\0" + name.encode()
