"""What decisions are signed with: Ed25519 keys, of which the private part stays with the person who signs.

The private key lies in a file of the signer's own, sealed under a passphrase: argon2id (64 MiB, three passes) makes a
key of it, AES-256-GCM seals. The service never sees either; it keeps the public key (`registry.signing_keys`).

    {"v": 1, "public": hex (32 bytes), "salt": hex (16), "nonce": hex (12), "sealed": hex (32 + tag 16)}

Legal: GDPR Art. 5(2), Art. 24, Art. 32(1)(b).
"""

import hashlib
import json
import os
import secrets
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.errors import InvalidValueError, KeyUnavailableError
from registry.passwords import SHORTEST_PASSWORD

PUBLIC_KEY_BYTES = 32
_FORMAT = 1
_LABEL = b"registry-signing-key/1\0"


def fingerprint_of(public_key: bytes) -> str:
    """The name of a public key: its SHA-256, 64 hex digits."""
    return hashlib.sha256(public_key).hexdigest()


def verifies(public_key: bytes, signature: bytes, statement: bytes) -> bool:
    """Whether a signature (64 bytes) is this key's (32 bytes) over exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_key_file(path: Path, passphrase: str) -> bytes:
    """Make a key and seal it in a new file, mode 0600; returns the public key (32 bytes).

    Raises:
        InvalidValueError: when the passphrase is shorter than 12 characters, or the file exists.
    """
    if len(passphrase) < SHORTEST_PASSWORD:
        raise InvalidValueError(f"a passphrase has at least {SHORTEST_PASSWORD} characters")
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = AESGCM(_sealing_key(passphrase, salt)).encrypt(nonce, private.private_bytes_raw(), _LABEL + public)
    tree = {
        "v": _FORMAT,
        "public": public.hex(),
        "salt": salt.hex(),
        "nonce": nonce.hex(),
        "sealed": sealed.hex(),
    }
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InvalidValueError("the key file exists already") from error
    with os.fdopen(file, "w", encoding="ascii") as opened:
        json.dump(tree, opened)
    return public


def open_key_file(path: Path, passphrase: str) -> Ed25519PrivateKey:
    """The private key in a file.

    Raises:
        KeyUnavailableError: when there is no such file, the passphrase is wrong, or the file was changed.
    """
    try:
        tree = json.loads(path.read_text(encoding="ascii"))
        public = bytes.fromhex(tree["public"])
        key = _sealing_key(passphrase, bytes.fromhex(tree["salt"]))
        private = AESGCM(key).decrypt(bytes.fromhex(tree["nonce"]), bytes.fromhex(tree["sealed"]), _LABEL + public)
        return Ed25519PrivateKey.from_private_bytes(private)
    except (OSError, ValueError, KeyError, TypeError, InvalidTag) as error:
        raise KeyUnavailableError("the signing key does not open: wrong file or passphrase") from error


def _sealing_key(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), salt, time_cost=3, memory_cost=65_536, parallelism=1, hash_len=32, type=Type.ID
    )
