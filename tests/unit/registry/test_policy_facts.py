"""What is on file reaches the gates of a policy document, by purpose, field and notice alone."""

import pytest

from policies.documents import load
from policies.gates import check, published
from policies.vocabulary import Channel, PurposeId
from registry.policy_facts import existing
from registry.withdrawals import withdraw_consent
from tests.house import SHOP, House
from tests.unit.policies.people import CATALOGUE
from tests.unit.policies.test_catalogue import notices

FIELDS = {"first_name", "last_name", "email", "street"}


async def test_an_empty_registry_knows_its_texts_and_nothing_else(house: House) -> None:
    found = await existing(house.registry.database)
    assert (found.ended, found.stored) == (frozenset(), frozenset())
    assert found.declared == frozenset()
    assert found.published == published(notices()), "published with the policy, so what people were shown under it"


@pytest.mark.gdpr("7(3)")
async def test_withdrawals_and_stored_fields_are_known_and_gate_the_next_document(house: House) -> None:
    """R-6.1-3, R-5.1e-1."""
    subject_id = await house.customer(newsletter=True)
    assert (await existing(house.registry.database)).ended == frozenset()
    await withdraw_consent(house.registry, SHOP, subject_id, PurposeId("newsletter"), Channel.EMAIL)
    await house.invoice(subject_id)
    found = await existing(house.registry.database)
    assert found.declared == found.ended == {"newsletter"}
    assert found.stored >= {"email", "invoices", "consent_evidence"}
    document = load(CATALOGUE / "retailer.yaml")
    assert check(document, document, found, notices()) == ()
    swapped = document.purposes["newsletter"].model_copy(
        update={"basis": document.purposes["postal_advertising"].basis}
    )
    without = {name: field for name, field in document.fields.items() if name != "invoices"}
    later = document.model_copy(
        update={"purposes": {"newsletter": swapped, "order_fulfilment": document.purposes["order_fulfilment"]}},
    )
    assert "R-6.1-3" in {finding.rule for finding in check(later, document, found, notices())}
    shrunk = document.model_copy(update={"fields": without, "purposes": {}})
    assert "R-5.1e-1" in {finding.rule for finding in check(shrunk, document, found, notices())}
