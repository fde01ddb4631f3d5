"""Passwords and other secrets that can be guessed: kept as argon2id hashes (19 MiB, two passes).

A check takes the same effort whether there is somebody or not.

Legal: GDPR Art. 32(1)(b); R-ENC-6.
"""

import secrets

from passlib.hash import argon2

from registry.errors import InvalidValueError

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024

_argon2id = argon2.using(type="ID", memory_cost=19_456, time_cost=2, parallelism=1)
_NOBODYS_HASH = _argon2id.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """The hash of a new password.

    Raises:
        InvalidValueError: when it is shorter than 12 or longer than 1,024 characters.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidValueError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return hash_code(password)


def hash_code(code: str) -> str:
    """The hash of a one-time code."""
    return str(_argon2id.hash(code))


def matches(secret: str, hashed: str | None) -> bool:
    """Whether a secret is the hashed one; None = nobody's, which no secret is, at the same effort."""
    fits = bool(_argon2id.verify(secret, hashed or _NOBODYS_HASH))
    return fits and hashed is not None
