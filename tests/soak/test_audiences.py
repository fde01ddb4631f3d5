"""The long version of the audiences: 200,000 people on each engine, town by town, so that it can be run in parts."""

import pytest

from tests.house import House
from tests.properties.same_answer import by_database, by_engine, populated, questions

TOWNS = 10
PEOPLE = 20_000


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2026, 2026 + TOWNS))
async def test_the_database_selects_whom_the_rules_permit(house: House, seed: int) -> None:
    town = await populated(house, PEOPLE, seed)
    asked = questions()
    permitted = await by_engine(house, town, asked)
    assert sum(map(bool, permitted)) >= len(asked) * 2 // 3
    for (request, document), expected in zip(asked, permitted, strict=True):
        assert await by_database(house, request, document) == expected, f"{request.purpose} {request.channel}"
