"""An audience is exactly who would be permitted one by one, on both engines."""

import pytest

from policies.audience import predicate
from policies.decision import Deny
from policies.vocabulary import Channel, ReasonCode
from registry.audiences import people_within
from tests.house import House
from tests.properties.same_answer import by_database, by_engine, populated, questions
from tests.random_people import NOW
from tests.unit.policies.people import NEWSLETTER, ask, retailer

PEOPLE = 300
LEAST_SHARE = 0.02


@pytest.mark.gdpr("5(1)(b)")
async def test_the_database_selects_whom_the_rules_permit(house: House) -> None:
    """REQUIREMENTS 2.2, the same decision twice: as rules about one person, and as a condition over tables."""
    town = await populated(house, PEOPLE, seed=7)
    mixed = 0
    permitted = await by_engine(house, town, questions())
    for (request, document), expected in zip(questions(), permitted, strict=True):
        assert await by_database(house, request, document) == expected, f"{request.purpose} {request.channel}"
        mixed += LEAST_SHARE * PEOPLE < len(expected) < (1 - LEAST_SHARE) * PEOPLE
    assert mixed >= len(questions()) * 2 // 3


async def test_an_audience_comes_in_pages(house: House) -> None:
    town = await populated(house, 40, seed=3)
    made = predicate(retailer(), ask("shop", "order_fulfilment", "street"), NOW)
    assert not isinstance(made, Deny)
    async with house.registry.database.reading() as session:
        whole = await people_within(session, made)
        first = await people_within(session, made, limit=5)
        rest = await people_within(session, made, after=first[-1])
    assert [*first, *rest] == whole
    assert set(whole) <= set(town.ids)


def test_who_may_not_ask_gets_no_condition() -> None:
    refused = predicate(retailer(), ask("mailer", NEWSLETTER, "email", channel=Channel.FAX), NOW)
    assert isinstance(refused, Deny)
    assert [reason.code for reason in refused.reasons] == [ReasonCode.CHANNEL_NOT_ALLOWED]


def test_a_condition_holds_no_value_in_its_words() -> None:
    for request, document in questions():
        made = predicate(document, request, NOW)
        assert not isinstance(made, Deny)
        assert not [value for value in made.parameters.values() if isinstance(value, str) and f"'{value}'" in made.sql]
        assert "2026" not in made.sql
