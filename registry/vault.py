"""Seals values and opens them again: the only place where a value becomes readable.

`open_sealed` takes a recorded permit that names the row, so that nothing can be opened that was not decided
and written to the audit log first. A ciphertext is bound to its row: subject, category, field, row, row version
and key version stand in the additional data, so a value moved to another row does not open.

Sealed form: nonce (12) + AES-256-GCM ciphertext + tag (16) bytes.

Legal: GDPR Art. 32(1)(a), Art. 25(1); R-ENC-1, R-ENC-3.
"""

import hashlib
import secrets
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.event import Recorded
from policies.decision import Deny, Permit
from policies.vocabulary import Category, FieldName
from registry.errors import KeyUnavailableError, NotPermittedError, SealBrokenError
from registry.keys import NONCE_BYTES, DataKey, KeyRing, WrappedDataKey

LETTER = FieldName("@letter")
_LETTER_VERSION = 1


class Place(NamedTuple):
    """Where a sealed value belongs; part of what is authenticated."""

    subject_id: UUID
    category: Category
    field: FieldName
    row_id: UUID
    row_version: int


class Sealed(NamedTuple):
    """A sealed value with its place; the bytes stay out of `repr`."""

    place: Place
    key_version: int
    ciphertext: bytes

    def __repr__(self) -> str:
        return f"Sealed({self.place!r}, key_version={self.key_version})"

    @property
    def digest(self) -> bytes:
        """What the audit entry of the write remembers."""
        return hashlib.sha256(self.ciphertext).digest()


def letter_place(subject_id: UUID, letter_id: UUID) -> Place:
    """Where a letter of the registry's own belongs while it waits."""
    return Place(subject_id, Category.EVIDENCE, LETTER, letter_id, _LETTER_VERSION)


