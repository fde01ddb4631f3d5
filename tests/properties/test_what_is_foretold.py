"""What a client is told beforehand holds: no question is refused with a code that its purpose did not name."""

from collections.abc import Iterator

import pytest

from policies.decision import Deny, Permit, codes_for_caller, for_caller
from policies.evaluate import evaluate
from policies.explain import possible_codes
from policies.facts import AccessRequest, Facts
from policies.vocabulary import Channel, Operation, ReasonCode
from registry.facts import facts_from
from tests.house import House
from tests.properties.same_answer import populated
from tests.unit.policies.people import ask, retailer

PEOPLE = 60
FOREIGN = ("birth_date", "shoe_size")


@pytest.mark.gdpr("12(1)")
async def test_a_client_meets_no_code_that_was_not_foretold(house: House) -> None:
    """Every client, purpose and channel of the shipped catalogue, about random people."""
    people = await _people(house)
    met: dict[str, set[ReasonCode]] = {name: set() for name in retailer().purposes}
    for request in _questions():
        for person in people:
            met[request.purpose] |= set(_codes(evaluate(request, retailer(), person)))
    foretold = {name: codes_for_caller(possible_codes(retailer(), one)) for name, one in retailer().purposes.items()}
    unforetold = {name: found for name, codes in met.items() if (found := codes - set(foretold[name]))}
    assert unforetold == {}
    assert ReasonCode.NOT_PERMITTED in met["recommendations"]
    assert ReasonCode.CHANNEL_NOT_ALLOWED in met["accounting_duty"]


async def _people(house: House) -> list[Facts]:
    town = await populated(house, PEOPLE, seed=11)
    fields = frozenset(retailer().fields)
    gathered = await house.registry.database.gather(
        town.ids, fields, with_events=True, addresses=frozenset({"email", "phone"}), with_reviews=True
    )
    return [facts_from(one, within_budget=number % 2 == 0) for number, one in enumerate(gathered.values())]


def _questions() -> Iterator[AccessRequest]:
    for name, client in retailer().clients.items():
        for purpose in client.purposes:
            fields = [*sorted(retailer().purposes[purpose].allowed), *FOREIGN]
            yield ask(name, purpose, *fields)
            for channel in Channel:
                yield ask(name, purpose, *fields, channel=channel, operation=Operation.CONTACT, case="K-1")


def _codes(decision: Permit | Deny) -> Iterator[ReasonCode]:
    """Of the whole answer and of each field, as the client is told."""
    parts = [decision.reasons if isinstance(decision, Deny) else (), *(one.reasons for one in decision.withheld)]
    for reasons in parts:
        yield from (reason.code for reason in for_caller(reasons))
