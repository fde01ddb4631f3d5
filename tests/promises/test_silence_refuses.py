"""Promise 3: unknown purpose, missing fact, missing basis, unreachable store: refused, with the article."""

from pathlib import Path

import pytest
from sqlalchemy import text

from registry.disclosure import Disclosed, Refused
from registry.errors import NotReadyError
from tests.house import House, codes, open_house, settings_for


@pytest.mark.parametrize(
    ("client", "purpose", "code"),
    [
        ("shop", "no_such_purpose", "UNKNOWN_PURPOSE"),
        ("shop", "market_research", "PURPOSE_INACTIVE"),
        ("mailer", "order_fulfilment", "UNAUTHORISED"),
        ("nobody", "newsletter", "UNAUTHORISED"),
        ("mailer", "newsletter", "CONSENT_MISSING"),
        ("recommender", "recommendations", "CONSENT_MISSING"),
    ],
)
async def test_what_nobody_allowed_is_refused_with_its_article(
    house: House, client: str, purpose: str, code: str
) -> None:
    subject_id = await house.customer()
    fields = ["purchases"] if purpose == "recommendations" else ["email"]
    outcome = await house.read(client, purpose, fields, subject_id)
    assert isinstance(outcome, Refused)
    assert code in codes(outcome)
    assert all(reason.cites for reason in outcome.deny.reasons)


async def test_without_an_open_order_the_address_is_refused(house: House) -> None:
    subject_id = await house.customer(ordered=False)
    assert codes(await house.read("shop", "order_fulfilment", ["street"], subject_id)) == ["NO_BASIS"]


async def test_postal_advertising_needs_the_notice_that_named_it(house: House) -> None:
    """R-6.1f-2."""
    subject_id = await house.customer()
    assert isinstance(await house.read("post_house", "postal_advertising", ["street"], subject_id), Disclosed)
    await house.as_owner("DELETE FROM notice_delivery")
    assert codes(await house.read("post_house", "postal_advertising", ["street"], subject_id)) == ["LI_NOT_INFORMED"]


async def test_without_a_policy_that_somebody_decided_nothing_is_served(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house = House(registry, settings, database_url)
    await house.as_owner("UPDATE registry_state SET policy_digest = 'gone'")
    await house.as_owner("DELETE FROM policy_step")
    with pytest.raises(NotReadyError):
        async with open_house(settings):
            pass


async def test_an_erased_person_and_nobody_answer_alike(house: House) -> None:
    from uuid import uuid4

    subject_id = await house.customer()
    await house.erase(subject_id)
    erased = await house.read("shop", "order_fulfilment", ["email"], subject_id)
    nobody = await house.read("shop", "order_fulfilment", ["email"], uuid4())
    assert codes(erased) == codes(nobody) == ["NO_SUBJECT"]
    async with house.registry.database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM record"))).scalar_one() == 0
