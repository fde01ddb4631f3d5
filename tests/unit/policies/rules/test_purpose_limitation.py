"""Who may ask for what, and which data may serve it."""

import pytest

from policies.decision import Permit
from policies.vocabulary import ReasonCode
from tests.unit.policies.people import (
    NEWSLETTER,
    ORDER_READ,
    POSTAL,
    RECOMMENDATION_READ,
    RECOMMENDATIONS,
    SOMEBODY,
    ask,
    customer,
    decide,
    item,
    reasons,
    retailer,
    with_purpose,
)


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("client", "purpose", "code"),
    [
        ("shop", "world_domination", ReasonCode.UNKNOWN_PURPOSE),
        ("shop", "", ReasonCode.UNKNOWN_PURPOSE),
        ("importer", "market_research", ReasonCode.PURPOSE_INACTIVE),
        ("mailer", "order_fulfilment", ReasonCode.UNAUTHORISED),
        ("stranger", "order_fulfilment", ReasonCode.UNAUTHORISED),
    ],
)
def test_a_purpose_must_be_registered_active_and_the_clients_own(client: str, purpose: str, code: ReasonCode) -> None:
    """R-5.1b-1."""
    decision = decide(ask(client, purpose, "email"))
    assert reasons(decision) == [code]
    assert decision.subject_id is None


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("active", []),
        ("observe", [ReasonCode.PURPOSE_INACTIVE]),
        ("inactive", [ReasonCode.PURPOSE_INACTIVE]),
        ("retired", [ReasonCode.PURPOSE_INACTIVE]),
    ],
)
def test_only_a_purpose_in_force_lets_anything_out(state: str, expected: list[ReasonCode]) -> None:
    assert reasons(decide(ORDER_READ, document=with_purpose("order_fulfilment", state=state))) == expected


@pytest.mark.gdpr("35")
def test_profiling_without_an_impact_assessment_is_refused() -> None:
    """R-35-1."""
    document = with_purpose(RECOMMENDATIONS, dpia=None)
    assert reasons(decide(RECOMMENDATION_READ, document=document)) == [ReasonCode.DPIA_MISSING]


@pytest.mark.gdpr("6(4)")
@pytest.mark.parametrize(
    ("client", "purpose", "name", "collected_for", "expected"),
    [
        ("post_house", POSTAL, "street", "order_fulfilment", []),
        ("post_house", POSTAL, "street", POSTAL, []),
        ("post_house", POSTAL, "street", NEWSLETTER, [ReasonCode.PURPOSE_INCOMPATIBLE]),
        ("mailer", NEWSLETTER, "email", "order_fulfilment", []),
        ("mailer", NEWSLETTER, "email", RECOMMENDATIONS, [ReasonCode.PURPOSE_INCOMPATIBLE]),
        ("service_desk", "customer_care", "purchases", RECOMMENDATIONS, [ReasonCode.PURPOSE_INCOMPATIBLE]),
        ("recommender", RECOMMENDATIONS, "survey_answers", "market_research", [ReasonCode.PURPOSE_INCOMPATIBLE]),
        ("accounting", "accounting_duty", "invoices", "a_purpose_of_old", []),
    ],
)
def test_data_serves_another_purpose_only_with_an_assessment_or_by_law(
    client: str, purpose: str, name: str, collected_for: str, expected: list[ReasonCode]
) -> None:
    """R-5.1b-2."""
    facts = customer(items=(item(name, collected_for),))
    assert reasons(decide(ask(client, purpose, name), facts)) == expected


@pytest.mark.gdpr("6(4)")
def test_only_the_rows_that_may_serve_are_opened() -> None:
    own = item("purchases", "order_fulfilment", number=1)
    foreign = item("purchases", RECOMMENDATIONS, number=2)
    decision = decide(ask("shop", "order_fulfilment", "purchases"), customer(items=(own, foreign)))
    assert isinstance(decision, Permit)
    assert set(decision.rows) == {own.row_id}
    assert decision.subject_id == SOMEBODY


def test_every_client_of_the_catalogue_is_refused_every_purpose_that_is_not_its_own() -> None:
    document = retailer()
    tried = 0
    for code, client in document.clients.items():
        for purpose_id in document.purposes.keys() - set(client.purposes):
            if document.purposes[purpose_id].state == "active":
                assert reasons(decide(ask(code, purpose_id, "email"))) == [ReasonCode.UNAUTHORISED]
                tried += 1
    assert tried > len(document.clients)
