"""May we? Now and then, with the rule and the proof, within the day's number and for a case."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from api.compose import open_registry
from policies.vocabulary import Channel, FieldName, PurposeId, Touchpoint
from registry import rights
from registry.clients import create_client, revoke_client
from registry.consents import Declared
from registry.rights import RequestKind, Wish, receive_request
from registry.tables import BudgetUseRow
from registry.withdrawals import withdraw_consent
from tests.boards import board_of
from tests.house import ANNA, SHOP, House
from tests.http.v1.api import Api
from tests.http.v1.test_customers import ERIKA
from tests.unit.policies.people import CATALOGUE

NEWSLETTER = PurposeId("newsletter")
BUDGET = {"  newsletter:\n    title:": "  newsletter:\n    budget: {subjects_per_day: 2}\n    title:"}
CLIENT_BUDGET = "      order_fulfilment: {subjects_per_day: 500}"
COLLECTED = "      transactional: [prize_draw_entry]\n"
CASES = {"  newsletter:\n    title:": "  newsletter:\n    case_reference: required\n    title:"}


def over(state: str) -> dict[str, str]:
    """The newsletter in another state; what it alone collects is collected by the prize draws then."""
    whole = (CATALOGUE / "retailer.yaml").read_text(encoding="utf-8")
    purpose = "\n  newsletter:\n" + whole.split("\n  newsletter:\n")[1].split("state: active")[0]
    collected = COLLECTED + "    collects: {master: [salutation]}\n"
    return {purpose + "state: active": purpose + f"state: {state}", COLLECTED: collected}


async def put_in_force(house: House, changes: Mapping[str, str], version: str = "changed") -> None:
    """The shipped document with some lines changed."""
    source = (CATALOGUE / "retailer.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in source
        source = source.replace(old, new)
    source = source.replace('  version: "', f'  version: "{version}-', 1)
    await (await board_of(house)).put_in_force(source.encode())


async def decided(api: Api, *subjects: UUID, client: str = "mailer", **more: object) -> list[dict[str, object]]:
    body = {"purpose": "newsletter", "channel": "email", "subject_ids": [str(one) for one in subjects], **more}
    response = await api.post(client, "/v1/decisions", body)
    assert response.status_code == 200
    items: list[dict[str, object]] = response.json()["items"]
    return items


def codes(item: Mapping[str, object]) -> list[str]:
    found = item["reasons"]
    assert isinstance(found, list)
    return [reason["code"] for reason in found]


async def after(house: House, instant: datetime) -> datetime:
    """The database's clock, once it has moved on."""
    while (now := await house.registry.database.now()) <= instant:  # noqa: ASYNC110 - a clock sends no event
        await asyncio.sleep(0.002)
    return now


@pytest.mark.gdpr("7(1)")
async def test_a_permit_names_basis_rule_and_the_declaration_that_carries_it(api: Api) -> None:
    subject = await api.house.customer()
    declared = await api.house.grant(subject, "newsletter", Channel.EMAIL)
    assert isinstance(declared, Declared)
    (item,) = await decided(api, subject, fields=["email", "street"])
    assert item["allowed"] == [
        {"field": "email", "article": "A6-1-a", "rule": "consent", "evidence_id": str(declared.event_id)}
    ]
    assert item["withheld"] == [
        {
            "field": "street",
            "reasons": [{"code": "MINIMISED", "cites": ["GDPR Art. 5(1)(c)"], "rule": "minimisation"}],
        }
    ]


async def test_a_contract_is_told_without_a_declaration(api: Api) -> None:
    subject = await api.house.customer()
    body = {"purpose": "order_fulfilment", "fields": ["street"], "subject_ids": [str(subject)]}
    (item,) = (await api.post("shop", "/v1/decisions", body)).json()["items"]
    assert item["allowed"] == [{"field": "street", "article": "A6-1-b", "rule": "lawful_basis", "evidence_id": None}]


