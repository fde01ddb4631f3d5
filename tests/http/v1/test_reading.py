"""The read: what a purpose may know leaves, the rest is named with its law, and everything is in the log."""

from datetime import timedelta
from uuid import uuid4

import pytest

from policies.vocabulary import Channel, FieldName
from registry.rights import RequestKind, Wish, receive_request
from tests.colleagues import let_pass
from tests.house import ANNA, SHOP
from tests.http.v1.api import Api

SUBJECT = "/v1/subjects/{}"


@pytest.mark.gdpr("5(1)(b)")
async def test_the_fields_of_the_purpose_leave_and_the_rest_is_named_with_its_law(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    response = await api.get("mailer", SUBJECT.format(subject), purpose="newsletter", fields="email,street,first_name")
    assert response.status_code == 200
    body = response.json()
    assert body["fields"] == {"email": ANNA["email"], "first_name": ANNA["first_name"]}
    assert body["withheld"] == [
        {"field": "street", "reasons": [{"code": "MINIMISED", "cites": ["GDPR Art. 5(1)(c)"]}]},
    ]
    assert body["purpose"] == "newsletter"
    (entry, *_) = await api.log("disclose")
    assert entry["cli"] == "mailer"
    assert entry["out"] == "permit"
    assert body["log_index"] == (await api.house.registry.log.size()) - 1


async def test_a_star_asks_for_everything_the_purpose_may_have(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    response = await api.get("mailer", SUBJECT.format(subject), purpose="newsletter", fields="*")
    body = response.json()
    assert set(body["fields"]) == {"salutation", "first_name", "last_name", "email", "language"}
    assert body["fields"]["salutation"] is None
    assert body["withheld"] == []


@pytest.mark.gdpr("7(3)")
async def test_after_a_withdrawal_the_next_read_is_refused(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    asked = {"purpose": "newsletter", "fields": "email"}
    assert (await api.get("mailer", SUBJECT.format(subject), **asked)).status_code == 200
    withdrawn = await api.post(
        "shop", "/v1/consents", {"action": "withdraw", "subject_id": str(subject), "purpose": "newsletter"}
    )
    assert withdrawn.status_code == 201
    refused = await api.get("mailer", SUBJECT.format(subject), **asked)
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/refused"
    assert refused.json()["reasons"] == [{"code": "CONSENT_WITHDRAWN", "cites": ["GDPR Art. 7(3)"]}]
    assert ANNA["email"] not in refused.text


@pytest.mark.parametrize(
    ("client", "purpose", "code"),
    [
        ("mailer", "world_domination", "UNKNOWN_PURPOSE"),
        ("mailer", "order_fulfilment", "UNAUTHORISED"),
        ("importer", "market_research", "PURPOSE_INACTIVE"),
    ],
)
async def test_a_wrong_purpose_is_refused_and_recorded(api: Api, client: str, purpose: str, code: str) -> None:
    subject = await api.house.customer(newsletter=True)
    for response in (
        await api.get(client, SUBJECT.format(subject), purpose=purpose, fields="email"),
        await api.get(client, SUBJECT.format(subject), purpose=purpose, fields="*"),
        await api.post(
            client, "/v1/disclosures", {"purpose": purpose, "fields": ["email"], "subject_ids": [str(subject)]}
        ),
        await api.post(client, "/v1/decisions", {"purpose": purpose, "subject_ids": [str(subject)]}),
    ):
        assert response.status_code == 403
        assert [reason["code"] for reason in response.json()["reasons"]] == [code]
        assert response.json()["log_index"] > 0
    assert len(await api.log("disclose")) == 3
    assert [entry["why"] for entry in await api.log("decide")] == [[code]]


@pytest.mark.gdpr("17")
async def test_an_erased_person_is_answered_like_one_who_never_was(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    await api.house.erase(subject)
    asked = {"purpose": "newsletter", "fields": "email"}
    erased = await api.get("mailer", SUBJECT.format(subject), **asked)
    never = await api.get("mailer", SUBJECT.format(uuid4()), **asked)
    assert erased.status_code == never.status_code == 404
    volatile = {"instance", "log_index"}
    assert {k: v for k, v in erased.json().items() if k not in volatile} == {
        k: v for k, v in never.json().items() if k not in volatile
    }
    assert "reasons" not in erased.json()


async def test_a_field_outside_the_catalogue_is_told_by_its_place_alone(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    response = await api.get("mailer", SUBJECT.format(subject), purpose="newsletter", fields="email,shoe_size")
    assert response.status_code == 200
    assert response.json()["withheld"] == [
        {"pointer": "/fields/1", "reasons": [{"code": "UNKNOWN_FIELD", "cites": ["GDPR Art. 5(1)(c)"]}]},
    ]
    alone = await api.get("mailer", SUBJECT.format(subject), purpose="newsletter", fields="shoe_size")
    assert alone.status_code == 403
    assert "shoe_size" not in response.text + alone.text


@pytest.mark.gdpr("18")
async def test_a_mailer_does_not_learn_that_a_field_is_restricted(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    wish = Wish({FieldName("email"): "new@example.com"})
    await receive_request(api.house.registry, SHOP, subject, RequestKind.RECTIFICATION, wish)
    response = await api.get("mailer", SUBJECT.format(subject), purpose="newsletter", fields="email")
    assert response.status_code == 403
    assert [reason["code"] for reason in response.json()["reasons"]] == ["NOT_PERMITTED"]
    assert (await api.log("disclose"))[0]["why"] == ["RESTRICTED"]


@pytest.mark.gdpr("5(2)")
@pytest.mark.parametrize(
    ("client", "purpose", "fields"),
    [
        ("mailer", "newsletter", ["email", "street", "shoe_size"]),
        ("shop", "order_fulfilment", ["street", "income"]),
        ("marketing", "similar_goods_email", ["email", "phone"]),
    ],
)
async def test_a_read_that_is_asked_to_explains_itself_like_a_decision(
    api: Api, client: str, purpose: str, fields: list[str]
) -> None:
    """Allowed or withheld per field, with code, article, rule, policy version and the declaration."""
    yes, no = await api.house.customer("A-1", newsletter=True), await api.house.customer("A-2", {}, ordered=False)
    await let_pass(api.house, "notice_delivery", ("delivered_at",), timedelta(days=2))
    body = {"purpose": purpose, "fields": fields, "subject_ids": [str(yes), str(no)]}
    decided = (await api.post(client, "/v1/decisions", body)).json()
    granted, denied = decided["items"]
    assert granted["permitted"]
    assert not denied["permitted"]
    asked = {"purpose": purpose, "fields": ",".join(fields), "explain": "true"}
    one = (await api.get(client, SUBJECT.format(yes), **asked)).json()
    refused = (await api.get(client, SUBJECT.format(no), **asked)).json()
    first, second = (await api.post(client, "/v1/disclosures", {**body, "explain": True})).json()["items"]
    assert one["policy"] == refused["policy"] == decided["policy"]
    for name in ("allowed", "withheld"):
        assert one[name] == first[name] == granted[name] != []
    for name in ("withheld", "reasons"):
        assert refused[name] == second[name] == denied[name] != []
    assert (await api.get(client, SUBJECT.format(no), purpose="no_such", fields="*", explain="true")).json()[
        "reasons"
    ] == [{"code": "UNKNOWN_PURPOSE", "cites": ["GDPR Art. 5(1)(b)"], "rule": "purpose_limitation"}]


async def test_a_read_that_is_not_asked_to_says_no_more_than_code_and_article(api: Api) -> None:
    yes, no = await api.house.customer("A-1", newsletter=True), await api.house.customer("A-2")
    asked = {"purpose": "newsletter", "fields": "email,street"}
    one = (await api.get("mailer", SUBJECT.format(yes), **asked)).json()
    refused = (await api.get("mailer", SUBJECT.format(no), **asked)).json()
    body = {"purpose": "newsletter", "fields": ["email"], "subject_ids": [str(no), str(yes)]}
    many = (await api.post("mailer", "/v1/disclosures", body)).json()["items"]
    assert not {"allowed", "rule"} & {*one, *many[0], *many[1], *refused}
    assert "withheld" not in {*refused, *many[0]}
    assert {name for part in one["withheld"] for reason in part["reasons"] for name in reason} == {"code", "cites"}
    assert refused["policy"] == one["policy"]


async def test_events_leave_with_their_time(api: Api) -> None:
    subject = await api.house.customer()
    await api.house.invoice(subject)
    response = await api.get("accounting", SUBJECT.format(subject), purpose="accounting_duty", fields="invoices")
    (invoice,) = response.json()["fields"]["invoices"]
    assert invoice["number"] == "R-2026-0001"
    assert invoice["occurred_at"].endswith("Z")


MALFORMED_QUESTIONS = [
    ("erika.mustermann@example.com", {"purpose": "newsletter", "fields": "email"}, "/subject_id"),
    ("0", {"purpose": "newsletter", "fields": "email"}, "/subject_id"),
    (str(uuid4()), {"fields": "email"}, "/purpose"),
    (str(uuid4()), {"purpose": "newsletter"}, "/fields"),
    (str(uuid4()), {"purpose": "newsletter", "fields": ""}, "/fields"),
    (str(uuid4()), {"purpose": "newsletter", "fields": "*,email"}, "/fields"),
    (str(uuid4()), {"purpose": "Erika Mustermann", "fields": "email"}, "/purpose"),
    (str(uuid4()), {"purpose": "newsletter", "fields": "email,Erika Mustermann"}, "/fields"),
    (str(uuid4()), {"purpose": "newsletter", "fields": "email", "erika": "Mustermann"}, "/*"),
]


async def test_a_malformed_question_is_told_by_place_and_code(api: Api) -> None:
    for subject, query, pointer in MALFORMED_QUESTIONS:
        response = await api.get("mailer", SUBJECT.format(subject), **query)
        assert response.status_code == 422, query
        assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
        assert "rika" not in response.text
        assert "Mustermann" not in response.text


async def test_a_parameter_that_stands_there_twice_means_nothing(api: Api) -> None:
    response = await api.http.get(
        SUBJECT.format(uuid4()) + "?purpose=newsletter&purpose=order_fulfilment&fields=email",
        headers=api.bearer("shop"),
    )
    assert response.status_code == 422
    assert response.json()["errors"] == [{"pointer": "", "code": "repeated_parameter"}]


async def test_many_are_answered_in_their_order_with_one_entry(api: Api) -> None:
    first = await api.house.customer("A-1", newsletter=True)
    second = await api.house.customer("A-2", {"email": "second@example.com"})
    nobody = uuid4()
    before = await api.house.registry.log.size()
    response = await api.post(
        "mailer",
        "/v1/disclosures",
        {
            "purpose": "newsletter",
            "fields": ["email"],
            "subject_ids": [str(second), str(first), str(nobody), str(first)],
        },
    )
    assert response.status_code == 200
    items = response.json()["items"]
    assert [item["outcome"] for item in items] == ["refused", "disclosed", "not_found", "disclosed"]
    assert items[0]["reasons"] == [{"code": "CONSENT_MISSING", "cites": ["GDPR Art. 6(1)(a)"]}]
    assert items[1]["fields"] == {"email": ANNA["email"]}
    assert items[2] == {"outcome": "not_found"}
    assert await api.house.registry.log.size() == before + 1
    assert (await api.log("disclose"))[0]["n"] == 2


async def test_many_can_be_asked_for_by_the_numbers_their_source_gave_them(api: Api) -> None:
    subject = await api.house.customer("A-1", newsletter=True)
    response = await api.post(
        "mailer",
        "/v1/disclosures",
        {
            "purpose": "newsletter",
            "fields": ["*"],
            "external_ids": [
                {"source": "shop", "external_id": "A-404"},
                {"source": "shop", "external_id": "A-1"},
                {"source": "crm", "external_id": "A-1"},
            ],
        },
    )
    items = response.json()["items"]
    assert [item["outcome"] for item in items] == ["not_found", "disclosed", "not_found"]
    assert items[1]["subject_id"] == str(subject)
    assert "A-404" not in response.text


async def test_a_decision_says_may_we_without_any_data(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    asked = {"purpose": "newsletter", "channel": "email", "subject_ids": [str(subject), str(uuid4())]}
    yes = await api.post("mailer", "/v1/decisions", asked)
    assert [item["permitted"] for item in yes.json()["items"]] == [True, False]
    assert "email" in yes.json()["items"][0]["fields"]
    assert ANNA["email"] not in yes.text
    assert yes.json()["items"][1]["reasons"] == [
        {"code": "NO_SUBJECT", "cites": ["GDPR Art. 17"], "rule": "evaluate"},
    ]
    assert "subject_id" not in yes.json()["items"][1]
    assert (await api.log("decide"))[0]["n"] == 1
    by_fax = await api.post("mailer", "/v1/decisions", {**asked, "channel": "fax"})
    assert by_fax.status_code == 403
    assert [reason["code"] for reason in by_fax.json()["reasons"]] == ["CHANNEL_NOT_ALLOWED"]


@pytest.mark.gdpr("21(2)")
async def test_a_decision_knows_an_objection_at_once(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    await api.house.grant(subject, "newsletter", Channel.EMAIL)
    assert (await api.post("shop", "/v1/objections", {"subject_id": str(subject)})).status_code == 201
    response = await api.post("mailer", "/v1/decisions", {"purpose": "newsletter", "subject_ids": [str(subject)]})
    (item,) = response.json()["items"]
    assert not item["permitted"]
    assert "DM_OBJECTION" in [reason["code"] for reason in item["reasons"]]


MALFORMED_QUESTIONS_ABOUT_MANY: list[tuple[dict[str, object], str, str]] = [
    ({"subject_ids": []}, "", "nobody"),
    ({"subject_ids": ["Erika Mustermann"]}, "/subject_ids/0", "uuid_parsing"),
    ({"subject_ids": [str(uuid4())] * 1001}, "/subject_ids", "too_long"),
    ({"external_ids": [{"source": "shop", "external_id": "A-1"}]}, "", "two_lists"),
    ({"external_ids": [{"source": "shop", "external_id": "\0Erika"}]}, "/external_ids/0/external_id", "text"),
    ({"fields": []}, "/fields", "too_short"),
    ({"fields": ["Erika@example.com"]}, "/fields/0", "string_pattern_mismatch"),
    ({"fields": "email"}, "/fields", "list_type"),
    ({"purpose": 7}, "/purpose", "string_type"),
    ({"purpose": None}, "/purpose", "string_type"),
    ({"asked_by": "Erika"}, "/*", "extra_forbidden"),
    ({"Erika Mustermann": 1}, "/*", "extra_forbidden"),
]


async def test_a_malformed_question_about_many_is_told_by_place_and_code(api: Api) -> None:
    for change, pointer, code in MALFORMED_QUESTIONS_ABOUT_MANY:
        body = {"purpose": "newsletter", "fields": ["email"], "subject_ids": [str(uuid4())], **change}
        response = await api.post("mailer", "/v1/disclosures", body)
        assert response.status_code == 422, change
        assert response.json()["errors"][0] == {"pointer": pointer, "code": code}
        assert "Erika" not in response.text
