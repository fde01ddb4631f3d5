"""Customers come in by the number of the system that knows them, and nothing they already said is undone."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from policies.vocabulary import EventKind, PurposeId
from registry.context import Caller
from registry.errors import ForbiddenError
from registry.events import GivenEvent, add_events
from tests.boards import board_of, with_state
from tests.house import House, yesterday
from tests.http.v1.api import Api

ERIKA: dict[str, Any] = {
    "external_id": "E-1",
    "source": "shop",
    "collected_for": "order_fulfilment",
    "values": {
        "first_name": {"value": "Erika"},
        "email": {"value": "Erika.Musterfrau@Example.com", "observed_at": "2026-10-01T09:00:00Z"},
        "phone": {"value": "030 23125000"},
    },
    "relationships": [
        {"kind": "contract", "reference": "order-1", "source": "shop", "opened_at": "2026-10-01T09:00:00Z"}
    ],
    "notices": ["privacy_notice"],
}


async def read(api: Api, subject: str, *fields: str) -> dict[str, Any]:
    response = await api.get("shop", f"/v1/subjects/{subject}", purpose="order_fulfilment", fields=",".join(fields))
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["fields"]
    return found


def only(**values: object) -> dict[str, Any]:
    """The same customer with these values and nothing else."""
    return {**{name: ERIKA[name] for name in ("external_id", "source", "collected_for")}, "values": values}


async def test_a_customer_is_created_and_then_updated(api: Api) -> None:
    created = await api.patch("shop", "/v1/subjects", ERIKA)
    assert created.status_code == 201
    assert created.json()["status"] == "created"
    subject = created.json()["subject_id"]
    updated = await api.patch("shop", "/v1/subjects", ERIKA)
    assert updated.status_code == 200
    assert updated.json()["status"] == "updated"
    assert updated.json()["subject_id"] == subject
    assert (await read(api, subject, "first_name", "email"))["first_name"] == "Erika"
    assert [entry["out"] for entry in await api.log("subject-create")] == ["done"]


async def test_what_is_absent_stays_and_a_null_clears(api: Api) -> None:
    subject = (await api.patch("shop", "/v1/subjects", ERIKA)).json()["subject_id"]
    changed = only(first_name={"value": "Frieda"}, phone=None)
    response = await api.call(
        "shop",
        "PATCH",
        "/v1/subjects",
        changed,
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert response.status_code == 200
    assert await read(api, subject, "first_name", "email", "phone") == {
        "first_name": "Frieda",
        "email": "Erika.Musterfrau@Example.com",
        "phone": None,
    }


@pytest.mark.gdpr("5(1)(d)")
async def test_an_older_value_does_not_replace_a_newer_one_and_is_listed(api: Api) -> None:
    subject = (await api.patch("shop", "/v1/subjects", ERIKA)).json()["subject_id"]
    older = only(email={"value": "old@example.com", "observed_at": "2026-09-01T09:00:00Z"})
    response = await api.patch("crm_sync", "/v1/subjects", older)
    assert response.json()["kept"] == [{"field": "email", "why": "older_value"}]
    assert (await read(api, subject, "email"))["email"] == "Erika.Musterfrau@Example.com"
    mine = await api.get("crm_sync", "/v1/conflicts")
    (conflict,) = mine.json()["conflicts"]
    assert (conflict["kind"], conflict["about"], conflict["source"]) == ("older_value", "email", "crm_sync")
    assert (await api.get("shop", "/v1/conflicts")).json()["conflicts"] == []
    assert len((await api.get("console", "/v1/conflicts", subject_id=subject)).json()["conflicts"]) == 1
    assert [entry["n"] for entry in await api.log("audit-read")] == [1, 0, 1]


async def test_sixteen_at_once_make_one_person_every_time(api: Api) -> None:
    for number in range(20):
        body = {**only(first_name={"value": "Erika"}), "external_id": f"R-{number}"}
        responses = await asyncio.gather(*(api.patch("shop", "/v1/subjects", body) for _ in range(16)))
        assert sorted(response.status_code for response in responses) == [200] * 15 + [201]
        assert len({response.json()["subject_id"] for response in responses}) == 1


@pytest.mark.gdpr("17")
async def test_an_erased_identifier_stays_blocked_until_a_newer_registration(api: Api) -> None:
    subject = (await api.patch("shop", "/v1/subjects", ERIKA)).json()["subject_id"]
    await api.house.erase(UUID(subject))
    blocked = await api.patch("crm_sync", "/v1/subjects", {**ERIKA, "registered_at": yesterday().isoformat()})
    assert blocked.status_code == 409
    assert blocked.json()["type"] == "/problems/identifier-blocked"
    undated = await api.patch("crm_sync", "/v1/subjects", {"items": [ERIKA]})
    assert [item["status"] for item in undated.json()["items"]] == ["blocked"]
    anew = {**ERIKA, "registered_at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    back = await api.patch("shop", "/v1/subjects", anew)
    assert back.status_code == 201
    assert back.json()["subject_id"] != subject


@pytest.mark.parametrize("client", ["mailer", "recommender"])
async def test_a_value_collected_for_another_clients_purpose_is_refused_and_recorded(api: Api, client: str) -> None:
    response = await api.patch(client, "/v1/subjects", ERIKA)
    assert response.status_code == 403
    assert response.json()["type"] == "/problems/forbidden"
    (entry,) = await api.log("subject-update")
    assert (entry["cli"], entry["out"], entry["why"]) == (client, "deny", ["UNAUTHORISED"])
    many = await api.patch(client, "/v1/subjects", {"items": [ERIKA]})
    assert [(item["status"], item["error"]) for item in many.json()["items"]] == [("failed", "forbidden")]
    assert (await api.log("import"))[0]["out"] == "deny"


UNSTORABLE: list[tuple[dict[str, Any], str, list[dict[str, str]]]] = [
    (only(shoe_size={"value": 42}), "unknown-field", [{"pointer": "/values/*", "code": "unknown-field"}]),
    (only(income={"value": "a lot"}), "unknown-field", [{"pointer": "/values/income", "code": "unknown-field"}]),
    (only(purchases={"value": "books"}), "unknown-field", [{"pointer": "/values/purchases", "code": "unknown-field"}]),
    (only(email={"value": "erika at home"}), "invalid-value", [{"pointer": "/values/email", "code": "invalid-value"}]),
    (only(phone={"value": "no number"}), "invalid-value", [{"pointer": "/values/phone", "code": "invalid-value"}]),
    (
        only(birth_date={"value": "tomorrow"}),
        "invalid-value",
        [{"pointer": "/values/birth_date", "code": "invalid-value"}],
    ),
    *(
        (only(birth_date={"value": day}), "invalid-value", [{"pointer": "/values/birth_date", "code": "invalid-value"}])
        for day in ("9999-12-31", "9982-01-01", "1849-12-31", "0001-01-01")
    ),
    (only(birth_date={"value": (datetime.now(UTC) + timedelta(days=2)).date().isoformat()}), "invalid-value", []),
    (
        only(purchase_affinity={"value": "0.7", "collected_for": "recommendations"}),
        "unregistered-model",
        [{"pointer": "/values/purchase_affinity", "code": "unregistered-model"}],
    ),
    ({**only(), "notices": ["chain_letter"]}, "unknown-notice", []),
]


async def test_what_cannot_be_stored_is_told_by_place_and_changes_nothing(api: Api) -> None:
    for body, slug, errors in UNSTORABLE:
        response = await api.patch("shop", "/v1/subjects", body)
        assert response.status_code == 422
        assert response.json()["type"] == f"/problems/{slug}"
        assert response.json().get("errors", []) == errors
        many = await api.patch("shop", "/v1/subjects", {"items": [body]})
        assert many.json()["items"] == [{"status": "failed", "error": slug, "errors": errors}]
    response = await api.post(
        "shop", "/v1/subjects/lookup", lookup := {"purpose": "order_fulfilment", "kind": "external_id"} | WHO
    )
    assert response.json() == {"subject_ids": []}, lookup


async def test_whoever_was_born_on_a_possible_day_is_stored(api: Api) -> None:
    for number, day in enumerate(("1850-01-01", "1990-02-28", datetime.now(UTC).date().isoformat())):
        body = {**only(birth_date={"value": day}), "external_id": f"B-{number}"}
        assert (await api.patch("shop", "/v1/subjects", body)).status_code == 201, day


WHO = {"value": "E-1", "source": "shop"}

MALFORMED: list[tuple[dict[str, Any], str, str]] = [
    ({"external_id": ""}, "/external_id", "string_too_short"),
    ({"external_id": " \t"}, "/external_id", "text"),
    ({"external_id": "x\0"}, "/external_id", "text"),
    ({"external_id": "x" * 321}, "/external_id", "string_too_long"),
    ({"external_id": 4711}, "/external_id", "string_type"),
    ({"source": "The Shop"}, "/source", "string_pattern_mismatch"),
    ({"kind": "robot"}, "/kind", "enum"),
    ({"country": "Germany"}, "/country", "string_pattern_mismatch"),
    ({"registered_at": "2026-11-01"}, "/registered_at", "instant"),
    ({"registered_at": "2026-11-01T00:00:00"}, "/registered_at", "timezone_aware"),
    ({"registered_at": 1793523600}, "/registered_at", "instant"),
    ({"registered_at": "1793523600"}, "/registered_at", "instant"),
    ({"registered_at": "9999-12-31T23:59:59Z"}, "/registered_at", "instant_range"),
    ({"registered_at": "0001-01-01T00:00:00+14:00"}, "/registered_at", "instant_range"),
    ({"collected_for": None}, "", "collected_for_missing"),
    ({"values": {"Erika Musterfrau": {"value": 1}}}, "/values/*/*", "string_pattern_mismatch"),
    ({"values": {"email": "erika@example.com"}}, "/values/email", "model_type"),
    ({"values": {"email": {"value": ["erika@example.com"]}}}, "/values/email/value", "scalar"),
    ({"values": {"email": {"value": "x" * 4001}}}, "/values/email/value", "scalar"),
    ({"values": {"email": {"value": "x\0"}}}, "/values/email/value", "scalar"),
    ({"values": {"email": {"value": 2**60}}}, "/values/email/value", "scalar"),
    ({"values": {"email": {}}}, "/values/email/value", "missing"),
    ({"values": {"email": {"value": "x", "origin": "guessed"}}}, "/values/email/origin", "enum"),
    ({"relationships": ERIKA["relationships"] * 2}, "", "relationship_repeated"),
    ({"items": []}, "/items", "too_short"),
    ({"nickname": "Rikchen"}, "/*", "extra_forbidden"),
]


async def test_a_malformed_customer_is_told_by_place_and_code_without_a_word_of_the_input(api: Api) -> None:
    for change, pointer, code in MALFORMED:
        body = change if "items" in change else {**ERIKA, **change}
        response = await api.patch("shop", "/v1/subjects", body)
        assert response.status_code == 422, change
        assert {"pointer": pointer, "code": code} in response.json()["errors"], (change, response.text)
        assert "rika" not in response.text
        assert "Rikchen" not in response.text


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b'{"value": NaN}', b'{"external_id": "\\ud800"}', b"[" * 20_000],
)
async def test_what_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    for method, path in (("PATCH", "/v1/subjects"), ("POST", "/v1/subjects/lookup"), ("POST", "/v1/consents")):
        headers = {**api.bearer("shop"), "Content-Type": "application/json"}
        response = await api.http.request(method, path, headers=headers, content=body)
        assert response.status_code == 422
        api.look_at(response, [])


async def test_many_are_stored_each_on_its_own_in_their_order(api: Api) -> None:
    bad_email = only(email={"value": "nowhere"})
    items = [
        *({**ERIKA, "external_id": f"M-{number}"} for number in range(25)),
        {**bad_email, "external_id": "M-25"},
        {**ERIKA, "external_id": "M-3"},
        {**ERIKA, "external_id": "M-27", "notices": ["chain_letter"]},
        {**ERIKA, "external_id": "M-28"},
    ]
    response = await api.patch("importer", "/v1/subjects", {"items": items})
    assert response.status_code == 200
    outcomes = response.json()["items"]
    assert [one["status"] for one in outcomes] == ["created"] * 25 + ["failed", "updated", "failed", "created"]
    assert outcomes[26]["subject_id"] == outcomes[3]["subject_id"]
    assert outcomes[25]["errors"] == [{"pointer": "/values/email", "code": "invalid-value"}]
    assert outcomes[27]["error"] == "unknown-notice"


async def test_the_same_customer_twice_in_one_call_is_one_person(api: Api) -> None:
    response = await api.patch("shop", "/v1/subjects", {"items": [ERIKA, ERIKA, ERIKA]})
    outcomes = response.json()["items"]
    assert [one["status"] for one in outcomes] == ["created", "updated", "updated"]
    assert len({one["subject_id"] for one in outcomes}) == 1


async def test_a_customer_is_found_by_any_spelling_of_an_address(api: Api) -> None:
    subject = (await api.patch("shop", "/v1/subjects", ERIKA)).json()["subject_id"]
    for kind, value, source in (
        ("email", "erika.musterfrau@example.COM", None),
        ("phone", "+49 30 23125-000", None),
        ("external_id", "E-1", "shop"),
    ):
        body = {"purpose": "customer_care", "kind": kind, "value": value}
        response = await api.post("service_desk", "/v1/subjects/lookup", body | ({"source": source} if source else {}))
        assert response.json() == {"subject_ids": [subject]}
    missed = await api.post(
        "service_desk", "/v1/subjects/lookup", {"purpose": "customer_care", "kind": "email", "value": "no@example.com"}
    )
    assert missed.json() == {"subject_ids": []}
    assert [(entry["out"], entry["n"]) for entry in await api.log("lookup")] == [("deny", 0), *[("permit", 1)] * 3]


async def test_a_lookup_for_another_clients_purpose_is_refused_and_recorded(api: Api) -> None:
    body = {"purpose": "customer_care", "kind": "email", "value": "erika@example.com"}
    assert (await api.post("mailer", "/v1/subjects/lookup", body)).status_code == 403
    assert [(entry["cli"], entry["why"]) for entry in await api.log("lookup")] == [("mailer", ["UNAUTHORISED"])]
    assert (await api.post("service_desk", "/v1/subjects/lookup", body | {"value": "nowhere"})).status_code == 422
    assert (await api.post("service_desk", "/v1/subjects/lookup", body | {"source": "shop"})).status_code == 422


@pytest.mark.gdpr("6(1)(b)")
async def test_a_closed_contract_carries_nothing_any_more(api: Api) -> None:
    subject = await api.house.customer(ordered=False)
    asked = {"purpose": "order_fulfilment", "fields": "street"}
    assert (await api.get("shop", f"/v1/subjects/{subject}", **asked)).status_code == 403
    contract = {"subject_id": str(subject), "kind": "contract", "reference": "order-7", "source": "shop"}
    opened = await api.post("shop", "/v1/relationships", contract | {"opened_at": yesterday().isoformat()})
    assert opened.status_code == 201
    assert (await api.get("shop", f"/v1/subjects/{subject}", **asked)).status_code == 200
    assert (await api.post("shop", "/v1/relationships/close", contract)).status_code == 200
    refused = await api.get("shop", f"/v1/subjects/{subject}", **asked)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["NO_BASIS"]


async def test_only_who_works_under_contracts_may_say_that_one_exists(api: Api) -> None:
    subject = await api.house.customer(ordered=False)
    contract = {"subject_id": str(subject), "kind": "contract", "reference": "order-7", "source": "shop"}
    opened = contract | {"opened_at": yesterday().isoformat()}
    assert (await api.post("mailer", "/v1/relationships", opened)).status_code == 403
    assert (await api.post("mailer", "/v1/relationships/close", contract)).status_code == 403
    row = {**only(), "external_id": "E-2", "relationships": ERIKA["relationships"]}
    assert (await api.patch("mailer", "/v1/subjects", row)).status_code == 403
    assert [entry["why"] for entry in await api.log("relationship-open")] == [["UNAUTHORISED"]]


async def test_a_contract_of_nobody_or_that_does_not_exist_is_not_there(api: Api) -> None:
    subject = await api.house.customer(ordered=False)
    contract = {"kind": "contract", "reference": "order-7", "source": "shop"}
    opened = contract | {"opened_at": yesterday().isoformat(), "subject_id": str(uuid4())}
    nobody = await api.post("shop", "/v1/relationships", opened)
    assert (nobody.status_code, nobody.json()["type"]) == (404, "/problems/unknown-subject")
    nothing = await api.post("shop", "/v1/relationships/close", contract | {"subject_id": str(subject)})
    assert (nothing.status_code, nothing.json()["type"]) == (404, "/problems/unknown-relationship")
    backwards = opened | {"subject_id": str(subject), "closed_at": "2001-01-01T00:00:00Z"}
    assert (await api.post("shop", "/v1/relationships", backwards)).status_code == 422


def purchase(**changes: object) -> dict[str, Any]:
    event = {
        "kind": "purchase",
        "occurred_at": yesterday().isoformat(),
        "collected_for": "order_fulfilment",
        "payload": {"amount": "49.90", "items": ["socks", "hat"]},
    }
    return {"events": [{**event, **changes}]}


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(("state", "taken"), [("observe", True), ("inactive", False), ("retired", False)])
@pytest.mark.parametrize(("client", "purpose"), [("marketing", "telephone_advertising"), ("crm_sync", "customer_care")])
async def test_nothing_is_collected_for_a_purpose_that_is_not_in_force(
    client: str, purpose: str, state: str, *, taken: bool, api: Api
) -> None:
    """R-5.1b-1: a retired purpose denies what comes in, too; a withdrawal is taken all the same (Art. 7(3))."""
    subject = str(await api.house.customer())
    await (await board_of(api.house)).put_in_force(with_state("2", purpose, state))
    customer: dict[str, object] = {"external_id": "N-1", "source": client}
    values = {"phone": {"value": "+493023125001", "collected_for": purpose}}
    answers = [await api.patch(client, "/v1/subjects", customer | {"values": values})]
    if purpose == "telephone_advertising":
        consent = {"purpose": purpose, "channel": "phone", "method": "button", "notice": "telephone_consent"}
        grant = consent | {"action": "grant", "subject_id": subject}
        answers += [
            await api.post(client, "/v1/consents", grant),
            await api.patch(client, "/v1/subjects", customer | {"external_id": "N-2", "consents": [consent]}),
        ]
    else:
        bought = purchase(collected_for=purpose)
        answers.append(await api.post(client, f"/v1/subjects/{subject}/events", bought))
    assert {response.status_code for response in answers} == {201 if taken else 403}
    withdrawal = {"action": "withdraw", "subject_id": subject, "purpose": purpose}
    assert (await api.post(client, "/v1/consents", withdrawal)).status_code == 201


async def test_events_are_taken_under_the_policy_that_their_change_finds_in_force(house: House) -> None:
    """A worker that has heard of nothing yet collects nothing more."""
    subject, before = await house.customer(), house.registry.policy
    await (await board_of(house)).put_in_force(with_state("2", "customer_care", "retired"))
    house.registry.adopt(before)
    event = GivenEvent(EventKind.PURCHASE, yesterday(), PurposeId("customer_care"), {"amount": "49.90"})
    with pytest.raises(ForbiddenError):
        await add_events(house.registry, Caller("crm_sync"), subject, [event])


async def test_events_are_stored_and_read(api: Api) -> None:
    subject = await api.house.customer()
    response = await api.post("shop", f"/v1/subjects/{subject}/events", purchase())
    assert response.status_code == 201
    assert len(response.json()["event_ids"]) == 1
    (bought,) = (await read(api, str(subject), "purchases"))["purchases"]
    assert bought["items"] == ["socks", "hat"]


async def test_an_event_that_is_not_this_clients_or_of_nobody_is_refused_and_recorded(api: Api) -> None:
    subject = await api.house.customer()
    assert (await api.post("mailer", f"/v1/subjects/{subject}/events", purchase())).status_code == 403
    assert (await api.post("shop", f"/v1/subjects/{uuid4()}/events", purchase())).status_code == 404
    assert [entry["why"] for entry in await api.log("event-add")] == [["NO_SUBJECT"], ["UNAUTHORISED"]]


async def test_an_event_that_cannot_be_stored_is_refused(api: Api) -> None:
    subject = await api.house.customer()
    for changes, slug in (
        ({"occurred_at": "2190-01-01T00:00:00Z"}, "invalid-value"),
        ({"payload": {"note": "x" * 4000, **{f"note{n}": "x" * 4000 for n in range(5)}}}, "invalid-value"),
        ({"kind": "visit"}, "unknown-field"),
        ({"kind": "request_answer"}, "unknown-field"),
        ({"payload": {}}, "invalid-request"),
        ({"payload": {"a": {"b": 1}}}, "invalid-request"),
        ({"payload": {"a": [[1]]}}, "invalid-request"),
        ({"payload": {"Erika Musterfrau": 1}}, "invalid-request"),
        ({"payload": "text"}, "invalid-request"),
    ):
        response = await api.post("shop", f"/v1/subjects/{subject}/events", purchase(**changes))
        assert response.status_code == 422, changes
        assert response.json()["type"] == f"/problems/{slug}", changes


async def test_a_notice_may_be_named_twice_and_quoted_besides(api: Api) -> None:
    quote = await api.house.quote("newsletter")
    consent = {
        "purpose": "newsletter",
        "channel": "email",
        "method": "checkbox_ticked",
        "given_at": yesterday().isoformat(),
        "notice": quote.notice,
        "version": quote.version,
        "language": quote.language,
        "sha256": quote.sha256,
    }
    row = {**ERIKA, "consents": [consent, consent], "notices": ["privacy_notice", "privacy_notice", quote.notice]}
    created = await api.patch("shop", "/v1/subjects", row)
    assert created.status_code == 201
    response = await api.get(
        "mailer", f"/v1/subjects/{created.json()['subject_id']}", purpose="newsletter", fields="email"
    )
    assert response.status_code == 200


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("client", "row", "status"),
    [
        ("product_development", {}, 422),
        ("product_development", {"notices": ["privacy_notice"]}, 422),
        ("product_development", {"collected_for": "order_fulfilment"}, 403),
        ("shop", {"collected_for": "telephone_advertising"}, 403),
        ("shop", {"collected_for": "order_fulfilment"}, 200),
    ],
)
async def test_nobody_is_looked_up_by_an_update_that_serves_no_purpose(
    api: Api, client: str, row: dict[str, object], status: int
) -> None:
    """R-5.1b-1: who is known, who was erased and who never came are answered alike."""
    known, erased = await api.house.customer("A-1"), await api.house.customer("B-1", values={"first_name": "Berta"})
    await api.house.erase(erased)
    sent = [{"external_id": number, "source": "shop", **row} for number in ("A-1", "B-1", "C-1")]
    answers = [await api.patch(client, "/v1/subjects", one) for one in sent]
    assert answers[0].status_code == status
    if status != 200:
        assert len({without_instance(one.text) for one in answers}) == 1
        assert str(known) not in "".join(one.text for one in answers)


def without_instance(text: str) -> str:
    return re.sub(r"urn:uuid:[0-9a-f-]+", "", text)
