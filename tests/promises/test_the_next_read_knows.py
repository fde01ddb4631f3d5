"""Promise 4: a read after an acknowledged withdrawal, objection, restriction or erasure is refused, everywhere."""

from policies.vocabulary import Channel, FieldName, PurposeId
from registry import objections, rights, withdrawals
from registry.disclosure import Disclosed
from registry.rights import RequestKind, Wish
from tests.house import SHOP, House, codes, open_house


async def test_after_a_withdrawal_the_very_next_read_is_refused(house: House) -> None:
    """R-7.3-1."""
    subject_id = await house.customer(newsletter=True)
    assert isinstance(await house.read("mailer", "newsletter", ["email"], subject_id), Disclosed)
    await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, PurposeId("newsletter"))
    assert codes(await house.read("mailer", "newsletter", ["email"], subject_id)) == ["CONSENT_WITHDRAWN"]


async def test_after_an_objection_advertising_is_refused_and_service_is_not(house: House) -> None:
    """R-21.2-1, R-7.4-2."""
    subject_id = await house.customer(newsletter=True)
    await objections.object_to(house.registry, SHOP, subject_id, None)
    assert codes(await house.read("mailer", "newsletter", ["email"], subject_id)) == ["DM_OBJECTION"]
    assert codes(await house.read("post_house", "postal_advertising", ["street"], subject_id)) == ["DM_OBJECTION"]
    assert isinstance(await house.read("shop", "order_fulfilment", ["email"], subject_id), Disclosed)


async def test_a_consent_given_after_the_objection_counts(house: House) -> None:
    """R-21.2-2."""
    subject_id = await house.customer()
    await objections.object_to(house.registry, SHOP, subject_id, None)
    await house.grant(subject_id, "newsletter", Channel.EMAIL)
    assert isinstance(await house.read("mailer", "newsletter", ["email"], subject_id), Disclosed)


async def test_contested_data_is_restricted_from_the_claim_on(house: House) -> None:
    """R-16-2."""
    subject_id = await house.customer()
    wish = Wish(values={FieldName("street"): "Richtigstraße 1"})
    await rights.receive_request(house.registry, SHOP, subject_id, RequestKind.RECTIFICATION, wish)
    assert codes(await house.read("shop", "order_fulfilment", ["street"], subject_id)) == ["RESTRICTED"]
    assert isinstance(await house.read("shop", "order_fulfilment", ["email"], subject_id), Disclosed)


async def test_a_withdrawal_in_one_process_binds_every_other(house: House) -> None:
    """Two processes of the service on one PostgreSQL; SQLite has one serving process by design."""
    if house.registry.database.engine == "sqlite":
        return
    subject_id = await house.customer(newsletter=True)
    async with open_house(house.settings) as second:
        other = House(second, house.settings, house.owner_url)
        assert isinstance(await other.read("mailer", "newsletter", ["email"], subject_id), Disclosed)
        await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, None)
        assert codes(await other.read("mailer", "newsletter", ["email"], subject_id)) == ["CONSENT_WITHDRAWN"]
