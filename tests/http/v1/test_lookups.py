"""Nobody is found by an address that the asker may not read of them, and every look-up is in the log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from audit.log import Filters
from policies.vocabulary import Channel
from registry.disclosure import case_check
from registry.withdrawals import withdraw_consent
from tests.house import ANNA, SHOP
from tests.http.v1.api import Api
from tests.http.v1.test_decisions import BUDGET, CASES, CLIENT_BUDGET, NEWSLETTER, put_in_force

BY_EMAIL = {"purpose": "newsletter", "kind": "email", "value": ANNA["email"]}

pytestmark = pytest.mark.gdpr("5(1)(b)")


async def found(api: Api, client: str, body: object) -> Sequence[str]:
    response = await api.post(client, "/v1/subjects/lookup", body)
    assert response.status_code == 200, response.text
    ids: list[str] = response.json()["subject_ids"]
    return ids


async def newest(api: Api) -> dict[str, Any]:
    return (await api.log("lookup", 1))[0]


async def grounds(api: Api, reason: str) -> set[str]:
    """What the newest look-up that is found by a reason says of each person."""
    log = api.house.registry.log
    (entry,) = await log.search(Filters(operation="lookup", reason=reason), 1)
    return {one.detail for one in await log.persons_of(entry.index)}


async def test_the_mailer_finds_whoever_takes_the_newsletter_and_nobody_else(api: Api) -> None:
    """Whether an address is a customer's is told only to whom it may be read (R-5.1b-1)."""
    reader = await api.house.customer("A-1", newsletter=True)
    await api.house.customer("B-1", values=ANNA)
    assert await found(api, "mailer", BY_EMAIL) == [str(reader)]
    entry = await newest(api)
    assert (entry["out"], entry["n"], "why" in entry) == ("permit", 2, False)
    assert await grounds(api, "CONSENT_MISSING") == {"permit:email", "deny:CONSENT_MISSING"}
    await withdraw_consent(api.house.registry, SHOP, reader, NEWSLETTER, Channel.EMAIL)
    assert await found(api, "mailer", BY_EMAIL) == []
    entry = await newest(api)
    assert (entry["out"], entry["fld"], "why" in entry) == ("deny", ["email"], False)
    for reason in ("CONSENT_MISSING", "CONSENT_WITHDRAWN"):
        assert await grounds(api, reason) == {"deny:CONSENT_MISSING", "deny:CONSENT_WITHDRAWN"}


async def test_a_field_beyond_the_purpose_finds_nobody(api: Api) -> None:
    await api.house.customer(newsletter=True)
    assert await found(api, "mailer", BY_EMAIL | {"kind": "phone", "value": ANNA["phone"]}) == []
    assert (await newest(api))["why"] == ["MINIMISED"]


