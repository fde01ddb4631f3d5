"""Parents consent for a child: recorded with who they are, sealed, and how that was made sure."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from policies.periods import plus
from policies.vocabulary import Channel, FieldName, PurposeId
from registry import rights
from registry.coming_of_age import ToConfirm, to_confirm
from registry.context import Caller
from registry.export import access_package
from registry.tables import ConsentEventRow, EventRow, SubjectRow
from tests.house import ANNA, SHOP
from tests.http.v1.api import Api
from tests.http.v1.test_consents import grant, may_mail

CLEARED = {
    "external_id": "A-1",
    "source": "shop",
    "collected_for": "order_fulfilment",
    "values": {"birth_date": {"value": None}},
}
HOLDER = {"name": "Waltraud Elternteil", "email": "waltraud@example.com"}


@pytest.mark.gdpr("8(1)", "8(2)")
async def test_a_childs_newsletter_needs_the_parents_and_waits_for_the_young_person_later(api: Api) -> None:
    """R-8-1, R-8-2."""
    registry = api.house.registry
    born = (await registry.database.now()).date().replace(day=1).replace(year=2026 - 12)
    subject = await api.house.customer(values={**ANNA, "birth_date": born.isoformat()})
    assert (await api.post("shop", "/v1/consents", await grant(api, subject))).status_code == 201
    assert not await may_mail(api, subject), "a child alone"
    for parental in (
        {"holder": {}, "act": "authorised", "verification": "signed_form"},
        {"holder": HOLDER, "act": "authorised", "verification": "a hunch"},
        {"holder": HOLDER, "act": "approved", "verification": "signed_form"},
    ):
        refused = await api.post("shop", "/v1/consents", await grant(api, subject, parental=parental))
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-request")
    parental = {"holder": HOLDER, "act": "authorised", "verification": "signed_form"}
    given = await api.post("shop", "/v1/consents", await grant(api, subject, parental=parental))
    assert given.status_code == 201
    assert await may_mail(api, subject)

    async with registry.database.reading() as session:
        events = select(ConsentEventRow).order_by(col(ConsentEventRow.sequence).desc())
        event = (await session.execute(events)).scalars().first()
        assert event is not None
        assert (event.parental_act, event.parental_verification) == ("authorised", "signed_form")
        proof = await session.get(EventRow, (subject, event.evidence_id))
        assert proof is not None
        assert HOLDER["name"].encode() not in proof.sealed
    package = await access_package(registry, Caller("portal"), subject)
    assert [(one["parental"], one["to_be_confirmed"]) for one in package["consents"]] == [(True, False)]
    assert await to_confirm(registry) == []
    (proofs,) = (one["value"] for one in package["values"] if one["field"] == "consent_evidence")
    assert HOLDER["name"] in {one.get("parental_name") for one in proofs}

    async with registry.database.transaction() as session:
        person = await session.get(SubjectRow, subject)
        assert person is not None
        person.majority_month = born.replace(year=born.year + 12)
    package = await access_package(registry, Caller("portal"), subject)
    assert [one["to_be_confirmed"] for one in package["consents"]] == [True]
    assert await to_confirm(registry) == [ToConfirm(subject, PurposeId("newsletter"), Channel.EMAIL)]
    assert await may_mail(api, subject), "it stands until the young person changes it"
    assert (await api.post("shop", "/v1/consents", await grant(api, subject))).status_code == 201
    assert await to_confirm(registry) == [], "confirmed"


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize(("age", "stays"), [(12, True), (17, True), (19, False)])
async def test_a_birth_date_that_is_cleared_leaves_a_child_a_child(api: Api, age: int, *, stays: bool) -> None:
    """R-8-1: a sync that loses the date does not say that somebody grew up; whoever decides on a correction may."""
    house = api.house
    born = plus((await house.registry.database.now()).date().replace(day=1), "P1M")
    born = born.replace(year=born.year - age)
    subject = await house.customer(values={**ANNA, "birth_date": born.isoformat()})

    async def month() -> date | None:
        async with house.registry.database.reading() as session:
            return (await session.get_one(SubjectRow, subject)).majority_month

    coming_of_age = await month()
    assert coming_of_age == born.replace(year=born.year + 18)
    for _ in range(2):
        cleared = await api.patch("shop", "/v1/subjects", CLEARED)
        assert (cleared.status_code, cleared.json()["kept"]) == (200, [])
    assert await month() == (coming_of_age if stays else None)
    wish = rights.Wish(values={FieldName("birth_date"): None})
    request = await rights.receive_request(house.registry, SHOP, subject, rights.RequestKind.RECTIFICATION, wish)
    await rights.decide_request(house.registry, await house.decider(), subject, request.request_id, accepted=True)
    assert await month() is None


async def test_another_birth_date_counts_at_once(api: Api) -> None:
    body = {**CLEARED, "values": {"birth_date": {"value": "2014-05-01"}}}
    subject = UUID((await api.patch("shop", "/v1/subjects", body)).json()["subject_id"])
    for value, expected in [
        (None, date(2032, 5, 1)),
        ("2012-06-30", date(2030, 6, 1)),
        ("1980-01-01", date(1998, 1, 1)),
    ]:
        await api.patch("shop", "/v1/subjects", {**body, "values": {"birth_date": {"value": value}}})
        async with api.house.registry.database.reading() as session:
            assert (await session.get_one(SubjectRow, subject)).majority_month == expected
