"""What people may demand, passed on by whoever they asked first."""

from uuid import UUID, uuid4

import pytest

from policies.vocabulary import ReviewOutcome
from registry.rights import begin_review, decide_review
from tests.http.v1.api import Api


@pytest.mark.gdpr("21(2)")
async def test_an_objection_to_advertising_binds_at_once(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    taken = await api.post("service_desk", "/v1/objections", {"subject_id": str(subject)})
    assert taken.status_code == 201
    refused = await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
    assert "DM_OBJECTION" in [reason["code"] for reason in refused.json()["reasons"]]


async def test_an_objection_of_nobody_or_to_nothing_is_refused(api: Api) -> None:
    subject = await api.house.customer()
    assert (await api.post("shop", "/v1/objections", {"subject_id": str(uuid4())})).status_code == 404
    strange = {"subject_id": str(subject), "purpose": "world_domination"}
    assert (await api.post("shop", "/v1/objections", strange)).status_code == 422
    assert (await api.post("shop", "/v1/objections", {"subject_id": str(subject), "why": "because"})).status_code == 422
    assert [entry["why"] for entry in await api.log("objection")] == [["NO_SUBJECT"]]


@pytest.mark.gdpr("12(3)")
async def test_a_request_has_a_due_date_from_its_receipt_on(api: Api) -> None:
    subject = await api.house.customer()
    for kind in ("access", "erasure"):
        body = {"subject_id": str(subject), "kind": kind, "touchpoint": "hotline"}
        taken = await api.post("service_desk", "/v1/requests", body)
        assert taken.status_code == 201
        assert taken.json()["state"] == "received"
        assert taken.json()["received_at"][:10] < taken.json()["due_on"]
        seen = await api.get("console", f"/v1/subjects/{subject}/requests/{taken.json()['request_id']}")
        assert seen.json()["request_id"] == taken.json()["request_id"]
        assert seen.json()["due_on"] == taken.json()["due_on"]
    assert [entry["n"] for entry in await api.log("request-list")] == [1, 1]


@pytest.mark.gdpr("18(1)")
async def test_a_contested_value_is_restricted_from_the_receipt_on(api: Api) -> None:
    subject = await api.house.customer()
    body = {
        "subject_id": str(subject),
        "kind": "rectification",
        "touchpoint": "hotline",
        "values": {"last_name": "Andersen"},
    }
    assert (await api.post("service_desk", "/v1/requests", body)).status_code == 201
    response = await api.get("shop", f"/v1/subjects/{subject}", purpose="order_fulfilment", fields="last_name,city")
    assert response.json()["withheld"] == [
        {"field": "last_name", "reasons": [{"code": "NOT_PERMITTED", "cites": ["GDPR Art. 5(1)(c)"]}]},
    ]


async def test_looking_at_requests_is_for_those_who_answer_them(api: Api) -> None:
    subject = await api.house.customer()
    body = {"subject_id": str(subject), "kind": "access", "touchpoint": "store"}
    taken = (await api.post("shop", "/v1/requests", body)).json()["request_id"]
    assert (await api.get("shop", f"/v1/subjects/{subject}/requests/{taken}")).status_code == 403
    nothing = await api.get("console", f"/v1/subjects/{subject}/requests/{uuid4()}")
    assert (nothing.status_code, nothing.json()["type"]) == (404, "/problems/unknown-request")
    another = await api.get("console", f"/v1/subjects/{uuid4()}/requests/{taken}")
    assert another.status_code == 404
    denied = [entry for entry in await api.log("request-list") if entry["out"] == "deny"]
    assert [entry["cli"] for entry in denied] == ["shop"]


async def test_a_request_that_cannot_be_is_refused(api: Api) -> None:
    subject = await api.house.customer()
    for changes, status, slug in (
        ({"subject_id": str(uuid4())}, 404, "unknown-subject"),
        ({"kind": "oblivion"}, 422, "invalid-request"),
        ({"kind": "rectification"}, 422, "invalid-request"),
        ({"values": {"last_name": "Andersen"}}, 422, "invalid-request"),
        ({"kind": "rectification", "values": {"shoe_size": 42}}, 422, "unknown-field"),
        ({"kind": "rectification", "values": {"email": "nowhere"}}, 422, "invalid-value"),
        ({"purpose": "newsletter"}, 422, "invalid-request"),
        ({"statement": "why"}, 422, "invalid-request"),
        ({"kind": "human_review"}, 422, "invalid-request"),
        ({"kind": "human_review", "purpose": "newsletter"}, 422, "invalid-value"),
        ({"kind": "human_review", "purpose": "credit_check", "statement": "x" * 4001}, 422, "invalid-request"),
        ({"kind": "objection", "purpose": "world_domination"}, 422, "invalid-value"),
    ):
        body = {"subject_id": str(subject), "kind": "access", "touchpoint": "hotline", **changes}
        response = await api.post("shop", "/v1/requests", body)
        assert (response.status_code, response.json()["type"]) == (status, f"/problems/{slug}"), changes


@pytest.mark.gdpr("22(3)")
async def test_a_contested_decision_is_reviewed_by_staff_and_the_system_learns_the_outcome(api: Api) -> None:
    """R-22-3: through any door; only the system that decides sees the outcome, and nobody the statement."""
    registry, subject = api.house.registry, await api.house.customer()
    body = {
        "subject_id": str(subject),
        "kind": "human_review",
        "touchpoint": "hotline",
        "purpose": "credit_check",
        "statement": "I paid.",
    }
    taken = await api.post("service_desk", "/v1/requests", body)
    assert (taken.status_code, taken.json()["kind"]) == (201, "human_review")
    address = f"/v1/subjects/{subject}/reviews"
    refused = await api.get("service_desk", address, purpose="credit_check")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    (before,) = (await api.get("sales", address, purpose="credit_check")).json()["reviews"]
    assert (before["state"], before["outcome"], before["decided_at"]) == ("open", None, None)
    request_id = UUID(taken.json()["request_id"])
    decider = await api.house.decider()
    await begin_review(registry, decider, subject, request_id)
    await decide_review(registry, decider, subject, request_id, ReviewOutcome.CHANGED, "It was paid.")
    told = await api.get("sales", address, purpose="credit_check")
    (after,) = told.json()["reviews"]
    assert (after["state"], after["outcome"], after["request_id"]) == ("decided", "changed", str(request_id))
    assert "paid" not in told.text
    assert (await api.get("sales", address, purpose="fraud_prevention")).json()["reviews"] == []
    assert sorted(entry["out"] for entry in await api.log("request-list")) == ["deny", "done", "done", "done"]
