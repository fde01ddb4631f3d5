"""Who may ask for what, and which data may serve it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from policies.compiled import PurposeTable, compiled
from policies.decision import Permit
from policies.documents import Compatible, ImpactAssessment
from policies.rules.purpose_limitation import check_asker, check_gate, inputs_of, sources
from policies.vocabulary import Category, PurposeId, ReasonCode
from tests.unit.policies.people import (
    NEWSLETTER,
    NOW,
    ORDER_READ,
    POSTAL,
    RECOMMENDATION_READ,
    RECOMMENDATIONS,
    SOMEBODY,
    ask,
    customer,
    days,
    decide,
    item,
    purpose_of,
    reasons,
    retailer,
    with_part,
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
@pytest.mark.parametrize("state", ["active", "observe", "inactive", "retired"])
def test_whoever_does_not_say_that_they_observe_passes_for_what_is_active_alone(state: str) -> None:
    """R-5.1b-1."""
    document = with_purpose(NEWSLETTER, state=state)
    request = ask("mailer", NEWSLETTER, "email")
    assert (check_gate(request, document) == ()) is (state == "active")
    assert (check_gate(request, document, observing=True) == ()) is (state == "observe")


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("client", "role", "expected"),
    [
        ("console", None, []),
        ("console", "clerk", []),
        ("console", "author", [ReasonCode.UNAUTHORISED]),
        ("console", "", [ReasonCode.UNAUTHORISED]),
        ("shop", "clerk", [ReasonCode.UNAUTHORISED]),
    ],
)
def test_a_purpose_must_be_the_clients_and_the_roles(client: str, role: str | None, expected: list[ReasonCode]) -> None:
    """R-2.2 step 1: a role that the document does not name may ask for nothing."""
    question = replace(ask(client, "data_subject_request", "email"), role=role)
    assert reasons(decide(question)) == expected
    elsewhere = with_part("roles", "clerk", purposes=("privacy_control",))
    assert bool(reasons(decide(question, document=elsewhere))) is (bool(expected) or role == "clerk")


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


@pytest.mark.gdpr("5(2)")
@pytest.mark.parametrize("state", ["active", "observe", "inactive", "retired"])
@pytest.mark.parametrize(
    ("client", "purpose", "expected"),
    [
        ("shop", "order_fulfilment", []),
        ("mailer", "order_fulfilment", [ReasonCode.UNAUTHORISED]),
        ("stranger", "order_fulfilment", [ReasonCode.UNAUTHORISED]),
        ("shop", "gone_since", []),
        ("stranger", "gone_since", [ReasonCode.UNAUTHORISED]),
    ],
)
def test_about_another_time_a_client_asks_for_its_own_whatever_became_of_the_purpose(
    client: str, purpose: str, expected: list[ReasonCode], state: str
) -> None:
    """R-5.2-1."""
    found = check_asker(ask(client, purpose, "email"), with_purpose("order_fulfilment", state=state))
    assert [reason.code for reason in found] == expected
    assert all(reason.cites == ("GDPR Art. 5(1)(b)",) for reason in found)


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


@pytest.mark.gdpr("13(3)")
@pytest.mark.parametrize(
    ("as_of", "serves"),
    [
        (NOW - timedelta(days=60), False),
        (datetime(2026, 11, 21, 22, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 23, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), True),
        (NOW + timedelta(days=40), True),
    ],
)
@pytest.mark.parametrize("informed_of_the_other", [None, date(2026, 1, 1), date(2026, 11, 22), date(2027, 6, 1)])
def test_data_serves_another_purpose_from_the_day_in_germany_on_which_people_were_told(
    as_of: datetime,
    serves: bool,  # noqa: FBT001 - a column
    informed_of_the_other: date | None,
) -> None:
    """R-5.1b-2: each assessment counts from its own day."""
    document = with_purpose(
        POSTAL,
        compatible_from=(
            Compatible(purpose="order_fulfilment", assessment="K-1", informed_from=date(2026, 11, 22)),
            Compatible(purpose=NEWSLETTER, assessment="K-2", informed_from=informed_of_the_other),
        ),
    )
    facts = customer(items=(item("street", "order_fulfilment", days(70)),), as_of=as_of)
    request = ask("post_house", POSTAL, "street")
    assert reasons(decide(request, facts, document)) == ([] if serves else [ReasonCode.PURPOSE_INCOMPATIBLE])
    table = compiled(document).gate(request)
    assert isinstance(table, PurposeTable)
    assert table.serving(as_of) == sources(PurposeId(POSTAL), document.purposes[POSTAL], as_of)
    assert POSTAL in table.serving(as_of)


@pytest.mark.gdpr("6(4)")
def test_an_estimate_serves_only_the_purposes_that_all_of_its_inputs_serve() -> None:
    """R-5.1b-2: also what it is worked out from by way of another estimate, in whatever circle."""
    unmodelled = retailer().model_copy(update={"score_models": {}})
    chain = with_part("fields", "purchase_affinity", unmodelled, derived_from=("values_segment",))
    chain = with_part("fields", "values_segment", chain, derived_from=("purchases", "purchase_affinity"))
    request = ask("recommender", RECOMMENDATIONS, "purchase_affinity")
    assert inputs_of(chain, "purchase_affinity") == {"values_segment", "purchases", "purchase_affinity"}
    assert not reasons(decide(request, document=chain))
    beyond = with_part("fields", "purchases", chain, derived_from=("payment_terms",))
    assert inputs_of(beyond, "values_segment") > {"payment_terms"}
    assert reasons(decide(request, document=beyond)) == [ReasonCode.PURPOSE_INCOMPATIBLE]
    unknown = with_part("fields", "purchases", chain, derived_from=("no_such_field",))
    assert inputs_of(unknown, "purchases") == {"no_such_field"}
    assert reasons(decide(request, document=unknown)) == [ReasonCode.PURPOSE_INCOMPATIBLE]


@pytest.mark.gdpr("6(4)")
@pytest.mark.parametrize("supplier", [None, "credit_bureau"])
def test_an_estimate_serves_whom_the_inputs_of_its_model_serve(supplier: str | None) -> None:
    """R-9-2: what somebody else supplies is worked out there, and serves what it was collected for."""
    document = with_part("fields", "purchase_affinity", derived_from=(), obtained_from=supplier)
    fields = {**purpose_of(RECOMMENDATIONS).fields, Category.BEHAVIOURAL: ("visits",)}
    document = with_purpose(RECOMMENDATIONS, document, fields=fields)
    assert inputs_of(document, "purchase_affinity") == (
        set() if supplier else {"purchases", "visits", "newsletter_clicks"}
    )
    foreign = [] if supplier else [ReasonCode.PURPOSE_INCOMPATIBLE]
    assert reasons(decide(ask("recommender", RECOMMENDATIONS, "purchase_affinity"), document=document)) == foreign


@pytest.mark.gdpr("35")
@pytest.mark.parametrize("profiling", [False, True])
@pytest.mark.parametrize("dpia", [None, ImpactAssessment(ref="DSFA-9")])
def test_only_profiling_asks_for_an_impact_assessment(*, profiling: bool, dpia: ImpactAssessment | None) -> None:
    """R-35-1."""
    document = with_purpose("order_fulfilment", profiling=profiling, dpia=dpia)
    expected = [ReasonCode.DPIA_MISSING] if profiling and dpia is None else []
    assert reasons(decide(ORDER_READ, document=document)) == expected


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