@pytest.mark.gdpr("5(2)")
async def test_a_past_instant_is_decided_as_it_was(api: Api) -> None:
    """R-5.2-1: a withdrawal changes nothing before it (Art. 7(3) sentence 2)."""
    house = api.house
    subject = await house.customer()
    before = await house.registry.database.now()
    await after(house, before)
    await house.grant(subject, "newsletter", Channel.EMAIL)
    between = await after(house, await house.registry.database.now())
    await after(house, between)
    await withdraw_consent(house.registry, SHOP, subject, NEWSLETTER)
    for at, expected in [
        (before, ["CONSENT_MISSING", "CHANNEL_NOT_ALLOWED"]),
        (between, []),
        (await house.registry.database.now(), ["CONSENT_WITHDRAWN", "CHANNEL_NOT_ALLOWED"]),
    ]:
        (item,) = await decided(api, subject, at=at.isoformat())
        assert codes(item) == expected
        assert item["permitted"] is not bool(expected)
    assert len(await api.log("decide")) == 3


@pytest.mark.gdpr("7(3)")
async def test_a_letter_entered_late_is_known_now_and_was_not_known_then(api: Api) -> None:
    """R-7.3-4."""
    house = api.house
    subject = await house.customer()
    await house.grant(subject, "newsletter", Channel.EMAIL)
    came = await after(house, await house.registry.database.now())
    between = await after(house, came)
    await after(house, between)
    await withdraw_consent(house.registry, SHOP, subject, NEWSLETTER, Channel.ANY, came, Touchpoint.HOTLINE)
    (then,) = await decided(api, subject, at=between.isoformat())
    assert then["permitted"]
    (now,) = await decided(api, subject, at=between.isoformat(), known="now")
    assert codes(now) == ["CONSENT_WITHDRAWN", "CHANNEL_NOT_ALLOWED"]


async def test_whoever_was_not_there_yet_is_nobody(api: Api) -> None:
    before = await after(api.house, await api.house.registry.database.now())
    await after(api.house, before)
    subject = await api.house.customer(newsletter=True)
    (item,) = await decided(api, subject, at=before.isoformat())
    assert codes(item) == ["NO_SUBJECT"]
    assert "subject_id" not in item


