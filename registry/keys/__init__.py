"""Keys: what wraps what, who holds the root, and the ring that a process works with.

    root version, in the key provider
    └── key of an epoch
        └── data key of one category of one person, audit key of one person, keys of the blind indexes

Legal: GDPR Art. 32(1)(a); R-ENC-1, R-ENC-2.
"""

from registry.keys.opening import open_provider
from registry.keys.provider import KeyProvider
from registry.keys.ring import Digest, KeyRing, data_keys_of
from registry.keys.wrapping import (
    KEY_BYTES,
    NONCE_BYTES,
    DataKey,
    WrappedDataKey,
    fingerprint,
    keyed_digest,
    unwrap_key,
    wrap_key,
)

__all__ = [
    "KEY_BYTES",
    "NONCE_BYTES",
    "DataKey",
    "Digest",
    "KeyProvider",
    "KeyRing",
    "WrappedDataKey",
    "data_keys_of",
    "fingerprint",
    "keyed_digest",
    "open_provider",
    "unwrap_key",
    "wrap_key",
]