async def test_whoever_does_not_name_a_case_where_one_is_asked_for_learns_why_and_finds_nobody(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    await put_in_force(api.house, CASES)
    refused = await api.post("mailer", "/v1/subjects/lookup", BY_EMAIL)
    assert refused.status_code == 403
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["CASE_REFERENCE_MISSING"]
    assert (await newest(api))["why"] == ["CASE_REFERENCE_MISSING"]
    assert await found(api, "mailer", BY_EMAIL | {"case_reference": "K-2026-17"}) == [str(subject)]


async def test_a_lookup_takes_a_place_in_the_number_of_today(api: Api) -> None:
    """A stolen credential must not empty the base by guessing addresses."""
    people = [await api.house.customer(f"A-{at}", {"email": f"a{at}@example.com"}, newsletter=True) for at in range(3)]
    await put_in_force(api.house, BUDGET)
    asked = [BY_EMAIL | {"value": f"a{at}@example.com"} for at in (0, 0, 1, 2)]
    counted = [await found(api, "mailer", one) for one in asked]
    assert counted == [[str(people[0])], [str(people[0])], [str(people[1])], []]
    assert (await newest(api))["why"] == ["QUOTA"]


async def test_an_external_id_of_ones_own_is_ones_own_name_for_somebody(api: Api) -> None:
    subject = await api.house.customer("A-1")
    body = {"purpose": "newsletter", "kind": "external_id", "value": "A-1", "source": "shop"}
    assert await found(api, "shop", body) == [str(subject)]
    assert await found(api, "shop", body | {"value": "A-2"}) == []


@pytest.mark.parametrize(
    ("client", "purpose", "reasons"),
    [
        ("mailer", "newsletter", ["MINIMISED"]),
        ("service_desk", "order_fulfilment", []),
        ("recommender", "recommendations", ["MINIMISED"]),
    ],
)
async def test_the_number_of_another_system_is_found_by_whoever_may_read_customer_numbers(
    client: str, purpose: str, reasons: list[str], api: Api
) -> None:
    """Customer numbers are counted through easily: who has one is told to whom it may be read (R-5.1c-1)."""
    subject = await api.house.customer("A-1", newsletter=True, profiling=True)
    body = {"purpose": purpose, "kind": "external_id", "value": "A-1", "source": "shop"}
    assert await found(api, client, body) == ([] if reasons else [str(subject)])
    entry = await newest(api)
    assert (entry["fld"], entry["n"], entry.get("why", [])) == (["customer_number"], 1, reasons)


@pytest.mark.gdpr("32")
@pytest.mark.parametrize(
    ("client", "purpose", "declared", "fewer"),
    [
        ("shop", "newsletter", *next(iter(BUDGET.items()))),
        ("service", "order_fulfilment", CLIENT_BUDGET, CLIENT_BUDGET.replace("500", "2")),
    ],
)
async def test_an_external_id_takes_a_place_in_the_number_of_today(
    client: str, purpose: str, declared: str, fewer: str, api: Api
) -> None:
    people = [str(await api.house.customer(f"A-{at}")) for at in range(3)]
    await put_in_force(api.house, {declared: fewer})
    body = {"purpose": purpose, "kind": "external_id", "source": "shop"}
    counted = [
        await found(api, client, body | {"value": value}) for value in ("A-9", "A-0", "A-0", "A-1", "A-2", "A-9")
    ]
    assert counted == [[], [people[0]], [people[0]], [people[1]], [], []]
    assert [entry.get("why", []) for entry in (await api.log("lookup", 2))][1] == ["QUOTA"]


@pytest.mark.parametrize(("client", "source"), [("mailer", "mailer"), ("mailer", "shop")])
async def test_the_case_a_number_was_looked_up_for_stands_beside_whom_it_found(
    client: str, source: str, api: Api
) -> None:
    subject = await api.house.customer("A-1")
    number = {"external_id": "A-1", "source": source, "collected_for": "newsletter"}
    if source != "shop":
        subject = UUID((await api.patch(client, "/v1/subjects", number)).json()["subject_id"])
    await put_in_force(api.house, CASES)
    body = {"purpose": "newsletter", "kind": "external_id", "value": "A-1", "source": source}
    await found(api, client, body | {"case_reference": "K-2026-17"})
    log = api.house.registry.log
    (entry,) = await log.search(Filters(operation="lookup"), 1)
    (opening,) = await log.persons_of(entry.index)
    assert opening.person_ref == subject
    assert opening.detail.endswith(f",case:{case_check('K-2026-17')}")


@pytest.mark.parametrize(
    "body",
    [
        BY_EMAIL | {"value": "nobody@example.com"},
        {"purpose": "newsletter", "kind": "phone", "value": "+493023125999"},
        {"purpose": "newsletter", "kind": "external_id", "value": "A-2", "source": "shop"},
    ],
)
async def test_a_miss_is_decided_about_like_somebody_who_may_not_be_told(body: dict[str, str], api: Api) -> None:
    """R-ENC-6: neither the answer nor the way to it tells a customer from nobody."""
    assert await found(api, "mailer", body) == []
    entry = await newest(api)
    assert (entry["out"], entry["n"], entry["why"]) == ("deny", 0, ["NO_SUBJECT"])
