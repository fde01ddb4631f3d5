"""SHA-256 for short inputs: CPython's own, where there is one.

What this log hashes is a few dozen to a few hundred bytes long. There the way into OpenSSL takes longer than the hash;
the module that CPython itself falls back on gives the same bytes in half the time.
"""

import hashlib
import importlib
from contextlib import suppress
from typing import Any, Protocol


class Digest(Protocol):
    """A hash that has been fed."""

    def digest(self) -> bytes:
        """Its 32 bytes."""


class Sha256(Protocol):
    """Starts a hash with its first bytes."""

    def __call__(self, data: bytes, /) -> Digest:
        """A hash over `data`."""


_INNER = bytes(value ^ 0x36 for value in range(256))
_OUTER = bytes(value ^ 0x5C for value in range(256))
_BLOCK = 64


def _of_cpython() -> Sha256:
    for name in ("_sha2", "_sha256"):  # since 3.12; until 3.11
        with suppress(ImportError, AttributeError):
            found: Any = importlib.import_module(name).sha256
            return found  # type: ignore[no-any-return]
    return hashlib.sha256


sha256 = _of_cpython()


class Hmac:
    """HMAC-SHA-256 (RFC 2104) under one key of at most 64 bytes."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = padded.translate(_INNER)
        self._outer = padded.translate(_OUTER)

    def digest(self, message: bytes) -> bytes:
        """The 32 bytes."""
        return sha256(self._outer + sha256(self._inner + message).digest()).digest()
