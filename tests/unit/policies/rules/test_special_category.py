"""Special categories of data: which condition opens them for what."""

from typing import get_args

import pytest

from policies.decision import Permit
from policies.purposes import SpecialCondition
from policies.vocabulary import Category, Channel, ReasonCode
from tests.unit.policies.people import RECOMMENDATIONS, ask, customer, decide, permission, with_part, with_purpose

INCOME_READ = ask("recommender", RECOMMENDATIONS, "income")
HEALTH = with_part("fields", "income", special="health")
CONDITIONS = get_args(SpecialCondition)


def grounds(
    condition: str | None, *, explicit: bool = True, direct_marketing: bool = False, significant_decision: bool = False
) -> list[tuple[str, ...]]:
    """What is cited against a field on health under a condition, beside what the legal basis lacks."""
    document = with_purpose(
        RECOMMENDATIONS,
        HEALTH,
        special={"income": condition} if condition else {},
        direct_marketing=direct_marketing,
        significant_decision=significant_decision,
        human_review="not_required",
        adm_exception="law",
    )
    consent = permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=explicit)
    decision = decide(INCOME_READ, customer(permissions=(consent,)), document)
    if isinstance(decision, Permit):
        return []
    return [one.cites for one in decision.reasons if one.code is ReasonCode.ART9_MISSING]


@pytest.mark.gdpr("9(1)")
@pytest.mark.parametrize("direct_marketing", [False, True])
@pytest.mark.parametrize("significant_decision", [False, True])
def test_without_a_condition_nothing_special_is_read(*, direct_marketing: bool, significant_decision: bool) -> None:
    """R-9-1."""
    found = grounds(None, direct_marketing=direct_marketing, significant_decision=significant_decision)
    assert found == [("GDPR Art. 9(1)",)]


@pytest.mark.gdpr("9(2)")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_a_person_made_public_reaches_no_advertising(condition: str) -> None:
    """R-9-4, C-446/21: every other condition holds as documented, for advertising too."""
    assert grounds(condition) == []
    refused = [("GDPR Art. 9(2)(e)",)] if condition == "A9-2-e" else []
    assert grounds(condition, direct_marketing=True) == refused


@pytest.mark.gdpr("22(4)")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_decision_of_weight_rests_on_special_data_by_explicit_consent_or_public_interest_alone(
    condition: str,
) -> None:
    refused = [] if condition in {"A9-2-a", "A9-2-g"} else [("GDPR Art. 22(4)",)]
    assert grounds(condition, significant_decision=True) == refused


@pytest.mark.gdpr("9(2)(a)")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_only_the_condition_of_consent_asks_for_an_explicit_one(condition: str) -> None:
    """R-9-3."""
    refused = [("GDPR Art. 9(2)(a)",)] if condition == "A9-2-a" else []
    assert grounds(condition, explicit=False) == refused


@pytest.mark.gdpr("9(1)")
@pytest.mark.parametrize("special", ["income", "visits", "purchases"])
def test_an_estimate_is_special_with_anything_it_is_worked_out_from(special: str) -> None:
    """R-9-2, C-184/20: directly or by way of another estimate."""
    document = with_part("fields", "purchase_affinity", derived_from=("purchases", "values_segment"))
    document = with_part("fields", "values_segment", document, derived_from=("visits", "income"))
    request = ask("recommender", RECOMMENDATIONS, "purchase_affinity")
    assert isinstance(decide(request, document=document), Permit)
    refused = decide(request, document=with_part("fields", special, document, special="health"))
    assert not isinstance(refused, Permit)
    assert [one.cites for one in refused.reasons] == [("GDPR Art. 9(1)",)]
    assert document.fields[special].category in Category


@pytest.mark.gdpr("9(1)")
@pytest.mark.parametrize("supplier", [None, "credit_bureau"])
def test_an_estimate_is_special_with_what_its_model_works_with(supplier: str | None) -> None:
    """R-9-2, C-184/20: also where somebody else supplies it."""
    document = with_part("fields", "purchase_affinity", derived_from=(), obtained_from=supplier)
    document = with_part("fields", "visits", document, special="health")
    refused = decide(ask("recommender", RECOMMENDATIONS, "purchase_affinity"), document=document)
    assert not isinstance(refused, Permit)
    assert [one.cites for one in refused.reasons] == [("GDPR Art. 9(1)",)]


@pytest.mark.gdpr("9(2)")
@pytest.mark.parametrize("named", ["income", "*"])
def test_a_condition_for_all_fields_is_one_for_each(named: str) -> None:
    """R-9-1: what the gates take for a condition is one for the decision too."""
    document = with_part("fields", "income", special="health")
    document = with_purpose(RECOMMENDATIONS, document, special={named: "A9-2-a"})
    assert isinstance(decide(ask("recommender", RECOMMENDATIONS, "income"), document=document), Permit)