@pytest.mark.gdpr("5(2)")
async def test_before_any_policy_nothing_was_allowed(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    ago = await api.house.registry.database.now() - timedelta(days=1)
    body = {"purpose": "newsletter", "subject_ids": [str(subject)], "at": ago.isoformat()}
    response = await api.post("mailer", "/v1/decisions", body)
    assert response.status_code == 403
    assert [reason["code"] for reason in response.json()["reasons"]] == ["FAIL_CLOSED"]


async def test_the_future_is_not_decided(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    ahead = await api.house.registry.database.now() + timedelta(minutes=1)
    body = {"purpose": "newsletter", "subject_ids": [str(subject)], "at": ahead.isoformat()}
    assert (await api.post("mailer", "/v1/decisions", body)).status_code == 422


@pytest.mark.gdpr("5(2)")
@pytest.mark.parametrize("state", ["retired", "inactive"])
async def test_of_a_purpose_that_is_over_its_own_client_may_still_ask_how_it_was(api: Api, state: str) -> None:
    """R-5.2-1: whether the purpose was in force is a question of the day; whose it is, one of today."""
    house = api.house
    subject = await house.customer(newsletter=True)
    before = await after(house, await house.registry.database.now())
    await after(house, before)
    await put_in_force(house, over(state))
    between = await after(house, await house.registry.database.now())
    await after(house, between)
    (item,) = await decided(api, subject, at=before.isoformat())
    assert item["permitted"]
    body = {"purpose": "newsletter", "subject_ids": [str(subject)]}
    for client, at, code in [
        ("service_desk", before, "UNAUTHORISED"),
        ("mailer", between, "PURPOSE_INACTIVE"),
        ("mailer", None, "PURPOSE_INACTIVE"),
    ]:
        response = await api.post(client, "/v1/decisions", {**body, **({"at": at.isoformat()} if at else {})})
        assert response.status_code == 403
        assert [reason["code"] for reason in response.json()["reasons"]] == [code]


@pytest.mark.gdpr("5(1)(b)")
async def test_the_past_is_closed_to_a_client_from_which_the_purpose_was_taken(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    before = await after(api.house, await api.house.registry.database.now())
    await put_in_force(api.house, {"    purposes: [newsletter]\n": "    purposes: []\n"})
    body = {"purpose": "newsletter", "subject_ids": [str(subject)], "at": before.isoformat()}
    response = await api.post("mailer", "/v1/decisions", body)
    assert [reason["code"] for reason in response.json()["reasons"]] == ["UNAUTHORISED"]


async def test_a_client_revoked_in_another_process_is_told_nothing_about_the_past(api: Api) -> None:
    """Promise 4; the process that is asked learns it from the database."""
    subject = await api.house.customer(newsletter=True)
    await create_client(api.house.registry, "mailer")
    headers, now = api.bearer("mailer"), await api.house.registry.database.now()
    body = {"purpose": "newsletter", "subject_ids": [str(subject)], "at": now.isoformat()}
    assert (await api.call("mailer", "POST", "/v1/decisions", body, headers=headers)).status_code == 200
    async with open_registry(api.house.settings, serving=False) as elsewhere:
        await revoke_client(elsewhere, "mailer")
    assert (await api.call("mailer", "POST", "/v1/decisions", body, headers=headers)).status_code == 401
    assert len(await api.log("decide")) == 1


async def test_a_policy_of_another_process_is_learnt_by_a_question_about_the_past(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    body = {"purpose": "newsletter", "subject_ids": [str(subject)], "at": str(await api.house.registry.database.now())}
    async with open_registry(api.house.settings, serving=False) as elsewhere:
        await put_in_force(House(elsewhere, api.house.settings, api.house.owner_url), over("retired"))
    assert (await api.post("mailer", "/v1/decisions", body)).status_code == 503
    assert (await api.post("mailer", "/v1/decisions", body)).status_code == 200


@pytest.mark.gdpr("18")
async def test_objections_and_restrictions_count_from_their_day_on(api: Api) -> None:
    house = api.house
    subject = await house.customer(newsletter=True)
    before = await after(house, await house.registry.database.now())
    await after(house, before)
    assert (await api.post("shop", "/v1/objections", {"subject_id": str(subject)})).status_code == 201
    (item,) = await decided(api, subject, at=before.isoformat())
    assert item["permitted"]
    (item,) = await decided(api, subject, at=(await house.registry.database.now()).isoformat())
    assert codes(item) == ["DM_OBJECTION"]


@pytest.mark.gdpr("21(1)")
@pytest.mark.parametrize("accepted", [True, False], ids=["upheld", "rejected"])
async def test_an_objection_bars_until_it_was_weighed_and_after_that_if_it_prevailed(
    api: Api, *, accepted: bool
) -> None:
    """R-5.2-1: the same answer about a day before and after it was weighed, and about today as live."""
    house = api.house
    subject = await house.customer()

    async def barred(at: datetime | None = None, known: str = "then") -> bool:
        asked = {"at": at.isoformat(), "known": known} if at else {}
        fields = {"fields": ["last_name"], "channel": None, "case_reference": "K-2026-17"}
        (item,) = await decided(api, subject, client="console", purpose="legal_claims", **fields, **asked)
        return codes(item) == ["OBJECTION"]

    async def tick() -> datetime:
        return await after(house, await after(house, await house.registry.database.now()))

    before = await tick()
    wish = rights.Wish(purpose=PurposeId("legal_claims"))
    received = await rights.receive_request(house.registry, SHOP, subject, rights.RequestKind.OBJECTION, wish)
    weighed = await tick()
    assert await barred()
    assert [await barred(at) for at in (before, weighed)] == [False, True]
    await rights.decide_request(
        house.registry,
        await house.decider(),
        subject,
        received.request_id,
        accepted=accepted,
        reasons="Proceedings are pending.",
    )
    now = await tick()
    for known in ("then", "now"):
        assert [await barred(at, known) for at in (before, weighed, now)] == [False, True, accepted]
    assert await barred() is accepted


@pytest.mark.gdpr("32")
async def test_a_client_looks_at_no_more_people_a_day_than_its_purpose_says(api: Api) -> None:
    house = api.house
    subjects = [await house.customer(f"A-{number}", newsletter=True) for number in range(4)]
    await put_in_force(house, BUDGET)
    assert [item["permitted"] for item in await decided(api, subjects[0])] == [True]
    found = await decided(api, *subjects)
    assert [item["permitted"] for item in found] == [True, True, False, False]
    assert codes(found[2]) == ["QUOTA"]
    again = await api.get("mailer", f"/v1/subjects/{subjects[1]}", purpose="newsletter", fields="email")
    assert again.json()["fields"] == {"email": ANNA["email"]}
    refused = await api.get("mailer", f"/v1/subjects/{subjects[3]}", purpose="newsletter", fields="email")
    assert refused.status_code == 403
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["QUOTA"]
    other = await api.get("shop", f"/v1/subjects/{subjects[3]}", purpose="newsletter", fields="email")
    assert other.status_code == 200


@pytest.mark.gdpr("32")
async def test_the_number_of_a_client_goes_before_that_of_the_purpose(api: Api) -> None:
    house = api.house
    subjects = [await house.customer(f"A-{number}") for number in range(2)]
    await put_in_force(house, {CLIENT_BUDGET: CLIENT_BUDGET.replace("500", "1")})
    for client, expected in [("service", [200, 403]), ("service_desk", [200, 200])]:
        asked = [
            await api.get(client, f"/v1/subjects/{one}", purpose="order_fulfilment", fields="email") for one in subjects
        ]
        assert [response.status_code for response in asked] == expected
        purposes = {one["id"]: one for one in (await api.get(client, "/v1/purposes")).json()["purposes"]}
        number = 1 if client == "service" else None
        assert purposes["order_fulfilment"]["subjects_per_day"] == number
        assert ("At most 1 people a day." in purposes["order_fulfilment"]["in_words"]["en"]) is (number is not None)


@pytest.mark.gdpr("32")
async def test_who_is_refused_anyway_takes_no_place(api: Api) -> None:
    house = api.house
    strangers = [await house.customer(f"B-{number}") for number in range(3)]
    subjects = [await house.customer(f"A-{number}", newsletter=True) for number in range(2)]
    await put_in_force(house, BUDGET)
    found = await decided(api, *strangers, *subjects)
    assert [item["permitted"] for item in found] == [False, False, False, True, True]


@pytest.mark.gdpr("32")
async def test_once_the_number_is_used_up_nobody_else_is_told_apart(api: Api) -> None:
    """The log has every reason; whoever asks learns of nobody that all else would be in order."""
    house = api.house
    spent = [await house.customer(f"A-{number}", newsletter=True) for number in range(2)]
    reader = await house.customer("B-1", newsletter=True)
    stranger = await house.customer("B-2")
    await put_in_force(house, BUDGET)
    found = await decided(api, spent[0], stranger, spent[1], reader, stranger, fields=["email", "income"])
    assert [item["permitted"] for item in found] == [True, False, True, False, False]
    assert codes(found[1]) == codes(found[4]) == ["CONSENT_MISSING", "CHANNEL_NOT_ALLOWED", "MINIMISED"]
    for ids in ([reader], [stranger], [reader, stranger]):
        answers = await decided(api, *ids, fields=["email", "income"])
        told = [{name: part for name, part in item.items() if name != "subject_id"} for item in answers]
        assert all(one == told[0] for one in told)
        assert codes(answers[0]) == ["QUOTA"]
    (entry, of_stranger, of_reader) = await api.log("decide", 3)
    assert "why" not in entry
    assert of_stranger["why"] == ["CONSENT_MISSING", "CHANNEL_NOT_ALLOWED", "MINIMISED", "QUOTA"]
    assert of_reader["why"] == ["MINIMISED", "QUOTA"]
    for one in (reader, stranger):
        refused = await api.get("mailer", f"/v1/subjects/{one}", purpose="newsletter", fields="email")
        assert [reason["code"] for reason in refused.json()["reasons"]] == ["QUOTA"]
    assert (
        await api.get("mailer", f"/v1/subjects/{UUID(int=7)}", purpose="newsletter", fields="email")
    ).status_code == 404


@pytest.mark.gdpr("32")
async def test_two_calls_at_once_never_share_the_last_place(api: Api) -> None:
    house = api.house
    subjects = [await house.customer(f"A-{number}", newsletter=True) for number in range(6)]
    await put_in_force(house, BUDGET)
    found = await asyncio.gather(*(decided(api, one) for one in subjects))
    assert sum(item["permitted"] is True for (item,) in found) == 2


@pytest.mark.gdpr("32")
async def test_questions_about_the_past_count_like_any_other(api: Api) -> None:
    """Today's number counts, also of a time that knew none: reads and decisions take the same places."""
    house = api.house
    subjects = [await house.customer(f"A-{number}", newsletter=True) for number in range(4)]
    before = await after(house, await house.registry.database.now())
    await after(house, before)
    await put_in_force(house, BUDGET)
    for at in (before, await house.registry.database.now()):
        found = await decided(api, *subjects, at=at.isoformat())
        assert [codes(item) for item in found] == [[], [], ["QUOTA"], ["QUOTA"]]
    refused = await api.get("mailer", f"/v1/subjects/{subjects[2]}", purpose="newsletter", fields="email")
    assert refused.status_code == 403


@pytest.mark.gdpr("32")
async def test_the_number_of_a_client_goes_before_that_of_its_purpose(api: Api) -> None:
    subjects = [await api.house.customer(f"A-{number}", newsletter=True) for number in range(2)]
    own = {
        "    purposes: [newsletter]\n": "    purposes: [newsletter]\n    budget: {newsletter: {subjects_per_day: 1}}\n"
    }
    await put_in_force(api.house, {**BUDGET, **own})
    assert [codes(item) for item in await decided(api, *subjects)] == [[], ["QUOTA"]]


@pytest.mark.gdpr("17")
async def test_an_erasure_takes_the_count_of_the_person_along(api: Api) -> None:
    house = api.house
    subject = await house.customer(newsletter=True)
    await put_in_force(house, BUDGET)
    await decided(api, subject)
    await house.erase(subject)
    async with house.registry.database.reading() as session:
        assert (await session.execute(select(func.count()).select_from(BudgetUseRow))).scalar_one() == 0


@pytest.mark.gdpr("5(2)")
async def test_a_purpose_for_single_cases_asks_which_and_remembers_a_check_of_it(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    await put_in_force(api.house, CASES)
    body = {"purpose": "newsletter", "fields": ["email"], "subject_ids": [str(subject)]}
    for path in ("/v1/decisions", "/v1/disclosures"):
        refused = await api.post("mailer", path, body)
        assert refused.status_code == 403
        assert [reason["code"] for reason in refused.json()["reasons"]] == ["CASE_REFERENCE_MISSING"]
        assert (await api.post("mailer", path, {**body, "case_reference": "K-2026-17"})).status_code == 200
    malformed = await api.post("mailer", "/v1/disclosures", {**body, "case_reference": "Erika Mustermann"})
    assert malformed.status_code == 422
    path = f"/v1/subjects/{subject}"
    for case, status in [({}, 403), ({"case_reference": "K-2026-17"}, 200), ({"case_reference": "Erika M."}, 422)]:
        response = await api.get("mailer", path, purpose="newsletter", fields="email", **case)
        assert response.status_code == status


@pytest.mark.gdpr("13(1)(d)")
async def test_a_customer_who_bought_and_was_told_may_get_mail_about_similar_goods(api: Api) -> None:
    """R-DE-UWG-4, with what the registry keeps: where the address came from, the sale, and when the notice came."""
    house = api.house
    bought = {**ERIKA, "values": {"email": {"value": ANNA["email"]}}}
    customer, visitor = [
        UUID((await api.patch("shop", "/v1/subjects", one)).json()["subject_id"])
        for one in (bought, {**bought, "external_id": "E-2", "relationships": []})
    ]
    found = await decided(api, customer, visitor, fields=["email"], purpose="similar_goods_email", client="marketing")
    assert [item["permitted"] for item in found] == [True, False]
    assert found[1]["reasons"] == [{"code": "NO_BASIS", "cites": ["UWG § 7(3) no. 1"], "rule": "soft_opt_in"}]
    await house.as_owner("DELETE FROM notice_delivery")
    (untold,) = await decided(api, customer, fields=["first_name"], purpose="similar_goods_email", client="marketing")
    reasons = [{"code": "NO_BASIS", "cites": ["UWG § 7(3) no. 4"], "rule": "soft_opt_in"}]
    assert untold["withheld"] == [{"field": name, "reasons": reasons} for name in ("first_name", "email")]


@pytest.mark.gdpr("18(1)")
@pytest.mark.parametrize("asked", [["*"], ["first_name"], ["email", "street"]])
async def test_nobody_is_contacted_at_an_address_that_they_contest(api: Api, asked: list[str]) -> None:
    """R-18-1: the address counts, asked for or not."""
    house = api.house
    subject, other = [await house.customer(number, newsletter=True) for number in ("A-1", "A-2")]
    wish = Wish({FieldName("email"): "n@example.com"})
    await receive_request(house.registry, SHOP, subject, RequestKind.RECTIFICATION, wish)
    contested, sound = await decided(api, subject, other, fields=asked)
    assert not contested["permitted"]
    assert contested["fields"] == contested["allowed"] == []
    assert "NOT_PERMITTED" in codes(contested)
    withheld = contested["withheld"]
    assert isinstance(withheld, list)
    assert {"first_name", "email"} & {part["field"] for part in withheld}
    assert sound["permitted"]
    assert isinstance(sound["fields"], list)
    assert "email" in sound["fields"]
    assert "why" not in (await api.log("decide"))[0], "the other one verifies the same entry"
    grounds = ",".join(["RESTRICTED"] + ["MINIMISED"] * ("street" in asked))
    assert (await house.registry.log.entries_of(subject))[0].detail == f"deny:{grounds},contact:EMAIL"
    (by_read,) = await decided(api, subject, channel=None, fields=["first_name"])
    assert by_read["permitted"]


@pytest.mark.gdpr("5(1)(b)")
async def test_who_left_no_address_is_not_contacted(api: Api) -> None:
    subject = await api.house.customer("A-1", {"first_name": "Anna"}, newsletter=True)
    (item,) = await decided(api, subject)
    assert not item["permitted"]
    assert item["reasons"] == [{"code": "ADDRESS_MISSING", "cites": ["GDPR Art. 5(1)(b)"], "rule": "address"}]


@pytest.mark.gdpr("5(2)")
async def test_an_address_that_was_replaced_since_was_there_then(api: Api) -> None:
    """R-5.2-1: of values one time is kept, so what is missing now may have been on file."""
    house = api.house
    subject = await house.customer(newsletter=True)
    then = await after(house, await house.registry.database.now())
    await after(house, then)
    newer = {"value": "neu@example.com", "collected_for": "order_fulfilment", "observed_at": then.isoformat()}
    body = {"external_id": "A-1", "source": "shop", "values": {"email": newer}}
    assert (await api.patch("shop", "/v1/subjects", body)).status_code == 200
    (item,) = await decided(api, subject, at=then.isoformat())
    assert item["permitted"]


@pytest.mark.gdpr("12(1)")
async def test_a_client_is_told_in_words_what_it_may_ask_for(api: Api) -> None:
    purposes = (await api.get("mailer", "/v1/purposes")).json()["purposes"]
    (newsletter,) = purposes
    assert newsletter["in_words"]["de"].startswith("Lesbar: Anrede, Vorname, Nachname, E-Mail-Adresse, Sprache.")
    assert "consent of the person" in newsletter["in_words"]["en"]
    assert "Not for persons under 16." in newsletter["in_words"]["en"]
    assert {"CONSENT_WITHDRAWN", "NOT_PERMITTED"} <= set(newsletter["can_refuse"])
    assert not {"MINOR", "RESTRICTED"} & set(newsletter["can_refuse"])


@pytest.mark.gdpr("7(1)")
async def test_each_use_of_a_consent_is_on_record_with_its_channel(api: Api) -> None:
    """R-DE-UWG-5: § 7a UWG counts the years from the last one."""
    subject = await api.house.customer(newsletter=True)
    await decided(api, subject, channel=None, fields=["email"])
    await decided(api, subject, fields=["email"])
    contact, read, *_ = await api.house.registry.log.entries_of(subject)
    assert (contact.detail, read.detail) == ("permit:email,contact:EMAIL", "permit:email")
