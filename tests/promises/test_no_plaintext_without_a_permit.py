"""Promise 1: the only way to a value is a recorded permit that names its row (R-ENC-1)."""

from uuid import uuid4

import pytest

from audit.event import Recorded
from policies.decision import Deny, Permit
from policies.evaluate import evaluate
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, FieldName, PurposeId, SubjectId
from registry.database import Gathered
from registry.errors import NotPermittedError, SealBrokenError
from registry.facts import facts_from
from registry.vault import Place, Sealed, open_sealed
from tests.house import House


async def _permitted(house: House) -> tuple[Gathered, Permit, list[Sealed]]:
    subject_id = await house.customer()
    names = (FieldName("email"), FieldName("phone"))
    gathered = (await house.registry.database.gather([subject_id], frozenset(names), with_events=False))[subject_id]
    request = AccessRequest(ClientCode("shop"), PurposeId("order_fulfilment"), names[:1])
    permit = evaluate(request, house.registry.policy, facts_from(gathered))
    assert isinstance(permit, Permit)
    sealed = [
        Sealed(
            Place(subject_id, value.item.category, value.item.field, value.item.row_id, value.version),
            value.key_version,
            value.sealed,
        )
        for value in gathered.values
    ]
    return gathered, permit, sealed


async def test_a_permit_that_was_not_recorded_opens_nothing(house: House) -> None:
    gathered, permit, sealed = await _permitted(house)
    mail = [one for one in sealed if one.place.field == "email"]
    with pytest.raises(NotPermittedError):
        open_sealed(mail, permit, house.registry.ring, gathered.keys)  # type: ignore[arg-type]  # what is tried
    recorded = Recorded(permit, 0, uuid4())
    assert open_sealed(mail, recorded, house.registry.ring, gathered.keys)


async def test_a_recorded_refusal_opens_nothing(house: House) -> None:
    gathered, permit, sealed = await _permitted(house)
    refusal: Recorded[Permit | Deny] = Recorded(Deny(permit.subject_id, permit.purpose, "", ()), 0, uuid4())
    with pytest.raises(NotPermittedError):
        open_sealed(sealed, refusal, house.registry.ring, gathered.keys)


async def test_a_row_the_permit_does_not_name_stays_closed(house: House) -> None:
    gathered, permit, sealed = await _permitted(house)
    phone = [one for one in sealed if one.place.field == "phone"]
    with pytest.raises(NotPermittedError):
        open_sealed(phone, Recorded(permit, 0, uuid4()), house.registry.ring, gathered.keys)


async def test_another_persons_row_stays_closed(house: House) -> None:
    gathered, permit, sealed = await _permitted(house)
    moved = permit._replace(subject_id=SubjectId(uuid4()))
    with pytest.raises(NotPermittedError):
        open_sealed(sealed[:1], Recorded(moved, 0, uuid4()), house.registry.ring, gathered.keys)


async def test_a_ciphertext_moved_to_another_row_does_not_open(house: House) -> None:
    gathered, permit, sealed = await _permitted(house)
    mail = next(one for one in sealed if one.place.field == "email")
    phone = next(one for one in sealed if one.place.field == "phone")
    swapped = Sealed(mail.place, mail.key_version, phone.ciphertext)
    with pytest.raises(SealBrokenError):
        open_sealed([swapped], Recorded(permit, 0, uuid4()), house.registry.ring, gathered.keys)
