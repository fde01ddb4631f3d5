"""An erasure does not end that somebody wants no advertising: whoever comes back wants none still."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from policies.vocabulary import Channel, FieldName, PurposeId
from registry import letters, rights
from registry.actors import SYSTEM
from registry.erasure import Erasure
from registry.objections import object_to
from registry.reindexing import rotate_suppression_key
from registry.suppression import ADVERTISING, Scope
from registry.tables import ObjectionRow, SuppressionRow
from registry.withdrawals import withdraw_consent
from tests.house import SHOP, House, codes
from tests.http.v1.api import Api
from tests.http.v1.test_customers import ERIKA
from tests.http.v1.test_decisions import after
from tests.http.v1.test_imports import send
from tests.promises.test_a_restore_undoes_nothing import restored, restored_settings, take
from tests.unit.policies.people import retailer

EMAIL, PHONE = "erika@example.com", "+4930231250"
NEWSLETTER, POSTAL = PurposeId("newsletter"), PurposeId("postal_advertising")


async def customer(house: House, external_id: str = "A-1", **values: str) -> UUID:
    return await house.customer(external_id, values or {"email": EMAIL, "phone": PHONE, "street": "Weg 1"})


def anew(**others: object) -> dict[str, Any]:
    """Somebody who registers after the erasure."""
    later = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    return {**ERIKA, "external_id": "N-1", "registered_at": later, "values": {}, **others}


async def objections_of(house: House, subject: UUID) -> dict[str, datetime]:
    """By channel since when they object to all direct marketing; each is entered once."""
    statement = select(ObjectionRow).where(col(ObjectionRow.subject_id) == subject, col(ObjectionRow.direct_marketing))
    async with house.registry.database.reading() as session:
        rows = list((await session.execute(statement)).scalars())
    assert {row.purpose for row in rows} <= {None}
    assert len({(row.channel, row.since) for row in rows}) == len(rows)
    return {row.channel: row.since for row in rows}


async def kept(house: House) -> set[tuple[str, str]]:
    """What is suppressed, by kind of identifier and scope."""
    async with house.registry.database.reading() as session:
        return {(row.kind, row.scope) for row in (await session.execute(select(SuppressionRow))).scalars()}


async def objects(house: House, subject: UUID) -> None:
    await object_to(house.registry, SHOP, subject, None)


async def objects_by_mail(house: House, subject: UUID) -> None:
    await object_to(house.registry, SHOP, subject, None, Channel.EMAIL)


async def objects_to_letters(house: House, subject: UUID) -> None:
    await object_to(house.registry, SHOP, subject, POSTAL)


async def withdraws(house: House, subject: UUID) -> None:
    await house.grant(subject, "newsletter", Channel.EMAIL)
    await withdraw_consent(house.registry, SHOP, subject, NEWSLETTER)


async def withdraws_profiling(house: House, subject: UUID) -> None:
    await withdraw_consent(house.registry, SHOP, subject, PurposeId("recommendations"))


async def withdraws_and_consents(house: House, subject: UUID) -> None:
    await withdraws(house, subject)
    await house.grant(subject, "newsletter", Channel.EMAIL, given_at=await after(house, await now(house)))


async def withdraws_something_else(house: House, subject: UUID) -> None:
    await withdraw_consent(house.registry, SHOP, subject, PurposeId("market_research"))
    await object_to(house.registry, SHOP, subject, PurposeId("legal_claims"))


async def now(house: House) -> datetime:
    return await house.registry.database.now()


def test_every_channel_has_its_scope() -> None:
    assert set(ADVERTISING) == set(Channel)
    assert {Scope.ERASED, *ADVERTISING.values()} == set(Scope)


@pytest.mark.gdpr("17(3)(b)", "21(3)")
@pytest.mark.parametrize(
    ("says", "channels"),
    [
        (objects, {"any"}),
        (objects_by_mail, {"email"}),
        (objects_to_letters, {"post"}),
        (withdraws, {"email"}),
        (withdraws_profiling, {"any"}),
        (withdraws_and_consents, set()),
        (withdraws_something_else, set()),
    ],
)
async def test_whoever_comes_back_wants_no_advertising_still(
    sqlite_api: Api, says: Callable[[House, UUID], Awaitable[None]], channels: set[str]
) -> None:
    """R-17-4, R-21.2-1, R-21.2-2: under each identifier alone, since the old day, by the channels it was about."""
    house = sqlite_api.house
    subject = await customer(house)
    before = await now(house)
    await says(house, subject)
    said = await now(house)
    await house.erase(subject)
    scopes = {"erased", *(f"advertising_{channel}" for channel in channels)}
    assert await kept(house) == {(kind, scope) for kind in ("external_id", "email", "phone") for scope in scopes}
    arrivals: list[dict[str, Any]] = [
        {"external_id": "A-1"},
        {"values": {"email": {"value": EMAIL.upper()}}},
        {"values": {"phone": {"value": "030 231250"}}},
    ]
    for number, arriving in enumerate(arrivals):
        body = anew(**{"external_id": f"N-{number}", **arriving})
        response = await sqlite_api.patch("shop", "/v1/subjects", body)
        assert response.status_code == 201
        found = await objections_of(house, UUID(response.json()["subject_id"]))
        assert found.keys() == channels
        assert all(before <= since <= said for since in found.values())
    stranger = await sqlite_api.patch("shop", "/v1/subjects", anew(external_id="N-9"))
    assert await objections_of(house, UUID(stranger.json()["subject_id"])) == {}


@pytest.mark.gdpr("21(3)")
async def test_no_consent_from_before_revives_advertising_and_a_later_one_does(api: Api) -> None:
    """R-21.2-2, R-7.3-5: nor does a sync that brings it together with the customer."""
    house = api.house
    subject = await customer(house)
    granted = await now(house)
    await after(house, granted)
    await objects(house, subject)
    await house.erase(subject)
    quoted = await house.quote("newsletter")
    consent = {
        "purpose": "newsletter",
        "channel": "email",
        "method": "checkbox_ticked",
        "given_at": granted.isoformat(),
        "notice": quoted.notice,
        "version": quoted.version,
        "language": quoted.language,
        "sha256": quoted.sha256,
    }
    values = {"email": {"value": EMAIL}, "street": {"value": "Weg 1"}}
    (back,) = await send(api, [anew(values=values, consents=[consent])])
    assert (back["status"], back["refused_consents"]) == ("created", ["newsletter"])
    again = UUID(back["subject_id"])
    assert codes(await house.read("post_house", "postal_advertising", ["street"], again)) == ["DM_OBJECTION"]
    assert "DM_OBJECTION" in codes(await house.read("mailer", "newsletter", ["email"], again))
    await house.grant(again, "newsletter", Channel.EMAIL)
    assert codes(await house.read("mailer", "newsletter", ["email"], again)) == []
    assert codes(await house.read("post_house", "postal_advertising", ["street"], again)) == ["DM_OBJECTION"]
    assert [(one["out"], one["n"]) for one in await api.log("objection")] == [("done", 1)] * 2


@pytest.mark.gdpr("21(3)")
async def test_an_address_brings_the_objection_to_whoever_it_comes_to_and_to_nobody_who_has_it(api: Api) -> None:
    """R-17-4: by an update, a rectification, and under the next key; not to a partner whose sync repeats it."""
    house = api.house
    subject = await customer(house)
    partner = await customer(house, "A-2", email=EMAIL)
    late, corrected = await customer(house, "A-3", city="Kiel"), await customer(house, "A-4", city="Kiel")
    await objects(house, subject)
    await house.erase(subject)
    for _ in range(2):
        for external_id, value in [("A-2", EMAIL), ("A-3", EMAIL), ("A-3", "other@example.com"), ("A-3", EMAIL)]:
            body = anew(external_id=external_id, values={"email": {"value": value}})
            assert (await api.patch("shop", "/v1/subjects", body)).status_code == 200
        await rotate_suppression_key(house.registry, SYSTEM)
    assert await objections_of(house, partner) == {}
    assert (await objections_of(house, late)).keys() == {"any"}
    older = {"value": EMAIL, "observed_at": "2001-01-01T00:00:00Z"}
    await house.customer("A-5", {"email": "five@example.com"})
    kept_out = await api.patch("shop", "/v1/subjects", anew(external_id="A-5", values={"email": older}))
    assert kept_out.json()["kept"] == [{"field": "email", "why": "older_value"}]
    assert await objections_of(house, UUID(kept_out.json()["subject_id"])) == {}
    wish = rights.Wish(values={FieldName("email"): EMAIL})
    request = await rights.receive_request(house.registry, SHOP, corrected, rights.RequestKind.RECTIFICATION, wish)
    await rights.decide_request(house.registry, await house.decider(), corrected, request.request_id, accepted=True)
    assert (await objections_of(house, corrected)).keys() == {"any"}


@pytest.mark.gdpr("21(3)")
async def test_a_restore_forgets_neither_that_nor_since_when(house: House, unstarted_url: str, tmp_path: Path) -> None:
    """R-DEL-6."""
    known = await customer(house)
    await take(house, tmp_path / "backup")
    unknown = await customer(house, "B-1", email="later@example.com")
    since: list[Mapping[str, datetime]] = []
    for subject in (known, unknown):
        await objects_by_mail(house, subject)
        since.append(await objections_of(house, subject))
        await house.erase(subject)
    async with restored(restored_settings(house, unstarted_url), unstarted_url, tmp_path / "backup") as again:
        assert ("email", "advertising_email") in await kept(again)
        for external_id, value, expected in [("N-1", EMAIL, since[0]), ("N-2", "later@example.com", since[1])]:
            back = await again.customer(external_id, {"city": "Kiel"})
            await again.as_owner("DELETE FROM suppression WHERE scope = 'erased'")
            await again.customer(external_id, {"email": value})
            assert await objections_of(again, back) == expected


@pytest.mark.gdpr("12(1)", "17(3)(b)")
@pytest.mark.parametrize("told", [True, False])
def test_the_answer_says_what_is_kept_for_it(*, told: bool) -> None:
    """R-17-4: the person is informed."""
    text = letters.erasure(retailer(), Erasure((), (), told))
    assert ("Art. 21 Abs. 3 DSGVO" in text["de"], "Art. 21(3) GDPR" in text["en"]) == (told, told)
