"""A purpose reads its fields, and nothing else."""

import pytest

from policies.decision import Permit
from policies.vocabulary import ReasonCode
from tests.unit.policies.people import NEWSLETTER, ask, decide, reasons, retailer


@pytest.mark.gdpr("5(1)(c)")
def test_fields_beyond_the_purpose_are_withheld_by_name() -> None:
    """R-5.1c-1."""
    decision = decide(ask("mailer", NEWSLETTER, "income", "email", "shoe_size"))
    assert isinstance(decision, Permit)
    assert decision.fields == ("email",)
    assert [(part.field, part.reasons[0].code) for part in decision.withheld] == [
        ("income", ReasonCode.MINIMISED),
        ("shoe_size", ReasonCode.UNKNOWN_FIELD),
    ]


@pytest.mark.gdpr("5(1)(c)")
def test_a_question_for_nothing_but_foreign_fields_is_refused() -> None:
    assert reasons(decide(ask("mailer", NEWSLETTER, "income"))) == [ReasonCode.MINIMISED]
    assert reasons(decide(ask("mailer", NEWSLETTER, "shoe_size"))) == [ReasonCode.UNKNOWN_FIELD]


def test_a_question_for_no_field_is_refused() -> None:
    assert reasons(decide(ask("mailer", NEWSLETTER))) == [ReasonCode.MINIMISED]


def test_what_a_purpose_only_collects_it_does_not_read() -> None:
    purpose = retailer().purposes["order_fulfilment"]
    assert "birth_date" in purpose.collectable
    assert reasons(decide(ask("shop", "order_fulfilment", "birth_date"))) == [ReasonCode.MINIMISED]
