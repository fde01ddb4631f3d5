"""How many customers a changed policy would reach or lose is counted before anybody decides."""

import pytest

from audit.event import EventTag
from audit.log import Filters
from policies.documents import parse
from registry import reach
from registry.actors import SYSTEM
from registry.reach import Reach, count_reach
from tests.boards import SHIPPED, document, with_state
from tests.house import ANNA, House

pytestmark = pytest.mark.gdpr("24(1)")


@pytest.fixture
async def people(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three customers, one of whom takes the newsletter, over several pages."""
    monkeypatch.setattr(reach, "PAGE_OF_PEOPLE", 2)
    await house.customer("A-1", newsletter=True)
    await house.customer("B-1", values={**ANNA, "email": "berta@example.com"})
    await house.customer("C-1", values={**ANNA, "email": "carla@example.com"}, ordered=False)


@pytest.mark.usefixtures("people")
async def test_a_purpose_that_ends_loses_whom_it_reached_and_nobody_else(house: House) -> None:
    old, new = parse(SHIPPED), parse(with_state("2", "newsletter", "inactive"))
    found = await count_reach(house.registry, SYSTEM, old, new)
    assert {purpose for purpose, _ in found} == {"newsletter"}
    assert found["newsletter", ""] == found["newsletter", "email"] == Reach(gained=0, lost=1)
    back = await count_reach(house.registry, SYSTEM, new, old)
    assert back["newsletter", ""] == Reach(gained=1, lost=0)
    assert await count_reach(house.registry, SYSTEM, old, old) == {}


@pytest.mark.usefixtures("people")
async def test_the_first_policy_gains_everybody_it_reaches(house: House) -> None:
    found = await count_reach(house.registry, SYSTEM, None, parse(SHIPPED))
    assert found["newsletter", ""] == Reach(gained=1, lost=0)
    assert found["order_fulfilment", ""] == Reach(gained=2, lost=0)


async def test_counting_is_recorded(house: House) -> None:
    await count_reach(house.registry, SYSTEM, None, parse(document("2")))
    (entry,) = await house.registry.log.search(Filters(operation=EventTag.POLICY_COUNT), 5)
    assert entry.tree["pol"] == "2"
