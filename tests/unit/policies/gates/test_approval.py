"""A document is put in force on its day, and not against its lawyers."""

from datetime import date, timedelta

import pytest

from policies.documents import PolicyDocument
from policies.gates import approval
from tests.unit.policies.small_shop import ON, faults, shop


def headed(**changes: object) -> PolicyDocument:
    return shop().model_copy(update={"policy": shop().policy.model_copy(update=changes)})


@pytest.mark.gdpr("24(1)", "38(1)")
@pytest.mark.parametrize("lawyers", ["no_objection", "objection"])
@pytest.mark.parametrize("officer", ["no_objection", "objection"])
def test_lawyers_stop_a_document_and_the_officer_advises(lawyers: str, officer: str) -> None:
    """R-38-1: the controller hears the data protection officer and decides."""
    head = shop().policy
    document = headed(
        legal_review=head.legal_review.model_copy(update={"result": lawyers}),
        dpo_opinion=head.dpo_opinion.model_copy(update={"result": officer}),
    )
    found = faults(approval.lawyers_do_not_object, document)
    assert [fault.path for fault in found] == [("policy", "legal_review", "result")] * (lawyers == "objection")


@pytest.mark.gdpr("24(1)")
@pytest.mark.parametrize("after", [-400, -1, 0, 1, 400])
def test_a_document_is_not_in_force_before_its_day(after: int) -> None:
    """R-38-1."""
    day: date = ON + timedelta(days=after)
    found = faults(approval.its_day_has_come, headed(valid_from=day))
    assert [fault.path for fault in found] == [("policy", "valid_from")] * (after > 0)
    assert all(str(day) in fault.message for fault in found)
