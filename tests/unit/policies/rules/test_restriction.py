"""Restricted data is stored, and used only where Art. 18(2) leaves it."""

import pytest

from policies.decision import Deny, Permit
from policies.facts import Restriction
from policies.vocabulary import Category, FieldName, ReasonCode
from tests.unit.policies.people import INVOICE_READ, ORDER_READ, ask, customer, decide, reasons


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
def test_duties_of_law_go_on_under_restriction(request_: object) -> None:
    facts = customer(restrictions=(Restriction(None, None),))
    assert not reasons(decide(request_, facts))  # type: ignore[arg-type]
