"""Session cookies: whose session it is, and 256 random bits of which only the SHA-256 is kept.

Legal: GDPR Art. 32(1)(b); R-ENC-6.
"""

import hashlib
import secrets
from uuid import UUID

from registry.errors import AuthenticationError

SECRET_BYTES = 32
_ID_BYTES = 16


def new_cookie(owner: UUID) -> str:
    """A fresh cookie: 32 hex digits of the owner's id, 64 of a secret."""
    return owner.hex + secrets.token_hex(SECRET_BYTES)


def owner_of(cookie: str) -> UUID:
    """Whose cookie it claims to be.

    Raises:
        AuthenticationError: when it has not the form of one.
    """
    try:
        return UUID(hex=cookie[: 2 * _ID_BYTES])
    except ValueError:
        raise AuthenticationError("no such session") from None


def digest_of(secret: str) -> bytes:
    """What is kept of a random secret: SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()
