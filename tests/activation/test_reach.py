"""How many customers a changed policy would reach or lose is counted before anybody decides."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli import main
from audit.event import EventTag
from audit.log import Filters
from policies.documents import parse
from registry import reach
from registry.actors import SYSTEM
from registry.reach import Reach, count_reach
from tests.boards import SHIPPED, document, with_state
from tests.colleagues import let_pass
from tests.house import ANNA, House, open_house, settings_for

MAILER = b"""\
  mailer:
    title: {de: Newsletter-Versand, en: Newsletter dispatch}
    purposes: [newsletter]
    recipient: mail_house
"""
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


@pytest.mark.gdpr("25(2)")
@pytest.mark.usefixtures("people")
async def test_each_purpose_is_counted_as_it_is_used(house: House) -> None:
    """With a case, in sums, within the day's number, and knowing where an address came from."""
    await let_pass(house, "notice_delivery", ("delivered_at",), timedelta(days=2))  # told when they gave the address
    found = await count_reach(house.registry, SYSTEM, None, parse(SHIPPED))
    wanted = ("legal_claims", "security_incident", "product_development", "similar_goods_email", "postal_advertising")
    assert {name: found[name, ""].gained for name in wanted} == {
        "legal_claims": 3,
        "security_incident": 3,
        "product_development": 3,
        "similar_goods_email": 2,
        "postal_advertising": 3,
    }


@pytest.mark.usefixtures("people")
async def test_whom_one_company_may_not_reach_another_may(house: House) -> None:
    """A purpose is asked for by the systems of each company, not by the first alone, whose contract may be over."""
    over = document("2", ('contract_until: "2031-12-31"', 'contract_until: "2026-01-01"'))
    first = over.replace(MAILER, b"").replace(b"\nclients:\n", b"\nclients:\n" + MAILER)
    assert next(iter(parse(first).clients)) == "mailer"
    for source in (SHIPPED, over, first):
        found = await count_reach(house.registry, SYSTEM, None, parse(source))
        assert found["newsletter", ""] == Reach(gained=1, lost=0)


OBSERVED = [
    (None, "observe", Reach(gained=1, lost=0)),
    ("inactive", "observe", Reach(gained=1, lost=0)),
    ("observe", "active", Reach(gained=1, lost=0)),
    ("active", "observe", Reach(gained=0, lost=1)),
    ("observe", "retired", Reach(gained=0, lost=1)),
    ("observe", "observe", None),
]


@pytest.mark.usefixtures("people")
async def test_an_observed_purpose_counts_whom_it_would_reach_and_gives_nothing_to_anybody(house: House) -> None:
    for was, now, reached in OBSERVED:
        old = parse(with_state("1", "newsletter", was)) if was else None
        found = await count_reach(house.registry, SYSTEM, old, parse(with_state("2", "newsletter", now)))
        assert found.get(("newsletter", "")) == found.get(("newsletter", "email")) == reached, (was, now)


async def test_counting_is_recorded(house: House) -> None:
    await count_reach(house.registry, SYSTEM, None, parse(document("2")))
    (entry,) = await house.registry.log.search(Filters(operation=EventTag.POLICY_COUNT), 5)
    assert entry.tree["pol"] == "2"


@pytest.mark.sqlite
def test_the_difference_in_words_says_how_many_customers_a_line_loses(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(sqlite_url, tmp_path / "home")

    async def fill() -> None:
        async with open_house(settings) as registry:
            await House(registry, settings, sqlite_url).customer("A-1", newsletter=True)

    asyncio.run(fill())
    monkeypatch.setenv("REGISTRY_HOME", str(settings.home))
    monkeypatch.setenv("REGISTRY_DATABASE_URL", sqlite_url)
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_bytes(SHIPPED)
    new.write_bytes(with_state("2", "newsletter", "inactive"))
    capsys.readouterr()
    assert main(["policy", "diff", str(old), str(new), "--count"]) == 0
    assert capsys.readouterr().out == (
        "REWORDS version is now 2 instead of 2026-11-01\n"
        "NARROWS newsletter is no longer in force (0 customers gained, 1 lost)\n"
    )
