"""The long version of the audiences: 200,000 people on each engine."""

import pytest

from tests.house import House
from tests.properties.same_answer import by_database, by_engine, populated, questions

PEOPLE = 200_000


@pytest.mark.soak
async def test_the_database_selects_whom_the_rules_permit(house: House) -> None:
    town = await populated(house, PEOPLE, seed=2026)
    asked = questions()
    permitted = await by_engine(house, town, asked)
    for (request, document), expected in zip(asked, permitted, strict=True):
        assert await by_database(house, request, document) == expected, f"{request.purpose} {request.channel}"
