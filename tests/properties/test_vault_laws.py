"""Laws of sealing: what is sealed opens at its place alone, and a flipped bit anywhere is found (R-ENC-1)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.event import Recorded
from policies.decision import Permit
from policies.vocabulary import Category, FieldName, LegalBasis, PurposeId, SubjectId
from registry.errors import KeyUnavailableError, RegistryError, SealBrokenError
from registry.keys import KeyRing, WrappedDataKey, fingerprint, unwrap_key, wrap_key
from registry.vault import Place, Sealed, open_sealed, reseal, seal

_places = st.builds(
    Place,
    subject_id=st.uuids(),
    category=st.sampled_from(Category),
    field=st.sampled_from([FieldName("email"), FieldName("phone"), FieldName("purchases")]),
    row_id=st.uuids(),
    row_version=st.integers(1, 2**31),
)


class _Provider:
    """A key provider in memory."""

    def versions(self) -> tuple[int, ...]:
        return (1,)

    def create_version(self) -> int:
        raise AssertionError("these laws need no second root")

    def destroy_version(self, version: int) -> None:
        raise AssertionError("these laws destroy no root")

    def close(self) -> None:
        pass

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        return 1, wrap_key(bytes(32), key, context)

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        assert version == 1
        return unwrap_key(bytes(32), wrapped, context)


def _ring() -> KeyRing:
    ring = KeyRing(_Provider())
    ring.hold_epoch(1, bytes(range(32)))
    return ring


def _permit(place: Place) -> Recorded[Permit]:
    permit = Permit(
        subject_id=SubjectId(place.subject_id),
        purpose=PurposeId("any"),
        policy_version="1",
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        fields=(place.field,),
        rows={place.row_id: place.field},
        bases={place.category: LegalBasis.CONTRACT},
    )
    return Recorded(permit, 0, uuid4())


def _open(ring: KeyRing, sealed: Sealed, wrapped: WrappedDataKey) -> bytes:
    place = sealed.place
    return open_sealed([sealed], _permit(place), ring, {place.category: wrapped})[place.row_id]


@given(_places, st.binary(max_size=300))
def test_what_was_sealed_opens_at_its_place(place: Place, value: bytes) -> None:
    ring = _ring()
    key, wrapped = ring.new_data_key(place.subject_id, place.category)
    assert _open(ring, seal(value, place, key), wrapped) == value


@given(_places, st.binary(max_size=60), st.data())
def test_a_flipped_bit_is_found(place: Place, value: bytes, data: st.DataObject) -> None:
    ring = _ring()
    key, wrapped = ring.new_data_key(place.subject_id, place.category)
    sealed = seal(value, place, key)
    bit = data.draw(st.integers(0, len(sealed.ciphertext) * 8 - 1))
    broken = bytearray(sealed.ciphertext)
    broken[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBrokenError):
        _open(ring, Sealed(place, sealed.key_version, bytes(broken)), wrapped)


@given(_places, _places, st.sampled_from(["subject_id", "category", "field", "row_id", "row_version"]))
def test_a_value_moved_elsewhere_does_not_open(place: Place, other: Place, moved: str) -> None:
    ring = _ring()
    key, _ = ring.new_data_key(place.subject_id, place.category)
    elsewhere = place._replace(**{moved: getattr(other, moved)})
    if elsewhere == place:
        return
    sealed = seal(b"value", place, key)
    _, own = ring.new_data_key(elsewhere.subject_id, elsewhere.category)
    with pytest.raises(RegistryError):
        _open(ring, Sealed(elsewhere, sealed.key_version, sealed.ciphertext), own)


@given(_places, st.sampled_from(["field", "row_id", "row_version"]))
def test_under_the_same_key_a_value_stays_bound_to_its_row(place: Place, moved: str) -> None:
    ring = _ring()
    key, wrapped = ring.new_data_key(place.subject_id, place.category)
    other: dict[str, Any] = {"field": FieldName("city"), "row_id": uuid4(), "row_version": place.row_version + 1}
    sealed = seal(b"value", place, key)
    elsewhere = place._replace(**{moved: other[moved]})
    with pytest.raises(SealBrokenError):
        _open(ring, Sealed(elsewhere, sealed.key_version, sealed.ciphertext), wrapped)


@given(_places, st.binary(max_size=60))
def test_after_a_key_was_replaced_the_old_one_opens_nothing(place: Place, value: bytes) -> None:
    ring = _ring()
    key, old = ring.new_data_key(place.subject_id, place.category)
    fresh_key, fresh = ring.new_data_key(place.subject_id, place.category, key.version + 1)
    moved = reseal(seal(value, place, key), key, fresh_key)
    assert _open(ring, moved, fresh) == value
    with pytest.raises(KeyUnavailableError):
        _open(ring, moved, old)


@given(st.uuids(), st.sampled_from(Category), st.integers(0, 60 * 8 - 1))
def test_a_changed_wrapped_key_does_not_unwrap(subject_id: UUID, category: Category, bit: int) -> None:
    ring = _ring()
    _, wrapped = ring.new_data_key(subject_id, category)
    broken = bytearray(wrapped.wrapped)
    broken[bit // 8] ^= 1 << bit % 8
    with pytest.raises(KeyUnavailableError):
        ring.data_key(subject_id, category, replace(wrapped, wrapped=bytes(broken)))


def test_a_key_with_another_fingerprint_is_refused() -> None:
    ring = _ring()
    subject_id = uuid4()
    _, wrapped = ring.new_data_key(subject_id, Category.MASTER)
    with pytest.raises(KeyUnavailableError):
        ring.data_key(subject_id, Category.MASTER, replace(wrapped, fingerprint=fingerprint(bytes(32))))


def test_nonces_do_not_repeat() -> None:
    """R-ENC-5."""
    ring = _ring()
    place = Place(uuid4(), Category.MASTER, FieldName("email"), uuid4(), 1)
    key, _ = ring.new_data_key(place.subject_id, place.category)
    nonces = {seal(b"", place, key).ciphertext[:12] for _ in range(20_000)}
    assert len(nonces) == 20_000
