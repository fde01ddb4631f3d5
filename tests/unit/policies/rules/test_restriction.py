"""Restricted data is stored, and used only where Art. 18(2) leaves it."""

import pytest

from policies.decision import Deny, Permit
from policies.facts import AccessRequest, Restriction, Review
from policies.vocabulary import Category, FieldName, PurposeId, ReasonCode, ReviewState
from tests.unit.policies.people import INVOICE_READ, ORDER_READ, ask, customer, days, decide, item, reasons


@pytest.mark.gdpr("18(1)")
@pytest.mark.parametrize(
    ("restriction", "barred"),
    [
        (Restriction(None, None), {"first_name", "street", "purchases"}),
        (Restriction(Category.MASTER, None), {"first_name", "street"}),
        (Restriction(Category.MASTER, FieldName("street")), {"street"}),
        (Restriction(None, FieldName("street")), {"street"}),
        (Restriction(Category.SCORE, None), set()),
        (Restriction(Category.SCORE, FieldName("street")), set()),
    ],
)
def test_a_restriction_covers_what_it_names(restriction: Restriction, barred: set[str]) -> None:
    """R-18-1."""
    decision = decide(ORDER_READ, customer(restrictions=(restriction,)))
    assert {part.field for part in decision.withheld} == barred
    for part in decision.withheld:
        assert [reason.code for reason in part.reasons] == [ReasonCode.RESTRICTED]
    assert isinstance(decision, Deny if len(barred) == len(ORDER_READ.fields) else Permit)


@pytest.mark.gdpr("18(1)")
def test_unknown_restrictions_cover_everything() -> None:
    assert reasons(decide(ORDER_READ, customer(restrictions=None))) == [ReasonCode.RESTRICTED]


@pytest.mark.gdpr("18(2)")
@pytest.mark.parametrize(
    "request_", [INVOICE_READ, ask("portal", "data_subject_request", "email", "income", "consent_evidence")]
)
def test_duties_of_law_go_on_under_restriction(request_: AccessRequest) -> None:
    facts = customer(restrictions=(Restriction(None, None),))
    assert not reasons(decide(request_, facts))


@pytest.mark.gdpr("18(1)(a)")
@pytest.mark.parametrize(("contested", "bars"), [("street", True), ("last_name", True), ("email", False)])
def test_an_answer_to_a_contested_question_is_restricted_with_it(contested: str, *, bars: bool) -> None:
    """R-18-1, R-16-2: the bureau may have spoken of somebody else."""
    by_human = (Review(PurposeId("credit_check"), ReviewState.DECIDED),)
    restricted = (Restriction(Category.MASTER, FieldName(contested), days(1)),)
    score = item("credit_score", "credit_check")
    facts = customer(reviews=by_human, restrictions=restricted, items=(score,))
    refused = reasons(decide(ask("sales", "credit_check", "credit_score"), facts))
    assert refused == [ReasonCode.RESTRICTED] * bars
