"""Parents consent for a child: recorded with who they are, sealed, and how that was made sure."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from policies.vocabulary import Channel, PurposeId
from registry.coming_of_age import ToConfirm, to_confirm
from registry.context import Caller
from registry.export import access_package
from registry.tables import ConsentEventRow, EventRow, SubjectRow
from tests.house import ANNA
from tests.http.v1.api import Api
from tests.http.v1.test_consents import grant, may_mail

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
