"""Asks the engine and the database the same question about the same people."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import create_async_engine

from policies.audience import Predicate, predicate
from policies.decision import Permit
from policies.documents import PolicyDocument
from policies.evaluate import evaluate
from policies.facts import AccessRequest
from policies.vocabulary import Channel, Operation
from registry.audiences import people_within
from registry.facts import addresses_for, facts_from
from registry.migrations import async_url
from tests.house import House
from tests.properties.test_decision_laws import stricter
from tests.random_people import NOW, Town
from tests.unit.policies.people import NEWSLETTER, ORDERS, POSTAL, RECOMMENDATIONS, TEXT, ask, retailer, with_purpose

_PAGE = 500


def questions() -> list[tuple[AccessRequest, PolicyDocument]]:
    """Every kind of rule, under both documents and a few of their variants."""
    contact = Operation.CONTACT
    shipped: list[AccessRequest] = [
        ask("mailer", NEWSLETTER, "email", channel=Channel.EMAIL, operation=contact),
        ask("mailer", NEWSLETTER, "email", "first_name"),
        ask("post_house", POSTAL, "street", channel=Channel.POST, operation=contact),
        ask("recommender", RECOMMENDATIONS, "purchases"),
        ask("recommender", RECOMMENDATIONS, "income", "visits", "purchase_affinity", "survey_answers"),
        ask("shop", ORDERS, "street", "purchases"),
        ask("accounting", "accounting_duty", "invoices"),
    ]
    strict = [
        ask("mailer", NEWSLETTER, "email", "phone", channel=channel, operation=contact)
        for channel in (Channel.EMAIL, Channel.SMS, Channel.PHONE)
    ]
    strict += [
        ask("post_house", POSTAL, "street", "email", "phone", channel=channel, operation=contact)
        for channel in (Channel.POST, Channel.EMAIL, Channel.PHONE, Channel.FAX)
    ]
    strict += [
        ask("mailer", NEWSLETTER, "email"),
        ask("recommender", RECOMMENDATIONS, "income"),
        ask("recommender", RECOMMENDATIONS, "purchase_affinity"),
        ask("recommender", RECOMMENDATIONS, "values_segment"),
        ask("shop", ORDERS, "street"),
    ]
    weighed = with_purpose(POSTAL, stricter(), direct_marketing=False, objection="weighed")
    absolute = with_purpose(POSTAL, direct_marketing=False)
    withdrawing = with_purpose(RECOMMENDATIONS, direct_marketing=False, unknown_age="deny")
    grown = with_purpose(NEWSLETTER, consent_texts=(TEXT,))
    decided = with_purpose(ORDERS, stricter(), adm_exception="explicit_consent")
    return [
        *((one, retailer()) for one in shipped),
        *((one, stricter()) for one in strict),
        (ask("post_house", POSTAL, "street"), weighed),
        (ask("post_house", POSTAL, "street"), absolute),
        (ask("recommender", RECOMMENDATIONS, "purchases"), withdrawing),
        (ask("shop", ORDERS, "street"), decided),
        (ask("mailer", NEWSLETTER, "email", channel=Channel.EMAIL, operation=contact), grown),
        (ask("mailer", NEWSLETTER, "email"), with_purpose(NEWSLETTER, grown, minimum_age=18)),
    ]


async def populated(house: House, count: int, seed: int) -> Town:
    """A town in the house's database."""
    town = Town(seed, NOW)
    engine = create_async_engine(async_url(house.owner_url))
    try:
        await house.as_owner("DELETE FROM notice")
        await town.settle(engine, count)
        await house.as_owner("ANALYZE")
    finally:
        await engine.dispose()
    return town


async def by_engine(house: House, town: Town, asked: list[tuple[AccessRequest, PolicyDocument]]) -> list[set[UUID]]:
    """For each question everybody whom `evaluate` permits, with the facts that the registry gathers."""
    found: list[set[UUID]] = [set() for _ in asked]
    fields = frozenset(name for request, _ in asked for name in request.fields)
    addresses = frozenset(name for request, document in asked for name in addresses_for(document, request.purpose))
    for start in range(0, len(town.ids), _PAGE):
        page = town.ids[start : start + _PAGE]
        gathered = await house.registry.database.gather(
            page, fields, with_events=True, addresses=addresses, with_reviews=True
        )
        for id_ in page:
            facts = replace(facts_from(gathered[id_], within_budget=True), as_of=NOW)
            for (request, document), permitted in zip(asked, found, strict=True):
                if isinstance(evaluate(request, document, facts), Permit):
                    permitted.add(id_)
    return found


async def by_database(house: House, request: AccessRequest, document: PolicyDocument) -> set[UUID]:
    """Everybody whom the predicate selects."""
    made = predicate(document, request, NOW)
    assert isinstance(made, Predicate)
    async with house.registry.database.reading() as session:
        return set(await people_within(session, made))