def seal(value: bytes, place: Place, key: DataKey) -> Sealed:
    """Encrypt one value for its place with a random nonce."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return Sealed(place, key.version, nonce + key.cipher.encrypt(nonce, value, _bound(place, key.version)))


def reseal(sealed: Sealed, key: DataKey, new_key: DataKey) -> Sealed:
    """Move a value to another data key of the same person and category; nothing becomes readable on the way.

    Raises:
        KeyUnavailableError: when the value was sealed with another version of the key.
        SealBrokenError: when the value was changed or moved.
    """
    if sealed.key_version != key.version:
        raise KeyUnavailableError(f"key version {sealed.key_version} of {sealed.place.category.value} is not held")
    return seal(_opened(sealed, key), sealed.place, new_key)


def holds(
    sealed: Sealed, document: object, key: DataKey, spelled: Callable[[object], object] = lambda one: one
) -> bool:
    """Whether a sealed document says the same as one that just arrived; nothing but that leaves this room.

    Args:
        sealed: a JSON value.
        document: what arrived; the order of an object's members means nothing.
        key: the data key of the person and category.
        spelled: the one spelling of everything that means the same.

    Raises:
        SealBrokenError: when the value was changed or moved.
    """
    stored, arrived = (spelled(one) for one in (orjson.loads(_opened(sealed, key)), document))
    return orjson.dumps(stored, option=orjson.OPT_SORT_KEYS) == orjson.dumps(arrived, option=orjson.OPT_SORT_KEYS)


def open_letter(recorded: Recorded[Sealed], key: DataKey) -> bytes:
    """Open a letter of the registry's own whose sending is on record; no value of anybody's opens this way.

    Raises:
        NotPermittedError: when the sending is not recorded, or this is no letter.
        KeyUnavailableError: when the letter waits under another version of the key.
        SealBrokenError: when it was changed or moved.
    """
    given: object = recorded
    if not isinstance(given, Recorded) or not isinstance(given.value, Sealed) or given.value.place.field != LETTER:
        raise NotPermittedError("letters open only once their sending is recorded")
    sealed = given.value
    if sealed.key_version != key.version:
        raise KeyUnavailableError(f"key version {sealed.key_version} is not held")
    return _opened(sealed, key)


def open_sealed(
    sealed: Iterable[Sealed],
    permit: Recorded[Permit] | Recorded[Permit | Deny],
    ring: KeyRing,
    keys: Mapping[Category, WrappedDataKey],
) -> dict[UUID, bytes]:
    """Open the rows of one person that a recorded permit names.

    Args:
        sealed: values of the permit's person.
        permit: the decision, durable in the audit log.
        ring: the installation's keys.
        keys: this person's data keys as stored.

    Returns:
        The plain value by row id.

    Raises:
        NotPermittedError: when a row is another person's or not named by the permit.
        KeyUnavailableError: when the data key is gone.
        SealBrokenError: when the value was changed or moved.
    """
    given: object = permit
    if not isinstance(given, Recorded) or not isinstance(given.value, Permit):
        raise NotPermittedError("values open only on a recorded permit")
    decision = given.value
    owner, rows = decision.subject_id, decision.rows
    ciphers: dict[Category, tuple[int, AESGCM]] = {}
    last: Category | None = None
    version, cipher, of_person = 0, None, b""
    opened: dict[UUID, bytes] = {}
    for place, key_version, ciphertext in sealed:
        subject_id, category, field, row_id, _ = place
        if (subject_id is not owner and subject_id != owner) or rows.get(row_id) != field:
            raise NotPermittedError("the permit does not name this row")
        if cipher is None or category is not last:
            last = category
            if category not in ciphers:
                ciphers[category] = _cipher(ring, place, keys)
            version, cipher = ciphers[category]
            of_person = _of_person(place)
        if version != key_version:
            raise KeyUnavailableError(f"key version {key_version} of {category.value} is not held")
        opened[row_id] = _decrypted(cipher, ciphertext, of_person + _of_row(place, key_version), field)
    return opened


def _opened(sealed: Sealed, key: DataKey) -> bytes:
    return _decrypted(key.cipher, sealed.ciphertext, _bound(sealed.place, sealed.key_version), sealed.place.field)


def _cipher(ring: KeyRing, place: Place, keys: Mapping[Category, WrappedDataKey]) -> tuple[int, AESGCM]:
    stored = keys.get(place.category)
    if stored is None:
        raise KeyUnavailableError(f"no key for {place.category.value}")
    key = ring.data_key(place.subject_id, place.category, stored)
    return key.version, key.cipher


def _decrypted(cipher: AESGCM, ciphertext: bytes, bound: bytes, field: FieldName) -> bytes:
    """What nonce (12) + AES-256-GCM ciphertext + tag (16) holds, bound to additional data."""
    try:
        return cipher.decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError(f"a value of {field} does not open") from error


def _bound(place: Place, key_version: int) -> bytes:
    """Additional data of fixed width: 16 + 8 + 8 + 16 + 4 + 4 bytes."""
    subject_id, category, field, row_id, row_version = place
    codes = _CODES[category.encode()], _CODES[field.encode()]
    return _BOUND(subject_id.int.to_bytes(16), *codes, row_id.int.to_bytes(16), row_version, key_version)


def _of_person(place: Place) -> bytes:
    """The part of the additional data that all values of one category of a person share."""
    return place.subject_id.int.to_bytes(16) + _CODES[place.category.encode()]


def _of_row(place: Place, key_version: int) -> bytes:
    """The rest of the additional data."""
    return _ROW(_CODES[place.field.encode()], place.row_id.int.to_bytes(16), place.row_version, key_version)


class _Codes(dict[bytes, bytes]):
    """Eight bytes for a name; kept, because names are few."""

    def __missing__(self, name: bytes) -> bytes:
        code = self[name] = hashlib.sha256(name).digest()[:8]
        return code


_BOUND = struct.Struct(">16s8s8s16sII").pack
_ROW = struct.Struct(">8s16sII").pack
_CODES = _Codes()
